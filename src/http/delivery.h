/**
 * How issued tokens reach a client: in the body, in cookies, or both.
 */
#ifndef HTTP_DELIVERY_H
#define HTTP_DELIVERY_H

#include <httpd.h>

#include "auth/issue.h"
#include "http/client.h"

/** Tokens with whose they are. */
typedef struct {
    const issue_tokens_t *tokens;
    const identity_t *identity;
    int is_remembered; /* past the end of the browser */
} delivery_t;

/**
 * Set the cookies, that of CSRF with them.
 *
 * @param where  CONFIG_IN_…; what says nothing of cookies sets none
 * @return VERDICT_OK; VERDICT_UNDELIVERED for what browsers would not keep, or
 *         VERDICT_CRYPTO_DOWN, with @p why set and no cookie
 */
verdict_t delivery_set_cookies(request_rec *r, const config_t *config,
                               const policy_t *policy, client_delivery_t where,
                               const delivery_t *what, const char **why);

/** Clear all of them that the client has. */
void delivery_clear_cookies(request_rec *r, const config_t *config);

/**
 * The members of the body: what does not go into cookies alone, and the token for
 * AuthJWTCSRFHeader where cookies are used.
 *
 * @param refresh_first  in SimpleJWT's order of a login
 */
void delivery_body(flat_t *out, request_rec *r, const config_t *config,
                   const policy_t *policy, const delivery_t *what, int refresh_first);

/** The token for AuthJWTCSRFHeader, where cookies are used; else NULL. */
const char *delivery_csrf(request_rec *r, const config_t *config, const policy_t *policy,
                          const identity_t *identity);

#endif
