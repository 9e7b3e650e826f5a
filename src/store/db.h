/**
 * One database connection through APR DBD, and questions to it.
 *
 * Whoever owns the connection fills a db_t: mod_dbd's in the server, one of
 * apr_dbd_open() in a unit test.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <apr_dbd.h>
#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/** A connection for the length of one use; only one thread may hold it. */
typedef struct {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_pool_t *pool;       /* lives as long as the handle */
    apr_hash_t *statements; /* the handle's own, shared with others by distinct keys */
    apr_hash_t *files;      /* of db_note_file(); or NULL */
    apr_time_t now;
} db_t;

/** What a statement gives: rows with their columns' names cost a little more. */
typedef enum { DB_NOTHING, DB_ROWS, DB_NAMED_ROWS } db_gives_t;

/** A statement's text with its placeholders counted. */
typedef struct {
    const char *sql;
    int params;
    db_gives_t gives;
} db_query_t;

/** One row, copied out of the result. */
typedef struct {
    int columns;
    const char **names;  /* NULL for a query that gives no names */
    const char **values; /* NULL where SQL has NULL, or a text with a NUL byte */
} db_row_t;

/** One of SQL that is known when the module is built, and one that gives no rows. */
#define DB_QUERY(sql, params)                                                            \
    {                                                                                    \
        sql, params, DB_ROWS                                                             \
    }
#define DB_STATEMENT(sql, params)                                                        \
    {                                                                                    \
        sql, params, DB_NOTHING                                                          \
    }

/** Databases that want SQL of their own here and there; others are asked as by default.
 */
typedef enum { DB_SQLITE, DB_PGSQL, DB_MYSQL, DB_DIALECTS } db_dialect_t;

/** @return DB_DIALECTS for a driver that is none of them */
db_dialect_t db_dialect(const db_t *db);

/**
 * Make a query of SQL text in APR's dialect: %s is a placeholder, also within
 * quotes, and %% a percent sign. Its rows have names.
 */
const db_query_t *db_query_make(const char *sql, apr_pool_t *p);

/** The same for SQL whose columns are known by their order: its rows have no names. */
const db_query_t *db_ordered_make(const char *sql, apr_pool_t *p);

/** The same for SQL that gives no rows: INSERT, UPDATE, DELETE. */
const db_query_t *db_statement_make(const char *sql, apr_pool_t *p);

/**
 * Note in @p db->files which file a database of SQLite is in. For the beginning of a
 * process, before its threads: a pool opens connections long before it gives them out,
 * and only so a file that was replaced in the meantime is noticed.
 */
void db_note_file(db_t *db, apr_pool_t *p);

/**
 * Ask for one row.
 *
 * The statement is prepared at its first use on this connection, and once more
 * when it fails: a restarted server has lost it, a changed schema spoils it. One
 * that cannot be prepared is left alone for a second. SQLite's file is opened anew
 * when another one has taken its place, which is looked for once in a millisecond.
 *
 * @param row   the answer, allocated from @p p; untouched on error
 * @param args  query->params texts without NUL bytes
 * @param why   on error the reason for the log
 * @return APR_SUCCESS with exactly one row, APR_NOTFOUND with none, APR_EGENERAL
 *         for everything else, several rows included
 */
apr_status_t db_get_row(db_row_t *row, db_t *db, const db_query_t *query,
                        const char **args, const char **why, apr_pool_t *p);

/**
 * Ask for rows, as db_get_row() does for one.
 *
 * @param rows  db_row_t, the first @p most of the answer; may be none
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t db_get_rows(const apr_array_header_t **rows, int most, db_t *db,
                         const db_query_t *query, const char **args, const char **why,
                         apr_pool_t *p);

/**
 * Change something, by a statement of db_statement_make().
 *
 * A statement that failed is run once more where that may help, and a failure does not
 * tell that nothing was changed: it must bear being run twice.
 *
 * @param affected  number of rows, on success only. A row that was set to what it was
 *                  already is not counted by MySQL
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t db_execute(int *affected, db_t *db, const db_query_t *query,
                        const char **args, const char **why, apr_pool_t *p);

/**
 * Prepare a statement as for its first use, and do not run it.
 *
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t db_try(db_t *db, const db_query_t *query, const char **why, apr_pool_t *p);

/**
 * A column by name, without regard to case (PostgreSQL folds to lower case), of a row
 * that has names.
 *
 * @param value  NULL for SQL's NULL
 * @return 0 when the row has no such column
 */
int db_row_find(const char **value, const db_row_t *row, const char *name);

#endif
