#include "htjwt/database.h"

#include <apr_dbd.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "htjwt/say.h"

/* --- The file of SQLite --------------------------------------------------------------
 */

/* A URI has its path between "file:", perhaps "//host", and the first ? or #. */
static const char *path_of_uri(const char *uri, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, uri), *from, *to;

    if (strncmp(path, "//", 2) == 0) {
        path = strchr(path + 2, '/');
        if (!path) {
            return NULL;
        }
    }
    path[strcspn(path, "?#")] = '\0';
    for (from = to = path; *from; to++) {
        if (*from == '%' && apr_isxdigit(from[1]) && apr_isxdigit(from[2])) {
            const char digits[] = {from[1], from[2], '\0'};

            *to = (char)apr_strtoi64(digits, NULL, 16);
            from += 3;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return path;
}

const char *database_file(const site_t *site, apr_pool_t *p)
{
    const char *path = site->params;

    if (!path || strcmp(site->driver, "sqlite3") != 0) {
        return NULL;
    }
    if (strncmp(path, "file:", 5) == 0) {
        path = strstr(path, "mode=memory") ? NULL : path_of_uri(path + 5, p);
    }
    return path && *path && strcmp(path, ":memory:") != 0 ? path : NULL;
}

/* SQLite would make a file that is missing, and a mistyped name an empty database. */
static const char *check_file(const char *path, const apr_finfo_t *info, apr_status_t rv,
                              apr_pool_t *p)
{
    if (APR_STATUS_IS_ENOENT(rv)) {
        return apr_psprintf(p, "there is no database %s; make it with: htjwt init", path);
    }
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return apr_psprintf(p,
                            "cannot look at the database %s: %pm; run htjwt as root "
                            "or as the server's user",
                            path, &rv);
    }
    if (info->filetype != APR_REG) {
        return apr_psprintf(p, "%s is no file; name the database's file", path);
    }
    return NULL;
}

static const char *become_owner(const char *path, const apr_finfo_t *info, apr_pool_t *p)
{
    if (geteuid() != 0 || info->user == 0) {
        return NULL;
    }
    if (setgroups(0, NULL) != 0 || setgid(info->group) != 0 || setuid(info->user) != 0) {
        return apr_psprintf(p, "cannot become the owner of %s; run htjwt as that user",
                            path);
    }
    return NULL;
}

static const char *prepare_file(const site_t *site, apr_pool_t *p)
{
    const char *path = database_file(site, p), *error;
    apr_finfo_t info;
    apr_status_t rv;

    if (!path) {
        return NULL;
    }
    rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_OWNER, p);
    error = check_file(path, &info, rv, p);
    return error ? error : become_owner(path, &info, p);
}

/* --- Connections ---------------------------------------------------------------------
 */

/* Whether a text repeats a word that stands behind "pass" or in a URI: libpq quotes what
 * it does not understand, which may be a part of the password. */
static int tells_secret(const char *reason, const char *params, apr_pool_t *p)
{
    const char *separators = " \t=;,:'\"@/", *word, *uri = strstr(params, "://");
    char *rest = apr_pstrdup(p, uri ? uri : params), *state = NULL;

    while (!uri && *rest && strncasecmp(rest, "pass", 4) != 0) {
        rest++;
    }
    for (word = apr_strtok(rest, separators, &state); word;
         word = apr_strtok(NULL, separators, &state)) {
        if (strncasecmp(word, "pass", 4) != 0 && strlen(word) > 2 &&
            strstr(reason, word)) {
            return 1;
        }
    }
    return 0;
}

const char *database_load(db_t *out, const site_t *site, apr_pool_t *p)
{
    apr_status_t rv;

    if (!site->params) {
        return "no database is named; add -f httpd.conf, or -d DRIVER -p PARAMS";
    }
    memset(out, 0, sizeof *out);
    apr_dbd_init(p);
    rv = apr_dbd_get_driver(p, site->driver, &out->driver);
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p,
                            "APR has no driver '%s' here: %pm; install it "
                            "(libaprutil1-dbd-..., on Fedora apr-util-...), or name "
                            "sqlite3, pgsql or mysql",
                            site->driver, &rv);
    }
    out->pool = p;
    out->statements = apr_hash_make(p);
    out->now = apr_time_now();
    return NULL;
}

static apr_status_t close_handle(void *data)
{
    const db_t *db = data;

    return apr_dbd_close(db->driver, db->handle);
}

const char *database_connect(db_t *db, const site_t *site, apr_pool_t *p)
{
    const char *error = prepare_file(site, p), *reason = NULL;

    if (error) {
        return error;
    }
    if (apr_dbd_open_ex(db->driver, p, site->params, &db->handle, &reason) ==
        APR_SUCCESS) {
        /* The last one who closes an SQLite database takes its log away. */
        apr_pool_cleanup_register(p, apr_pmemdup(p, db, sizeof *db), close_handle,
                                  apr_pool_cleanup_null);
        return NULL;
    }
    if (!reason || !*reason) {
        reason = "no reason given";
    } else if (tells_secret(reason, site->params, p)) {
        reason =
            "the reason is not shown, as it repeats a part of the parameters that may be "
            "the password";
    }
    return apr_psprintf(p,
                        "no connection by the driver %s: %s; check the parameters "
                        "(those of DBDParams), and that the database runs",
                        site->driver, reason);
}

void database_open(db_t *out, const site_t *site, apr_pool_t *p)
{
    const char *error = database_load(out, site, p);

    if (error) {
        say_fail(site->params ? SAY_FAILED : SAY_USAGE, "%s", error);
    }
    error = database_connect(out, site, p);
    if (error) {
        say_fail(SAY_FAILED, "%s", error);
    }
}

/* --- Statements ----------------------------------------------------------------------
 */

/* A PRAGMA has an answer, and SQLite's driver calls an answer to a query an error. */
const char *database_run(db_t *db, const char *sql, apr_pool_t *p)
{
    apr_dbd_results_t *results = NULL;
    const char *reason;
    int rv, rows = 0;

    rv = strncmp(sql, "PRAGMA", 6) == 0
             ? apr_dbd_select(db->driver, p, db->handle, &results, sql, 1)
             : apr_dbd_query(db->driver, db->handle, &rows, sql);
    if (rv == 0) {
        return NULL;
    }
    reason = apr_dbd_error(db->driver, db->handle, rv);
    return apr_psprintf(p, "%s says: %s (code %d)", apr_dbd_name(db->driver),
                        reason && *reason ? reason : "no reason given", rv);
}
