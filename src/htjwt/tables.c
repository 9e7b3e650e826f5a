#include "htjwt/tables.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "htjwt/say.h"
#include "htjwt/schema.inc"
#include "store/sessions.h"

static const struct {
    const char *driver;
    const char *const *statements;
} schemas[] = {
    {"sqlite3", schema_sqlite}, {"pgsql", schema_postgresql}, {"mysql", schema_mysql}};

const char *const *tables_statements(const char *driver)
{
    apr_size_t i;

    for (i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        if (strcmp(schemas[i].driver, driver) == 0) {
            return schemas[i].statements;
        }
    }
    return NULL;
}

/* --- The file of SQLite --------------------------------------------------------------
 */

static const char *directory_of(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    return slash ? apr_pstrmemdup(p, path, slash == path ? 1 : (apr_size_t)(slash - path))
                 : ".";
}

/* Whose the file should be: the server's user, or else whoever the directory is prepared
 * for. */
static const struct passwd *find_owner(const site_t *site, const char *path,
                                       apr_pool_t *p)
{
    const struct passwd *owner = site->owner ? getpwnam(site->owner) : NULL;
    const char *directory = directory_of(path, p);
    struct stat info;

    if (stat(directory, &info) != 0) {
        say_fail(SAY_FAILED,
                 "the directory %s of the database: %s; make it with: install -d -o %s "
                 "-m 750 %s",
                 directory, strerror(errno), owner ? owner->pw_name : "SERVERS-USER",
                 directory);
    }
    return owner ? owner : getpwuid(info.st_uid);
}

/* Password hashes are in it, so it is its owner's alone from the first byte on. */
static int make_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (file < 0 && errno != EEXIST) {
        say_fail(SAY_FAILED,
                 "cannot make %s: %s; run htjwt as root or as the server's "
                 "user, who must be able to write its directory",
                 path, strerror(errno));
    }
    return file;
}

static void prepare_file(const site_t *site, const char *path, apr_pool_t *p)
{
    const struct passwd *owner = find_owner(site, path, p);
    int file = make_file(path);

    if (file >= 0 && owner && geteuid() == 0 &&
        fchown(file, owner->pw_uid, owner->pw_gid) != 0) {
        say_fail(SAY_FAILED, "cannot give %s to %s: %s", path, owner->pw_name,
                 strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
}

static void tell_owner(const site_t *site, const char *path, apr_pool_t *p)
{
    const struct passwd *wanted = find_owner(site, path, p);
    struct stat info;

    if (stat(path, &info) != 0 || !wanted) {
        return;
    }
    if (info.st_uid == wanted->pw_uid && info.st_uid != 0) {
        say_line("%s belongs to %s, as whom the server must run.", path, wanted->pw_name);
    } else {
        say_line(
            "Give it and its directory to the user whom the server runs as: chown %s "
            "%s %s*",
            wanted->pw_uid ? wanted->pw_name : "www-data", directory_of(path, p), path);
    }
}

/* --- Tables --------------------------------------------------------------------------
 */

/* "IF NOT EXISTS" is content with a table that has not all columns. */
static void check_layout(db_t *db, apr_pool_t *p)
{
    const char *why = "";

    if (sessions_probe(db, &why, p) != APR_SUCCESS) {
        say_fail(SAY_FAILED, "auth_jwt_session was there, and cannot be used: %s; %s",
                 why, TABLES_OLDER);
    }
}

void tables_init(const options_t *options, apr_pool_t *p)
{
    const char *const *statements, *path, *error;
    site_t site;
    db_t db;

    site_read(&site, options, p);
    path = database_file(&site, p);
    if (path) {
        prepare_file(&site, path, p);
    }
    database_open(&db, &site, p);
    statements = tables_statements(site.driver);
    if (!statements) {
        say_fail(SAY_USAGE,
                 "there are no tables for the driver '%s'; use sqlite3, pgsql "
                 "or mysql",
                 site.driver);
    }
    /* libpq writes to standard error which tables were there. */
    if (strcmp(site.driver, "pgsql") == 0) {
        database_run(&db, "SET client_min_messages = warning", p);
    }
    for (; *statements; statements++) {
        error = database_run(&db, *statements, p);
        if (error) {
            say_fail(SAY_FAILED,
                     "%s; connect as a user who may make tables (-p or "
                     "HTJWT_PARAMS), and see that the file or schema may be "
                     "written",
                     error);
        }
    }
    check_layout(&db, p);
    say_line("The tables of mod_auth_jwt are there.");
    if (path) {
        tell_owner(&site, path, p);
    }
}
