/**
 * Key pairs: read from JWK, judged, written as public JWK (RFC 7517, RFC 7518
 * section 6, RFC 8037).
 */
#ifndef JOSE_PKEY_H
#define JOSE_PKEY_H

#include <apr_pools.h>
#include <jansson.h>

#include "jose/jwa.h"

/** Let a pool own a key pair, and say what it is. */
void pkey_keep(jwa_material_t *out, struct evp_pkey_st *pkey, int is_private,
               apr_pool_t *p);

/**
 * Read a JWK of type RSA, EC or OKP, whose kty is a string.
 *
 * @param out  pkey (freed with @p p) and is_private are set; untouched on error
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *pkey_from_jwk(jwa_material_t *out, const json_t *jwk, apr_pool_t *p);

/**
 * Whether a key pair is strong and fit for an algorithm: its type and curve; RSA of 2048
 * to 8192 bits (RFC 7518 section 3.3), an odd exponent of 3 or more, no modulus as faulty
 * smart cards make it (CVE-2017-15361); a point on its curve.
 *
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *pkey_check(const jwa_material_t *material, const jwa_t *alg, apr_pool_t *p);

/** Length in bytes of the signatures that JWS carries; 0 for a type unknown here, or
 *  when OpenSSL failed. */
apr_size_t pkey_signature_len(struct evp_pkey_st *pkey);

/**
 * The required members of the public JWK, in the order and without the blanks that
 * RFC 7638 section 3 asks for.
 *
 * @return a JSON object, allocated from @p p, or NULL when OpenSSL failed
 */
const char *pkey_public_json(struct evp_pkey_st *pkey, apr_pool_t *p);

#endif
