/* The thirteen algorithms: the RFCs' own examples, OpenSSL as the other side in both
 * directions, and signatures that are wrong in every way known to us.
 *
 * Where a signature must be refused, it is made by the key's owner, with one thing
 * wrong: what a forger can do is less. */
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "jose/base64url.h"
#include "jose/jws.h"
#include "keys.h"
#include "pairs.h"
#include "rfc.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define PAYLOAD      "{\"user_id\":\"1\"}"

static apr_pool_t *pool, *brief; /* for the run; for one call, cleared often */

/* An algorithm with a key of ours. */
typedef struct {
    const char *alg, *name, *digest; /* of the algorithm; OpenSSL's */
    int padding;                     /* of RSA */
    const char *type, *curve;        /* OpenSSL's; no type: a secret */
    EVP_PKEY *pkey;
    const char *contents; /* of the key file */
    const jwk_t *jwk;
} side_t;

static side_t sides[] = {
    {"HS256", "HS256", "SHA256", 0, NULL, NULL},
    {"HS384", "HS384", "SHA384", 0, NULL, NULL},
    {"HS512", "HS512", "SHA512", 0, NULL, NULL},
    {"RS256", "RS256", "SHA256", RSA_PKCS1_PADDING, "RSA", NULL},
    {"RS384", "RS384", "SHA384", RSA_PKCS1_PADDING, "RSA", NULL},
    {"RS512", "RS512", "SHA512", RSA_PKCS1_PADDING, "RSA", NULL},
    {"PS256", "PS256", "SHA256", RSA_PKCS1_PSS_PADDING, "RSA", NULL},
    {"PS384", "PS384", "SHA384", RSA_PKCS1_PSS_PADDING, "RSA", NULL},
    {"PS512", "PS512", "SHA512", RSA_PKCS1_PSS_PADDING, "RSA", NULL},
    {"ES256", "ES256", "SHA256", 0, "EC", "P-256"},
    {"ES384", "ES384", "SHA384", 0, "EC", "P-384"},
    {"ES512", "ES512", "SHA512", 0, "EC", "P-521"},
    {"EdDSA", "Ed25519", NULL, 0, "ED25519", NULL},
    {"EdDSA", "Ed448", NULL, 0, "ED448", NULL},
};

#define SECRET "0123456789abcdef0123456789ABCDEF/+0123456789abcdefghijklmnopqrst"

static const char *name_of(const char *subject, const char *detail)
{
    return apr_pstrcat(pool, subject, ": ", detail, NULL);
}

static const side_t *side_of(const char *name)
{
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        if (!strcmp(sides[i].name, name)) {
            return &sides[i];
        }
    }
    return NULL;
}

static const jwk_t *load(const char *kid, const char *alg, bytes_t contents)
{
    const char *why = NULL;
    const jwk_t *jwk = keys_load(kid, alg, contents.data, contents.len, &why, pool);

    if (!jwk) {
        fprintf(stderr, "# %s: %s\n", alg, why);
    }
    return jwk;
}

static jws_result_t verdict(const jwk_t *jwk, const char *token, bytes_t *payload)
{
    const char *why = NULL;
    char *copy = malloc(strlen(token));
    jws_result_t result;

    memcpy(copy, token, strlen(token));
    result = jws_verify(payload, NULL, copy, strlen(token), keys_ring(jwk, NULL, brief),
                        NULL, &why, brief);
    free(copy);
    return result;
}

static jws_result_t verdict_of(const jwk_t *jwk, const char *token)
{
    bytes_t payload;

    return verdict(jwk, token, &payload);
}

static void make_sides(void)
{
    EVP_PKEY *rsa = pairs_make("RSA", NULL, 2048);
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        side_t *side = &sides[i];

        side->contents = SECRET;
        if (side->type) {
            side->pkey = side->padding ? rsa : pairs_make(side->type, side->curve, 0);
            side->contents = (const char *)pairs_pem(side->pkey, 0, pool).data;
        }
        side->jwk = load(NULL, side->alg, pairs_text(side->contents));
        ok(side->jwk && side->jwk->can_sign && side->jwk->is_secret,
           name_of(side->name, "the key that signs"));
    }
}

static void free_sides(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        if (sides[i].padding == 0 || !strcmp(sides[i].name, "RS256")) {
            EVP_PKEY_free(sides[i].pkey);
        }
    }
}

/* --- The RFCs ---------------------------------------------------------------------- */

/* Signed anew, over the RFC's own header. */
static const char *signed_anew(const jwk_t *jwk, const char *token)
{
    unsigned char signature[JWA_MAX_SIGNATURE];
    apr_size_t len = (apr_size_t)(strrchr(token, '.') - token);

    if (jwk->key.alg->sign(signature, &jwk->key, token, len) != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, token, len), ".",
                       base64url_encode(signature, jwk->key.signature_len, pool), NULL);
}

