/* What the key loader takes and what it refuses, and that no refusal tells of the key.
 *
 * Keys are made by OpenSSL while the test runs; the weak ones are put together by hand.
 */
#include <apr_general.h>
#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "jose/base64url.h"
#include "jose/disguise.h"
#include "jose/jws.h"
#include "keys.h"
#include "pairs.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool, *brief; /* for the run; for one call, cleared often */

static EVP_PKEY *rsa, *rsa2, *ec, *ec2, *p384, *p521, *k1, *ed, *ed2, *ed448, *x25519;

static const char *name_of(const char *subject, const char *detail)
{
    return apr_pstrcat(pool, subject, ": ", detail, NULL);
}

/* --- Taken and refused ------------------------------------------------------------- */

/* Twelve bytes in a row without a blank are no words of a message. */
#define WINDOW 12

static int tells_of(const char *why, bytes_t contents)
{
    apr_size_t i, len = strlen(why);

    for (i = 0; i + WINDOW <= contents.len; i++) {
        const unsigned char *window = contents.data + i;
        apr_size_t at;

        if (memchr(window, ' ', WINDOW)) {
            continue;
        }
        for (at = 0; at + WINDOW <= len; at++) {
            if (memcmp(why + at, window, WINDOW) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* Load into a ring that has a key already. NULL when it is taken, "" when something is
 * wrong with the refusal itself, which is told. */
static const char *refusal(const char *kid, const char *alg, bytes_t contents)
{
    jwk_ring_t *ring = apr_array_make(brief, 2, sizeof(const jwk_t *));
    unsigned char *copy = malloc(contents.len + 1);
    bytes_t bytes = {copy, contents.len};
    const char *why;

    APR_ARRAY_PUSH(ring, const jwk_t *) =
        keys_load("first", "HS256", "0123456789abcdef0123456789abcdef", 32, NULL, brief);
    memcpy(copy, contents.data, contents.len);
    copy[contents.len] = '\0';
    why = jwk_load(ring, kid, jwa_find(alg), bytes, 1, brief);
    free(copy);
    if (ERR_peek_error()) {
        fprintf(stderr, "# an error is left in OpenSSL's queue\n");
        ERR_clear_error();
        return "";
    }
    if (why && (ring->nelts != 1 || tells_of(why, contents))) {
        fprintf(stderr, "# it changes the ring or tells of the key: %s\n", why);
        return "";
    }
    return why;
}

static void takes(const char *alg, bytes_t contents, const char *name)
{
    const char *why = refusal(NULL, alg, contents);

    if (!ok(!why, name_of("taken", name))) {
        fprintf(stderr, "# %s\n", why);
    }
}

/* With these words in the message. */
static void refuses(const char *kid, const char *alg, bytes_t contents, const char *words,
                    const char *name)
{
    const char *why = refusal(kid, alg, contents);

    if (!ok(why && strstr(why, words) && *why, name_of("refused", name))) {
        fprintf(stderr, "# %s, not: %s\n", why ? why : "(taken)", words);
    }
}

static bytes_t join(const char *before, bytes_t bytes, const char *behind)
{
    apr_size_t n = strlen(before), m = strlen(behind);
    unsigned char *all = apr_pcalloc(pool, n + bytes.len + m + 1);

    memcpy(all, before, n);
    memcpy(all + n, bytes.data, bytes.len);
    memcpy(all + n + bytes.len, behind, m);
    return (bytes_t){all, n + bytes.len + m};
}

static bytes_t part(bytes_t bytes, apr_size_t len)
{
    return (bytes_t){bytes.data, len};
}

/* A PEM block around whatever bytes, by OpenSSL. */
static bytes_t block(const char *name, bytes_t der)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio(bio, name, "", der.data, (long)der.len);
    return pairs_bytes(bio, pool);
}

/* --- PEM --------------------------------------------------------------------------- */

enum { PKCS8, SPKI, CERTIFICATE, TRADITIONAL, PKCS1_PUBLIC };

static bytes_t with_crlf(bytes_t pem)
{
    char *out = apr_pcalloc(pool, pem.len * 2 + 1), *to = out;
    apr_size_t i;

    for (i = 0; i < pem.len; i++) {
        if (pem.data[i] == '\n') {
            *to++ = '\r';
        }
        *to++ = (char)pem.data[i];
    }
    return (bytes_t){(unsigned char *)out, (apr_size_t)(to - out)};
}

static void test_pem_forms(void)
{
    static const char *const algs[] = {"RS256", "ES256", "EdDSA"};
    EVP_PKEY *keys[] = {rsa, ec, ed};
    apr_size_t i, k;

    for (i = 0; i < COUNT(keys); i++) {
        for (k = 0; k < COUNT(pairs_forms); k++) {
            bytes_t pem = pairs_pem(keys[i], (int)k, pool);
            const char *name = apr_pstrcat(pool, algs[i], " ", pairs_forms[k].name, NULL);

            if (!pem.data) {
                continue;
            }
            takes(algs[i], pem, name);
            takes(algs[i], with_crlf(pem), name_of(name, "CR LF"));
            takes(algs[i], part(pem, pem.len - 1), name_of(name, "no line's end"));
            takes(algs[i], join("Our key of 2026\n\n", pem, "\nremember it\n"),
                  name_of(name, "text before and behind"));
            takes(algs[i], join("\xef\xbb\xbf", pem, ""),
                  name_of(name, "a byte order mark"));
            takes(algs[i], join("\n\n", pem, "\n \n"), name_of(name, "empty lines"));
        }
    }
    takes("ES256",
          join("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
               "-----END EC PARAMETERS-----\n",
               pairs_pem(ec, TRADITIONAL, pool), ""),
          "SEC 1 with its parameters in front");
}

static bytes_t encrypted(EVP_PKEY *pkey, int form)
{
    BIO *bio;

    if (form == PKCS8) {
        return pairs_write(pkey, &pairs_forms[form], "PEM", "secret", pool);
    }
    bio = BIO_new(BIO_s_mem());
    pairs_need(PEM_write_bio_PrivateKey_traditional(bio, pkey, EVP_aes_128_cbc(),
                                                    (unsigned char *)"secret", 6, NULL,
                                                    NULL),
               "encrypted");
    return pairs_bytes(bio, pool);
}

static void test_pem_refusals(void)
{
    bytes_t key = pairs_pem(ec, PKCS8, pool), der = pairs_der(ec, PKCS8, pool);
    bytes_t public_der = pairs_der(ec, SPKI, pool);
    bytes_t certificate = pairs_pem(ec, CERTIFICATE, pool);
    const char *text = (const char *)key.data;
    apr_size_t i, taken = 0;

    refuses(NULL, "ES256", encrypted(ec, PKCS8), "encrypted", "encrypted PKCS #8");
    refuses(NULL, "ES256", encrypted(ec, TRADITIONAL), "encrypted", "encrypted SEC 1");
    refuses(NULL, "RS256", encrypted(rsa, TRADITIONAL), "encrypted", "encrypted PKCS #1");
    refuses(NULL, "ES256", join("", key, text), "more than one", "the same key twice");
    refuses(NULL, "ES256", join("", certificate, text), "more than one",
            "a certificate and its key");
    refuses(NULL, "ES256", join("", certificate, (const char *)certificate.data),
            "more than one", "a chain");
    refuses(NULL, "ES256", join(" ", key, ""), "no PEM block", "a blank in front");
    refuses(NULL, "ES256", block("PRIVATE KEY", join("", der, "x")), "cannot be read",
            "a byte behind the DER");
    refuses(NULL, "ES256", block("PUBLIC KEY", join("", public_der, "x")),
            "cannot be read", "a byte behind the public DER");
    refuses(NULL, "ES256", block("PUBLIC KEY", part(public_der, public_der.len - 1)),
            "cannot be read", "a byte of the DER missing");
    refuses(NULL, "ES256", block("PUBLIC KEY", der), "cannot be read",
            "a private key in a public block");
    refuses(NULL, "ES256", block("PRIVATE KEY", public_der), "cannot be read",
            "a public key in a private block");
    refuses(NULL, "ES256", block("CERTIFICATE", public_der), "cannot be read",
            "a public key in a certificate's block");
    refuses(NULL, "ES256", block("DSA PRIVATE KEY", der), "is no key", "a block of DSA");
    refuses(NULL, "ES256", block("CERTIFICATE REQUEST", der), "is no key", "a request");
    refuses(NULL, "ES256", block("OPENSSH PRIVATE KEY", der), "is no key",
            "OpenSSH's own form");
    refuses(NULL, "ES256", block("EC PARAMETERS", der), "no PEM block",
            "only parameters");
    refuses(NULL, "ES256", der, "neither PEM nor JWK", "DER");
    refuses(NULL, "ES256", pairs_text(""), "neither PEM nor JWK", "nothing");
    refuses(NULL, "ES256", pairs_text("\n"), "neither PEM nor JWK", "a line's end");
    refuses(NULL, "RS256", pairs_text("0123456789abcdef0123456789abcdef"),
            "neither PEM nor JWK", "a secret");
    refuses(NULL, "ES256", pairs_text("-----BEGIN PRIVATE KEY-----\n"), "PEM block",
            "only a first line");
    refuses(NULL, "ES256",
            join("", key, "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n"),
            "PEM block", "a damaged block behind the key");
    /* Cut off anywhere but in the last line's end. */
    for (i = 0; i < key.len - 1; i++) {
        taken += refusal(NULL, "ES256", part(key, i)) == NULL;
        apr_pool_clear(brief);
    }
    is_int((long long)taken, 0, "refused: cut off at each byte");
}

/* --- Keys that are weak or of another kind ----------------------------------------- */

static bytes_t rsa_jwk_of(const BIGNUM *n, const char *e)
{
    unsigned char bytes[1100];
    int len = BN_bn2bin(n, bytes);

    return pairs_text(apr_psprintf(pool, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
                                   base64url_encode(bytes, (apr_size_t)len, pool), e));
}

/* As Infineon's library made them: a power of 65537 in the field of each small prime. */
static BIGNUM *faulty_modulus(void)
{
    static const int primes[] = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,
                                 31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
                                 73,  79,  83,  89,  97,  101, 103, 107, 109, 113,
                                 127, 131, 137, 139, 149, 151, 157, 163, 167};
    BIGNUM *m = BN_new(), *n = BN_new(), *base = BN_new(), *power = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    apr_size_t i;

    BN_one(m);
    for (i = 0; i < COUNT(primes); i++) {
        BN_mul_word(m, (BN_ULONG)primes[i]);
    }
    BN_set_word(base, 65537);
    BN_set_word(power, 123457);
    BN_mod_exp(base, base, power, m, ctx);
    BN_set_bit(n, 2047);
    BN_div(n, NULL, n, m, ctx);
    BN_add_word(n, 1);
    BN_mul(n, n, m, ctx);
    BN_add(n, n, base);
    BN_free(m);
    BN_free(base);
    BN_free(power);
    BN_CTX_free(ctx);
    return n;
}

static void test_rsa_strength(void)
{
    EVP_PKEY *weak = pairs_make("RSA", NULL, 1024);
    BIGNUM *n = NULL, *even = NULL, *roca = faulty_modulus(), *huge = BN_new();
    static const struct {
        const char *e, *name;
        int good;
    } exponents[] = {
        {"AQAB", "65537", 1},
        {"Aw", "3", 1},
        {"AAEAAQ", "65537 with a zero in front", 1},
        {"__________8", "2^64 - 1", 1},
        {"AQ", "1", 0},
        {"Ag", "2", 0},
        {"AQAA", "65536", 0},
        {"AA", "0", 0},
        {"AQAAAAAAAAAB", "2^64 + 1", 0},
    };
    apr_size_t i;

    EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n);
    for (i = 0; i < COUNT(exponents); i++) {
        const char *name = apr_pstrcat(pool, "exponent ", exponents[i].name, NULL);

        if (exponents[i].good) {
            takes("RS256", rsa_jwk_of(n, exponents[i].e), name);
        } else {
            refuses(NULL, "RS256", rsa_jwk_of(n, exponents[i].e), "exponent", name);
        }
    }
    even = BN_dup(n);
    BN_clear_bit(even, 0);
    refuses(NULL, "RS256", rsa_jwk_of(even, "AQAB"), "factored", "an even modulus");
    refuses(NULL, "RS256", rsa_jwk_of(roca, "AQAB"), "factored", "a ROCA modulus");
    BN_lshift(huge, n, 6145);
    BN_set_bit(huge, 0);
    refuses(NULL, "RS256", rsa_jwk_of(huge, "AQAB"), "8193 bits", "RSA of 8193 bits");
    BN_zero(even); /* 2^2203 - 1 */
    BN_set_bit(even, 2203);
    BN_sub_word(even, 1);
    refuses(NULL, "RS256", rsa_jwk_of(even, "AQAB"), "no valid public key",
            "a modulus that is a prime");
    refuses(NULL, "RS256", pairs_pem(weak, PKCS8, pool), "1024 bits", "RSA of 1024 bits");
    refuses(NULL, "PS256", pairs_pem(weak, SPKI, pool), "1024 bits",
            "a public key of 1024 bits");
    BN_free(n);
    BN_free(even);
    BN_free(roca);
    BN_free(huge);
    EVP_PKEY_free(weak);
}

/* The same curve, but with all its numbers written out. */
static bytes_t explicit_ec(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    bytes_t pem;

    pairs_need(EVP_PKEY_keygen_init(ctx) == 1 &&
                   EVP_PKEY_CTX_set_group_name(ctx, "P-256") == 1 &&
                   EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE) == 1 &&
                   EVP_PKEY_generate(ctx, &pkey) == 1,
               "explicit parameters");
    pem = pairs_pem(pkey, SPKI, pool);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(ctx);
    return pem;
}

