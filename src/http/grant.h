/**
 * The endpoints that give tokens.
 */
#ifndef HTTP_GRANT_H
#define HTTP_GRANT_H

#include <httpd.h>

#include "auth/policy.h"
#include "http/config.h"

/** User name and password to tokens (SimpleJWT's TokenObtainPairView). */
int grant_obtain(request_rec *r, const config_t *config, const policy_t *policy);

/** Refresh token to tokens (TokenRefreshView). */
int grant_refresh(request_rec *r, const config_t *config, const policy_t *policy);

/** The same two for sliding tokens (TokenObtainSlidingView, TokenRefreshSlidingView). */
int grant_obtain_sliding(request_rec *r, const config_t *config, const policy_t *policy);
int grant_refresh_sliding(request_rec *r, const config_t *config, const policy_t *policy);

#endif