static void test_rfc_examples(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(rfc_examples); i++) {
        const char *name = rfc_examples[i].name, *token = rfc_examples[i].token, *again;
        const jwk_t *jwk =
            load(strstr(rfc_examples[i].jwk, "\"kid\"") ? JWK_OWN_KID : NULL,
                 rfc_examples[i].alg, pairs_text(rfc_examples[i].jwk));

        if (!ok(jwk != NULL, name_of(name, "the key"))) {
            continue;
        }
        is_int(verdict_of(jwk, token), JWS_GOOD, name_of(name, "the signature"));
        if (!jwk->can_sign) {
            continue;
        }
        again = signed_anew(jwk, token);
        is_int(verdict_of(jwk, again), JWS_GOOD, name_of(name, "signed by us"));
        ok((strcmp(again, token) == 0) == rfc_examples[i].is_fixed,
           name_of(name,
                   rfc_examples[i].is_fixed ? "byte for byte" : "with chance in it"));
    }
}

static void test_rfc_none(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        ok(verdict_of(sides[i].jwk, RFC_NONE) != JWS_GOOD &&
               verdict_of(sides[i].jwk, RFC_NONE "AA") != JWS_GOOD,
           name_of(sides[i].name, "alg none of RFC 7515 A.5 is refused"));
    }
}

static void test_thumbprints(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(rfc_thumbprints); i++) {
        const jwk_t *jwk =
            load(JWK_OWN_KID, rfc_thumbprints[i].alg, pairs_text(rfc_thumbprints[i].jwk));

        is_str(jwk ? jwk->kid : NULL, rfc_thumbprints[i].thumbprint,
               name_of(rfc_thumbprints[i].name, "the thumbprint"));
    }
}

/* --- Round trips, in all forms of keys --------------------------------------------- */

static const char *sign(const jwk_t *jwk)
{
    return jws_sign(jwk, PAYLOAD, sizeof PAYLOAD - 1, pool);
}

static int is_good(const jwk_t *jwk, const char *token)
{
    bytes_t payload;

    return verdict(jwk, token, &payload) == JWS_GOOD &&
           payload.len == sizeof PAYLOAD - 1 &&
           memcmp(payload.data, PAYLOAD, payload.len) == 0;
}

/* What one form of the key signs, the first key takes, and the other way round. */
static void test_form(const side_t *side, const char *form, bytes_t contents,
                      int is_private)
{
    const jwk_t *jwk = load(NULL, side->alg, contents);
    const char *name = apr_psprintf(pool, "%s, %s", side->name, form), *token;

    if (!ok(jwk && jwk->can_sign == is_private && jwk->is_secret == is_private,
            name_of(name, "is taken"))) {
        return;
    }
    ok(is_good(jwk, sign(side->jwk)), name_of(name, "verifies"));
    token = sign(jwk);
    ok(is_private ? is_good(side->jwk, token) : !token,
       name_of(name, is_private ? "signs" : "does not sign"));
    ok(jwk_is_same(jwk, side->jwk), name_of(name, "is the same key"));
}

static void test_forms_of(const side_t *side)
{
    apr_size_t i;

    for (i = 0; i < COUNT(pairs_forms); i++) {
        bytes_t pem = pairs_pem(side->pkey, (int)i, pool);

        if (pem.data) {
            test_form(side, pairs_forms[i].name, pem, pairs_forms[i].is_private);
        }
    }
    test_form(side, "JWK", pairs_text(pairs_jwk(side->pkey, 1, "", pool)), 1);
    test_form(side, "public JWK", pairs_text(pairs_jwk(side->pkey, 0, "", pool)), 0);
    test_form(side, "JWK set",
              pairs_text(apr_pstrcat(pool, "{\"keys\":[",
                                     pairs_jwk(side->pkey, 1, "", pool), "]}", NULL)),
              1);
}

static void test_forms(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        if (sides[i].pkey) {
            test_forms_of(&sides[i]);
        } else {
            test_form(&sides[i], "secret", pairs_text(SECRET), 1);
            test_form(&sides[i], "secret with a line's end", pairs_text(SECRET "\r\n"),
                      1);
            test_form(&sides[i], "JWK",
                      pairs_text(apr_psprintf(
                          pool, "{\"kty\":\"oct\",\"k\":\"%s\"}",
                          base64url_encode(SECRET, sizeof SECRET - 1, pool))),
                      1);
        }
    }
}

static void test_payloads(void)
{
    static const apr_size_t lens[] = {0, 1, 2, 3, 63, 64, 65, 5000};
    char *payload = apr_pcalloc(pool, 5000);
    apr_size_t i, k;
    int wrong = 0;

    memset(payload, 'x', 5000);
    for (i = 0; i < COUNT(sides); i++) {
        for (k = 0; k < COUNT(lens); k++) {
            const char *token = jws_sign(sides[i].jwk, payload, lens[k], brief);
            bytes_t out = {NULL, 1};

            wrong += verdict(sides[i].jwk, token, &out) != JWS_GOOD || out.len != lens[k];
        }
        apr_pool_clear(brief);
    }
    is_int(wrong, 0, "payloads of all lengths");
}

