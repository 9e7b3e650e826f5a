/**
 * The file that a handle of SQLite's has open, and the one that lies there now.
 */
#ifndef STORE_DBFILE_H
#define STORE_DBFILE_H

#include "store/db.h"

typedef struct dbfile_t dbfile_t;

/**
 * The file of a handle; lives as long as that.
 *
 * @return APR_SUCCESS, or APR_EGENERAL with @p why set for the log
 */
apr_status_t dbfile_find(dbfile_t **out, db_t *db, const char **why, apr_pool_t *p);

/**
 * Let @p db be a handle to the file that lies there now, or did so a millisecond ago.
 *
 * @return as above
 */
apr_status_t dbfile_use(dbfile_t *file, db_t *db, const char **why, apr_pool_t *p);

/** See db_note_file(). */
void dbfile_note(db_t *db, apr_pool_t *p);

#endif