static EVP_PKEY *make_pss(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *pkey = NULL;

    pairs_need(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1,
               "RSA-PSS");
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* The point's last byte is changed. */
static bytes_t off_the_curve(void)
{
    bytes_t der = join("", pairs_der(ec, SPKI, pool), "");
    unsigned char *last = (unsigned char *)apr_pmemdup(pool, der.data, der.len);

    last[der.len - 1] ^= 1;
    return block("PUBLIC KEY", (bytes_t){last, der.len});
}

/* A key whose public half, in the same text, is that of another. */
static bytes_t foreign_half(EVP_PKEY *mine, EVP_PKEY *others)
{
    bytes_t der = pairs_der(mine, TRADITIONAL, pool),
            other = pairs_der(others, SPKI, pool);
    unsigned char *both = apr_pmemdup(pool, der.data, der.len);

    memcpy(both + der.len - 64, other.data + other.len - 64, 64);
    return block("EC PRIVATE KEY", (bytes_t){both, der.len});
}

static void test_kinds(void)
{
    static const char *const all[] = {"RS256", "PS512", "ES256", "ES384",
                                      "ES512", "EdDSA", "HS256"};
    const struct {
        const char *name;
        EVP_PKEY *pkey;
        const char *algs; /* that take it */
    } rows[] = {
        {"RSA", rsa, "RS256 PS512"}, {"P-256", ec, "ES256"},   {"P-384", p384, "ES384"},
        {"P-521", p521, "ES512"},    {"Ed25519", ed, "EdDSA"}, {"Ed448", ed448, "EdDSA"},
        {"secp256k1", k1, ""},       {"X25519", x25519, ""},
    };
    EVP_PKEY *pss = make_pss();
    apr_size_t i, k;
    int form;

    for (i = 0; i < COUNT(rows); i++) {
        for (k = 0; k < COUNT(all); k++) {
            for (form = PKCS8; form <= SPKI; form++) {
                bytes_t pem = pairs_pem(rows[i].pkey, form, pool);
                const char *name = apr_psprintf(pool, "%s as %s, %s", rows[i].name,
                                                all[k], pairs_forms[form].name);

                if (strstr(rows[i].algs, all[k])) {
                    takes(all[k], pem, name);
                } else {
                    refuses(NULL, all[k], pem, all[k], name);
                }
            }
        }
    }
    refuses(NULL, "PS256", pairs_pem(pss, PKCS8, pool), "RSA-PSS", "a key for PSS alone");
    refuses(NULL, "RS256", pairs_pem(pss, SPKI, pool), "RSA-PSS", "the same for RS256");
    refuses(NULL, "ES256", explicit_ec(), "numbers", "a curve written out");
    refuses(NULL, "ES256", off_the_curve(), "", "a point off the curve");
    refuses(NULL, "ES256", foreign_half(ec, ec2), "private half", "another public half");
    EVP_PKEY_free(pss);
}

/* --- JWK --------------------------------------------------------------------------- */

/* A JWK with one member set to a JSON value, or without it (NULL). */
static bytes_t with(const char *jwk, const char *member, const char *value)
{
    json_t *object = json_loads(jwk, 0, NULL);
    json_t *set = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    char *text;
    bytes_t out;

    pairs_need(object && (!value || set), "JSON of this test");
    if (value) {
        json_object_set_new(object, member, set);
    } else {
        json_object_del(object, member);
    }
    text = json_dumps(object, JSON_COMPACT);
    out = pairs_text(apr_pstrdup(pool, text));
    free(text);
    json_decref(object);
    return out;
}

static const char *member_of(const char *jwk, const char *name)
{
    json_t *object = json_loads(jwk, 0, NULL);
    const char *value =
        apr_pstrdup(pool, json_string_value(json_object_get(object, name)));

    json_decref(object);
    return value;
}

static const char *quoted(const char *text)
{
    return apr_pstrcat(pool, "\"", text, "\"", NULL);
}

/* The member's bytes with one zero byte in front, one less, with padding, ... */
static void test_lengths_of(const char *alg, const char *jwk, const char *member)
{
    const char *text = member_of(jwk, member), *subject = name_of(alg, member);
    unsigned char longer[200] = {0};
    bytes_t bytes;

    base64url_decode(&bytes, text, strlen(text), pool);
    memcpy(longer + 1, bytes.data, bytes.len);
    refuses(NULL, alg,
            with(jwk, member, quoted(base64url_encode(longer, bytes.len + 1, pool))),
            "bytes", name_of(subject, "a zero byte in front"));
    refuses(NULL, alg,
            with(jwk, member, quoted(base64url_encode(bytes.data, bytes.len - 1, pool))),
            "bytes", name_of(subject, "a byte less"));
    refuses(NULL, alg, with(jwk, member, quoted(apr_pstrcat(pool, text, "=", NULL))),
            "no base64url", name_of(subject, "padding"));
    refuses(NULL, alg, with(jwk, member, quoted(apr_pstrcat(pool, text, "\\n", NULL))),
            "no base64url", name_of(subject, "a line's end"));
    refuses(NULL, alg, with(jwk, member, "\"\""), "missing", name_of(subject, "empty"));
    refuses(NULL, alg, with(jwk, member, "7"), "missing", name_of(subject, "a number"));
    refuses(NULL, alg, with(jwk, member, "null"), "missing", name_of(subject, "null"));
    refuses(NULL, alg, with(jwk, member, "[\"AA\"]"), "missing",
            name_of(subject, "a list"));
}

static void test_ec_members(void)
{
    const char *jwk = pairs_jwk(ec, 1, "", pool), *other = pairs_jwk(ec2, 1, "", pool);
    const char *zero = quoted("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    const char *order = quoted("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
    const char *field = quoted("_____wAAAAEAAAAAAAAAAAAAAAD_______________8");

    test_lengths_of("ES256", jwk, "x");
    test_lengths_of("ES256", jwk, "y");
    test_lengths_of("ES256", jwk, "d");
    refuses(NULL, "ES256", with(jwk, "x", NULL), "'x'", "EC without x");
    refuses(NULL, "ES256", with(jwk, "y", NULL), "'y'", "EC without y");
    refuses(NULL, "ES256", with(jwk, "y", quoted(member_of(jwk, "x"))), "",
            "EC: a point off the curve");
    refuses(NULL, "ES256",
            with(pairs_jwk(ec, 0, "", pool), "y", quoted(member_of(jwk, "x"))),
            "no point", "EC, public: a point off the curve");
    refuses(NULL, "ES256", with(jwk, "x", zero), "", "EC: x is 0");
    refuses(NULL, "ES256", with(jwk, "x", field), "", "EC: x is p");
    refuses(NULL, "ES256", with(jwk, "d", zero), "", "EC: d is 0");
    refuses(NULL, "ES256", with(jwk, "d", order), "", "EC: d is n");
    refuses(NULL, "ES256", with(jwk, "d", quoted(member_of(other, "d"))), "private half",
            "EC: d of another key");
    refuses(NULL, "ES256", with(jwk, "crv", NULL), "none of", "EC without crv");
    refuses(NULL, "ES256", with(jwk, "crv", "\"P-384\""), "bytes", "EC: crv P-384");
    refuses(NULL, "ES256", with(jwk, "crv", "\"secp256k1\""), "none of",
            "EC: crv secp256k1");
    refuses(NULL, "ES256", with(jwk, "crv", "\"prime256v1\""), "none of",
            "EC: crv in OpenSSL's words");
    refuses(NULL, "ES256", with(jwk, "crv", "\"Ed25519\""), "none of", "EC: crv Ed25519");
    refuses(NULL, "ES256", pairs_text(pairs_jwk(p384, 1, "", pool)), "P-384",
            "a key on P-384 for ES256");
    refuses(NULL, "ES256", with(jwk, "k", "\"AAAA\""), "'k'", "EC with k");
    refuses(NULL, "ES256", with(pairs_jwk(ec, 0, "", pool), "p", "\"AAAA\""), "'p'",
            "EC with p");
}

static void test_okp_members(void)
{
    const char *jwk = pairs_jwk(ed, 1, "", pool), *other = pairs_jwk(ed2, 1, "", pool);

    test_lengths_of("EdDSA", jwk, "x");
    test_lengths_of("EdDSA", jwk, "d");
    test_lengths_of("EdDSA", pairs_jwk(ed448, 1, "", pool), "d");
    refuses(NULL, "EdDSA", with(jwk, "x", NULL), "'x'", "OKP without x");
    refuses(NULL, "EdDSA", with(jwk, "d", quoted(member_of(other, "d"))),
            "does not belong", "OKP: d of another key");
    refuses(NULL, "EdDSA", with(jwk, "crv", "\"Ed448\""), "bytes", "OKP: crv Ed448");
    refuses(NULL, "EdDSA", with(jwk, "crv", "\"X25519\""), "none of", "OKP: crv X25519");
    refuses(NULL, "EdDSA", with(jwk, "crv", "\"P-256\""), "none of", "OKP: crv P-256");
    refuses(NULL, "EdDSA", with(jwk, "crv", "25519"), "none of", "OKP: crv is a number");
}

/* The points of order 1, 2, 4 and 8, and other spellings of them: for these keys a
 * signature of everybody's making is good (libsodium refuses the same). */
static void test_small_order(void)
{
    static const char *const points[] = {
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
        "7P_______________________________________38",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
        /* Beyond the field's prime: 2^255 - 1. */
        "_________________________________________38",
    };
    apr_size_t i;

    for (i = 0; i < COUNT(points); i++) {
        refuses(NULL, "EdDSA", with(pairs_jwk(ed, 0, "", pool), "x", quoted(points[i])),
                "everybody can sign", name_of("OKP: a point of small order", points[i]));
    }
}

static void test_rsa_members(void)
{
    static const char *const members[] = {"p", "q", "dp", "dq", "qi"};
    const char *jwk = pairs_jwk(rsa, 1, "", pool), *other = pairs_jwk(rsa2, 1, "", pool);
    const char *public = pairs_jwk(rsa, 0, "", pool), *foreign = jwk;
    apr_size_t i;

    takes("RS256", pairs_text(public), "RSA, public");
    refuses(NULL, "RS256", with(jwk, "n", NULL), "'n'", "RSA without n");
    refuses(NULL, "RS256", with(jwk, "e", NULL), "'e'", "RSA without e");
    refuses(NULL, "RS256", with(jwk, "e", "65537"), "'e'", "RSA: e is a number");
    refuses(NULL, "RS256", with(jwk, "n", "\"\""), "'n'", "RSA: n is empty");
    refuses(NULL, "RS256", with(public, "n", "\"AQ\""), "1 bits", "RSA: n is 1");
    refuses(NULL, "RS256", with(public, "n", "\"AA\""), "0 bits", "RSA: n is 0");
    refuses(NULL, "RS256", with(jwk, "oth", "[{\"r\":\"AA\",\"d\":\"AA\",\"t\":\"AA\"}]"),
            "oth", "RSA of three primes");
    refuses(NULL, "RS256", with(public, "k", "\"AAAA\""), "'k'", "RSA with k");
    for (i = 0; i < COUNT(members); i++) {
        const char *value = quoted(member_of(jwk, members[i]));

        refuses(NULL, "RS256", with(jwk, members[i], NULL), members[i],
                name_of("RSA without", members[i]));
        refuses(NULL, "RS256", with(public, members[i], value), members[i],
                name_of("RSA, public, with", members[i]));
        foreign =
            (const char *)with(foreign, members[i], quoted(member_of(other, members[i])))
                .data;
    }
    refuses(NULL, "RS256", with(foreign, "d", quoted(member_of(other, "d"))), "",
            "RSA: the private half of another key");
    refuses(NULL, "RS256", with(jwk, "n", quoted(member_of(other, "n"))), "",
            "RSA: n of another key");
    refuses(NULL, "RS256", with(jwk, "e", "\"Aw\""), "", "RSA: another e");
}

static void test_common_members(void)
{
    static const struct {
        const char *member, *value, *words; /* words: NULL when it is taken */
    } rows[] = {
        {"kty", NULL, "neither PEM nor JWK"},
        {"kty", "\"ec\"", "kty is ec"},
        {"kty", "\"OKP\"", "kty is OKP"},
        {"kty", "\"RSA\"", "kty is RSA"},
        {"kty", "\"oct\"", "kty is oct"},
        {"kty", "\"\"", "kty is"},
        {"kty", "1", "kty is missing"},
        {"kty", "[\"EC\"]", "kty is missing"},
        {"alg", "\"ES256\"", NULL},
        {"alg", "\"ES384\"", "alg is ES384"},
        {"alg", "\"es256\"", "alg is es256"},
        {"alg", "\"none\"", "alg is none"},
        {"alg", "\"HS256\"", "alg is HS256"},
        {"alg", "\"ECDH-ES\"", "alg is ECDH-ES"},
        {"alg", "256", "alg is no string"},
        {"alg", "null", "alg is no string"},
        {"alg", "[\"ES256\"]", "alg is no string"},
        {"use", "\"sig\"", NULL},
        {"use", "\"enc\"", "use"},
        {"use", "\"Sig\"", "use"},
        {"use", "\"\"", "use"},
        {"use", "null", "use"},
        {"use", "[\"sig\"]", "use"},
        {"key_ops", "[\"sign\",\"verify\"]", NULL},
        {"key_ops", "[\"verify\"]", NULL},
        {"key_ops", "[\"sign\"]", NULL},
        {"key_ops", "[\"deriveKey\",\"sign\"]", NULL},
        {"key_ops", "[\"deriveKey\"]", "key_ops"},
        {"key_ops", "[]", "key_ops"},
        {"key_ops", "[1]", "key_ops"},
        {"key_ops", "\"verify\"", "key_ops"},
        {"key_ops", "null", "key_ops"},
        {"key_ops", "{\"verify\":1}", "key_ops"},
        {"kid", "\"a\"", NULL},
        {"kid", "7", "kid is no string"},
        {"kid", "null", "kid is no string"},
        {"x5u", "\"http://127.0.0.1/\"", NULL},
        {"x5c", "[\"AAAA\"]", NULL},
        {"ext", "true", NULL},
    };
    const char *jwk = pairs_jwk(ec, 1, "", pool);
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        bytes_t changed = with(jwk, rows[i].member, rows[i].value);
        const char *name = apr_pstrcat(pool, rows[i].member, " ",
                                       rows[i].value ? rows[i].value : "missing", NULL);

        if (rows[i].words) {
            refuses(NULL, "ES256", changed, rows[i].words, name);
        } else {
            takes("ES256", changed, name);
        }
    }
}

static const jwk_t *load(const char *kid, const char *alg, bytes_t contents)
{
    return keys_load(kid, alg, contents.data, contents.len, NULL, pool);
}

static void test_what_key_ops_say(void)
{
    const char *jwk = pairs_jwk(ec, 1, "", pool);
    const jwk_t *verifies = load(NULL, "ES256", with(jwk, "key_ops", "[\"verify\"]"));
    const jwk_t *signs = load(NULL, "ES256", with(jwk, "key_ops", "[\"sign\"]"));
    const char *token = jws_sign(signs, "{}", 2, pool);

    ok(signs->can_sign && !verifies->can_sign && verifies->is_secret,
       "a private key with key_ops verify does not sign");
    ok(token && !jws_sign(verifies, "{}", 2, pool), "and cannot");
}

static void test_json_texts(void)
{
    const char *jwk = pairs_jwk(ec, 0, "", pool);
    const struct {
        const char *name;
        bytes_t text;
        const char *words; /* NULL when it is taken */
    } rows[] = {
        {"blanks around", join(" \r\n\t", pairs_text(jwk), " \n"), NULL},
        {"a member twice", join("{\"kty\":\"EC\",", pairs_text(jwk + 1), ""), "twice"},
        {"x twice", join("{\"x\":\"AA\",", pairs_text(jwk + 1), ""), "twice"},
        {"escaped, and twice", join("{\"\\u0078\":\"AA\",", pairs_text(jwk + 1), ""),
         "twice"},
        {"two objects", join("", pairs_text(jwk), jwk), "no JSON object"},
        {"something behind", join("", pairs_text(jwk), "x"), "no JSON object"},
        {"cut off", part(pairs_text(jwk), strlen(jwk) - 1), "no JSON object"},
        {"a NUL in a string", join("{\"a\":\"\\u0000\",", pairs_text(jwk + 1), ""),
         "no JSON object"},
        {"no UTF-8", join("{\"a\":\"\xff\",", pairs_text(jwk + 1), ""), "no JSON object"},
        {"a byte order mark", join("\xef\xbb\xbf", pairs_text(jwk), ""), "neither"},
        {"in a list", join("[", pairs_text(jwk), "]"), "neither"},
        {"no key at all", pairs_text("{\"kty\":1}"), "kty"},
        {"no members", pairs_text("{}"), "neither"},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *name = name_of("JWK", rows[i].name);

        if (rows[i].words) {
            refuses(NULL, "ES256", rows[i].text, rows[i].words, name);
        } else {
            takes("ES256", rows[i].text, name);
        }
    }
}

/* --- Names of keys ----------------------------------------------------------------- */

static void test_kids(void)
{
    static const struct {
        const char *kid, *own, *words; /* words: NULL when it is taken */
    } rows[] = {
        {NULL, "\"a\"", NULL},
        {"a", "\"a\"", NULL},
        {"a", NULL, NULL},
        {"*", "\"a\"", NULL},
        {"*", NULL, NULL},
        {"b", "\"a\"", "its kid is 'a'"},
        {"*", "\"first\"", "stands twice"},
        {"first", NULL, "stands twice"},
        {"*", "\"a b\"", "character"},
        {"*", "\"a\\\"b\"", "character"},
        {"*", "\"\xc3\xa4\"", "character"},
        {"*", "\"a\\nb\"", "character"},
        {"*", "\"\"", "empty"},
        {"", NULL, "empty"},
    };
    const char *jwk = pairs_jwk(ec, 0, "", pool);
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        bytes_t text = with(jwk, rows[i].own ? "kid" : "none", rows[i].own);
        const char *why = refusal(rows[i].kid, "ES256", text);

        ok(rows[i].words ? why && strstr(why, rows[i].words) != NULL : !why,
           apr_psprintf(pool, "kid %s for a key that says %s",
                        rows[i].kid ? rows[i].kid : "none",
                        rows[i].own ? rows[i].own : "nothing"));
    }
    refuses(NULL, "HS256", pairs_text("{\"a secret of\":\"thirty-two bytes and more\"}"),
            "no secret", "JSON as a secret");
    refuses(NULL, "HS256",
            pairs_text("[{\"a secret of\":\"thirty-two bytes and more\"}]"), "no secret",
            "a list of JSON as a secret");
    refuses("*", "HS256", pairs_text("0123456789abcdef0123456789abcdef"),
            "no name of its own", "* for a secret");
}

