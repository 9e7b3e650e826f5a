/* Rows are always asked for with random access: without it PostgreSQL's driver
 * reports an error as "no rows", and sleeps 100 ms when there are none. Success is
 * read from the return code alone, row counts are stale after an error. */
#include "store/db.h"

#include <apr_buckets.h>
#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Between two preparations of a statement. A failing one leaves nothing behind; one
 * that was in vain costs SQLite's driver memory, which it frees with the connection
 * only, so that pause doubles. */
#define PAUSE         apr_time_from_sec(1)
#define LONGEST_PAUSE apr_time_from_sec(16)

/* To run a locked statement SQLite's driver waits 1.6 s, to prepare it not at all. */
#define LOCK_TRIES 10
#define LOCK_WAIT  apr_time_from_msec(100)

/* What a handle knows about one query. */
typedef struct {
    apr_pool_t *pool;             /* of what was prepared */
    apr_dbd_prepared_t *prepared; /* NULL: not yet, or that failed */
    const char *label;            /* no other statement of the handle has it */
    apr_time_t tried_at;          /* when it was prepared last */
    apr_interval_time_t pause;    /* until it may be again */
    char error[512];              /* why it could not be */
} statement_t;

/* SQLite reads the file that it opened, also when another one has taken its place
 * since (rsync, a restored backup): the users of yesterday would get in for ever. */
typedef struct {
    apr_dev_t device;
    apr_ino_t inode; /* 0: none */
} identity_t;

typedef struct {
    db_t given;       /* the handle that we were given first */
    db_t own;         /* one to the file that took its place; own.pool NULL: none */
    const char *path; /* NULL: none, as of a database in memory */
    int is_known;     /* whether the next one holds */
    identity_t open;  /* which file is open */
} file_t;

#define FILE_KEY "auth_jwt file"

/* --- Queries --------------------------------------------------------------------- */

/* As apr_dbd_prepare() counts: a percent sign before a letter, also within quotes.
 * Binary placeholders take four values each. */
static int count_params(const char *sql)
{
    int params = 0;

    while ((sql = strchr(sql, '%'))) {
        if (apr_isalpha(sql[1])) {
            params += !strncmp(sql, "%pDb", 4) || !strncmp(sql, "%pDc", 4) ? 4 : 1;
        }
        sql += sql[1] == '%' ? 2 : 1;
    }
    return params;
}

static db_query_t *make_query(const char *sql, int gives_rows, apr_pool_t *p)
{
    db_query_t *query = apr_palloc(p, sizeof *query);

    query->sql = sql;
    query->key = apr_pstrcat(p, "auth_jwt:", sql, NULL);
    query->params = count_params(sql);
    query->gives_rows = gives_rows;
    return query;
}

const db_query_t *db_query_make(const char *sql, apr_pool_t *p)
{
    return make_query(sql, 1, p);
}

const db_query_t *db_statement_make(const char *sql, apr_pool_t *p)
{
    return make_query(sql, 0, p);
}

/* --- Errors ---------------------------------------------------------------------- */

db_dialect_t db_dialect(const db_t *db)
{
    static const char *const drivers[DB_DIALECTS] = {"sqlite3", "pgsql", "mysql"};
    const char *name = apr_dbd_name(db->driver);
    int i = 0;

    while (i < DB_DIALECTS && strcmp(name, drivers[i]) != 0) {
        i++;
    }
    return (db_dialect_t)i;
}

/* The driver gives the code of any error, after it has waited. */
static int is_locked(const char *text)
{
    return strstr(text, " is locked") != NULL;
}

static const char *cure(const char *text)
{
    static const struct {
        const char *symptom, *cure;
    } cures[] = {
        {" is locked", "another program holds its lock; write briefly, and set PRAGMA "
                       "journal_mode=WAL"},
        {"unable to open", "check that the server's user may read and write the file and "
                           "its directory"},
        {"readonly", "check that the server's user may write the file and its directory"},
        {"disk", "check the file by PRAGMA integrity_check, and the room on its disk"},
        {"not a database", "check what DBDParams names"},
        {NULL, "check that the table and its columns exist and may be read, and see the "
               "database's own log"},
    };
    int i = 0;

    while (cures[i].symptom && !strstr(text, cures[i].symptom)) {
        i++;
    }
    return cures[i].cure;
}

static const char *error_text(db_t *db, int rv)
{
    const char *text = apr_dbd_error(db->driver, db->handle, rv);

    return text && *text ? text : "no reason given";
}

