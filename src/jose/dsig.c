/* Contexts are prepared when the key is loaded, with digest and padding, and each use
 * works on a copy: what a prepared context costs is then paid once.
 *
 * Differs from OpenSSL in ECDSA signatures, which JWS writes as two numbers of fixed
 * length and OpenSSL in DER (RFC 7518 section 3.4). DER is made by OpenSSL from numbers
 * whose length was asked for before, so no text of a stranger sizes a buffer. */
#include "jose/dsig.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "jose/pkey.h"

typedef struct {
    EVP_MD_CTX *signer; /* NULL: a public key */
    EVP_MD_CTX *verifier;
    apr_size_t coordinate_len; /* of ECDSA, bytes; 0: OpenSSL's signature is JWS's */
} dsig_t;

static apr_status_t free_all(void *data)
{
    dsig_t *dsig = data;

    EVP_MD_CTX_free(dsig->signer);
    EVP_MD_CTX_free(dsig->verifier);
    return APR_SUCCESS;
}

typedef int init_t(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const char *digest,
                   OSSL_LIB_CTX *libctx, const char *properties, EVP_PKEY *pkey,
                   const OSSL_PARAM params[]);

/* RFC 7518 section 3.5: the salt is as long as the hash, MGF1 uses the same hash. */
static EVP_MD_CTX *prepare(init_t *init, const jwa_t *alg, EVP_PKEY *pkey)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    int good = ctx && init(ctx, &pctx, alg->digest, NULL, NULL, pkey, NULL) == 1;

    if (good && alg->padding) {
        good = EVP_PKEY_CTX_set_rsa_padding(pctx, alg->padding) == 1;
    }
    if (good && alg->padding == RSA_PKCS1_PSS_PADDING) {
        good = EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    if (!good) {
        EVP_MD_CTX_free(ctx);
        ERR_clear_error();
        return NULL;
    }
    return ctx;
}

/* A private half that is not that of the public one would sign what nobody accepts. */
static int can_do_both(const jwa_key_t *key)
{
    static const char label[] = "mod_auth_jwt";
    unsigned char signature[JWA_MAX_SIGNATURE];

    return dsig_sign(signature, key, label, sizeof label) == APR_SUCCESS &&
           dsig_verify(signature, key, label, sizeof label) == APR_SUCCESS;
}

const char *dsig_load(jwa_key_t *key, const jwa_material_t *from, apr_pool_t *p)
{
    dsig_t *dsig = apr_pcalloc(p, sizeof *dsig);

    apr_pool_cleanup_register(p, dsig, free_all, apr_pool_cleanup_null);
    key->objects = dsig;
    key->signature_len = pkey_signature_len(from->pkey);
    dsig->coordinate_len = strcmp(key->alg->kty, "EC") ? 0 : key->signature_len / 2;
    dsig->verifier = prepare(EVP_DigestVerifyInit_ex, key->alg, from->pkey);
    if (from->is_private) {
        dsig->signer = prepare(EVP_DigestSignInit_ex, key->alg, from->pkey);
    }
    if (!key->signature_len || !dsig->verifier || (from->is_private && !dsig->signer)) {
        return apr_psprintf(p, "OpenSSL here cannot do %s with it", key->alg->name);
    }
    if (from->is_private && !can_do_both(key)) {
        return "its private half does not belong to its public half";
    }
    return NULL;
}

static EVP_MD_CTX *copy_of(const EVP_MD_CTX *prepared)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx && EVP_MD_CTX_copy_ex(ctx, prepared) != 1) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

/* --- ECDSA: two numbers, or their DER ---------------------------------------------- */

static int from_der(unsigned char *out, apr_size_t coordinate_len,
                    const unsigned char *der, apr_size_t len)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int size = (int)coordinate_len;
    int good;

    good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, size) == size &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + size, size) == size;
    ECDSA_SIG_free(pair);
    return good;
}

/* Its length, or -1; the caller frees. Zero and numbers beyond the order of the curve are
 * left to the verification, which refuses them. */
static int to_der(unsigned char **der, const unsigned char *signature,
                  apr_size_t coordinate_len)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, (int)coordinate_len, NULL);
    BIGNUM *s = BN_bin2bn(signature + coordinate_len, (int)coordinate_len, NULL);
    int len = -1;

    *der = NULL;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's */
        len = i2d_ECDSA_SIG(pair, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len;
}

/* --- Use --------------------------------------------------------------------------- */

/* Room for what OpenSSL writes: DER is longer than the numbers by less than this. */
#define DER_ROOM (JWA_MAX_SIGNATURE + 16)

/* Whether memory was what OpenSSL lacked since its error queue was empty. It is empty
 * again afterwards: other users of it in this thread would take our errors for theirs. */
static int lacked_memory(void)
{
    unsigned long error;
    int lacked = 0;

    while ((error = ERR_get_error())) {
        lacked |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    }
    return lacked;
}

apr_status_t dsig_sign(unsigned char *out, const jwa_key_t *key, const void *data,
                       apr_size_t len)
{
    const dsig_t *dsig = key->objects;
    EVP_MD_CTX *ctx = dsig->signer ? copy_of(dsig->signer) : NULL;
    unsigned char made[DER_ROOM];
    size_t size = sizeof made;
    int good = ctx && EVP_DigestSign(ctx, made, &size, data, len) == 1;

    EVP_MD_CTX_free(ctx);
    if (good && dsig->coordinate_len) {
        good = from_der(out, dsig->coordinate_len, made, size);
    } else if (good) {
        good = size == key->signature_len;
        memcpy(out, made, good ? size : 0);
    }
    /* A fault in one half of the computation would give RSA's private key away (Boneh,
     * DeMillo, Lipton), and OpenSSL 3.0 signs wrongly after a lack of memory. */
    if (good && key->alg->padding) {
        good = dsig_verify(out, key, data, len) == APR_SUCCESS;
    }
    ERR_clear_error();
    return good ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t dsig_verify(const unsigned char *signature, const jwa_key_t *key,
                         const void *data, apr_size_t len)
{
    const dsig_t *dsig = key->objects;
    unsigned char *der = NULL;
    int size = (int)key->signature_len, good = 0;
    apr_status_t rv = APR_EGENERAL;
    EVP_MD_CTX *ctx;

    ERR_clear_error();
    ctx = copy_of(dsig->verifier);
    if (ctx && dsig->coordinate_len) {
        size = to_der(&der, signature, dsig->coordinate_len);
        signature = der;
    }
    if (ctx && size > 0) {
        good = EVP_DigestVerify(ctx, signature, (size_t)size, data, len) == 1;
        rv = APR_EMISMATCH;
    }
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    if (lacked_memory()) {
        rv = APR_EGENERAL;
    }
    return good ? APR_SUCCESS : rv;
}