/* --- OpenSSL, called by this test itself ------------------------------------------- */

/* How the key's owner signs; what is 0 is the algorithm's own. */
typedef struct {
    const char *digest, *mgf_digest;
    int padding, salt_len;
} manner_t;

#define MAX_DER (JWA_MAX_SIGNATURE + 16)

static apr_size_t sign_der(unsigned char *out, const side_t *side, const char *input,
                           const manner_t *manner)
{
    const char *digest = manner->digest ? manner->digest : side->digest;
    int padding = manner->padding ? manner->padding : side->padding;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    size_t len = MAX_DER;

    pairs_need(EVP_DigestSignInit_ex(ctx, &pctx, digest, NULL, NULL, side->pkey, NULL),
               "sign");
    if (padding) {
        pairs_need(EVP_PKEY_CTX_set_rsa_padding(pctx, padding) > 0, "padding");
    }
    if (padding == RSA_PKCS1_PSS_PADDING) {
        pairs_need(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(
                pctx, manner->salt_len ? manner->salt_len : RSA_PSS_SALTLEN_DIGEST) > 0,
            "salt");
        pairs_need(!manner->mgf_digest || EVP_PKEY_CTX_set_rsa_mgf1_md_name(
                                              pctx, manner->mgf_digest, NULL) > 0,
                   "MGF");
    }
    pairs_need(
        EVP_DigestSign(ctx, out, &len, (const unsigned char *)input, strlen(input)) == 1,
        "signature");
    EVP_MD_CTX_free(ctx);
    return len;
}

/* The two numbers of an ECDSA signature. */
static apr_size_t flatten(unsigned char *out, const unsigned char *der, apr_size_t len,
                          int size)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

    pairs_need(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, size) == size &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + size, size) == size,
               "two numbers");
    ECDSA_SIG_free(pair);
    return (apr_size_t)size * 2;
}

static int is_ecdsa(const side_t *side)
{
    return side->pkey && EVP_PKEY_is_a(side->pkey, "EC");
}

static int coordinate_len(const side_t *side)
{
    return (EVP_PKEY_get_bits(side->pkey) + 7) / 8;
}

static apr_size_t sign_as(unsigned char *out, const side_t *side, const char *input,
                          const manner_t *manner)
{
    unsigned char der[MAX_DER];
    unsigned int mac_len;
    apr_size_t len;

    if (!side->pkey) {
        HMAC(EVP_get_digestbyname(manner->digest ? manner->digest : side->digest), SECRET,
             sizeof SECRET - 1, (const unsigned char *)input, strlen(input), out,
             &mac_len);
        return mac_len;
    }
    len = sign_der(der, side, input, manner);
    if (is_ecdsa(side)) {
        return flatten(out, der, len, coordinate_len(side));
    }
    memcpy(out, der, len);
    return len;
}

/* What is signed: a header with this alg, not the one that we would write. */
static const char *input_of(const char *alg)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\"}", alg);

    return apr_pstrcat(pool, base64url_encode(header, strlen(header), pool), ".",
                       base64url_encode(PAYLOAD, sizeof PAYLOAD - 1, pool), NULL);
}

static jws_result_t judge(const jwk_t *jwk, const char *input,
                          const unsigned char *signature, apr_size_t len)
{
    return verdict_of(jwk, apr_pstrcat(brief, input, ".",
                                       base64url_encode(signature, len, brief), NULL));
}

static const manner_t right = {NULL, NULL, 0, 0};

static int openssl_accepts(const side_t *side, const char *token)
{
    manner_t manner = right;
    const char *dot = strrchr(token, '.');
    EVP_MD_CTX *ctx;
    EVP_PKEY_CTX *pctx;
    unsigned char made[MAX_DER], *der = NULL;
    bytes_t signature;
    apr_size_t len;
    int good;

    pairs_need(base64url_decode(&signature, dot + 1, strlen(dot + 1), pool) == 0, "text");
    len = signature.len;
    if (!side->pkey) {
        return sign_as(made, side, apr_pstrmemdup(pool, token, (apr_size_t)(dot - token)),
                       &manner) == len &&
               memcmp(made, signature.data, len) == 0;
    }
    if (is_ecdsa(side)) {
        ECDSA_SIG *pair = ECDSA_SIG_new();
        int half = (int)len / 2;

        ECDSA_SIG_set0(pair, BN_bin2bn(signature.data, half, NULL),
                       BN_bin2bn(signature.data + half, half, NULL));
        len = (apr_size_t)i2d_ECDSA_SIG(pair, &der);
        ECDSA_SIG_free(pair);
    }
    ctx = EVP_MD_CTX_new();
    EVP_DigestVerifyInit_ex(ctx, &pctx, side->digest, NULL, NULL, side->pkey, NULL);
    if (side->padding) {
        EVP_PKEY_CTX_set_rsa_padding(pctx, side->padding);
    }
    if (side->padding == RSA_PKCS1_PSS_PADDING) {
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    }
    good = EVP_DigestVerify(ctx, der ? der : signature.data, len,
                            (const unsigned char *)token, (size_t)(dot - token)) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    return good;
}

