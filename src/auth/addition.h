/**
 * The claims that a site adds to the tokens of a user, from his row and from expressions.
 */
#ifndef AUTH_ADDITION_H
#define AUTH_ADDITION_H

#include "auth/check.h"

/**
 * Make the claims that policy->claims and policy->roles ask for; before anything is
 * written down of a login or spent by a refresh, since it may fail.
 *
 * @param identity  of login_check() or check_token(); its claims to add are set
 * @return VERDICT_OK, VERDICT_STORE_DOWN, VERDICT_NO_ACCOUNT or, where a value does not
 *         fit, VERDICT_CLAIMS_FAILED, with @p why set
 */
verdict_t addition_make(identity_t *identity, const policy_t *policy, const char **why,
                        apr_pool_t *p);

#endif