static const char *explain(db_t *db, int rv, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, error_text(db, rv));

    /* PostgreSQL's texts have several lines, a log line has one. */
    for (char *at = copy; *at; at++) {
        if (apr_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return apr_psprintf(p, "%s says: %s (code %d); %s", apr_dbd_name(db->driver), copy,
                        rv, cure(copy));
}

/* --- The file of SQLite ---------------------------------------------------------- */

static apr_status_t find_path(file_t *file, db_t *db, const char **why, apr_pool_t *p)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *path = NULL;
    int rv;

    rv = apr_dbd_select(db->driver, p, db->handle, &results, "PRAGMA database_list", 1);
    if (rv != 0) {
        *why = explain(db, rv, p);
        return APR_EGENERAL;
    }
    /* The first row is "main": number, name, file. */
    if (apr_dbd_get_row(db->driver, p, results, &row, 1) == 0) {
        path = apr_dbd_get_entry(db->driver, row, 2);
    }
    file->path = path && *path ? apr_pstrdup(file->given.pool, path) : NULL;
    return APR_SUCCESS;
}

static apr_status_t get_file(file_t **out, db_t *db, const char **why, apr_pool_t *p)
{
    file_t *file = apr_hash_get(db->statements, FILE_KEY, APR_HASH_KEY_STRING);

    if (!file) {
        file = apr_pcalloc(db->pool, sizeof *file);
        file->given = *db;
        if (find_path(file, db, why, p) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        apr_hash_set(db->statements, FILE_KEY, APR_HASH_KEY_STRING, file);
    }
    *out = file;
    return APR_SUCCESS;
}

static apr_status_t close_own(void *data)
{
    const file_t *file = data;

    return apr_dbd_close(file->own.driver, file->own.handle);
}

static apr_status_t reopen(file_t *file, const char **why, apr_pool_t *p)
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
                            error, cure(error));
        apr_pool_destroy(own->pool);
        own->pool = NULL;
        return APR_EGENERAL;
    }
    apr_pool_cleanup_register(own->pool, file, close_own, apr_pool_cleanup_null);
    own->statements = apr_hash_make(own->pool);
    apr_hash_set(own->statements, FILE_KEY, APR_HASH_KEY_STRING, file);
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
static int is_doubtful(const file_t *file, const identity_t *there)
{
    const identity_t *noted = NULL;

    if (file->given.files) {
        noted = apr_hash_get(file->given.files, file->path, APR_HASH_KEY_STRING);
    }
    return noted && !is_same(noted, there);
}

/* See that the file which is open is the one that lies there. */
static apr_status_t follow(file_t *file, const char **why, apr_pool_t *p)
{
    identity_t there;
    apr_status_t rv = identify(&there, file->path, p);

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
    file->open = rv == APR_SUCCESS ? there : (identity_t){0};
    return rv;
}

/* Let db be a handle to the file that lies there now. */
static apr_status_t use_file(db_t *db, const char **why, apr_pool_t *p)
{
    apr_time_t now = db->now;
    apr_status_t rv;
    file_t *file;

    if (db_dialect(db) != DB_SQLITE) {
        return APR_SUCCESS;
    }
    rv = get_file(&file, db, why, p);
    if (rv == APR_SUCCESS && file->path) {
        rv = follow(file, why, p);
        *db = file->own.pool ? file->own : file->given;
        db->now = now;
    }
    return rv;
}

void db_note_file(db_t *db, apr_pool_t *p)
{
    identity_t *noted = apr_pcalloc(apr_hash_pool_get(db->files), sizeof *noted);
    const char *why;
    file_t *file;

    if (db_dialect(db) == DB_SQLITE && get_file(&file, db, &why, p) == APR_SUCCESS &&
        file->path && identify(noted, file->path, p) == APR_SUCCESS) {
        apr_hash_set(db->files, apr_pstrdup(apr_hash_pool_get(db->files), file->path),
                     APR_HASH_KEY_STRING, noted);
    }
}

/* --- Statements ------------------------------------------------------------------ */

static statement_t *get_statement(db_t *db, const db_query_t *query)
{
    statement_t *statement =
        apr_hash_get(db->statements, query->key, APR_HASH_KEY_STRING);

    if (!statement) {
        statement = apr_pcalloc(db->pool, sizeof *statement);
        apr_pool_create(&statement->pool, db->pool);
        statement->label =
            apr_psprintf(db->pool, "auth_jwt_%u", apr_hash_count(db->statements));
        apr_hash_set(db->statements, apr_pstrdup(db->pool, query->key),
                     APR_HASH_KEY_STRING, statement);
    }
    return statement;
}

