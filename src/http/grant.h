/**
 * The endpoints that give tokens.
 */
#ifndef HTTP_GRANT_H
#define HTTP_GRANT_H

#include <httpd.h>

#include "http/body.h"
#include "http/config.h"
#include "http/delivery.h"

/** User name and password to tokens (SimpleJWT's TokenObtainPairView). */
int grant_obtain(request_rec *r, const config_t *config, const policy_t *policy);

/** Refresh token to tokens (TokenRefreshView). */
int grant_refresh(request_rec *r, const config_t *config, const policy_t *policy);

/** The same two for sliding tokens (TokenObtainSlidingView, TokenRefreshSlidingView). */
int grant_obtain_sliding(request_rec *r, const config_t *config, const policy_t *policy);
int grant_refresh_sliding(request_rec *r, const config_t *config, const policy_t *policy);

/** A login on its way: what was sent, and what comes of it. */
typedef struct {
    const char *username, *password;
    policy_t policy; /* of the endpoint, for who asks to be remembered, too */
    identity_t identity;
    issue_tokens_t tokens;
    delivery_t delivery; /* of both; points into this struct */
} grant_login_t;

/**
 * Read name, password and remember_me.
 *
 * @return 0 with @p error set when they cannot be used
 */
int grant_read(grant_login_t *out, request_rec *r, const config_t *config,
               const policy_t *policy, const json_t *body, body_error_t *error);

/** Check them, begin the session, make the tokens, and note that in the log. */
verdict_t grant_log_in(grant_login_t *login, request_rec *r, const char **why);

/** Note the login in the database, after the answer has left: nobody's login waits for
 *  it, or fails by it. */
void grant_note_login(request_rec *r, const grant_login_t *login);

#endif
