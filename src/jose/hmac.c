/* Verification computes the whole MAC and compares it in constant time; truncated MACs
 * do not exist here (RFC 7518 section 3.2 asks for the full length).
 *
 * An EVP_MAC is fetched and keyed once, when the key is loaded: a fetch takes a lock in
 * OpenSSL 3, and keying hashes two blocks. A copy of the keyed context still counts
 * references that all threads share, which keeps two processors from being faster than
 * one. So copies are kept, and used again by whoever comes next. */
#include "jose/hmac.h"

#include <apr_atomic.h>
#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Copies that are kept. More of them than threads that compute at the same moment. */
#define SLOTS 64

/* Before 3.0.3 a context could not be begun anew with the key it has. */
#define CAN_BEGIN_ANEW (OpenSSL_version_num() >= 0x30000030L)

typedef struct {
    EVP_MAC_CTX *ctx;
    char apart[64 - sizeof(EVP_MAC_CTX *)]; /* on a cache line of its own */
} slot_t;

typedef struct {
    EVP_MAC_CTX *keyed; /* never used itself */
    slot_t *slots;      /* NULL: nothing is kept */
} hmac_t;

static apr_status_t free_all(void *data)
{
    hmac_t *hmac = data;
    int i;

    for (i = 0; hmac->slots && i < SLOTS; i++) {
        EVP_MAC_CTX_free(hmac->slots[i].ctx);
    }
    EVP_MAC_CTX_free(hmac->keyed);
    return APR_SUCCESS;
}

static EVP_MAC_CTX *make_keyed(const jwa_t *alg, bytes_t secret, apr_pool_t *p)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    OSSL_PARAM params[2];

    EVP_MAC_free(mac);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 apr_pstrdup(p, alg->digest), 0);
    params[1] = OSSL_PARAM_construct_end();
    if (!ctx || EVP_MAC_init(ctx, secret.data, secret.len, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

const char *hmac_load(jwa_key_t *key, const jwa_material_t *from, apr_pool_t *p)
{
    const jwa_t *alg = key->alg;
    hmac_t *hmac;

    if (from->secret.len < alg->min_secret_len) {
        return apr_psprintf(p,
                            "the secret has %" APR_SIZE_T_FMT
                            " bytes, %s needs %" APR_SIZE_T_FMT " or more (%s)",
                            from->secret.len, alg->name, alg->min_secret_len,
                            jwa_command(alg, p));
    }
    hmac = apr_pcalloc(p, sizeof *hmac);
    hmac->keyed = make_keyed(alg, from->secret, p);
    if (!hmac->keyed) {
        return apr_psprintf(p, "OpenSSL here cannot do %s", alg->name);
    }
    key->signature_len = EVP_MAC_CTX_get_mac_size(hmac->keyed);
    if (CAN_BEGIN_ANEW) {
        hmac->slots = apr_pcalloc(p, sizeof(slot_t) * SLOTS);
    }
    apr_pool_cleanup_register(p, hmac, free_all, apr_pool_cleanup_null);
    key->objects = hmac;
    return NULL;
}

/* Threads have their stacks far apart, so those that run at the same time rarely meet
 * in one slot. Where they do, the second makes a copy of its own. */
static slot_t *slot_of(const hmac_t *hmac)
{
    char here = 0;

    return &hmac->slots[(((apr_uintptr_t)&here >> 16) * 0x9e3779b1u >> 8) % SLOTS];
}

static EVP_MAC_CTX *take(const hmac_t *hmac)
{
    EVP_MAC_CTX *ctx = NULL;

    if (hmac->slots) {
        ctx = __atomic_exchange_n(&slot_of(hmac)->ctx, NULL, __ATOMIC_ACQUIRE);
    }
    if (ctx && EVP_MAC_init(ctx, NULL, 0, NULL) != 1) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx ? ctx : EVP_MAC_CTX_dup(hmac->keyed);
}

static void give_back(const hmac_t *hmac, EVP_MAC_CTX *ctx)
{
    if (hmac->slots) {
        ctx = __atomic_exchange_n(&slot_of(hmac)->ctx, ctx, __ATOMIC_RELEASE);
    }
    EVP_MAC_CTX_free(ctx);
}

apr_status_t hmac_sign(unsigned char *out, const jwa_key_t *key, const void *data,
                       apr_size_t len)
{
    const hmac_t *hmac = key->objects;
    EVP_MAC_CTX *ctx = take(hmac);
    size_t done = 0;
    int good;

    good = ctx && EVP_MAC_update(ctx, data, len) == 1 &&
           EVP_MAC_final(ctx, out, &done, key->signature_len) == 1 &&
           done == key->signature_len;
    if (good) {
        give_back(hmac, ctx);
    } else {
        EVP_MAC_CTX_free(ctx);
    }
    return good ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t hmac_verify(const unsigned char *signature, const jwa_key_t *key,
                         const void *data, apr_size_t len)
{
    unsigned char right[EVP_MAX_MD_SIZE];
    apr_status_t rv = hmac_sign(right, key, data, len);

    if (rv == APR_SUCCESS && CRYPTO_memcmp(right, signature, key->signature_len) != 0) {
        rv = APR_EMISMATCH;
    }
    OPENSSL_cleanse(right, sizeof right);
    return rv;
}