/* A clock that was set back ends a pause. */
static int may_prepare(const statement_t *statement, apr_time_t now)
{
    return now < statement->tried_at || now - statement->tried_at >= statement->pause;
}

/* A writer's lock is brief, as a rule. */
static int prepare_patiently(apr_dbd_prepared_t **prepared, const statement_t *statement,
                             db_t *db, const db_query_t *query)
{
    int rv, tries = 0;

    for (;;) {
        *prepared = NULL;
        rv = apr_dbd_prepare(db->driver, statement->pool, db->handle, query->sql,
                             statement->label, prepared);
        if (rv == 0 || ++tries == LOCK_TRIES || !is_locked(error_text(db, rv))) {
            return rv;
        }
        apr_sleep(LOCK_WAIT);
    }
}

static apr_status_t prepare(statement_t *statement, db_t *db, const db_query_t *query,
                            const char **why, apr_pool_t *p)
{
    int rv, rows;

    if (!may_prepare(statement, db->now)) {
        *why = apr_pstrcat(p, statement->error, " (less than a second ago)", NULL);
        return APR_EGENERAL;
    }
    if (statement->prepared && db_dialect(db) == DB_PGSQL) {
        /* A restarted server has forgotten it; one with a changed schema has not. */
        apr_dbd_query(db->driver, db->handle, &rows,
                      apr_pstrcat(p, "DEALLOCATE ", statement->label, NULL));
    }
    apr_pool_clear(statement->pool);
    statement->tried_at = db->now;
    rv = prepare_patiently(&statement->prepared, statement, db, query);
    if (rv != 0) {
        *why = explain(db, rv, p);
        apr_cpystrn(statement->error, *why, sizeof statement->error);
        statement->prepared = NULL;
        statement->pause = is_locked(*why) ? 0 : PAUSE;
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

/* What a statement gives: rows, or how many it has changed. */
typedef struct {
    apr_dbd_results_t *rows;
    int affected;
} outcome_t;

static int run(outcome_t *out, const statement_t *statement, db_t *db,
               const db_query_t *query, const char **args, apr_pool_t *p)
{
    if (!query->gives_rows) {
        return apr_dbd_pquery(db->driver, p, db->handle, &out->affected,
                              statement->prepared, query->params, args);
    }
    out->rows = NULL;
    return apr_dbd_pselect(db->driver, p, db->handle, &out->rows, statement->prepared, 1,
                           query->params, args);
}

/* Whether a statement that failed may do better when it is prepared anew. Also one that
 * was prepared just now: SQLite does that by a schema which may have changed since. */
static int is_stale(const statement_t *statement, db_t *db, int rv, apr_pool_t *p)
{
    return may_prepare(statement, db->now) && !is_locked(error_text(db, rv)) &&
           apr_dbd_check_conn(db->driver, p, db->handle) == APR_SUCCESS;
}

static apr_interval_time_t longer(apr_interval_time_t pause)
{
    return pause == 0 ? PAUSE : pause >= LONGEST_PAUSE ? LONGEST_PAUSE : 2 * pause;
}

/* Run the statement, and prepare it again where that may help. */
static apr_status_t execute(outcome_t *out, db_t *db, const db_query_t *query,
                            const char **args, const char **why, apr_pool_t *p)
{
    statement_t *statement = get_statement(db, query);
    int rv;

    if (!statement->prepared) {
        if (prepare(statement, db, query, why, p) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        statement->pause = 0;
    }
    rv = run(out, statement, db, query, args, p);
    if (rv != 0 && is_stale(statement, db, rv, p)) {
        if (prepare(statement, db, query, why, p) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        statement->pause = longer(statement->pause);
        rv = run(out, statement, db, query, args, p);
    }
    if (rv != 0) {
        *why = explain(db, rv, p);
        return APR_EGENERAL;
    }
    statement->pause = 0;
    return APR_SUCCESS;
}

/* --- Rows ------------------------------------------------------------------------ */

/* A column's text, or NULL. One with a NUL byte inside counts as none: cut off there, it
 * would be another user's name. Drivers tell the length of "binary" values only, and
 * MySQL's knows that of a number only after it has made a text of it. */
static const char *get_text(db_t *db, apr_dbd_row_t *row, int column,
                            apr_bucket_alloc_t *buckets, apr_pool_t *p)
{
    apr_bucket_brigade *whole;
    const char *text = NULL;
    apr_off_t len;

    /* Not apr_dbd_get_entry(): PostgreSQL's gives "" for NULL. */
    if (apr_dbd_datum_get(db->driver, row, column, APR_DBD_TYPE_STRING, &text) != 0 ||
        !text) {
        return NULL;
    }
    whole = apr_brigade_create(p, buckets);
    if (apr_dbd_datum_get(db->driver, row, column, APR_DBD_TYPE_BLOB, whole) != 0 ||
        apr_brigade_length(whole, 0, &len) != APR_SUCCESS || len < 0 ||
        strlen(text) < (apr_size_t)len) {
        text = NULL;
    }
    /* Now: a bucket that outlives the result would copy from it when the pool ends. */
    apr_brigade_destroy(whole);
    return text ? apr_pstrmemdup(p, text, (apr_size_t)len) : NULL;
}

static void copy_row(db_row_t *row, db_t *db, apr_dbd_results_t *results,
                     apr_dbd_row_t *from, apr_pool_t *scratch, apr_pool_t *p)
{
    apr_bucket_alloc_t *buckets = apr_bucket_alloc_create(scratch);
    int i;

    row->columns = apr_dbd_num_cols(db->driver, results);
    row->names = apr_pcalloc(p, sizeof(char *) * ((apr_size_t)row->columns + 1));
    row->values = apr_pcalloc(p, sizeof(char *) * ((apr_size_t)row->columns + 1));
    for (i = 0; i < row->columns; i++) {
        const char *name = apr_dbd_get_name(db->driver, results, i);

        row->names[i] = apr_pstrdup(p, name ? name : "");
        row->values[i] = apr_pstrdup(p, get_text(db, from, i, buckets, scratch));
    }
}

/* -1 is the drivers' "no such row", anything else an error. */
static apr_status_t read_rows(apr_array_header_t *rows, int most, db_t *db,
                              apr_dbd_results_t *results, const char **why,
                              apr_pool_t *scratch, apr_pool_t *p)
{
    while (rows->nelts < most) {
        apr_dbd_row_t *from = NULL;
        int rv = apr_dbd_get_row(db->driver, scratch, results, &from, rows->nelts + 1);

        if (rv == -1) {
            break;
        }
        if (rv != 0) {
            *why = explain(db, rv, scratch);
            return APR_EGENERAL;
        }
        copy_row(apr_array_push(rows), db, results, from, scratch, p);
    }
    return APR_SUCCESS;
}

/* Run a statement; of one that gives rows, read them. */
static apr_status_t ask(apr_array_header_t *rows, int *affected, int most, db_t *db,
                        const db_query_t *query, const char **args, const char **why,
                        apr_pool_t *p)
{
    outcome_t outcome = {NULL, 0};
    apr_pool_t *scratch;
    apr_status_t rv;

    /* Drivers hang the result on the pool they are given; it must be gone before
     * the connection goes back. */
    apr_pool_create(&scratch, p);
    rv = use_file(db, why, scratch);
    if (rv == APR_SUCCESS) {
        rv = execute(&outcome, db, query, args, why, scratch);
    }
    if (rv == APR_SUCCESS && rows) {
        rv = read_rows(rows, most, db, outcome.rows, why, scratch, p);
    }
    if (rv == APR_SUCCESS && affected) {
        *affected = outcome.affected;
    }
    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(p, *why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

apr_status_t db_get_rows(const apr_array_header_t **rows, int most, db_t *db,
                         const db_query_t *query, const char **args, const char **why,
                         apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 2, sizeof(db_row_t));
    apr_status_t rv = ask(found, NULL, most, db, query, args, why, p);

    if (rv == APR_SUCCESS) {
        *rows = found;
    }
    return rv;
}

apr_status_t db_get_row(db_row_t *row, db_t *db, const db_query_t *query,
                        const char **args, const char **why, apr_pool_t *p)
{
    const apr_array_header_t *rows;
    apr_status_t rv = db_get_rows(&rows, 2, db, query, args, why, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rows->nelts == 0) {
        *why = "no row";
        return APR_NOTFOUND;
    }
    if (rows->nelts > 1) {
        *why = "more than one row; let a UNIQUE column or the query see to it that there "
               "is one";
        return APR_EGENERAL;
    }
    *row = APR_ARRAY_IDX(rows, 0, db_row_t);
    return APR_SUCCESS;
}

apr_status_t db_execute(int *affected, db_t *db, const db_query_t *query,
                        const char **args, const char **why, apr_pool_t *p)
{
    return ask(NULL, affected, 0, db, query, args, why, p);
}

int db_row_find(const char **value, const db_row_t *row, const char *name)
{
    int i;

    for (i = 0; i < row->columns; i++) {
        if (apr_cstr_casecmp(row->names[i], name) == 0) {
            *value = row->values[i];
            return 1;
        }
    }
    return 0;
}
