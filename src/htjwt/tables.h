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

/** The cure where the table of sessions is there, but its statements fail. */
#define TABLES_OLDER                                                                     \
    "a table of an older layout is dropped (DROP TABLE auth_jwt_session, which ends "    \
    "all sessions) and made anew by htjwt init"

/** The command init. */
void tables_init(const options_t *options, apr_pool_t *p);

#endif
