/**
 * Keys and the ring they hang on (RFC 7517's words).
 */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "jose/jwa.h"

/** One key: bound to one algorithm when it is loaded, constant afterwards. */
typedef struct {
    const char *kid; /* NULL: its tokens carry no kid */
    const jwa_t *alg;
    int can_sign;
    void *material;     /* what alg->load made; every use copies it */
    const char *header; /* base64url of the JOSE header that this key writes */
    apr_size_t header_len;
} jwk_t;

/** Keys in configured order: an array of const jwk_t *. */
typedef apr_array_header_t jwk_ring_t;

/**
 * Make a key from the contents of a key file or variable.
 *
 * One trailing newline is not part of the secret. A secret that reads as a PEM
 * text or a JWK is refused: a public key used as HMAC secret would let everybody
 * sign (RFC 8725 section 3.1). NUL bytes are fine.
 *
 * @param out       allocated from @p p, untouched on error; the caller wipes
 *                  @p contents
 * @param kid       NULL or the name that tokens carry
 * @param can_sign  0 for a key that only verifies
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *jwk_load(const jwk_t **out, const char *kid, const jwa_t *alg,
                     bytes_t contents, int can_sign, apr_pool_t *p);

/** Overwrite the contents of a key file or variable. */
void jwk_wipe(bytes_t contents);

/**
 * The key with this kid; NULL finds the first one without kid.
 *
 * @return NULL when the ring has none (an unknown kid never falls back)
 */
const jwk_t *jwk_find(const jwk_ring_t *ring, const char *kid);

/** Whether tokens made with one key pass as tokens of the other. */
int jwk_is_same(const jwk_t *a, const jwk_t *b);

/** The first key of the ring that can sign, or NULL. */
const jwk_t *jwk_find_signing(const jwk_ring_t *ring);

#endif
