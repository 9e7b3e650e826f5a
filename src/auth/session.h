/**
 * Sessions: from a login to its end, with one refresh token after the other.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/check.h"

/** The refresh token that a client may go on with. */
typedef struct {
    int is_given;         /* 0: the client keeps the one it has */
    const char *jti;      /* of the token to be made */
    apr_int64_t iat, exp; /* likewise; seconds since 1970 */
} session_successor_t;

/**
 * Begin the session of a login, and end those that AuthJWTMaxSessions does not allow
 * beside it.
 *
 * @param first     the refresh token that it begins with
 * @param identity  of login_check(); its session is set, unless there are none here
 * @param idle      seconds that the session goes on without a rotation
 * @return VERDICT_OK, VERDICT_STORE_DOWN or VERDICT_CRYPTO_DOWN with @p why set
 */
verdict_t session_start(session_successor_t *first, identity_t *identity,
                        const policy_t *policy, apr_int64_t idle, const char **why,
                        apr_pool_t *p);

/**
 * Spend a refresh token: exactly one of all who present it at once makes its successor,
 * and within AuthJWTReuseGrace the others are given the same one.
 *
 * A token that is older than that ends its session: whoever presents it has stolen it,
 * or has been stolen from. A token without a session is spent by a blacklist, where one
 * is kept: all but the first are refused.
 *
 * @param out       untouched unless the verdict is VERDICT_OK
 * @param identity  of check_token(); its session becomes what it is now
 * @return VERDICT_OK, VERDICT_SESSION_ENDED, VERDICT_REUSED, VERDICT_STORE_DOWN or
 *         VERDICT_CRYPTO_DOWN
 */
verdict_t session_spend(session_successor_t *out, identity_t *identity,
                        const policy_t *policy, const char **why, apr_pool_t *p);

/**
 * Go on with a session for a request that only needs another access token: like
 * session_spend(), but a token that is the current one is left as it is until half of the
 * session's idle time is over. Many such requests come at once, and those that know the
 * successor are told of it.
 */
verdict_t session_go_on(session_successor_t *out, identity_t *identity,
                        const policy_t *policy, const char **why, apr_pool_t *p);

/**
 * Whether a good token is one that session_spend() would take: a refresh token that was
 * spent before the grace is of a session that goes on, but speaks for nobody.
 *
 * @param identity  of check_token()
 * @return VERDICT_OK, or VERDICT_SESSION_ENDED with @p why set
 */
verdict_t session_check_unspent(const identity_t *identity, const policy_t *policy,
                                const char **why, apr_pool_t *p);

/** Whether a login, or that of a refresh token, asked to be remembered. */
int session_is_remembered(const identity_t *identity, const policy_t *policy);

/** Whether session_end() can be asked for: the token has a session, or a blacklist would
 *  hold it. */
int session_can_end(const identity_t *identity, const policy_t *policy);

/**
 * End the session of a token, or, without one, the token alone; that it had ended before
 * is fine.
 *
 * @param ended     number of what was ended by this: 1 or 0
 * @param identity  of check_signed() or check_token(), for which session_can_end()
 * @return VERDICT_OK, or VERDICT_STORE_DOWN with @p why set
 */
verdict_t session_end(int *ended, const identity_t *identity, const policy_t *policy,
                      const char **why, apr_pool_t *p);

/** End one session of the same user; 0 are ended when there is none with this sid. */
verdict_t session_end_by_id(int *ended, const char *sid, const identity_t *identity,
                            const policy_t *policy, const char **why, apr_pool_t *p);

/**
 * End all sessions of the user.
 *
 * @param but  the sid of one that goes on; "" for none
 */
verdict_t session_end_all(int *ended, const identity_t *identity, const char *but,
                          const policy_t *policy, const char **why, apr_pool_t *p);

/**
 * The sessions of the user that go on, the most recently used first.
 *
 * @param out  session_t, allocated from @p p
 */
verdict_t session_list(const apr_array_header_t **out, const identity_t *identity,
                       const policy_t *policy, const char **why, apr_pool_t *p);

#endif
