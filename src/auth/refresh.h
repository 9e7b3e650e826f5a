/**
 * Refresh token to new tokens.
 */
#ifndef AUTH_REFRESH_H
#define AUTH_REFRESH_H

#include "auth/issue.h"

/**
 * Verify a refresh token, spend it, and make the tokens it is good for.
 *
 * @param out       allocated from @p p, untouched unless the verdict is VERDICT_OK
 * @param identity  whose token it was, for the log; set like @p out
 * @param token     NUL-terminated
 * @param why       set with every other verdict: the reason for the log
 */
verdict_t refresh_token(issue_tokens_t *out, identity_t *identity, const policy_t *policy,
                        const char *token, const char **why, apr_pool_t *p);

/**
 * Verify a refresh token and make an access token, for a request that cannot ask for it:
 * see session_go_on().
 */
verdict_t refresh_silently(issue_tokens_t *out, identity_t *identity,
                           const policy_t *policy, const char *token, const char **why,
                           apr_pool_t *p);

/**
 * Verify a sliding token, and make the same one with a later exp.
 *
 * @param out  compact JWS, allocated from @p p
 */
verdict_t refresh_sliding(const char **out, identity_t *identity, const policy_t *policy,
                          const char *token, const char **why, apr_pool_t *p);

#endif