/* --- Sets -------------------------------------------------------------------------- */

static const char *set_of(const char *first, const char *second, const char *third)
{
    return apr_pstrcat(pool, "{\"keys\":[", first, *second ? "," : "", second,
                       *third ? "," : "", third, "]}", NULL);
}

#define OCT(more)                                                                        \
    "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8\"" more "}"

static void test_sets(void)
{
    const char *a = pairs_jwk(ec, 1, ",\"kid\":\"a\"", pool);
    const char *b = pairs_jwk(ec2, 0, ",\"kid\":\"b\"", pool);
    const char *bare = pairs_jwk(ec, 0, "", pool);
    const char *other = pairs_jwk(ed, 0, ",\"kid\":\"c\"", pool);
    const struct {
        const char *name, *kid, *alg, *text, *words;
    } rows[] = {
        {"one key", NULL, "ES256", set_of(a, "", ""), NULL},
        {"one key, named", "a", "ES256", set_of(bare, "", ""), NULL},
        {"two keys", "*", "ES256", set_of(a, b, ""), NULL},
        {"a key that gets its thumbprint", "*", "ES256", set_of(a, b, bare), NULL},
        {"secrets", "*", "HS256",
         set_of(OCT(",\"kid\":\"a\""), OCT(",\"kid\":\"b\""), ""), NULL},
        {"no key", "*", "ES256", "{\"keys\":[]}", "without a key"},
        {"keys is no list", "*", "ES256", "{\"keys\":{}}", "without a key"},
        {"keys is null", "*", "ES256", "{\"keys\":null}", "without a key"},
        {"a text in the list", "*", "ES256", set_of("\"kty\"", "", ""), "key 1"},
        {"several keys and one name", "a", "ES256", set_of(a, b, ""), "several"},
        {"several keys and no name", NULL, "ES256", set_of(a, b, ""), "several"},
        {"a kid twice", "*", "ES256", set_of(a, b, a), "key 3 of the set: the kid 'a'"},
        {"a kid that stands for no name", "*", "ES256",
         set_of(a, pairs_jwk(ec, 0, ",\"kid\":\"-\"", pool), ""), "means something else"},
        {"a kid that stands for all", "*", "ES256",
         set_of(a, pairs_jwk(ec, 0, ",\"kid\":\"ALL\"", pool), ""),
         "means something else"},
        {"a kid that stands for none", "*", "ES256",
         set_of(a, pairs_jwk(ec, 0, ",\"kid\":\"none\"", pool), ""),
         "means something else"},
        {"a thumbprint twice", "*", "ES256", set_of(bare, b, bare), "key 3"},
        {"a secret among them", "*", "ES256", set_of(a, OCT(",\"kid\":\"s\""), b),
         "key 2"},
        {"a public key among secrets", "*", "HS256", set_of(OCT(",\"kid\":\"s\""), b, ""),
         "key 2"},
        {"another kind of key", "*", "ES256", set_of(a, other, ""), "key 2"},
        {"secrets without names", "*", "HS256", set_of(OCT(""), OCT(""), ""),
         "no name of its own"},
        {"another alg", "*", "ES256",
         set_of(a, pairs_jwk(ec2, 0, ",\"kid\":\"b\",\"alg\":\"ES384\"", pool), ""),
         "key 2"},
        {"another use", "*", "ES256",
         set_of(a, pairs_jwk(ec2, 0, ",\"kid\":\"b\",\"use\":\"enc\"", pool), ""),
         "key 2"},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *why = refusal(rows[i].kid, rows[i].alg, pairs_text(rows[i].text));

        if (!ok(rows[i].words ? why && strstr(why, rows[i].words) : !why,
                name_of("set", rows[i].name))) {
            fprintf(stderr, "# %s\n", why ? why : "(taken)");
        }
    }
}

