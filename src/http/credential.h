/**
 * The token by which a request wants to be let in, out of the places where it may be.
 */
#ifndef HTTP_CREDENTIAL_H
#define HTTP_CREDENTIAL_H

#include <httpd.h>

#include "auth/check.h"
#include "http/config.h"

typedef struct {
    const char *token; /* NUL-terminated; NULL: there is none */
    config_place_t place;
    const char *opened_by; /* config_header_name() of the field that decides the answer */
    apr_array_header_t *others; /* const char *, tokens of later places; NULL: none */
} credential_t;

/**
 * Find it: the first one of AuthJWTTokenSource. A header field that is no good is
 * refused, whatever stands in a cookie.
 *
 * @param out  allocated from r->pool; its token is NULL with every verdict but VERDICT_OK
 * @param why  set with those
 */
verdict_t credential_find(credential_t *out, request_rec *r, const config_t *config,
                          const char **why);

/** Whether something stands in a place of AuthJWTTokenSource that wants to be a token,
 *  good or not. */
int credential_is_in(request_rec *r, const config_t *config, config_place_t place);

/**
 * Whether the other tokens of the request are of the same user and session. What was not
 * signed here is nobody's, and does not count.
 *
 * @param identity  of the token itself
 */
verdict_t credential_check_others(const credential_t *credential,
                                  const identity_t *identity, const policy_t *policy,
                                  const char **why, apr_pool_t *p);

/** The same for all tokens of the request, where the identity is of something else. */
verdict_t credential_check_all(const credential_t *credential, const identity_t *identity,
                               const policy_t *policy, const char **why, apr_pool_t *p);

/**
 * Find a token and verify it as the endpoints do that are asked with an access token: as
 * above, and by csrf.h.
 */
verdict_t credential_check(identity_t *out, request_rec *r, const config_t *config,
                           const policy_t *policy, const char **why);

#endif
