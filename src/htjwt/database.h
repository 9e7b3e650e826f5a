/**
 * The connection to a site's database, which the tool opens itself.
 */
#ifndef HTJWT_DATABASE_H
#define HTJWT_DATABASE_H

#include "htjwt/site.h"
#include "store/db.h"

/**
 * The file of an SQLite database.
 *
 * @param params  a path, or a URI such as "file:/var/lib/auth_jwt/site.db?mode=rw"
 * @return NULL where there is none, as of a database in memory or of another driver
 */
const char *database_file(const site_t *site, apr_pool_t *p);

/**
 * Load the driver of a site.
 *
 * @return NULL, or what is wrong and how to mend it
 */
const char *database_load(db_t *out, const site_t *site, apr_pool_t *p);

/**
 * Connect with the driver that was loaded.
 *
 * Root opens a file of SQLite as the user who owns it, and stays that user: files that
 * SQLite puts beside it are to be the server's, and nothing that stands in a directory of
 * others is to be opened with root's rights. So keys are read before.
 *
 * @return NULL, or what is wrong and how to mend it
 */
const char *database_connect(db_t *db, const site_t *site, apr_pool_t *p);

/** Both, or the end of the program. */
void database_open(db_t *out, const site_t *site, apr_pool_t *p);

/**
 * Run one statement as it is, without placeholders: what makes tables.
 *
 * @return NULL, or what the database says
 */
const char *database_run(db_t *db, const char *sql, apr_pool_t *p);

#endif
