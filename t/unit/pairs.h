/* Key pairs for tests, and each way to write them, made by OpenSSL alone: nothing here
 * comes from the code under test. A test cannot go on without them, so each failure ends
 * it. */
#ifndef PAIRS_H
#define PAIRS_H

#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jose/base64url.h"

#define PAIRS_COUNT(table) (sizeof(table) / sizeof *(table))

/* How to write one: OpenSSL's names. */
typedef struct {
    const char *name, *structure; /* NULL: a certificate */
    int is_private;
    const char *types; /* of the keys that have this form; NULL: all */
} pairs_form_t;

static const pairs_form_t pairs_forms[] = {
    {"PKCS #8", "PrivateKeyInfo", 1},
    {"SPKI", "SubjectPublicKeyInfo", 0},
    {"X.509", NULL, 0},
    {"PKCS #1 or SEC 1", "type-specific", 1, "RSA EC"},
    {"PKCS #1 public", "pkcs1", 0, "RSA"},
};

static inline void pairs_need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "# OpenSSL failed: %s\n", what);
        ERR_print_errors_fp(stderr);
        exit(2);
    }
}

/* What and size are those of EVP_PKEY_Q_keygen(): "RSA" with bits, "EC" with a curve,
 * or the name of an Edwards curve. */
static inline EVP_PKEY *pairs_make(const char *type, const char *curve, size_t bits)
{
    EVP_PKEY *pkey = bits    ? EVP_PKEY_Q_keygen(NULL, NULL, type, bits)
                     : curve ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
                             : EVP_PKEY_Q_keygen(NULL, NULL, type);

    pairs_need(pkey != NULL, type);
    return pkey;
}

/* The key pair that an algorithm takes; RSA keys have 2048 bits. */
static inline EVP_PKEY *pairs_for(const char *alg)
{
    return !strcmp(alg, "ES256")   ? pairs_make("EC", "P-256", 0)
           : !strcmp(alg, "ES384") ? pairs_make("EC", "P-384", 0)
           : !strcmp(alg, "ES512") ? pairs_make("EC", "P-521", 0)
           : !strcmp(alg, "EdDSA") ? pairs_make("ED25519", NULL, 0)
                                   : pairs_make("RSA", NULL, 2048);
}

static inline X509 *pairs_certificate(EVP_PKEY *pkey)
{
    int has_digest = EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "EC");
    X509 *x = X509_new();

    pairs_need(x && X509_set_version(x, X509_VERSION_3) &&
                   X509_gmtime_adj(X509_getm_notBefore(x), -7200) &&
                   X509_gmtime_adj(X509_getm_notAfter(x), -3600) &&
                   ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
                   X509_set_pubkey(x, pkey) &&
                   X509_sign(x, pkey, has_digest ? EVP_sha256() : NULL),
               "certificate");
    return x;
}

static inline bytes_t pairs_bytes(BIO *bio, apr_pool_t *p)
{
    bytes_t bytes;
    char *data;

    bytes.len = (apr_size_t)BIO_get_mem_data(bio, &data);
    bytes.data = (unsigned char *)apr_pstrmemdup(p, data, bytes.len);
    BIO_free(bio);
    return bytes;
}

/* PEM, or DER; data is NULL for a form that such a key does not have. */
static inline bytes_t pairs_write(EVP_PKEY *pkey, const pairs_form_t *form,
                                  const char *output, const char *pass, apr_pool_t *p)
{
    OSSL_ENCODER_CTX *ctx;
    BIO *bio;
    X509 *x;

    if (form->types && !strstr(form->types, EVP_PKEY_get0_type_name(pkey))) {
        return (bytes_t){NULL, 0};
    }
    bio = BIO_new(BIO_s_mem());
    if (!form->structure) {
        x = pairs_certificate(pkey);
        pairs_need(!strcmp(output, "PEM") ? PEM_write_bio_X509(bio, x)
                                          : i2d_X509_bio(bio, x),
                   form->name);
        X509_free(x);
        return pairs_bytes(bio, p);
    }
    ctx = OSSL_ENCODER_CTX_new_for_pkey(
        pkey, form->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, output,
        form->structure, NULL);
    if (pass) {
        OSSL_ENCODER_CTX_set_cipher(ctx, "AES-256-CBC", NULL);
        OSSL_ENCODER_CTX_set_passphrase(ctx, (const unsigned char *)pass, strlen(pass));
    }
    pairs_need(OSSL_ENCODER_to_bio(ctx, bio), form->name);
    OSSL_ENCODER_CTX_free(ctx);
    return pairs_bytes(bio, p);
}

