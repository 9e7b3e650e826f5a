/**
 * Who has an id: the condition "this column is that text" in the words of each database,
 * so that it is exact and an index serves it.
 */
#ifndef STORE_BYID_H
#define STORE_BYID_H

#include "store/db.h"

/** How PostgreSQL is asked, by the type of the column. */
enum { BYID_UNKNOWN, BYID_NUMBER, BYID_UUID, BYID_PADDED, BYID_TEXT, BYID_FORMS };

/** One question for all databases. Constant after configuration. */
typedef struct {
    const db_query_t *usual; /* of SQLite, and of drivers that nobody knows */
    const db_query_t *mysql;
    const db_query_t *pgsql_type; /* gives the type of the column */
    const db_query_t *pgsql[BYID_FORMS];
    const char *key; /* for the form, among a handle's statements */
} byid_t;

/** SQL around the condition. */
typedef struct {
    const char *head, *tail; /* the latter may have one placeholder */
    const char *column;      /* as it is named there */
} byid_sql_t;

/**
 * Make the question. Columns of its rows are known by their order.
 *
 * @param table   where the column is
 * @param column  its name without any table's
 */
const byid_t *byid_make(const byid_sql_t *sql, const char *table, const char *column,
                        apr_pool_t *p);

/**
 * Ask for one row.
 *
 * @param last  for the placeholder of the tail; NULL: it has none
 * @param why   set with everything but APR_SUCCESS
 * @return as db_get_row(), or APR_BADARG without a question where nobody can have this
 *         id, as it is no value of the column's type
 */
apr_status_t byid_get_row(db_row_t *row, const byid_t *byid, db_t *db, const char *id,
                          const char *last, const char **why, apr_pool_t *p);

/** Ids that nobody has: a number, and a UUID. */
enum { BYID_NOBODIES = 2 };
extern const char *const byid_nobodies[BYID_NOBODIES];

/** Try the question with an id that nobody has, of the column's type. */
apr_status_t byid_probe(const byid_t *byid, db_t *db, const char *last, const char **why,
                        apr_pool_t *p);

#endif
