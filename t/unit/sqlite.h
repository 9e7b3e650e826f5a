/* Connections to SQLite for unit tests, as http/dbd.c makes them of mod_dbd's, and a
 * driver that does what a test wants of a database that fails. */
#ifndef T_UNIT_SQLITE_H
#define T_UNIT_SQLITE_H

#include "store/db.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>

/* APR-util's own, from its private header: a driver is a table of functions, in this
 * order in every version 1.x. */
struct apr_dbd_driver_t {
    const char *name;
    void (*init)(apr_pool_t *);
    void *(*native_handle)(apr_dbd_t *);
    apr_dbd_t *(*open)(apr_pool_t *, const char *, const char **);
    apr_status_t (*check_conn)(apr_pool_t *, apr_dbd_t *);
    apr_status_t (*close)(apr_dbd_t *);
    int (*set_dbname)(apr_pool_t *, apr_dbd_t *, const char *);
    int (*start_transaction)(apr_pool_t *, apr_dbd_t *, apr_dbd_transaction_t **);
    int (*end_transaction)(apr_dbd_transaction_t *);
    int (*query)(apr_dbd_t *, int *, const char *);
    int (*select)(apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **, const char *, int);
    int (*num_cols)(apr_dbd_results_t *);
    int (*num_tuples)(apr_dbd_results_t *);
    int (*get_row)(apr_pool_t *, apr_dbd_results_t *, apr_dbd_row_t **, int);
    const char *(*get_entry)(const apr_dbd_row_t *, int);
    const char *(*error)(apr_dbd_t *, int);
    const char *(*escape)(apr_pool_t *, const char *, apr_dbd_t *);
    int (*prepare)(apr_pool_t *, apr_dbd_t *, const char *, const char *, int, int,
                   apr_dbd_type_e *, apr_dbd_prepared_t **);
    int (*pvquery)(apr_pool_t *, apr_dbd_t *, int *, apr_dbd_prepared_t *, va_list);
    int (*pvselect)(apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **, apr_dbd_prepared_t *,
                    int, va_list);
    int (*pquery)(apr_pool_t *, apr_dbd_t *, int *, apr_dbd_prepared_t *, const char **);
    int (*pselect)(apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **, apr_dbd_prepared_t *,
                   int, const char **);
    const char *(*get_name)(const apr_dbd_results_t *, int);
    int (*transaction_mode_get)(apr_dbd_transaction_t *);
    int (*transaction_mode_set)(apr_dbd_transaction_t *, int);
    const char *pformat;
    int (*pvbquery)(apr_pool_t *, apr_dbd_t *, int *, apr_dbd_prepared_t *, va_list);
    int (*pvbselect)(apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **,
                     apr_dbd_prepared_t *, int, va_list);
    int (*pbquery)(apr_pool_t *, apr_dbd_t *, int *, apr_dbd_prepared_t *, const void **);
    int (*pbselect)(apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **, apr_dbd_prepared_t *,
                    int, const void **);
    apr_status_t (*datum_get)(const apr_dbd_row_t *, int, apr_dbd_type_e, void *);
};

static inline const apr_dbd_driver_t *sqlite_driver(apr_pool_t *p)
{
    static const apr_dbd_driver_t *driver;

    if (!driver && (apr_dbd_init(p) != APR_SUCCESS ||
                    apr_dbd_get_driver(p, "sqlite3", &driver) != 0)) {
        fprintf(stderr, "# APR-util's driver for SQLite is not installed\n");
        exit(1);
    }
    return driver;
}

/* A connection that is closed with its own pool, db->pool. */
static inline db_t sqlite_open(const char *path, apr_pool_t *parent)
{
    db_t db = {.driver = sqlite_driver(parent), .now = apr_time_from_sec(1000000)};

    apr_pool_create(&db.pool, parent);
    db.statements = apr_hash_make(db.pool);
    if (apr_dbd_open(db.driver, db.pool, path, &db.handle) != APR_SUCCESS) {
        fprintf(stderr, "# cannot open %s\n", path);
        exit(1);
    }
    return db;
}

static inline void sqlite_close(db_t *db)
{
    apr_dbd_close(db->driver, db->handle);
    apr_pool_destroy(db->pool);
}

/* Statements without an answer; the test dies when they fail. */
static inline void sqlite_do(db_t *db, const char *sql)
{
    int rows;
    int rv = apr_dbd_query(db->driver, db->handle, &rows, sql);

    if (rv != 0) {
        fprintf(stderr, "# %s: %s\n", sql, apr_dbd_error(db->driver, db->handle, rv));
        exit(1);
    }
}

#endif