static inline bytes_t pairs_pem(EVP_PKEY *pkey, int form, apr_pool_t *p)
{
    return pairs_write(pkey, &pairs_forms[form], "PEM", NULL, p);
}

static inline bytes_t pairs_der(EVP_PKEY *pkey, int form, apr_pool_t *p)
{
    return pairs_write(pkey, &pairs_forms[form], "DER", NULL, p);
}

static inline bytes_t pairs_text(const char *text)
{
    return (bytes_t){(const unsigned char *)text, strlen(text)};
}

/* ,"NAME":"NUMBER" */
static inline const char *pairs_number(EVP_PKEY *pkey, const char *member,
                                       const char *name, int len, apr_pool_t *p)
{
    unsigned char bytes[1100];
    BIGNUM *number = NULL;

    pairs_need(EVP_PKEY_get_bn_param(pkey, name, &number), name);
    len = len ? len : BN_num_bytes(number);
    pairs_need(BN_bn2binpad(number, bytes, len) == len, name);
    BN_free(number);
    return apr_psprintf(p, ",\"%s\":\"%s\"", member,
                        base64url_encode(bytes, (apr_size_t)len, p));
}

static inline const char *pairs_rsa_members(EVP_PKEY *pkey, int is_private, apr_pool_t *p)
{
    static const char *const names[][2] = {
        {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
        {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
        {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    const char *members = "";
    apr_size_t i;

    for (i = 0; i < (is_private ? PAIRS_COUNT(names) : 2); i++) {
        members = apr_pstrcat(p, members,
                              pairs_number(pkey, names[i][0], names[i][1], 0, p), NULL);
    }
    return members;
}

static inline const char *pairs_okp_members(EVP_PKEY *pkey, int is_private, apr_pool_t *p)
{
    unsigned char x[57], d[57];
    size_t x_len = sizeof x, d_len = sizeof d;

    pairs_need(EVP_PKEY_get_raw_public_key(pkey, x, &x_len) == 1 &&
                   EVP_PKEY_get_raw_private_key(pkey, d, &d_len) == 1,
               "raw key");
    return apr_pstrcat(p, ",\"x\":\"", base64url_encode(x, x_len, p), "\"",
                       is_private ? ",\"d\":\"" : "",
                       is_private ? base64url_encode(d, d_len, p) : "",
                       is_private ? "\"" : "", NULL);
}

/* A JWK with more members, as in ",\"kid\":\"x\"". */
static inline const char *pairs_jwk(EVP_PKEY *pkey, int is_private, const char *more,
                                    apr_pool_t *p)
{
    int bits = EVP_PKEY_get_bits(pkey), len = (bits + 7) / 8;

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return apr_psprintf(p, "{\"kty\":\"RSA\"%s%s}",
                            pairs_rsa_members(pkey, is_private, p), more);
    }
    if (EVP_PKEY_is_a(pkey, "EC")) {
        return apr_psprintf(
            p, "{\"kty\":\"EC\",\"crv\":\"P-%d\"%s%s%s%s}", bits,
            pairs_number(pkey, "x", OSSL_PKEY_PARAM_EC_PUB_X, len, p),
            pairs_number(pkey, "y", OSSL_PKEY_PARAM_EC_PUB_Y, len, p),
            is_private ? pairs_number(pkey, "d", OSSL_PKEY_PARAM_PRIV_KEY, len, p) : "",
            more);
    }
    return apr_psprintf(p, "{\"kty\":\"OKP\",\"crv\":\"%s\"%s%s}",
                        EVP_PKEY_is_a(pkey, "ED448") ? "Ed448" : "Ed25519",
                        pairs_okp_members(pkey, is_private, p), more);
}

#endif