/* --- Secrets ----------------------------------------------------------------------- */

static void test_oct(void)
{
    static const struct {
        const char *name, *alg, *k, *words; /* words: NULL when it is taken */
    } rows[] = {
        {"32 bytes", "HS256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL},
        {"31 bytes", "HS256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg", "31 bytes"},
        {"32 bytes for HS384", "HS384", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
         "32 bytes"},
        {"32 bytes for HS512", "HS512", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
         "64 or more"},
        {"padding", "HS256",
         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "no base64url"},
        {"unused bits", "HS256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9",
         "no base64url"},
        {"the other alphabet", "HS256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH+8",
         "no base64url"},
        {"empty", "HS256", "", "0 bytes"},
    };
    const char *good = OCT("");
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        bytes_t jwk = with(good, "k", quoted(rows[i].k));
        const char *name = name_of("k", rows[i].name);

        if (rows[i].words) {
            refuses(NULL, rows[i].alg, jwk, rows[i].words, name);
        } else {
            takes(rows[i].alg, jwk, name);
        }
    }
    refuses(NULL, "HS256", with(good, "k", NULL), "'k' is missing", "oct without k");
    refuses(NULL, "HS256", with(good, "k", "1"), "'k' is missing", "k is a number");
    refuses(NULL, "HS256", with(good, "kty", "\"RSA\""), "kty is RSA", "k of a RSA key");
    refuses(NULL, "HS256", pairs_text(pairs_jwk(rsa, 0, "", pool)), "kty is RSA",
            "a public JWK as secret");
    refuses(NULL, "RS256", pairs_text(good), "kty is oct", "a secret as RSA key");
}

