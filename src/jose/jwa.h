/**
 * Algorithms (RFC 7518), one const row each. Nothing outside the rows knows one
 * algorithm from another.
 */
#ifndef JOSE_JWA_H
#define JOSE_JWA_H

#include <apr_pools.h>

#include "jose/base64url.h"

/** Room for the longest signature of any row, in bytes. */
#define JWA_MAX_SIGNATURE 64

typedef struct jwa_t jwa_t;

struct jwa_t {
    const char *name;          /* "alg" of the header, compared byte for byte */
    apr_size_t signature_len;  /* bytes; any other length is refused unseen */
    apr_size_t min_secret_len; /* bytes (RFC 7518 section 3.2) */
    const char *digest;        /* OpenSSL's name */

    /**
     * Make the crypto object that every later use copies.
     *
     * @param key  receives the object, which lives and dies with @p p
     * @return NULL, or what is wrong with the secret
     */
    const char *(*load)(void **key, const jwa_t *alg, bytes_t secret, apr_pool_t *p);

    /**
     * Sign @p len bytes; safe to call from many threads with one key.
     *
     * @param out  signature_len bytes
     * @return APR_SUCCESS, or APR_EGENERAL when OpenSSL failed
     */
    apr_status_t (*sign)(unsigned char *out, const jwa_t *alg, const void *key,
                         const void *data, apr_size_t len);

    /**
     * Whether @p signature, signature_len bytes, is that of the data.
     *
     * @return APR_SUCCESS, APR_EMISMATCH, or APR_EGENERAL when OpenSSL failed
     */
    apr_status_t (*verify)(const unsigned char *signature, const jwa_t *alg,
                           const void *key, const void *data, apr_size_t len);
};

/**
 * The row of an algorithm by its registered name.
 *
 * @return NULL when there is none; "none" never has one
 */
const jwa_t *jwa_find(const char *name);

/** The names of all rows, separated by blanks, for messages. */
const char *jwa_names(apr_pool_t *p);

#endif
