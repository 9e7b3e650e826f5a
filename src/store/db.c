/* Rows are always asked for with random access: without it PostgreSQL's driver
 * reports an error as "no rows", and sleeps 100 ms when there are none. Success is
 * read from the return code alone, row counts are stale after an error. */
#include "store/db.h"

#include <apr_buckets.h>
#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "store/dberror.h"
#include "store/dbfile.h"

/* Between two preparations of a statement. A failing one leaves nothing behind; one
 * that was in vain costs SQLite's driver memory, which it frees with the connection
 * only, so that pause doubles. */
#define PAUSE         apr_time_from_sec(1)
#define LONGEST_PAUSE apr_time_from_sec(16)

/* To run a locked statement SQLite's driver waits 1.6 s, to prepare it not at all. */
#define LOCK_TRIES 10
#define LOCK_WAIT  apr_time_from_msec(100)

/* What a handle knows about one query. */
typedef struct statement_t statement_t;

struct statement_t {
    statement_t *next;
    const char *sql;
    apr_pool_t *pool;             /* of what was prepared */
    apr_dbd_prepared_t *prepared; /* NULL: not yet, or that failed */
    const char *label;            /* no other statement of the handle has it */
    apr_time_t tried_at;          /* when it was prepared last */
    apr_interval_time_t pause;    /* until it may be again */
    char error[512];              /* why it could not be */
};

/* What is kept with a handle. */
typedef struct {
    db_dialect_t dialect;
    statement_t *statements; /* the one that was used last comes first */
    int made;                /* how many there are */
    dbfile_t *file;          /* SQLite's; NULL: not met yet */
} handle_t;

#define HANDLE_KEY "auth_jwt"

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

static db_query_t *make_query(const char *sql, db_gives_t gives, apr_pool_t *p)
{
    db_query_t *query = apr_palloc(p, sizeof *query);

    query->sql = sql;
    query->params = count_params(sql);
    query->gives = gives;
    return query;
}

const db_query_t *db_query_make(const char *sql, apr_pool_t *p)
{
    return make_query(sql, DB_NAMED_ROWS, p);
}

const db_query_t *db_ordered_make(const char *sql, apr_pool_t *p)
{
    return make_query(sql, DB_ROWS, p);
}

const db_query_t *db_statement_make(const char *sql, apr_pool_t *p)
{
    return make_query(sql, DB_NOTHING, p);
}

/* --- Handles --------------------------------------------------------------------- */

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

static handle_t *get_handle(db_t *db)
{
    handle_t *handle = apr_hash_get(db->statements, HANDLE_KEY, sizeof HANDLE_KEY - 1);

    if (!handle) {
        handle = apr_pcalloc(db->pool, sizeof *handle);
        handle->dialect = db_dialect(db);
        apr_hash_set(db->statements, HANDLE_KEY, sizeof HANDLE_KEY - 1, handle);
    }
    return handle;
}