static void test_openssl(void)
{
    unsigned char signature[MAX_DER];
    apr_size_t i, len;

    for (i = 0; i < COUNT(sides); i++) {
        const char *input = input_of(sides[i].alg);

        len = sign_as(signature, &sides[i], input, &right);
        is_int((long long)sides[i].jwk->key.signature_len, (long long)len,
               name_of(sides[i].name, "as long as OpenSSL's signature"));
        is_int(judge(sides[i].jwk, input, signature, len), JWS_GOOD,
               name_of(sides[i].name, "OpenSSL's signature is good here"));
        ok(openssl_accepts(&sides[i], sign(sides[i].jwk)),
           name_of(sides[i].name, "our signature is good for OpenSSL"));
    }
}

/* --- Bytes of a signature ---------------------------------------------------------- */

/* Of the long ones every third byte, since a verification has its price. */
static int changed_bits(const side_t *side, const char *input, unsigned char *signature,
                        apr_size_t len)
{
    apr_size_t i, step = len > 64 ? 3 : 1;
    int accepted = 0;

    for (i = 0; i < len; i += step) {
        signature[i] ^= (unsigned char)(1 << i % 8);
        accepted += judge(side->jwk, input, signature, len) != JWS_BAD_SIGNATURE;
        signature[i] ^= (unsigned char)(1 << i % 8);
        apr_pool_clear(brief);
    }
    return accepted;
}

static int other_lengths(const side_t *side, const char *input,
                         const unsigned char *signature, apr_size_t len)
{
    unsigned char longer[MAX_DER * 2] = {0};
    int accepted = 0;
    apr_size_t i;

    memcpy(longer + 1, signature, len);
    memcpy(longer + 1 + len, signature, len);
    for (i = 1; i < len; i++) {
        accepted += judge(side->jwk, input, signature, i) != JWS_BAD_SIGNATURE;
    }
    for (i = len + 1; i <= 2 * len; i++) {
        accepted += judge(side->jwk, input, longer + 1, i) != JWS_BAD_SIGNATURE;
    }
    /* with zero bytes in front, behind, and its own last bytes only */
    accepted += judge(side->jwk, input, longer, len + 1) != JWS_BAD_SIGNATURE;
    accepted += judge(side->jwk, input, longer, len) != JWS_BAD_SIGNATURE;
    accepted += judge(side->jwk, input, signature + 1, len - 1) != JWS_BAD_SIGNATURE;
    longer[len + 1] = 0;
    accepted += judge(side->jwk, input, longer + 1, len + 1) != JWS_BAD_SIGNATURE;
    accepted += verdict_of(side->jwk, apr_pstrcat(pool, input, ".", NULL)) == JWS_GOOD;
    accepted += verdict_of(side->jwk, input) == JWS_GOOD;
    return accepted;
}

static void test_bytes(void)
{
    static const unsigned char values[] = {0x00, 0x01, 0x30, 0x7f, 0x80, 0xff};
    unsigned char signature[MAX_DER], flat[MAX_DER];
    apr_size_t i, k, len;
    int accepted;

    for (i = 0; i < COUNT(sides); i++) {
        const char *input = input_of(sides[i].alg), *other;

        other = apr_pstrcat(pool, input, "AAAA", NULL);
        len = sign_as(signature, &sides[i], input, &right);
        is_int(changed_bits(&sides[i], input, signature, len), 0,
               name_of(sides[i].name, "no changed bit passes"));
        is_int(other_lengths(&sides[i], input, signature, len), 0,
               name_of(sides[i].name, "no other length passes"));
        accepted = 0;
        for (k = 0; k < COUNT(values); k++) {
            memset(flat, values[k], len);
            accepted += judge(sides[i].jwk, input, flat, len) != JWS_BAD_SIGNATURE;
        }
        is_int(accepted, 0, name_of(sides[i].name, "no bytes of one value pass"));
        is_int(judge(sides[i].jwk, other, signature, len), JWS_BAD_SIGNATURE,
               name_of(sides[i].name, "the signature of another text"));
        is_int(judge(sides[i].jwk, input, signature, len), JWS_GOOD,
               name_of(sides[i].name, "the signature itself"));
        apr_pool_clear(brief);
    }
}

/* --- ECDSA ------------------------------------------------------------------------- */

typedef struct {
    BIGNUM *r, *s, *n;
} numbers_t;

/* Judge a signature of two numbers; -1 when one of them has no room. */
static int judge_pair(const side_t *side, const char *input, const BIGNUM *r,
                      const BIGNUM *s)
{
    unsigned char signature[MAX_DER];
    int size = coordinate_len(side);

    if (BN_bn2binpad(r, signature, size) != size ||
        BN_bn2binpad(s, signature + size, size) != size) {
        return -1;
    }
    return (int)judge(side->jwk, input, signature, (apr_size_t)size * 2);
}