/* --- Secrets that are keys in disguise --------------------------------------------- */

static bytes_t base64_of(bytes_t bytes, int is_url, apr_size_t line)
{
    char *text = base64url_encode(bytes.data, bytes.len, pool), *out, *to;
    apr_size_t i, len = strlen(text);

    out = to = apr_palloc(pool, len * 2 + 4);
    for (i = 0; i < len; i++) {
        *to++ = is_url ? text[i] : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        if (line && (i + 1) % line == 0) {
            *to++ = '\n';
        }
    }
    for (; !is_url && i % 4; i++) {
        *to++ = '=';
    }
    *to = '\0';
    return (bytes_t){(unsigned char *)out, (apr_size_t)(to - out)};
}

static bytes_t hex_of(bytes_t bytes, const char *digits)
{
    char *out = apr_pcalloc(pool, bytes.len * 2 + 1);
    apr_size_t i;

    for (i = 0; i < bytes.len; i++) {
        out[i * 2] = digits[bytes.data[i] >> 4];
        out[i * 2 + 1] = digits[bytes.data[i] & 15];
    }
    return (bytes_t){(unsigned char *)out, bytes.len * 2};
}

static bytes_t utf16_of(bytes_t bytes, int is_big, int has_mark)
{
    unsigned char *out = apr_pcalloc(pool, bytes.len * 2 + 4);
    apr_size_t i, at = 0;

    if (has_mark) {
        out[at++] = is_big ? 0xfe : 0xff;
        out[at++] = is_big ? 0xff : 0xfe;
    }
    for (i = 0; i < bytes.len; i++, at += 2) {
        out[at + (is_big ? 1 : 0)] = bytes.data[i];
    }
    return (bytes_t){out, at};
}

