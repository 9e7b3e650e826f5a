/**
 * Algorithms (RFC 7518, RFC 8037), one const row each. Nothing outside the rows and
 * what they point at knows one algorithm from another.
 */
#ifndef JOSE_JWA_H
#define JOSE_JWA_H

#include <apr_pools.h>

#include "jose/base64url.h"

/** Room for the longest signature of any key, in bytes: RSA with 8192 bits. */
#define JWA_MAX_SIGNATURE 1024

typedef struct jwa_t jwa_t;

/** What a key is made of: a secret or a key pair, never both. */
typedef struct {
    bytes_t secret;           /* data is NULL for a key pair */
    struct evp_pkey_st *pkey; /* OpenSSL's EVP_PKEY; NULL for a secret */
    int is_private;           /* whether pkey has its private half */
} jwa_material_t;

/** A key as its algorithm uses it: made once, constant, shared by all threads. */
typedef struct {
    const jwa_t *alg;
    apr_size_t signature_len; /* bytes; any other length is refused unseen */
    void *objects;            /* OpenSSL's, which every use copies */
} jwa_key_t;

struct jwa_t {
    const char *name;          /* "alg" of the header, compared byte for byte */
    const char *kty;           /* of the only keys that it takes (RFC 7518 section 6.1) */
    const char *crv;           /* the only curve, or NULL */
    const char *digest;        /* OpenSSL's name; NULL: the algorithm brings its own */
    apr_size_t min_secret_len; /* bytes (RFC 7518 section 3.2); 0: takes no secret */
    int padding;               /* OpenSSL's number of an RSA padding, or 0 */

    /**
     * Make the crypto objects.
     *
     * @param key   its alg is set; gets the rest, which lives and dies with @p p
     * @param from  of the right kty and crv, and strong enough as a key pair
     * @return NULL, or what is wrong, as the end of a sentence about the key
     */
    const char *(*load)(jwa_key_t *key, const jwa_material_t *from, apr_pool_t *p);

    /**
     * Sign @p len bytes; safe to call from many threads with one key.
     *
     * @param out  signature_len bytes
     * @return APR_SUCCESS, or APR_EGENERAL when OpenSSL failed or the key is public
     */
    apr_status_t (*sign)(unsigned char *out, const jwa_key_t *key, const void *data,
                         apr_size_t len);

    /**
     * Whether @p signature, signature_len bytes, is that of the data.
     *
     * @return APR_SUCCESS, APR_EMISMATCH, or APR_EGENERAL when OpenSSL failed
     */
    apr_status_t (*verify)(const unsigned char *signature, const jwa_key_t *key,
                           const void *data, apr_size_t len);
};

/**
 * The row of an algorithm by its registered name.
 *
 * @return NULL when there is none; "none" never has one
 */
const jwa_t *jwa_find(const char *name);

/** The command that writes a key for an algorithm, for messages. */
const char *jwa_command(const jwa_t *alg, apr_pool_t *p);

/** The names of all rows, separated by blanks, for messages. */
const char *jwa_names(apr_pool_t *p);

#endif
