/**
 * What is written down of sessions and of ended tokens: each function is one use of the
 * database, with the connection that it takes.
 */
#ifndef AUTH_LEDGER_H
#define AUTH_LEDGER_H

#include "auth/check.h"

/** Something has ended: whoever remembers that it was good must ask again. */
void ledger_tell_ended(const policy_t *policy);

/**
 * The row of a session that begins now, without a refresh token yet.
 *
 * @param auth_time  of the login, seconds since 1970
 * @param idle       seconds that it goes on without a rotation
 */
session_t ledger_make(const policy_t *policy, const char *user_id, const char *sid,
                      apr_int64_t auth_time, apr_int64_t idle, apr_pool_t *p);

/** Add a row, and end those that AuthJWTMaxSessions does not allow beside it. */
apr_status_t ledger_add(const session_t *row, const policy_t *policy, const char **why,
                        apr_pool_t *p);

/** Add a row that has ended, for a token that ends without a session of its own. */
apr_status_t ledger_add_ended(const char *sid, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p);

/** @return APR_SUCCESS, APR_NOTFOUND, or another error with @p why set */
apr_status_t ledger_find(session_t *row, const policy_t *policy, const char *sid,
                         const char **why, apr_pool_t *p);

/**
 * Let a new refresh token follow the one that is presented.
 *
 * @param won  whether this was done by us; else @p row is what somebody else made of it
 * @param row  becomes what stands in the database
 * @return VERDICT_OK, or VERDICT_STORE_DOWN where nobody knows
 */
verdict_t ledger_rotate(int *won, session_t *row, const char *jti, const char *successor,
                        const policy_t *policy, apr_int64_t now, const char **why,
                        apr_pool_t *p);

/** End a session of a user, or all of his but one ("" for none), and tell so. */
apr_status_t ledger_end(int *ended, const char *sid, const char *user_id,
                        const policy_t *policy, const char **why, apr_pool_t *p);
apr_status_t ledger_end_all(int *ended, const char *user_id, const char *but,
                            const policy_t *policy, const char **why, apr_pool_t *p);

/** The sessions of a user that go on: session_t, the last used first. */
apr_status_t ledger_list(const apr_array_header_t **out, const char *user_id,
                         const policy_t *policy, const char **why, apr_pool_t *p);

/** Add the jti of a token to the blacklist; @p added is 0 when it was there. */
apr_status_t ledger_blacklist(int *added, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p);

#endif