static int wrapped, uncovered;

static void expect_refusal(bytes_t secret, const char *subject, const char *wrap)
{
    const char *alg = secret.len < 64 ? "HS256" : "HS512";
    const char *why = refusal(NULL, alg, secret);

    wrapped++;
    if (!why || !*why) {
        uncovered++;
        fprintf(stderr, "# as secret: %s, %s: %s\n", subject, wrap,
                why ? why : "(taken)");
    }
    apr_pool_clear(brief);
}

/* What is text may have marks and blanks, and be in UTF-16. */
static void wrap_text(bytes_t text, const char *subject)
{
    expect_refusal(join(" ", text, ""), subject, "a blank in front");
    expect_refusal(join("\n\r\n\t \v\f", text, "\n\n"), subject, "lines around");
    expect_refusal(join("\xef\xbb\xbf", text, ""), subject, "a byte order mark");
    expect_refusal(join("\xef\xbb\xbf \n", text, ""), subject, "a mark and blanks");
    expect_refusal(utf16_of(text, 0, 1), subject, "UTF-16, little endian");
    expect_refusal(utf16_of(text, 1, 1), subject, "UTF-16, big endian");
    expect_refusal(utf16_of(text, 0, 0), subject, "UTF-16 without mark");
    expect_refusal(utf16_of(text, 1, 0), subject, "UTF-16, big endian, without mark");
}

static void wrap(bytes_t bytes, int is_text, const char *subject)
{
    bytes_t base64 = base64_of(bytes, 0, 0);

    expect_refusal(bytes, subject, "as it is");
    expect_refusal(join("", bytes, "\n"), subject, "a line's end");
    expect_refusal(join("", bytes, "\r\n"), subject, "CR LF");
    expect_refusal(join("", bytes, " \n\n"), subject, "blanks behind");
    expect_refusal(base64, subject, "base64");
    expect_refusal(base64_of(bytes, 0, 64), subject, "base64 in lines");
    expect_refusal(base64_of(bytes, 1, 0), subject, "base64url");
    expect_refusal(base64_of(base64, 0, 0), subject, "base64 in base64");
    expect_refusal(hex_of(bytes, "0123456789abcdef"), subject, "hexadecimal");
    expect_refusal(hex_of(bytes, "0123456789ABCDEF"), subject, "HEXADECIMAL");
    expect_refusal(pairs_text(apr_pstrcat(pool, "{\"kty\":\"oct\",\"k\":\"",
                                          base64url_encode(bytes.data, bytes.len, pool),
                                          "\"}", NULL)),
                   subject, "k of a JWK");
    wrap_text(base64, subject);
    if (is_text) {
        wrap_text(bytes, subject);
    }
}

static void wrap_pair(EVP_PKEY *pkey, const char *name)
{
    apr_size_t form;

    for (form = 0; form < COUNT(pairs_forms); form++) {
        bytes_t pem = pairs_pem(pkey, (int)form, pool);

        if (pem.data) {
            const char *subject =
                apr_pstrcat(pool, name, " ", pairs_forms[form].name, NULL);

            wrap(pem, 1, name_of(subject, "PEM"));
            wrap(pairs_der(pkey, (int)form, pool), 0, name_of(subject, "DER"));
        }
    }
}

