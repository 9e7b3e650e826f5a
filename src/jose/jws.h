/**
 * JSON Web Signature in its compact form (RFC 7515).
 */
#ifndef JOSE_JWS_H
#define JOSE_JWS_H

#include <apr_pools.h>

#include "jose/jwk.h"
#include "jose/recent.h"

typedef enum {
    JWS_GOOD,
    JWS_MALFORMED,     /* no compact JWS, or a header we refuse */
    JWS_UNKNOWN_KEY,   /* no key of the ring has its kid */
    JWS_BAD_SIGNATURE, /* also: an alg that is not the key's */
    JWS_FAILED         /* OpenSSL could not compute: our fault, not the token's */
} jws_result_t;

/**
 * Check form, header and signature (RFC 7515 section 5.2).
 *
 * The key is found by kid alone and brings its algorithm with it; a token
 * without kid is tried against the keys without kid. Members jku, x5u, jwk and
 * x5c are never looked at.
 *
 * @param payload  the signed bytes, perhaps none, allocated from @p p; untouched on error
 * @param key      which key of the ring fits; NULL where nobody asks; likewise
 * @param token    @p len bytes, need not be NUL-terminated
 * @param recent   spares the computing where it knows the token; NULL: always compute
 * @param why      on error the reason for the log, without any part of the token
 */
jws_result_t jws_verify(bytes_t *payload, const jwk_t **key, const char *token,
                        apr_size_t len, const jwk_ring_t *ring, recent_t *recent,
                        const char **why, apr_pool_t *p);

/**
 * Sign @p len bytes of payload.
 *
 * @return the compact JWS, allocated from @p p, or NULL when OpenSSL failed
 */
const char *jws_sign(const jwk_t *jwk, const char *payload, apr_size_t len,
                     apr_pool_t *p);

#endif