/* Let db be a handle to the file that lies there now. */
static apr_status_t use_file(db_t *db, const char **why, apr_pool_t *p)
{
    handle_t *handle = get_handle(db);

    if (handle->dialect != DB_SQLITE) {
        return APR_SUCCESS;
    }
    if (!handle->file && dbfile_find(&handle->file, db, why, p) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    return dbfile_use(handle->file, db, why, p);
}

void db_note_file(db_t *db, apr_pool_t *p)
{
    if (db_dialect(db) == DB_SQLITE) {
        dbfile_note(db, p);
    }
}

/* --- Statements ------------------------------------------------------------------ */

static statement_t *make_statement(handle_t *handle, const db_t *db,
                                   const db_query_t *query)
{
    statement_t *made = apr_pcalloc(db->pool, sizeof *made);

    apr_pool_create(&made->pool, db->pool);
    made->sql = apr_pstrdup(db->pool, query->sql);
    made->label = apr_psprintf(db->pool, "auth_jwt_%d", handle->made++);
    return made;
}

/* By the whole text, as queries come and go while a handle stays. Few are asked again and
 * again, and the last one comes first: a hash of texts this long costs more. */
static statement_t *get_statement(db_t *db, const db_query_t *query)
{
    handle_t *handle = get_handle(db);
    statement_t **at = &handle->statements, *found;

    while (*at && strcmp((*at)->sql, query->sql) != 0) {
        at = &(*at)->next;
    }
    found = *at;
    if (found) {
        *at = found->next;
    } else {
        found = make_statement(handle, db, query);
    }
    found->next = handle->statements;
    handle->statements = found;
    return found;
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
        if (rv == 0 || ++tries == LOCK_TRIES ||
            !dberror_is_locked(dberror_text(db, rv))) {
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
        *why = dberror_explain(db, rv, p);
        apr_cpystrn(statement->error, *why, sizeof statement->error);
        statement->prepared = NULL;
        statement->pause = dberror_is_locked(*why) ? 0 : PAUSE;
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
    if (query->gives == DB_NOTHING) {
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
    return may_prepare(statement, db->now) && !dberror_is_locked(dberror_text(db, rv)) &&
           apr_dbd_check_conn(db->driver, p, db->handle) == APR_SUCCESS;
}

static apr_interval_time_t longer(apr_interval_time_t pause)
{
    return pause == 0 ? PAUSE : pause >= LONGEST_PAUSE ? LONGEST_PAUSE : 2 * pause;
}

static apr_status_t prepare_first(statement_t *statement, db_t *db,
                                  const db_query_t *query, const char **why,
                                  apr_pool_t *p)
{
    if (!statement->prepared) {
        if (prepare(statement, db, query, why, p) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        statement->pause = 0;
    }
    return APR_SUCCESS;
}

/* Run the statement, and prepare it again where that may help. */
static apr_status_t execute(outcome_t *out, db_t *db, const db_query_t *query,
                            const char **args, const char **why, apr_pool_t *p)
{
    statement_t *statement = get_statement(db, query);
    int rv;

    if (prepare_first(statement, db, query, why, p) != APR_SUCCESS) {
        return APR_EGENERAL;
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
        *why = dberror_explain(db, rv, p);
        return APR_EGENERAL;
    }
    statement->pause = 0;
    return APR_SUCCESS;
}

/* --- Rows ------------------------------------------------------------------------ */

/* APR's macros cast a volatile away, which clang mentions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
static apr_size_t last_length(apr_bucket_brigade *whole)
{
    return APR_BRIGADE_EMPTY(whole) ? 0 : APR_BRIGADE_LAST(whole)->length;
}
#pragma GCC diagnostic pop

/* A column's text, or NULL. One with a NUL byte inside counts as none: cut off there, it
 * would be another user's name. Drivers tell the length of "binary" values only, and
 * MySQL's knows that of a number only after it has made a text of it.
 *
 * @param whole  where the value as bytes is put; emptied by the caller */
static const char *get_text(db_t *db, apr_dbd_row_t *row, int column,
                            apr_bucket_brigade *whole, apr_pool_t *p)
{
    const char *text = NULL;
    apr_size_t len;

    /* Not apr_dbd_get_entry(): PostgreSQL's gives "" for NULL. */
    if (apr_dbd_datum_get(db->driver, row, column, APR_DBD_TYPE_STRING, &text) != 0 ||
        !text ||
        apr_dbd_datum_get(db->driver, row, column, APR_DBD_TYPE_BLOB, whole) != 0) {
        return NULL;
    }
    /* Of an unknown length, which is -1, no text is. */
    len = last_length(whole);
    return strlen(text) >= len ? apr_pstrmemdup(p, text, len) : NULL;
}

static const char **copy_names(int columns, db_t *db, apr_dbd_results_t *results,
                               apr_pool_t *p)
{
    const char **names = apr_palloc(p, sizeof(char *) * ((apr_size_t)columns + 1));
    int i;

    for (i = 0; i < columns; i++) {
        const char *name = apr_dbd_get_name(db->driver, results, i);

        names[i] = apr_pstrdup(p, name ? name : "");
    }
    return names;
}

static void copy_row(db_row_t *row, db_t *db, db_gives_t gives,
                     apr_dbd_results_t *results, apr_dbd_row_t *from, apr_pool_t *scratch,
                     apr_pool_t *p)
{
    apr_bucket_brigade *whole =
        apr_brigade_create(scratch, apr_bucket_alloc_create(scratch));
    int i;

    row->columns = apr_dbd_num_cols(db->driver, results);
    row->names = gives == DB_NAMED_ROWS ? copy_names(row->columns, db, results, p) : NULL;
    row->values = apr_palloc(p, sizeof(char *) * ((apr_size_t)row->columns + 1));
    for (i = 0; i < row->columns; i++) {
        row->values[i] = get_text(db, from, i, whole, p);
    }
    /* Now: a bucket that outlives the result would copy from it when the pool ends. */
    apr_brigade_destroy(whole);
}

/* -1 is the drivers' "no such row", anything else an error. */
static apr_status_t read_rows(apr_array_header_t *rows, int most, db_t *db,
                              db_gives_t gives, apr_dbd_results_t *results,
                              const char **why, apr_pool_t *scratch, apr_pool_t *p)
{
    while (rows->nelts < most) {
        apr_dbd_row_t *from = NULL;
        int rv = apr_dbd_get_row(db->driver, scratch, results, &from, rows->nelts + 1);

        if (rv == -1) {
            break;
        }
        if (rv != 0) {
            *why = dberror_explain(db, rv, scratch);
            return APR_EGENERAL;
        }
        copy_row(apr_array_push(rows), db, gives, results, from, scratch, p);
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
        rv = read_rows(rows, most, db, query->gives, outcome.rows, why, scratch, p);
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

apr_status_t db_try(db_t *db, const db_query_t *query, const char **why, apr_pool_t *p)
{
    return use_file(db, why, p) == APR_SUCCESS
               ? prepare_first(get_statement(db, query), db, query, why, p)
               : APR_EGENERAL;
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
