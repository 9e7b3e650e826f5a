/**
 * Whether a request was sent by a page of this site, where a browser would send it with
 * the user's cookies whoever asked for it, or take cookies from the answer.
 */
#ifndef HTTP_CSRF_H
#define HTTP_CSRF_H

#include <httpd.h>

#include "auth/check.h"
#include "http/config.h"

/**
 * Judge a request. Safe methods pass, unless they ask for a WebSocket.
 *
 * Sec-Fetch-Site decides where the browser sends it, else Origin. A page of
 * AuthJWTCORSOrigin passes either way. Without both fields the client is no browser of
 * our days: what a body or a header opens passes, a cookie needs the token that goes with
 * it in AuthJWTCSRFHeader.
 *
 * @param cookie  the token in the cookie that the request relies on; NULL: on none
 * @param why     set with VERDICT_CSRF
 */
verdict_t csrf_check(request_rec *r, const config_t *config, const policy_t *policy,
                     const char *cookie, const char **why);

/**
 * The token that goes with the cookies of a user or, where there is one, of a session.
 *
 * @param key  that signs there
 * @return allocated from @p p; NULL when OpenSSL failed
 */
const char *csrf_token(const jwk_t *key, const char *user_id, const char *sid,
                       apr_pool_t *p);

#endif
