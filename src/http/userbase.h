/**
 * AuthJWTUserTable, AuthJWTUserQuery, AuthJWTUserByIdQuery and AuthJWTLastLoginQuery: the
 * table of users, and by which SQL it is asked.
 */
#ifndef HTTP_USERBASE_H
#define HTTP_USERBASE_H

#include "http/config.h"

/** AuthJWTUserTable TABLE [COLUMN=OWN]...: at least one argument. */
const char *userbase_set_table(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

/** AuthJWTUserQuery SQL|PRESET; with a row as info AuthJWTUserByIdQuery SQL. */
const char *userbase_set_query(cmd_parms *cmd, void *dir, const char *arg);

/** AuthJWTLastLoginQuery SQL, or none. */
const char *userbase_set_last_login(cmd_parms *cmd, void *dir, const char *arg);

#endif
