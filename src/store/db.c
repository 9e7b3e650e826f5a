/* Rows are always asked for with random access: without it PostgreSQL's driver
 * reports an error as "no rows", and sleeps 100 ms when there are none. Success is
 * read from the return code alone, row counts are stale after an error. */
#include "store/db.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* SQLite's "busy": its driver has waited 1.6 s by then, asking again would double
 * that. */
#define SQLITE_BUSY_CODE 5

/* What a handle knows about one query. */
typedef struct {
    apr_dbd_prepared_t *prepared; /* NULL: not yet, or failed */
    int generation;               /* PostgreSQL wants a new name for each */
    apr_time_t failed_at;
    const char *error;
} statement_t;

static int count_params(const char *sql)
{
    int params = 0;

    while ((sql = strchr(sql, '%'))) {
        if (sql[1] == '%') {
            sql++;
        } else if (sql[1]) {
            params++;
        }
        sql++;
    }
    return params;
}

const db_query_t *db_query_make(const char *sql, apr_pool_t *p)
{
    db_query_t *query = apr_palloc(p, sizeof *query);

    query->sql = sql;
    query->key = apr_pstrcat(p, "auth_jwt:", sql, NULL);
    query->params = count_params(sql);
    return query;
}

static statement_t *get_statement(db_t *db, const db_query_t *query)
{
    statement_t *statement =
        apr_hash_get(db->statements, query->key, APR_HASH_KEY_STRING);

    if (!statement) {
        statement = apr_pcalloc(db->pool, sizeof *statement);
        apr_hash_set(db->statements, apr_pstrdup(db->pool, query->key),
                     APR_HASH_KEY_STRING, statement);
    }
    return statement;
}

static const char *error_text(db_t *db, int rv, apr_pool_t *p)
{
    const char *text = apr_dbd_error(db->driver, db->handle, rv);
    char *copy = apr_pstrdup(p, text && *text ? text : "no reason given");

    /* PostgreSQL's texts have several lines, a log line has one. */
    for (char *at = copy; *at; at++) {
        if (apr_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return apr_psprintf(p, "%s says: %s (code %d)", apr_dbd_name(db->driver), copy, rv);
}

static apr_status_t fail(statement_t *statement, db_t *db, int rv, const char **why,
                         apr_pool_t *p)
{
    *why = error_text(db, rv, p);
    statement->prepared = NULL;
    statement->failed_at = db->now;
    /* Kept with the handle, but a failing database must not fill its pool. */
    if (!statement->error || strcmp(statement->error, *why) != 0) {
        statement->error = apr_pstrdup(db->pool, *why);
    }
    return APR_EGENERAL;
}

static apr_status_t prepare(statement_t *statement, db_t *db, const db_query_t *query,
                            const char **why, apr_pool_t *p)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;
    const char *label;
    int rv;

    label = apr_psprintf(db->pool, "auth_jwt_%x_%d",
                         apr_hashfunc_default(query->sql, &len), ++statement->generation);
    rv = apr_dbd_prepare(db->driver, db->pool, db->handle, query->sql, label,
                         &statement->prepared);
    return rv == 0 ? APR_SUCCESS : fail(statement, db, rv, why, p);
}

static int is_busy(db_t *db, int rv)
{
    return rv == SQLITE_BUSY_CODE && strcmp(apr_dbd_name(db->driver), "sqlite3") == 0;
}

/* Run the statement, and prepare it again where that may help. */
static apr_status_t select_rows(apr_dbd_results_t **results, db_t *db,
                                const db_query_t *query, const char **args,
                                const char **why, apr_pool_t *p)
{
    statement_t *statement = get_statement(db, query);
    int rv, fresh = !statement->prepared;

    if (fresh && statement->failed_at &&
        db->now - statement->failed_at < APR_USEC_PER_SEC) {
        *why = apr_pstrcat(p, statement->error, ", less than a second ago", NULL);
        return APR_EGENERAL;
    }
    if (fresh && prepare(statement, db, query, why, p) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    rv = apr_dbd_pselect(db->driver, p, db->handle, results, statement->prepared, 1,
                         query->params, args);
    if (rv != 0 && !fresh && !is_busy(db, rv)) {
        if (apr_dbd_check_conn(db->driver, p, db->handle) != APR_SUCCESS ||
            prepare(statement, db, query, why, p) != APR_SUCCESS) {
            return fail(statement, db, rv, why, p);
        }
        rv = apr_dbd_pselect(db->driver, p, db->handle, results, statement->prepared, 1,
                             query->params, args);
    }
    return rv == 0 ? APR_SUCCESS : fail(statement, db, rv, why, p);
}

static void copy_row(db_row_t *row, db_t *db, apr_dbd_results_t *results,
                     apr_dbd_row_t *from, apr_pool_t *p)
{
    int i;

    row->columns = apr_dbd_num_cols(db->driver, results);
    row->names = apr_pcalloc(p, sizeof(char *) * ((apr_size_t)row->columns + 1));
    row->values = apr_pcalloc(p, sizeof(char *) * ((apr_size_t)row->columns + 1));
    for (i = 0; i < row->columns; i++) {
        const char *name = apr_dbd_get_name(db->driver, results, i);
        const char *value = NULL;

        /* Not apr_dbd_get_entry: PostgreSQL's gives "" for NULL. */
        if (apr_dbd_datum_get(db->driver, from, i, APR_DBD_TYPE_STRING, &value) !=
            APR_SUCCESS) {
            value = NULL;
        }
        row->names[i] = apr_pstrdup(p, name ? name : "");
        row->values[i] = apr_pstrdup(p, value);
    }
}

static apr_status_t read_one(db_row_t *row, db_t *db, apr_dbd_results_t *results,
                             const char **why, apr_pool_t *scratch, apr_pool_t *p)
{
    apr_dbd_row_t *first = NULL, *second = NULL;

    if (apr_dbd_get_row(db->driver, scratch, results, &first, 1) != 0) {
        *why = "no row";
        return APR_NOTFOUND;
    }
    copy_row(row, db, results, first, p);
    if (apr_dbd_get_row(db->driver, scratch, results, &second, 2) == 0) {
        *why = "more than one row";
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

apr_status_t db_get_row(db_row_t *row, db_t *db, const db_query_t *query,
                        const char **args, const char **why, apr_pool_t *p)
{
    apr_dbd_results_t *results = NULL;
    apr_pool_t *scratch;
    apr_status_t rv;
    db_row_t found = {0, NULL, NULL};

    /* Drivers hang the result on the pool they are given; it must be gone before
     * the connection goes back. */
    apr_pool_create(&scratch, p);
    rv = select_rows(&results, db, query, args, why, scratch);
    if (rv == APR_SUCCESS) {
        rv = read_one(&found, db, results, why, scratch, p);
    } else {
        *why = apr_pstrdup(p, *why);
    }
    apr_pool_destroy(scratch);
    if (rv == APR_SUCCESS) {
        *row = found;
    }
    return rv;
}

int db_row_find(const char **value, const db_row_t *row, const char *name)
{
    int i;

    for (i = 0; i < row->columns; i++) {
        if (apr_strnatcasecmp(row->names[i], name) == 0) {
            *value = row->values[i];
            return 1;
        }
    }
    return 0;
}