static void test_disguises(void)
{
    const struct {
        const char *name;
        EVP_PKEY *pkey;
    } rows[] = {{"RSA", rsa},      {"P-256", ec},   {"P-384", p384}, {"P-521", p521},
                {"secp256k1", k1}, {"Ed25519", ed}, {"Ed448", ed448}};
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        wrap_pair(rows[i].pkey, rows[i].name);
        if (rows[i].pkey != k1) {
            wrap(pairs_text(
                     apr_pstrcat(pool, pairs_jwk(rows[i].pkey, 0, "", pool), " ", NULL)),
                 1, name_of(rows[i].name, "public JWK"));
        }
    }
    is_int(uncovered, 0,
           apr_psprintf(pool, "no key passes as secret: %d tried", wrapped));
}

static void test_other_disguises(void)
{
    static const char *const rows[] = {
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVKcNtf2JfGHbMHOiT6VNBBpJIxMZpL site",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 site@example",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB",
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t",
        "AAAAC3NzaC1lZDI1NTE5AAAAIHVKcNtf2JfGHbMHOiT6VNBBpJIxMZpL",
        "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDP8hI6J",
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQABAAAB\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ1ZJ0xYJKwYBBAHaRw8B\n",
        "{\"alg\":\"HS256\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\"}",
        "\xef\xbb\xbf{\"kty\":\"RSA\",\"e\":\"AQAB\",\"kid\":\"Schl\xc3\xbcssel\"}",
        "[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\"}]",
        "{ \"secret\" : \"AyM1SysPpbyDfgZld3umj1qzKObwVMko\" }",
        "[\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoAyM1SysPpbyDfgZl\"]",
        "key = -----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ok(refusal(NULL, "HS256", pairs_text(rows[i])) != NULL,
           name_of("no secret", rows[i]));
    }
}

/* A public key whose DER ends with the byte that is also a line's end: the file's last
 * byte is then no line's end, and what would be left of the key is known as well. */
static void test_der_with_line_end(void)
{
    unsigned char der[44] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

    memset(der + 12, 0x5a, 32);
    der[43] = '\n';
    refuses(NULL, "HS256", (bytes_t){der, 44}, "no secret",
            "DER ending with a line's end");
}

/* xorshift32: the same numbers everywhere. */
static apr_uint32_t state = 2463534242u;

static unsigned char a_byte(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (unsigned char)(state >> 11);
}

static bytes_t random_bytes(void)
{
    unsigned char *out = apr_palloc(brief, 97);
    apr_size_t i, len = 32 + a_byte() % 65;

    for (i = 0; i < len; i++) {
        out[i] = a_byte();
    }
    out[len] = '\0';
    return (bytes_t){out, len};
}

static bytes_t printable(bytes_t bytes, const char *alphabet)
{
    unsigned char *out = apr_palloc(brief, bytes.len + 1);
    apr_size_t i;

    for (i = 0; i < bytes.len; i++) {
        out[i] = (unsigned char)alphabet[bytes.data[i] % strlen(alphabet)];
    }
    out[bytes.len] = '\0';
    return (bytes_t){out, bytes.len};
}

/* What `tr -dc '[:graph:]'` and Django's get_random_secret_key() leave. */
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define PASSWORD LETTERS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
#define DJANGO   "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"
#define SECRETS  3000

static void test_random_secrets(void)
{
    apr_pool_t *outer = pool;
    int i, refused = 0, tried = 0;

    pool = brief; /* for what base64_of() and the others make */
    for (i = 0; i < SECRETS; i++) {
        bytes_t raw = random_bytes();
        bytes_t rows[] = {raw,
                          join("", raw, "\n"),
                          base64_of(raw, 0, 0),
                          base64_of(raw, 0, 64),
                          base64_of(raw, 1, 0),
                          hex_of(raw, "0123456789abcdef"),
                          base64_of(base64_of(raw, 0, 0), 0, 0),
                          printable(raw, LETTERS),
                          printable(raw, PASSWORD),
                          printable(raw, DJANGO)};
        apr_size_t k;

        for (k = 0; k < COUNT(rows); k++) {
            tried++;
            if (disguise_find(rows[k], brief) ||
                (i % 20 == 0 &&
                 !keys_load(NULL, "HS256", rows[k].data, rows[k].len, NULL, brief))) {
                refused++;
                fprintf(stderr, "# refused: secret %d in form %d\n", i, (int)k);
            }
        }
        apr_pool_clear(brief);
    }
    pool = outer;
    is_int(refused, 0, apr_psprintf(pool, "none of %d random secrets is refused", tried));
}

/* --- Rings ------------------------------------------------------------------------- */

static jwk_ring_t *ring_of_four(void)
{
    jwk_ring_t *ring = apr_array_make(pool, 4, sizeof(const jwk_t *));

    APR_ARRAY_PUSH(ring, const jwk_t *) = load("a", "ES256", pairs_pem(ec, PKCS8, pool));
    APR_ARRAY_PUSH(ring, const jwk_t *) =
        load("s", "HS256", pairs_text("0123456789abcdef0123456789abcdef"));
    APR_ARRAY_PUSH(ring, const jwk_t *) = load(NULL, "RS256", pairs_pem(rsa, SPKI, pool));
    APR_ARRAY_PUSH(ring, const jwk_t *) = load(NULL, "EdDSA", pairs_pem(ed, PKCS8, pool));
    return ring;
}

static const char *selected(const jwk_ring_t *ring, const char *first, const char *second,
                            int count)
{
    apr_array_header_t *kids = apr_array_make(pool, 2, sizeof(const char *));
    const jwk_ring_t *found;
    const char *names = "";
    int i;

    if (count > 0) {
        APR_ARRAY_PUSH(kids, const char *) = first;
    }
    if (count > 1) {
        APR_ARRAY_PUSH(kids, const char *) = second;
    }
    found = jwk_select(ring, kids, pool);
    for (i = 0; i < found->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(found, i, const jwk_t *);

        names = apr_pstrcat(pool, names, jwk->key.alg->name, " ", NULL);
    }
    return names;
}

static void test_select(void)
{
    const jwk_ring_t *ring = ring_of_four();

    is_str(selected(ring, "a", NULL, 1), "ES256 ", "one kid");
    is_str(selected(ring, "s", "a", 2), "ES256 HS256 ", "two kids, in the ring's order");
    is_str(selected(ring, NULL, NULL, 1), "RS256 EdDSA ", "all keys without kid");
    is_str(selected(ring, NULL, "s", 2), "HS256 RS256 EdDSA ", "both kinds");
    is_str(selected(ring, "a", "a", 2), "ES256 ", "no key twice");
    is_str(selected(ring, "b", "", 2), "", "unknown kids");
    is_str(selected(ring, NULL, NULL, 0), "", "no kids");
}

static void test_same(void)
{
    const jwk_t *pem = load("a", "ES256", pairs_pem(ec, PKCS8, pool));
    const jwk_t *jwk = load("a", "ES256", pairs_text(pairs_jwk(ec, 0, "", pool)));

    ok(jwk_is_same(pem, jwk), "private PEM and public JWK are the same key");
    ok(!jwk_is_same(pem, load("b", "ES256", pairs_pem(ec, PKCS8, pool))), "another kid");
    ok(!jwk_is_same(pem, load("a", "ES256", pairs_pem(ec2, PKCS8, pool))), "another key");
    ok(!jwk_is_same(load("a", "RS256", pairs_pem(rsa, PKCS8, pool)),
                    load("a", "PS256", pairs_pem(rsa, PKCS8, pool))),
       "another algorithm");
}

