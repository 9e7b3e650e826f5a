/**
 * The one way a token is verified, whoever presents it for whatever purpose.
 */
#ifndef AUTH_CHECK_H
#define AUTH_CHECK_H

#include "auth/policy.h"
#include "auth/verdict.h"
#include "jose/claims.h"
#include "store/sessions.h"

/** Who somebody was found to be. */
typedef struct {
    const char *user_id;
    const char *username;      /* the row's; NULL when the user was not looked up */
    const char *jti;           /* of the token; NULL after a login */
    const char *sid;           /* of the token, or that it will be given; NULL: none */
    const char *password_mark; /* of the user's password now; "": not asked for */
    const session_t *session;  /* its row; NULL: there is none, or it was not asked for */
    claims_t claims;           /* of the token; no payload after a login */
} identity_t;

/** SimpleJWT's values of token_type. */
#define CHECK_ACCESS  "access"
#define CHECK_REFRESH "refresh"

/**
 * Verify a token: signature, claims, then whether its session goes on and its user
 * exists and is active.
 *
 * @param out    allocated from @p p, untouched unless the verdict is VERDICT_OK
 * @param token  NUL-terminated
 * @param type   CHECK_ACCESS or CHECK_REFRESH; NULL: any
 * @param why    set with every other verdict: the reason for the log, without any
 *               part of the token but jti, sid and user id
 */
verdict_t check_token(identity_t *out, const policy_t *policy, const char *token,
                      const char *type, const char **why, apr_pool_t *p);

/**
 * Verify no more than that a token was issued here and to whom: it may have expired, its
 * session may have ended, its user may be gone.
 */
verdict_t check_signed(identity_t *out, const policy_t *policy, const char *token,
                       const char **why, apr_pool_t *p);

#endif
