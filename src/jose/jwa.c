/* RFC 7518 section 3. HMAC verification computes the whole MAC and compares it in
 * constant time; truncated MACs do not exist here (section 3.2 asks for the full
 * length).
 *
 * An EVP_MAC is fetched and keyed once, when the key is loaded: a fetch takes a
 * lock in OpenSSL 3, and keying hashes two blocks. Each use works on a copy. */
#include "jose/jwa.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static apr_status_t free_mac(void *ctx)
{
    EVP_MAC_CTX_free(ctx);
    return APR_SUCCESS;
}

static const char *hmac_load(void **key, const jwa_t *alg, bytes_t secret, apr_pool_t *p)
{
    OSSL_PARAM params[2];
    EVP_MAC_CTX *ctx = NULL;
    EVP_MAC *mac;
    char digest[16];

    if (secret.len < alg->min_secret_len) {
        return apr_psprintf(p,
                            "the secret has %" APR_SIZE_T_FMT
                            " bytes, %s needs %" APR_SIZE_T_FMT
                            " or more (openssl rand -base64 48)",
                            secret.len, alg->name, alg->min_secret_len);
    }
    apr_cpystrn(digest, alg->digest, sizeof digest);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_end();
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac) {
        ctx = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
    }
    if (!ctx || EVP_MAC_init(ctx, secret.data, secret.len, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return apr_psprintf(p, "OpenSSL here cannot do %s", alg->name);
    }
    apr_pool_cleanup_register(p, ctx, free_mac, apr_pool_cleanup_null);
    *key = ctx;
    return NULL;
}

static apr_status_t hmac_sign(unsigned char *out, const jwa_t *alg, const void *key,
                              const void *data, apr_size_t len)
{
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(key);
    size_t done = 0;
    int good;

    good = ctx && EVP_MAC_update(ctx, data, len) == 1 &&
           EVP_MAC_final(ctx, out, &done, alg->signature_len) == 1 &&
           done == alg->signature_len;
    EVP_MAC_CTX_free(ctx);
    return good ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t hmac_verify(const unsigned char *signature, const jwa_t *alg,
                                const void *key, const void *data, apr_size_t len)
{
    unsigned char right[JWA_MAX_SIGNATURE];
    apr_status_t rv = hmac_sign(right, alg, key, data, len);

    if (rv == APR_SUCCESS && CRYPTO_memcmp(right, signature, alg->signature_len) != 0) {
        rv = APR_EMISMATCH;
    }
    OPENSSL_cleanse(right, sizeof right);
    return rv;
}

static const jwa_t rows[] = {
    {"HS256", 32, 32, "SHA256", hmac_load, hmac_sign, hmac_verify},
};

#define ROWS (sizeof rows / sizeof *rows)

const jwa_t *jwa_find(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *jwa_names(apr_pool_t *p)
{
    const char *names = rows[0].name;
    apr_size_t i;

    for (i = 1; i < ROWS; i++) {
        names = apr_pstrcat(p, names, " ", rows[i].name, NULL);
    }
    return names;
}
