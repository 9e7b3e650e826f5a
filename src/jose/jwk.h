/**
 * Keys and the ring they hang on (RFC 7517's words).
 */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "jose/jwa.h"
#include "jose/mark.h"

/** One key: bound to one algorithm when it is loaded, constant afterwards. */
typedef struct {
    const char *kid; /* NULL: its tokens carry no kid */
    jwa_key_t key;
    int can_sign;
    int is_secret;              /* whoever reads it could sign */
    jwa_key_t marks[MARK_USES]; /* of a secret or private key, also one that only
                                   verifies here; alg is NULL for a public key */
    const char *header;         /* base64url of the JOSE header that this key writes */
    apr_size_t header_len;
    const char *public_json; /* a JWK without private members; NULL: a secret */
    const char *fingerprint; /* of what the key does, not of where it came from */
} jwk_t;

/** Keys in configured order: an array of const jwk_t *. */
typedef apr_array_header_t jwk_ring_t;

/** In place of a kid: each key has its own, or its thumbprint (RFC 7638). */
#define JWK_OWN_KID "*"

/**
 * Add the key, or the keys, of a key file or variable to a ring.
 *
 * Contents: for HMAC a raw secret, less one trailing newline; for other algorithms PEM;
 * for all of them a JWK or a JWK set, whose keys must all be of this algorithm. A secret
 * that reads as a key of another kind, in whatever encoding, is refused: a public key
 * used as HMAC secret would let everybody sign (RFC 8725 section 3.1). NUL bytes in a
 * secret are fine.
 *
 * @param ring      untouched on error
 * @param kid       NULL, the name that tokens carry, or JWK_OWN_KID
 * @param can_sign  0 for keys that only verify; a public key never signs
 * @param contents  the caller wipes them
 * @param p         has the keys, and must live as long as the ring
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *jwk_load(jwk_ring_t *ring, const char *kid, const jwa_t *alg,
                     bytes_t contents, int can_sign, apr_pool_t *p);

/** Overwrite the contents of a key file or variable. */
void jwk_wipe(bytes_t contents);

/**
 * The key with this kid; NULL finds the first one without kid.
 *
 * @return NULL when the ring has none (an unknown kid never falls back)
 */
const jwk_t *jwk_find(const jwk_ring_t *ring, const char *kid);

/**
 * The keys with these kids, in the ring's order.
 *
 * @param kids  const char *; NULL stands for all keys without kid
 * @return a ring, allocated from @p p
 */
const jwk_ring_t *jwk_select(const jwk_ring_t *ring, const apr_array_header_t *kids,
                             apr_pool_t *p);

/**
 * Mark what goes with a token that this key signs or has signed.
 *
 * @param user_id  whose it is
 * @param what     MARK_PASSWORD: the stored hash; MARK_CSRF: the sid, or ""
 * @return APR_SUCCESS; APR_ENOTIMPL for a public key; APR_EGENERAL when OpenSSL failed
 */
apr_status_t jwk_mark(char out[MARK_SIZE], const jwk_t *jwk, mark_use_t use,
                      const char *user_id, const char *what, apr_pool_t *p);

/** Whether what somebody sent is a mark, in a time that says nothing of the mark. */
int jwk_is_mark(const char *sent, const char *mark);

/** Whether tokens made with one key pass as tokens of the other. */
int jwk_is_same(const jwk_t *a, const jwk_t *b);

/** The first key of the ring that can sign, or NULL. */
const jwk_t *jwk_find_signing(const jwk_ring_t *ring);

/**
 * The public keys of a ring as a JWK set (RFC 7517 section 5). Secrets are left out. A
 * key without kid is given its thumbprint as one.
 *
 * @return a JSON object, allocated from @p p
 */
const char *jwk_public_set(const jwk_ring_t *ring, apr_pool_t *p);

#endif