static void refuse_pair(const side_t *side, const char *input, const BIGNUM *r,
                        const BIGNUM *s, const char *name)
{
    int result = judge_pair(side, input, r, s);

    ok(result == -1 || result == JWS_BAD_SIGNATURE, name_of(side->name, name));
}

static void test_numbers(const side_t *side, const char *input, const numbers_t *is)
{
    BIGNUM *zero = BN_new(), *other = BN_new();

    BN_zero(zero);
    refuse_pair(side, input, zero, is->s, "r is 0");
    refuse_pair(side, input, is->r, zero, "s is 0");
    refuse_pair(side, input, zero, zero, "both are 0");
    refuse_pair(side, input, is->n, is->s, "r is n");
    refuse_pair(side, input, is->r, is->n, "s is n");
    refuse_pair(side, input, is->n, is->n, "both are n");
    refuse_pair(side, input, is->s, is->r, "changed over");
    BN_add(other, is->r, is->n);
    refuse_pair(side, input, other, is->s, "r + n");
    BN_add(other, is->s, is->n);
    refuse_pair(side, input, is->r, other, "s + n");
    BN_sub(other, is->n, is->r);
    refuse_pair(side, input, other, is->s, "n - r");
    refuse_pair(side, input, BN_value_one(), BN_value_one(), "both are 1");
    BN_sub(other, is->n, BN_value_one());
    refuse_pair(side, input, other, other, "both are n - 1");
    /* Anybody can make it, and it says the same: tokens are told apart by jti. */
    BN_sub(other, is->n, is->s);
    is_int(judge_pair(side, input, is->r, other), JWS_GOOD, name_of(side->name, "n - s"));
    is_int(judge_pair(side, input, is->r, is->s), JWS_GOOD,
           name_of(side->name, "itself"));
    BN_free(zero);
    BN_free(other);
}

/* Chance makes numbers with a zero in front: one in 256 of them. */
static void test_leading_zeros(const side_t *side, const char *input)
{
    unsigned char signature[MAX_DER];
    int size = coordinate_len(side), rounds, seen[2] = {0, 0}, refused = 0;
    apr_size_t len;

    for (rounds = 0; rounds < 8000 && !(seen[0] && seen[1]); rounds++) {
        len = sign_as(signature, side, input, &right);
        if (!signature[0] || !signature[size]) {
            seen[0] |= !signature[0];
            seen[1] |= !signature[size];
            refused += judge(side->jwk, input, signature, len) != JWS_GOOD;
        }
        apr_pool_clear(brief);
    }
    ok(seen[0] && seen[1] && !refused,
       name_of(side->name, "r and s with a zero byte in front are good"));
}

static void test_ecdsa(void)
{
    unsigned char signature[MAX_DER];
    apr_size_t i, len;

    for (i = 0; i < COUNT(sides); i++) {
        const side_t *side = &sides[i];
        const char *input = input_of(side->alg);
        numbers_t is = {NULL, NULL, NULL};
        int size;

        if (!is_ecdsa(side)) {
            continue;
        }
        size = coordinate_len(side);
        sign_as(signature, side, input, &right);
        is.r = BN_bin2bn(signature, size, NULL);
        is.s = BN_bin2bn(signature + size, size, NULL);
        pairs_need(EVP_PKEY_get_bn_param(side->pkey, OSSL_PKEY_PARAM_EC_ORDER, &is.n),
                   "n");
        test_numbers(side, input, &is);
        BN_free(is.r);
        BN_free(is.s);
        BN_free(is.n);
        test_leading_zeros(side, input);
        len = sign_der(signature, side, input, &right);
        is_int(judge(side->jwk, input, signature, len), JWS_BAD_SIGNATURE,
               name_of(side->name, "DER"));
    }
}

/* Chance can make DER as long as the numbers are: then it is read as numbers. */
static void test_der_of_right_length(void)
{
    const side_t *side = side_of("ES512");
    const char *input = input_of("ES512");
    unsigned char signature[MAX_DER] = {0};
    apr_size_t len = sign_der(signature, side, input, &right);

    ok(len > 132 || judge(side->jwk, input, signature, 132) == JWS_BAD_SIGNATURE,
       "ES512: DER, filled up with zeros");
    memset(signature + 132, 0, sizeof signature - 132);
    is_int(judge(side->jwk, input, signature, 132), JWS_BAD_SIGNATURE,
           "ES512: DER, cut off");
}

/* --- RSA --------------------------------------------------------------------------- */

