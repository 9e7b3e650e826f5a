/**
 * AuthJWTClaim, AuthJWTRolesQuery and AuthJWTUserColumns: what of its users a site puts
 * into the tokens it issues, and tells its own pages.
 */
#ifndef HTTP_EXTRAS_H
#define HTTP_EXTRAS_H

#include "auth/policy.h"
#include "http/config.h"

/** AuthJWTClaim NAME EXPRESSION|column:COLUMN[:TYPE], or none: one more of a list. */
const char *extras_add_claim(cmd_parms *cmd, void *dir, const char *name,
                             const char *from);

/** AuthJWTUserColumns COLUMN[:TYPE], or none: one more of a list. */
const char *extras_add_column(cmd_parms *cmd, void *dir, const char *arg);

/** AuthJWTRolesQuery SQL, or none. */
const char *extras_set_roles(cmd_parms *cmd, void *dir, const char *arg);

/**
 * Check the claims of a section against its other settings.
 *
 * @param is_issuing  whether tokens are issued there
 * @return NULL, or what is wrong
 */
const char *extras_check(const config_t *config, int is_issuing, apr_pool_t *p);

/** Let a policy evaluate expressions for this request. */
void extras_attach(policy_t *policy, policy_expressions_t *expressions, request_rec *r);

#endif
