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
    int type;         /* of the token; 0 after a login */
    const jwk_t *key; /* that has signed it; NULL after a login */
    const char *user_id;
    const char *username;      /* the row's; NULL when the user was not looked up */
    const char *jti;           /* of the token; NULL after a login */
    const char *sid;           /* of the token, or that it will be given; NULL: none */
    const char *password;      /* the stored hash; NULL: not asked for, or no need */
    const char *password_mark; /* of it, for a session; "": not asked for */
    const session_t *session;  /* its row; NULL: there is none, or nobody asked for it */
    claims_t claims;           /* of the token; no payload after a login */
    const added_t *added;      /* claims for tokens of his; NULL: none */
} identity_t;

/** Kinds of tokens, by SimpleJWT's token_type; may be added up. */
enum {
    CHECK_ACCESS = 1,
    CHECK_REFRESH = 2,
    CHECK_SLIDING = 4,
    CHECK_ANY = CHECK_ACCESS | CHECK_REFRESH | CHECK_SLIDING
};

/** The value of token_type for one kind. */
const char *check_type_name(int type);

/** SimpleJWT's SLIDING_TOKEN_REFRESH_EXP_CLAIM: until when a sliding token slides. */
#define CHECK_REFRESH_EXP "refresh_exp"

/**
 * Verify a token: signature, claims, then whether its session goes on and its user
 * exists and is active.
 *
 * @param out    allocated from @p p, untouched unless the verdict is VERDICT_OK
 * @param token  NUL-terminated
 * @param types  which are good here
 * @param why    set with every other verdict: the reason for the log, without any
 *               part of the token but jti, sid and user id
 */
verdict_t check_token(identity_t *out, const policy_t *policy, const char *token,
                      int types, const char **why, apr_pool_t *p);

/**
 * Verify no more than that a token was issued here and to whom: it may have expired, its
 * session may have ended, its user may be gone.
 */
verdict_t check_signed(identity_t *out, const policy_t *policy, const char *token,
                       const char **why, apr_pool_t *p);

#endif
