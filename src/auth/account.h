/**
 * What a site tells its own pages of the user who is logged in.
 */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth/check.h"
#include "jose/added.h"

/**
 * Read the columns of policy->user_columns; without any, id and username.
 *
 * @param out       allocated from @p p; untouched on error
 * @param identity  of login_check() or check_token()
 * @return VERDICT_OK, VERDICT_STORE_DOWN, VERDICT_USER_NOT_FOUND or, where a value does
 *         not fit, VERDICT_CLAIMS_FAILED, with @p why set
 */
verdict_t account_describe(added_t **out, const identity_t *identity,
                           const policy_t *policy, const char **why, apr_pool_t *p);

#endif