/* Only these members are ever shown. */
static int is_public(const json_t *key)
{
    static const char shown[] = " kty crv x y n e alg use kid ";
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(apr_uintptr_t)key, name, value)
    {
        if (!json_is_string(value) ||
            !strstr(shown, apr_pstrcat(pool, " ", name, " ", NULL))) {
            return 0;
        }
    }
    return json_object_get(key, "kid") && json_object_get(key, "alg") &&
           strcmp(json_string_value(json_object_get(key, "kty")), "oct") != 0;
}

static void test_public_set(void)
{
    const jwk_ring_t *ring = ring_of_four();
    const char *text = jwk_public_set(ring, pool);
    json_t *set = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *keys = json_object_get(set, "keys");
    const jwk_t *jwk = APR_ARRAY_IDX(ring, 0, const jwk_t *);
    const char *token = jws_sign(jwk, "{}", 2, pool), *why;
    bytes_t payload;
    size_t i;

    is_int((long long)json_array_size(keys), 3, "a public set has no secrets");
    for (i = 0; i < json_array_size(keys); i++) {
        ok(is_public(json_array_get(keys, i)), "and of each key the public half");
    }
    for (i = 0; i < 4; i++) {
        const jwk_t *key = APR_ARRAY_IDX(ring, (int)i, const jwk_t *);

        if (key->public_json) {
            jwk = load(JWK_OWN_KID, key->key.alg->name, pairs_text(key->public_json));
            ok(jwk && !jwk->can_sign && !strcmp(jwk->fingerprint, key->fingerprint) &&
                   (!key->kid || !strcmp(jwk->kid, key->kid)),
               name_of(key->key.alg->name, "a public JWK of ours is a key for us"));
        }
    }
    jwk = load("a", "ES256",
               pairs_text(APR_ARRAY_IDX(ring, 0, const jwk_t *)->public_json));
    ok(jwk && jws_verify(&payload, NULL, token, strlen(token), keys_ring(jwk, NULL, pool),
                         NULL, &why, pool) == JWS_GOOD,
       "which verifies what the private one signed");
    is_str(jwk_public_set(keys_ring(NULL, NULL, pool), pool), "{\"keys\":[]}",
           "a ring without keys");
    json_decref(set);
}

/* A key that may not sign does not, whatever it has. */
static void test_verify_only(void)
{
    jwk_ring_t *ring = apr_array_make(pool, 2, sizeof(const jwk_t *));
    const char *secret = "0123456789abcdef0123456789abcdef";

    ok(!jwk_load(ring, "a", jwa_find("ES256"), pairs_pem(ec, PKCS8, pool), 0, pool) &&
           !jwk_load(ring, "s", jwa_find("HS256"), pairs_text(secret), 0, pool),
       "keys that only verify");
    ok(!jwk_find_signing(ring), "none of them signs");
    ok(!jws_sign(APR_ARRAY_IDX(ring, 0, const jwk_t *), "{}", 2, pool),
       "and the private half is not even there");
}

/* --- Damaged keys ------------------------------------------------------------------ */

static apr_size_t damage(unsigned char *text, apr_size_t len)
{
    apr_size_t at = (apr_size_t)(a_byte() << 8 | a_byte()) % len;

    switch (a_byte() % 4) {
    case 0:
        text[at] ^= (unsigned char)(1 << a_byte() % 8);
        return len;
    case 1:
        text[at] = a_byte();
        return len;
    case 2:
        memmove(text + at, text + at + 1, len - at - 1);
        return len - 1;
    default:
        return at;
    }
}

/* Whatever it reads, what is taken signs what itself takes. */
static void test_damaged(const char *alg, bytes_t contents, int rounds, const char *name)
{
    int i, wrong = 0, refused = 0;

    for (i = 0; i < rounds; i++) {
        unsigned char *text = apr_pmemdup(brief, contents.data, contents.len + 1);
        apr_size_t len = damage(text, contents.len);
        const jwk_t *jwk;

        text[len] = '\0';
        jwk = keys_load(NULL, alg, text, len, NULL, brief);
        refused += !jwk;
        if (jwk && jwk->can_sign) {
            const char *token = jws_sign(jwk, "{}", 2, brief), *why;
            bytes_t payload;

            wrong += !token || jws_verify(&payload, NULL, token, strlen(token),
                                          keys_ring(jwk, NULL, brief), NULL, &why,
                                          brief) != JWS_GOOD;
        }
        apr_pool_clear(brief);
    }
    ok(wrong == 0 && refused > rounds / 4, name_of("damaged", name));
}

static void test_damages(void)
{
    test_damaged("ES256", pairs_pem(ec, PKCS8, pool), 600, "PKCS #8 of EC");
    test_damaged("ES256", pairs_pem(ec, CERTIFICATE, pool), 300, "X.509");
    test_damaged("ES256", pairs_text(pairs_jwk(ec, 1, "", pool)), 600, "JWK of EC");
    test_damaged("EdDSA", pairs_pem(ed, PKCS8, pool), 600, "PKCS #8 of Ed25519");
    test_damaged("EdDSA", pairs_text(pairs_jwk(ed, 1, "", pool)), 600, "JWK of Ed25519");
    test_damaged("RS256", pairs_text(pairs_jwk(rsa, 1, "", pool)), 100, "JWK of RSA");
    test_damaged("RS256", pairs_pem(rsa, TRADITIONAL, pool), 100, "PKCS #1");
    test_damaged("HS256", pairs_text(OCT(",\"kid\":\"a\"")), 600, "JWK of a secret");
}

static void make_keys(void)
{
    rsa = pairs_make("RSA", NULL, 2048);
    rsa2 = pairs_make("RSA", NULL, 2048);
    ec = pairs_make("EC", "P-256", 0);
    ec2 = pairs_make("EC", "P-256", 0);
    p384 = pairs_make("EC", "P-384", 0);
    p521 = pairs_make("EC", "P-521", 0);
    k1 = pairs_make("EC", "secp256k1", 0);
    ed = pairs_make("ED25519", NULL, 0);
    ed2 = pairs_make("ED25519", NULL, 0);
    ed448 = pairs_make("ED448", NULL, 0);
    x25519 = pairs_make("X25519", NULL, 0);
}

static void free_keys(void)
{
    EVP_PKEY *all[] = {rsa, rsa2, ec, ec2, p384, p521, k1, ed, ed2, ed448, x25519};
    apr_size_t i;

    for (i = 0; i < COUNT(all); i++) {
        EVP_PKEY_free(all[i]);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&brief, pool);
    make_keys();
    test_pem_forms();
    test_pem_refusals();
    test_rsa_strength();
    test_kinds();
    test_ec_members();
    test_okp_members();
    test_small_order();
    test_rsa_members();
    test_common_members();
    test_what_key_ops_say();
    test_json_texts();
    test_kids();
    test_sets();
    test_oct();
    test_disguises();
    test_other_disguises();
    test_der_with_line_end();
    test_random_secrets();
    test_select();
    test_same();
    test_public_set();
    test_verify_only();
    test_damages();
    free_keys();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
