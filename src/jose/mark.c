#include "jose/mark.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

/* HKDF's info: a use of its own has a key of its own. */
static const char *const labels[MARK_USES] = {
    [MARK_PASSWORD] = "mod_auth_jwt password_mark",
    [MARK_CSRF] = "mod_auth_jwt csrf",
};

#define KEY_SIZE 32 /* bytes, of SHA-256 */

/* The number that makes a pair private, and nothing of how it was written: RSA's d, the
 * scalar of an elliptic curve, the seed of an Edwards curve. Its length, or 0. */
static size_t private_number(unsigned char *out, size_t size, const EVP_PKEY *pkey)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_PRIV_KEY};
    BIGNUM *number = NULL;
    size_t i, len = size;

    if (EVP_PKEY_get_raw_private_key(pkey, out, &len) == 1) {
        return len;
    }
    for (i = 0, len = 0; i < 2 && !len; i++) {
        if (EVP_PKEY_get_bn_param(pkey, names[i], &number) == 1 &&
            (size_t)BN_num_bytes(number) <= size) {
            len = (size_t)BN_bn2bin(number, out);
        }
    }
    BN_clear_free(number);
    ERR_clear_error();
    return len;
}

static int derive(unsigned char out[KEY_SIZE], const char *label, bytes_t secret)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[4];
    int good;

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)(apr_uintptr_t)secret.data, secret.len);
    params[2] = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_INFO, (void *)(apr_uintptr_t)label, strlen(label));
    params[3] = OSSL_PARAM_construct_end();
    good = ctx && EVP_KDF_derive(ctx, out, KEY_SIZE, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good;
}

const char *mark_load(jwa_key_t *out, mark_use_t use, const jwa_material_t *from,
                      apr_pool_t *p)
{
    unsigned char key[KEY_SIZE], number[JWA_MAX_SIGNATURE];
    jwa_material_t derived = {{key, sizeof key}, NULL, 0};
    const char *error = "OpenSSL cannot derive another key from it";
    bytes_t secret = from->secret;

    if (from->pkey) {
        secret.data = number;
        secret.len = private_number(number, sizeof number, from->pkey);
    }
    out->alg = jwa_find("HS256");
    if (secret.len && derive(key, labels[use], secret)) {
        error = out->alg->load(out, &derived, p);
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(number, sizeof number);
    /* What load() returns is a constant text, nothing of what it was given. */
    /* cppcheck-suppress returnDanglingLifetime */
    return error;
}

apr_status_t mark_make(char out[MARK_SIZE], const jwa_key_t *key, const char *first,
                       const char *second, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[EVP_MAX_MD_SIZE];
    apr_size_t first_len = strlen(first), second_len = strlen(second);
    char *data = apr_palloc(p, first_len + 1 + second_len);
    int i;

    /* A NUL between them, which no text has: two others are other bytes. */
    memcpy(data, first, first_len + 1);
    memcpy(data + first_len + 1, second, second_len);
    if (key->alg->sign(mac, key, data, first_len + 1 + second_len) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    for (i = 0; i < MARK_SIZE - 1; i += 2) {
        out[i] = digits[mac[i / 2] >> 4];
        out[i + 1] = digits[mac[i / 2] & 15];
    }
    out[MARK_SIZE - 1] = '\0';
    return APR_SUCCESS;
}