static const manner_t manners[] = {
    {"SHA1", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA224", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA512-256", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA3-256", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA256", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA384", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA512", NULL, RSA_PKCS1_PADDING, 0},
    {"SHA1", NULL, RSA_PKCS1_PSS_PADDING, 20},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 32},
    {"SHA384", NULL, RSA_PKCS1_PSS_PADDING, 48},
    {"SHA512", NULL, RSA_PKCS1_PSS_PADDING, 64},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 1},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 20},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 31},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 33},
    {"SHA384", NULL, RSA_PKCS1_PSS_PADDING, 32},
    {"SHA512", NULL, RSA_PKCS1_PSS_PADDING, 32},
    {"SHA256", "SHA1", RSA_PKCS1_PSS_PADDING, 32},
    {"SHA256", "SHA512", RSA_PKCS1_PSS_PADDING, 32},
    {"SHA384", "SHA256", RSA_PKCS1_PSS_PADDING, 48},
    {"SHA512", "SHA1", RSA_PKCS1_PSS_PADDING, 64},
};

static int is_manner_of(const side_t *side, const manner_t *manner)
{
    return manner->padding == side->padding && !strcmp(manner->digest, side->digest) &&
           !manner->mgf_digest &&
           (manner->padding == RSA_PKCS1_PADDING ||
            manner->salt_len == EVP_MD_get_size(EVP_get_digestbyname(side->digest)));
}

/* Every manner of signing passes for its own algorithm and for no other. */
static void test_manners(void)
{
    unsigned char signature[MAX_DER];
    apr_size_t i, k, len;

    for (i = 0; i < COUNT(sides); i++) {
        int wrong = 0, good = 0;

        for (k = 0; sides[i].padding && k < COUNT(manners); k++) {
            const char *input = input_of(sides[i].alg);
            int passes = is_manner_of(&sides[i], &manners[k]);

            len = sign_as(signature, &sides[i], input, &manners[k]);
            wrong += (judge(sides[i].jwk, input, signature, len) == JWS_GOOD) != passes;
            good += passes;
        }
        ok(!sides[i].padding || (wrong == 0 && good == 1),
           name_of(sides[i].name, "no other hash, padding, salt or MGF"));
        apr_pool_clear(brief);
    }
}

/* The key's owner writes the padded block himself (RFC 8017 section 9.2). */
static apr_size_t sign_block(unsigned char *out, EVP_PKEY *pkey,
                             const unsigned char *block, size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    size_t out_len = MAX_DER;

    pairs_need(EVP_PKEY_sign_init(ctx) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                   EVP_PKEY_sign(ctx, out, &out_len, block, len) == 1,
               "block");
    EVP_PKEY_CTX_free(ctx);
    return out_len;
}

/* Padding of what is left of the block, DigestInfo without its hash, bytes behind it. */
typedef struct {
    const char *name, *info;
    apr_size_t info_len, fill, behind; /* fill: bytes of 0xff; 0: as many as fit */
    int type, good;
} block_t;

#define INFO(bytes) bytes, sizeof bytes - 1
#define SHA256_INFO                                                                      \
    "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

static const block_t blocks[] = {
    {"block as it must be", INFO(SHA256_INFO), 0, 0, 1, 1},
    {"block type 2", INFO(SHA256_INFO), 0, 0, 2, 0},
    {"block type 0", INFO(SHA256_INFO), 0, 0, 0, 0},
    {"eight bytes of padding, the rest behind the hash", INFO(SHA256_INFO), 8, 0, 1, 0},
    {"no padding", INFO(SHA256_INFO), 1, 0, 1, 0},
    {"one byte behind the hash", INFO(SHA256_INFO), 0, 1, 1, 0},
    {"no DigestInfo", INFO(""), 0, 0, 1, 0},
    {"no NULL in DigestInfo",
     INFO("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"), 0, 0,
     1, 0},
    {"long form of a length",
     INFO("\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
          "\x04\x20"),
     0, 0, 1, 0},
    {"parameters with bytes in them",
     INFO("\x30\x33\x30\x0f\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x02xx"
          "\x04\x20"),
     0, 0, 1, 0},
    {"the name of another hash",
     INFO("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x20"),
     0, 0, 1, 0},
};

static void test_blocks(void)
{
    const side_t *side = side_of("RS256");
    const char *input = input_of("RS256");
    unsigned char hash[32], block[256], signature[MAX_DER];
    apr_size_t i, len;

    EVP_Q_digest(NULL, "SHA256", NULL, input, strlen(input), hash, NULL);
    for (i = 0; i < COUNT(blocks); i++) {
        const block_t *as = &blocks[i];
        apr_size_t rest = 3 + as->info_len + sizeof hash + as->behind;
        apr_size_t fill = as->fill ? as->fill : sizeof block - rest;

        memset(block, 0, sizeof block);
        block[1] = (unsigned char)as->type;
        memset(block + 2, as->type ? 0xff : 0, fill);
        memcpy(block + 3 + fill, as->info, as->info_len);
        memcpy(block + 3 + fill + as->info_len, hash, sizeof hash);
        len = sign_block(signature, side->pkey, block, sizeof block);
        is_int(judge(side->jwk, input, signature, len),
               as->good ? JWS_GOOD : JWS_BAD_SIGNATURE, name_of("RS256", as->name));
    }
}

