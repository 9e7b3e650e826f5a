/**
 * Rows of the module's own tables that have expired.
 */
#ifndef STORE_EXPIRED_H
#define STORE_EXPIRED_H

#include "store/db.h"

/** Tables of ours whose rows expire. */
typedef enum { EXPIRED_SESSIONS, EXPIRED_BLACKLIST, EXPIRED_TABLES } expired_table_t;

/** The name of a table in the database. */
const char *expired_table_name(expired_table_t table);

/** Most rows that expired_delete() deletes. */
#define EXPIRED_BATCH 100

/**
 * Delete some of the rows that expired before a time, in seconds since 1970.
 *
 * @param deleted  how many; EXPIRED_BATCH: there may be more
 * @return APR_SUCCESS or APR_EGENERAL
 */
apr_status_t expired_delete(int *deleted, db_t *db, expired_table_t table,
                            apr_int64_t before, const char **why, apr_pool_t *p);

#endif
