/**
 * Identity to tokens.
 */
#ifndef AUTH_ISSUE_H
#define AUTH_ISSUE_H

#include "auth/check.h"

typedef struct {
    const char *access;     /* compact JWS */
    const char *refresh;    /* NULL: none was made */
    const char *access_jti; /* for the log */
} issue_tokens_t;

/**
 * Make an access and a refresh token.
 *
 * @param out  allocated from @p p, untouched on error
 * @return VERDICT_OK, or VERDICT_CRYPTO_DOWN with @p why set
 */
verdict_t issue_pair(issue_tokens_t *out, const policy_t *policy,
                     const identity_t *identity, const char **why, apr_pool_t *p);

/**
 * Make an access token of a refresh token's identity: claims that are not the
 * refresh token's own are carried over.
 */
verdict_t issue_access(issue_tokens_t *out, const policy_t *policy,
                       const identity_t *identity, const char **why, apr_pool_t *p);

#endif