static void test_rsa_numbers(const side_t *side)
{
    const char *input = input_of(side->alg);
    unsigned char signature[MAX_DER], other[MAX_DER];
    BIGNUM *s = BN_new(), *n = NULL, *t = BN_new();
    int rounds, size = EVP_PKEY_get_size(side->pkey), seen = 0;
    apr_size_t len;

    pairs_need(EVP_PKEY_get_bn_param(side->pkey, OSSL_PKEY_PARAM_RSA_N, &n), "n");
    len = sign_as(signature, side, input, &right);
    BN_bin2bn(signature, (int)len, s);
    BN_sub(t, n, s);
    BN_bn2binpad(t, other, size);
    is_int(judge(side->jwk, input, other, len), JWS_BAD_SIGNATURE,
           name_of(side->name, "n - s"));
    BN_add(t, n, s);
    ok(BN_bn2binpad(t, other, size) != size ||
           judge(side->jwk, input, other, len) == JWS_BAD_SIGNATURE,
       name_of(side->name, "s + n, where it has room"));
    BN_bn2binpad(n, other, size);
    is_int(judge(side->jwk, input, other, len), JWS_BAD_SIGNATURE,
           name_of(side->name, "n"));
    /* One in 256 begins with a zero byte, which belongs to it. The payload varies, as a
     * signature of PKCS #1 does not. */
    for (rounds = 0; rounds < 4000 && !seen; rounds++) {
        const char *text = apr_psprintf(brief, "%s%04d", input, rounds);

        sign_as(signature, side, text, &right);
        if (!signature[0]) {
            seen = judge(side->jwk, text, signature, len) == JWS_GOOD &&
                   judge(side->jwk, text, signature + 1, len - 1) == JWS_BAD_SIGNATURE;
        }
        apr_pool_clear(brief);
    }
    ok(seen, name_of(side->name, "a zero byte in front must be there"));
    BN_free(s);
    BN_free(n);
    BN_free(t);
}

/* --- EdDSA ------------------------------------------------------------------------- */

/* S + L is the same number to all but those who look at its size (RFC 8032 section
 * 5.1.7); both are written with the lowest byte first. */
static void test_eddsa(const char *name, const char *order)
{
    const side_t *side = side_of(name);
    const char *input = input_of("EdDSA");
    unsigned char signature[MAX_DER], other[MAX_DER];
    apr_size_t len = sign_as(signature, side, input, &right), half = len / 2;
    BIGNUM *s = BN_lebin2bn(signature + half, (int)half, NULL), *l = NULL, *t = BN_new();
    int i, accepted = 0, tried = 0;

    BN_hex2bn(&l, order);
    BN_copy(t, s);
    for (i = 1; i <= 16; i++) {
        BN_add(t, t, l);
        memcpy(other, signature, half);
        if (BN_bn2lebinpad(t, other + half, (int)half) == (int)half) {
            tried++;
            accepted += judge(side->jwk, input, other, len) != JWS_BAD_SIGNATURE;
        }
    }
    ok(tried > 0 && accepted == 0, name_of(name, "S + L, S + 2 L, ..."));
    BN_sub(t, l, s);
    BN_bn2lebinpad(t, other + half, (int)half);
    is_int(judge(side->jwk, input, other, len), JWS_BAD_SIGNATURE,
           name_of(name, "L - S"));
    memcpy(other, signature, len);
    memset(other + half, 0, half);
    is_int(judge(side->jwk, input, other, len), JWS_BAD_SIGNATURE,
           name_of(name, "S is 0"));
    memcpy(other, signature + half, half);
    memcpy(other + half, signature, half);
    is_int(judge(side->jwk, input, other, len), JWS_BAD_SIGNATURE,
           name_of(name, "changed over"));
    BN_free(s);
    BN_free(l);
    BN_free(t);
}

/* --- One algorithm's token on another's key ---------------------------------------- */

/* Right by the signer's algorithm; the header names the one or the other. */
static void test_across(void)
{
    unsigned char signature[MAX_DER];
    apr_size_t i, k, len;
    int accepted = 0, tried = 0;

    for (i = 0; i < COUNT(sides); i++) {
        for (k = 0; k < COUNT(sides); k++) {
            const char *own = input_of(sides[i].alg), *its = input_of(sides[k].alg);

            if (i == k) {
                continue;
            }
            len = sign_as(signature, &sides[i], own, &right);
            accepted += judge(sides[k].jwk, own, signature, len) == JWS_GOOD;
            len = sign_as(signature, &sides[i], its, &right);
            accepted += judge(sides[k].jwk, its, signature, len) == JWS_GOOD;
            tried += 2;
            apr_pool_clear(brief);
        }
    }
    is_int(accepted, 0, apr_psprintf(pool, "%d tokens on the key of another", tried));
}

