/**
 * User name and password to identity.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "auth/check.h"

/**
 * Check a login: by the hash in the user's row, or by policy->provider.
 *
 * Unknown user, inactive user and wrong password give one verdict after the same
 * work. What a provider does for a user unknown to it is its own affair.
 *
 * @param out       allocated from @p p, untouched unless the verdict is VERDICT_OK
 * @param username  UTF-8 without NUL
 * @param password  @p len bytes with a NUL behind them; a provider takes it for the end
 * @param why       set with every other verdict: the reason for the log
 */
verdict_t login_check(identity_t *out, const policy_t *policy, const char *username,
                      const char *password, apr_size_t len, const char **why,
                      apr_pool_t *p);

/**
 * Do what policy->last_login says after a good login; it must not be NULL.
 *
 * @param why  on error the reason for the log
 */
apr_status_t login_note(const policy_t *policy, const char *user_id, const char **why,
                        apr_pool_t *p);

/** Once, before there are logins: see password_prepare(). */
void login_prepare(apr_pool_t *p);

#endif
