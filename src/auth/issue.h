/**
 * Identity to tokens.
 */
#ifndef AUTH_ISSUE_H
#define AUTH_ISSUE_H

#include "auth/session.h"

typedef struct {
    const char *access;      /* compact JWS */
    const char *refresh;     /* NULL: none was made */
    const char *access_jti;  /* for the log */
    apr_int64_t access_exp;  /* seconds since 1970 */
    apr_int64_t refresh_exp; /* of the refresh token that the client has from now on */
} issue_tokens_t;

/**
 * Make an access token, and a refresh token where one is given.
 *
 * Claims of the token that the identity was read from are carried over, but for those
 * that are a token's own. No access token outlives its session.
 *
 * @param out      allocated from @p p, untouched on error
 * @param refresh  of session_start() or session_spend()
 * @return VERDICT_OK, VERDICT_CRYPTO_DOWN or VERDICT_CLAIMS_FAILED with @p why set
 */
verdict_t issue_tokens(issue_tokens_t *out, const policy_t *policy,
                       const identity_t *identity, const session_successor_t *refresh,
                       const char **why, apr_pool_t *p);

/**
 * Make a sliding token, which is access and refresh token in one.
 *
 * @param out          compact JWS, allocated from @p p, untouched on error
 * @param jti          stays the same however often it slides
 * @param refresh_exp  so does this, until when it does; seconds since 1970
 */
verdict_t issue_sliding(const char **out, const policy_t *policy,
                        const identity_t *identity, const char *jti,
                        apr_int64_t refresh_exp, const char **why, apr_pool_t *p);

#endif