/* Key confusion: the MAC of a token, keyed with what everybody knows of the key. */
static int confused(const side_t *side, const void *secret, apr_size_t len)
{
    static const char *const names[][2] = {
        {"HS256", "SHA256"}, {"HS384", "SHA384"}, {"HS512", "SHA512"}};
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int mac_len;
    int accepted = 0;
    apr_size_t i, k;

    for (i = 0; i < COUNT(names); i++) {
        const char *inputs[] = {input_of(names[i][0]), input_of(side->alg)};

        for (k = 0; k < COUNT(inputs); k++) {
            HMAC(EVP_get_digestbyname(names[i][1]), secret, (int)len,
                 (const unsigned char *)inputs[k], strlen(inputs[k]), mac, &mac_len);
            accepted += judge(side->jwk, inputs[k], mac, mac_len) == JWS_GOOD;
        }
    }
    return accepted;
}

static void test_confusion(void)
{
    apr_size_t i, k;

    for (i = 0; i < COUNT(sides); i++) {
        int accepted = 0, tried = 0;

        for (k = 0; sides[i].pkey && k < COUNT(pairs_forms); k++) {
            bytes_t pem = pairs_pem(sides[i].pkey, (int)k, pool);
            bytes_t der = pairs_der(sides[i].pkey, (int)k, pool);

            if (pem.data && !pairs_forms[k].is_private) {
                accepted += confused(&sides[i], pem.data, pem.len);
                accepted += confused(&sides[i], pem.data, pem.len - 1);
                accepted += confused(&sides[i], der.data, der.len);
                tried += 3;
            }
        }
        if (sides[i].pkey) {
            const char *jwk = pairs_jwk(sides[i].pkey, 0, "", pool);

            accepted += confused(&sides[i], jwk, strlen(jwk));
            accepted += confused(&sides[i], sides[i].jwk->public_json,
                                 strlen(sides[i].jwk->public_json));
            accepted += confused(&sides[i], "", 0);
            ok(tried > 5 && accepted == 0,
               name_of(sides[i].name, "a MAC keyed with the public key"));
        }
        apr_pool_clear(brief);
    }
}

/* --- Rings of keys, threads -------------------------------------------------------- */

/* Keys of all algorithms without kid: each token finds its own. */
static void test_mixed_ring(void)
{
    jwk_ring_t *ring = apr_array_make(pool, 16, sizeof(const jwk_t *));
    const char *why;
    bytes_t payload;
    int wrong = 0;
    apr_size_t i;

    for (i = 0; i < COUNT(sides); i++) {
        APR_ARRAY_PUSH(ring, const jwk_t *) = sides[i].jwk;
    }
    for (i = 0; i < COUNT(sides); i++) {
        const char *token = sign(sides[i].jwk);

        wrong += jws_verify(&payload, NULL, token, strlen(token), ring, NULL, &why,
                            pool) != JWS_GOOD;
    }
    is_int(wrong, 0, "each finds its key on a ring of all");
}

#define THREADS 4
#define ROUNDS  40

static void *APR_THREAD_FUNC use_keys(apr_thread_t *thread, void *failures)
{
    apr_pool_t *p = apr_thread_pool_get(thread);
    int round, *failed = failures;
    apr_size_t i;

    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < COUNT(sides); i++) {
            const char *token = jws_sign(sides[i].jwk, PAYLOAD, sizeof PAYLOAD - 1, p);
            const char *why;
            bytes_t payload;

            *failed += !token || jws_verify(&payload, NULL, token, strlen(token),
                                            keys_ring(sides[i].jwk, NULL, p), NULL, &why,
                                            p) != JWS_GOOD;
        }
    }
    return NULL;
}

static void test_threads(void)
{
    apr_thread_t *threads[THREADS];
    int failed[THREADS] = {0}, i, sum = 0;
    apr_status_t rv;

    for (i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, use_keys, &failed[i], pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        sum += failed[i];
    }
    is_int(sum, 0, "threads share keys");
}

/* Nothing is left in OpenSSL's queue, where others of the thread would find it. */
static void test_error_queue(void)
{
    unsigned char signature[MAX_DER] = {1};
    apr_size_t i;
    int left = 0;

    ERR_clear_error();
    for (i = 0; i < COUNT(sides); i++) {
        judge(sides[i].jwk, input_of(sides[i].alg), signature,
              sides[i].jwk->key.signature_len);
        left += ERR_peek_error() != 0;
    }
    is_int(left, 0, "a refusal leaves no error in OpenSSL's queue");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&brief, pool);
    make_sides();
    test_rfc_examples();
    test_rfc_none();
    test_thumbprints();
    test_forms();
    test_payloads();
    test_openssl();
    test_bytes();
    test_ecdsa();
    test_der_of_right_length();
    test_manners();
    test_blocks();
    test_rsa_numbers(side_of("RS256"));
    test_rsa_numbers(side_of("PS256"));
    test_eddsa("Ed25519",
               "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED");
    test_eddsa("Ed448", "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                        "7CCA23E9C44EDB49AED63690216CC2728DC58F552378C292AB5844F3");
    test_across();
    test_confusion();
    test_mixed_ring();
    test_threads();
    test_error_queue();
    free_sides();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
