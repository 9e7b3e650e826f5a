/* SQLite reads the file that it opened, also when another one has taken its place
 * since (rsync, a restored backup): the users of yesterday would get in for ever. */
#include "store/dbfile.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include "store/dberror.h"

/* Among a handle's statements. */
#define KEY "auth_jwt file"

/* The look at a file costs as much as a good part of a question to it. Under load it is
 * done for some of them, else for each. */
#define SEEN_FOR apr_time_from_msec(1)

typedef struct {
    apr_dev_t device;
    apr_ino_t inode; /* 0: none */
} identity_t;

struct dbfile_t {
    db_t given;         /* the handle that we were given first */
    db_t own;           /* one to the file that took its place; own.pool NULL: none */
    const char *path;   /* NULL: none, as of a database in memory */
    int is_known;       /* whether the next two hold */
    identity_t open;    /* which file is open */
    apr_time_t seen_at; /* when that was looked at last */
};

static apr_status_t find_path(dbfile_t *file, db_t *db, const char **why, apr_pool_t *p)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *path = NULL;
    int rv;

    rv = apr_dbd_select(db->driver, p, db->handle, &results, "PRAGMA database_list", 1);
    if (rv != 0) {
        *why = dberror_explain(db, rv, p);
        return APR_EGENERAL;
    }
    /* The first row is "main": number, name, file. */
    if (apr_dbd_get_row(db->driver, p, results, &row, 1) == 0) {
        path = apr_dbd_get_entry(db->driver, row, 2);
    }
    file->path = path && *path ? apr_pstrdup(file->given.pool, path) : NULL;
    return APR_SUCCESS;
}

apr_status_t dbfile_find(dbfile_t **out, db_t *db, const char **why, apr_pool_t *p)
{
    dbfile_t *file = apr_hash_get(db->statements, KEY, sizeof KEY - 1);

    if (!file) {
        file = apr_pcalloc(db->pool, sizeof *file);
        file->given = *db;
        if (find_path(file, db, why, p) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        apr_hash_set(db->statements, KEY, sizeof KEY - 1, file);
    }
    *out = file;
    return APR_SUCCESS;
}

static apr_status_t close_own(void *data)
{
    const dbfile_t *file = data;

    return apr_dbd_close(file->own.driver, file->own.handle);
}

static apr_status_t reopen(dbfile_t *file, const char **why, apr_pool_t *p)
{
    const char *error = "no reason given";
    db_t *own = &file->own;

    if (own->pool) {
        apr_pool_destroy(own->pool);
    }
    *own = file->given;
    apr_pool_create(&own->pool, file->given.pool);
    if (apr_dbd_open_ex(own->driver, own->pool, file->path, &own->handle, &error) !=
        APR_SUCCESS) {
        *why = apr_psprintf(p, "%s was replaced and cannot be opened: %s; %s", file->path,
                            error, dberror_cure(error));
        apr_pool_destroy(own->pool);
        own->pool = NULL;
        return APR_EGENERAL;
    }
    apr_pool_cleanup_register(own->pool, file, close_own, apr_pool_cleanup_null);
    own->statements = apr_hash_make(own->pool);
    apr_hash_set(own->statements, KEY, sizeof KEY - 1, file);
    return APR_SUCCESS;
}

static apr_status_t identify(identity_t *out, const char *path, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_IDENT, p);

    out->device = rv == APR_SUCCESS ? info.device : 0;
    out->inode = rv == APR_SUCCESS ? info.inode : 0;
    return rv;
}

static int is_same(const identity_t *a, const identity_t *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* Whether the file of a handle that is met for the first time can be another one than
 * the one that lies there: nobody tells when it was opened. */
static int is_doubtful(const dbfile_t *file, const identity_t *there)
{
    const identity_t *noted = NULL;

    if (file->given.files) {
        noted = apr_hash_get(file->given.files, file->path, APR_HASH_KEY_STRING);
    }
    return noted && !is_same(noted, there);
}

/* See that the file which is open is the one that lies there. */
static apr_status_t follow(dbfile_t *file, apr_time_t now, const char **why,
                           apr_pool_t *p)
{
    identity_t there;
    apr_status_t rv;

    if (file->is_known && file->open.inode && now >= file->seen_at &&
        now - file->seen_at < SEEN_FOR) {
        return APR_SUCCESS;
    }
    rv = identify(&there, file->path, p);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(p,
                            "the database file %s: %pm; put it there again, or let the "
                            "server's user enter its directory",
                            file->path, &rv);
        rv = APR_EGENERAL;
    } else if (file->is_known ? !is_same(&file->open, &there)
                              : is_doubtful(file, &there)) {
        rv = reopen(file, why, p);
    }
    file->is_known = 1;
    file->seen_at = now;
    file->open = rv == APR_SUCCESS ? there : (identity_t){0};
    return rv;
}

apr_status_t dbfile_use(dbfile_t *file, db_t *db, const char **why, apr_pool_t *p)
{
    apr_time_t now = db->now;
    apr_status_t rv = APR_SUCCESS;

    if (file->path) {
        rv = follow(file, now, why, p);
        *db = file->own.pool ? file->own : file->given;
        db->now = now;
    }
    return rv;
}

void dbfile_note(db_t *db, apr_pool_t *p)
{
    apr_pool_t *kept = apr_hash_pool_get(db->files);
    identity_t *noted = apr_pcalloc(kept, sizeof *noted);
    const char *why;
    dbfile_t *file;

    if (dbfile_find(&file, db, &why, p) == APR_SUCCESS && file->path &&
        identify(noted, file->path, p) == APR_SUCCESS) {
        apr_hash_set(db->files, apr_pstrdup(kept, file->path), APR_HASH_KEY_STRING,
                     noted);
    }
}
