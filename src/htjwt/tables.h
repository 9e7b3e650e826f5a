/**
 * The module's own tables: those of conf/schema, put into the program when it is built.
 */
#ifndef HTJWT_TABLES_H
#define HTJWT_TABLES_H

#include "htjwt/database.h"
#include "htjwt/options.h"

/**
 * The statements that make the tables of a driver; all may run where the tables are
 * there.
 *
 * @return with NULL at the end; NULL for a driver without
 */
const char *const *tables_statements(const char *driver);

/** The command init. */
void tables_init(const options_t *options, apr_pool_t *p);

#endif
