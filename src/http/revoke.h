/**
 * The endpoints that look at tokens and end them.
 */
#ifndef HTTP_REVOKE_H
#define HTTP_REVOKE_H

#include <httpd.h>

#include "auth/policy.h"
#include "http/config.h"

/** Whether a token is good (SimpleJWT's TokenVerifyView). */
int revoke_verify(request_rec *r, const config_t *config, const policy_t *policy);

/** End the session of a refresh token, or that token, once (TokenBlacklistView). */
int revoke_blacklist(request_rec *r, const config_t *config, const policy_t *policy);

/** End the session of a refresh or access token, or all of its user, however often. */
int revoke_logout(request_rec *r, const config_t *config, const policy_t *policy);

/** GET: list the user's sessions; DELETE: end one, or all others. */
int revoke_sessions(request_rec *r, const config_t *config, const policy_t *policy);

#endif
