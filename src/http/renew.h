/**
 * Silent refresh: a page that is asked for with an access cookie that is over, and a good
 * refresh cookie, is answered as if the client had refreshed before.
 */
#ifndef HTTP_RENEW_H
#define HTTP_RENEW_H

#include <httpd.h>

#include "auth/verdict.h"
#include "http/credential.h"

/**
 * Whether to try it: AuthJWTSilentRefresh is On here, this is no sub-request, and the
 * client's cookie alone is over, or gone while there is one to refresh with.
 */
int renew_is_due(request_rec *r, const config_t *config, const credential_t *credential,
                 verdict_t verdict);

/**
 * Renew the access cookie. For unsafe methods csrf.h judges first; tokens of the request
 * that are of another user or session than the refresh cookie are refused.
 *
 * @param token    the new access token, which is yet to be verified
 * @param verdict  why it is due
 * @return VERDICT_OK; @p verdict when the refresh cookie is no good either; or what it is
 *         refused for, with @p why set
 */
verdict_t renew_access(const char **token, request_rec *r, const config_t *config,
                       const credential_t *credential, verdict_t verdict,
                       const char **why);

#endif
