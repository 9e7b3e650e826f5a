#include "jose/pkey.h"

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "jose/edwards.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define MIN_RSA_BITS 2048
#define MAX_RSA_BITS (JWA_MAX_SIGNATURE * 8)

/* OpenSSL verifies with no larger one, by moduli beyond 3072 bits. */
#define MAX_EXPONENT_BITS 64

/* RFC 7518 section 6.2.1.1, RFC 8037 section 2. */
typedef struct {
    const char *crv, *kty;
    const char *name;          /* OpenSSL's, of the group or of the key type */
    apr_size_t coordinate_len; /* bytes of each member x, y and d */
    apr_size_t signature_len;  /* bytes */
    const char *alg;           /* that takes its keys */
} curve_t;

static const curve_t curves[] = {
    {"P-256", "EC", "prime256v1", 32, 64, "ES256"},
    {"P-384", "EC", "secp384r1", 48, 96, "ES384"},
    {"P-521", "EC", "secp521r1", 66, 132, "ES512"},
    {"Ed25519", "OKP", "ED25519", 32, 64, "EdDSA"},
    {"Ed448", "OKP", "ED448", 57, 114, "EdDSA"},
};

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

void pkey_keep(jwa_material_t *out, EVP_PKEY *pkey, int is_private, apr_pool_t *p)
{
    apr_pool_cleanup_register(p, pkey, free_pkey, apr_pool_cleanup_null);
    out->pkey = pkey;
    out->is_private = is_private;
}

/* --- What a key is ----------------------------------------------------------------- */

static const curve_t *curve_of(const EVP_PKEY *pkey)
{
    char group[64] = "";
    apr_size_t i;

    EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
    ERR_clear_error();
    for (i = 0; i < COUNT(curves); i++) {
        if (EVP_PKEY_is_a(pkey, curves[i].name) ||
            (EVP_PKEY_is_a(pkey, "EC") && !strcmp(group, curves[i].name))) {
            return &curves[i];
        }
    }
    return NULL;
}

apr_size_t pkey_signature_len(EVP_PKEY *pkey)
{
    const curve_t *curve = curve_of(pkey);

    if (curve) {
        return curve->signature_len;
    }
    return EVP_PKEY_is_a(pkey, "RSA") ? (apr_size_t)EVP_PKEY_get_size(pkey) : 0;
}

static const char *describe(const EVP_PKEY *pkey, const curve_t *curve, apr_pool_t *p)
{
    const char *type = EVP_PKEY_get0_type_name(pkey);

    return EVP_PKEY_is_a(pkey, "RSA") ? "an RSA key"
           : curve ? apr_psprintf(p, "a key on the curve %s", curve->crv)
                   : apr_psprintf(p, "a key of another kind (%s)", type ? type : "?");
}

/* What to do when it is not of the algorithm that the line names. */
static const char *cure(const EVP_PKEY *pkey, const jwa_t *alg, apr_pool_t *p)
{
    const curve_t *curve = curve_of(pkey);
    const char *own = curve ? curve->alg : EVP_PKEY_is_a(pkey, "RSA") ? "RS256" : NULL;

    return own ? apr_psprintf(p, "write %s, or name another key", own)
               : apr_psprintf(p, "make one (%s)", jwa_command(alg, p));
}

/* --- Whether a key is good --------------------------------------------------------- */

/* Whether a remainder is a power of 65537, as every one of a faulty modulus is. */
static int is_power(BN_ULONG remainder, BN_ULONG prime)
{
    BN_ULONG power = 1;

    do {
        if (power == remainder) {
            return 1;
        }
        power = power * 65537 % prime;
    } while (power != 1);
    return 0;
}

/* Infineon's library made primes of the form k * M + (65537^a mod M), whose product can
 * be factored: Nemec and others, "The Return of Coppersmith's Attack", section 5. A good
 * modulus passes for such a one once in 2^27 keys or less. */
static int is_roca(const BIGNUM *n)
{
    static const BN_ULONG primes[] = {
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
        47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
        107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    };
    apr_size_t i;

    for (i = 0; i < COUNT(primes); i++) {
        if (!is_power(BN_mod_word(n, primes[i]), primes[i])) {
            return 0;
        }
    }
    return 1;
}

static const char *check_rsa_numbers(const BIGNUM *n, const BIGNUM *e, apr_pool_t *p)
{
    int bits = BN_num_bits(n);

    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
        return apr_psprintf(p,
                            "it is an RSA key of %d bits; take one of %d to %d "
                            "(openssl genpkey -algorithm RSA -pkeyopt "
                            "rsa_keygen_bits:3072)",
                            bits, MIN_RSA_BITS, MAX_RSA_BITS);
    }
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > MAX_EXPONENT_BITS) {
        return "its RSA exponent is even, 1 or larger than 64 bits; make a new key";
    }
    if (!BN_is_odd(n) || is_roca(n)) {
        return "its RSA modulus can be factored; make a new key with OpenSSL";
    }
    return NULL;
}

static const char *check_rsa(const EVP_PKEY *pkey, apr_pool_t *p)
{
    BIGNUM *n = NULL, *e = NULL;
    const char *error = "OpenSSL cannot read its numbers";

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1) {
        error = check_rsa_numbers(n, e, p);
    }
    BN_free(n);
    BN_free(e);
    return error;
}

/* A curve of somebody's own making can have a generator that makes every key his
 * (CVE-2020-0601). */
static int has_own_curve(const EVP_PKEY *pkey)
{
    int is_explicit = 1;

    return EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &is_explicit) != 1 ||
           is_explicit;
}

static int passes_openssl(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    int good = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return good;
}

/* OpenSSL takes any bytes for a public key of these curves. */
static int is_good_edwards(const EVP_PKEY *pkey)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    size_t len = sizeof made;

    return EVP_PKEY_get_raw_public_key(pkey, made, &len) == 1 &&
           edwards_is_good((bytes_t){made, len});
}

static int is_of(const EVP_PKEY *pkey, const curve_t *curve, const jwa_t *alg)
{
    if (!curve) {
        return !strcmp(alg->kty, "RSA") && EVP_PKEY_is_a(pkey, "RSA");
    }
    return !strcmp(alg->kty, curve->kty) && (!alg->crv || !strcmp(alg->crv, curve->crv));
}

/* What the key is, is asked once: without memory OpenSSL can answer otherwise the next
 * time. */
static const char *check(EVP_PKEY *pkey, const jwa_t *alg, apr_pool_t *p)
{
    const curve_t *curve = curve_of(pkey);
    const char *error = NULL;

    if (!is_of(pkey, curve, alg)) {
        return apr_psprintf(p, "it is %s, and %s needs %s; %s", describe(pkey, curve, p),
                            alg->name,
                            alg->crv ? apr_pstrcat(p, "one on ", alg->crv, NULL)
                            : !strcmp(alg->kty, "RSA") ? "an RSA key"
                                                       : "one on Ed25519 or Ed448",
                            cure(pkey, alg, p));
    }
    if (!curve) {
        error = check_rsa(pkey, p);
    } else if (!strcmp(curve->kty, "EC") && has_own_curve(pkey)) {
        error = "its curve is written out in numbers; take a key that names it";
    } else if (!strcmp(curve->kty, "OKP") && !is_good_edwards(pkey)) {
        error = "its x is no point on the curve, or one of those few for which "
                "everybody can sign; make a new one";
    }
    if (!error && !passes_openssl(pkey)) {
        error = "it is no valid public key, OpenSSL says; make a new one";
    }
    return error;
}

const char *pkey_check(const jwa_material_t *material, const jwa_t *alg, apr_pool_t *p)
{
    const char *error = check(material->pkey, alg, p);

    ERR_clear_error();
    return error;
}

/* --- JWK --------------------------------------------------------------------------- */

/* A member with bytes. An empty one is none. */
static const char *get_bytes(bytes_t *out, const json_t *jwk, const char *name,
                             apr_pool_t *p)
{
    const json_t *member = json_object_get(jwk, name);
    const char *text = json_string_value(member);

    if (!text || !*text ||
        base64url_decode(out, text, json_string_length(member), p) != APR_SUCCESS) {
        return apr_psprintf(p, "its member '%s' is missing or no base64url", name);
    }
    return NULL;
}

/* What was decoded of a private member. */
static void wipe(bytes_t bytes)
{
    OPENSSL_cleanse((void *)(apr_uintptr_t)bytes.data, bytes.len);
}

/* The members of an RSA key (RFC 7518 section 6.3); the public ones are the first. */
static const struct {
    const char *member, *name;
} rsa_members[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

#define RSA_MEMBERS        COUNT(rsa_members)
#define RSA_PUBLIC_MEMBERS 2

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *from, int is_private)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(from);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    return pkey;
}

static const char *push_rsa_members(OSSL_PARAM_BLD *to, BIGNUM **numbers,
                                    const json_t *jwk, apr_size_t count, apr_pool_t *p)
{
    const char *error;
    bytes_t bytes;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        error = get_bytes(&bytes, jwk, rsa_members[i].member, p);
        if (error) {
            return error;
        }
        numbers[i] = BN_bin2bn(bytes.data, (int)bytes.len, NULL);
        wipe(bytes);
        if (!to || !numbers[i] ||
            !OSSL_PARAM_BLD_push_BN(to, rsa_members[i].name, numbers[i])) {
            return "OpenSSL cannot take its numbers";
        }
    }
    return NULL;
}

static const char *rsa_from_jwk(jwa_material_t *out, const json_t *jwk, apr_pool_t *p)
{
    int is_private = json_object_get(jwk, "d") != NULL;
    OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[RSA_MEMBERS] = {NULL};
    EVP_PKEY *pkey = NULL;
    const char *error;
    apr_size_t i;

    if (json_object_get(jwk, "oth")) {
        error = "it has more than two primes (oth), which is not supported";
    } else {
        error = push_rsa_members(params, numbers, jwk,
                                 is_private ? RSA_MEMBERS : RSA_PUBLIC_MEMBERS, p);
    }
    if (!error) {
        pkey = build("RSA", params, is_private);
    }
    OSSL_PARAM_BLD_free(params);
    for (i = 0; i < RSA_MEMBERS; i++) {
        BN_clear_free(numbers[i]);
    }
    if (pkey) {
        pkey_keep(out, pkey, is_private, p);
    }
    return error || pkey ? error : "its RSA members are no key, OpenSSL says";
}

/* RFC 7518 section 6.2.1.2: as many bytes as the curve's field has. */
static const char *get_coordinate(bytes_t *out, const json_t *jwk, const char *name,
                                  const curve_t *curve, apr_pool_t *p)
{
    const char *error = get_bytes(out, jwk, name, p);

    if (!error && out->len != curve->coordinate_len) {
        error = apr_psprintf(p,
                             "its member '%s' has %" APR_SIZE_T_FMT
                             " bytes, on %s there are %" APR_SIZE_T_FMT,
                             name, out->len, curve->crv, curve->coordinate_len);
    }
    return error;
}

static EVP_PKEY *build_ec(const curve_t *curve, bytes_t x, bytes_t y, const bytes_t *d,
                          apr_pool_t *p)
{
    OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
    BIGNUM *number = d ? BN_bin2bn(d->data, (int)d->len, NULL) : NULL;
    unsigned char *point = apr_palloc(p, 1 + x.len + y.len);
    EVP_PKEY *pkey = NULL;

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);
    if (params &&
        OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME, curve->name,
                                        0) &&
        OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + x.len + y.len) &&
        (!d ||
         (number && OSSL_PARAM_BLD_push_BN(params, OSSL_PKEY_PARAM_PRIV_KEY, number)))) {
        pkey = build("EC", params, d != NULL);
    }
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(params);
    return pkey;
}

static const char *ec_from_jwk(jwa_material_t *out, const json_t *jwk,
                               const curve_t *curve, apr_pool_t *p)
{
    int is_private = json_object_get(jwk, "d") != NULL;
    bytes_t x, y, d = {NULL, 0};
    const char *error;
    EVP_PKEY *pkey;

    if ((error = get_coordinate(&x, jwk, "x", curve, p)) ||
        (error = get_coordinate(&y, jwk, "y", curve, p)) ||
        (is_private && (error = get_coordinate(&d, jwk, "d", curve, p)))) {
        return error;
    }
    pkey = build_ec(curve, x, y, is_private ? &d : NULL, p);
    wipe(d);
    if (!pkey) {
        return "its x and y are no point on the curve, or its d is out of range";
    }
    pkey_keep(out, pkey, is_private, p);
    return NULL;
}

static int has_public_half(EVP_PKEY *pkey, bytes_t x)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    size_t len = sizeof made;

    return EVP_PKEY_get_raw_public_key(pkey, made, &len) == 1 && len == x.len &&
           memcmp(made, x.data, len) == 0; /* public bytes */
}

static const char *okp_from_jwk(jwa_material_t *out, const json_t *jwk,
                                const curve_t *curve, apr_pool_t *p)
{
    int is_private = json_object_get(jwk, "d") != NULL;
    const char *error;
    EVP_PKEY *pkey;
    bytes_t x, d = {NULL, 0};

    if ((error = get_coordinate(&x, jwk, "x", curve, p)) ||
        (is_private && (error = get_coordinate(&d, jwk, "d", curve, p)))) {
        return error;
    }
    pkey = is_private
               ? EVP_PKEY_new_raw_private_key_ex(NULL, curve->name, NULL, d.data, d.len)
               : EVP_PKEY_new_raw_public_key_ex(NULL, curve->name, NULL, x.data, x.len);
    wipe(d);
    ERR_clear_error();
    if (!pkey) {
        return "OpenSSL cannot take its x or d";
    }
    if (is_private && !has_public_half(pkey, x)) {
        EVP_PKEY_free(pkey);
        return "its d does not belong to its x";
    }
    pkey_keep(out, pkey, is_private, p);
    return NULL;
}

static const curve_t *find_curve(const char *kty, const char *crv)
{
    apr_size_t i;

    for (i = 0; crv && i < COUNT(curves); i++) {
        if (!strcmp(curves[i].kty, kty) && !strcmp(curves[i].crv, crv)) {
            return &curves[i];
        }
    }
    return NULL;
}

/* Members that only a private or another key has, beside no "d": somebody's mistake. */
static const char *find_stray_member(const json_t *jwk)
{
    static const char *const names[] = {"p", "q", "dp", "dq", "qi", "oth"};
    apr_size_t i;

    for (i = 0; i < COUNT(names) && !json_object_get(jwk, "d"); i++) {
        if (json_object_get(jwk, names[i])) {
            return names[i];
        }
    }
    return json_object_get(jwk, "k") ? "k" : NULL;
}

const char *pkey_from_jwk(jwa_material_t *out, const json_t *jwk, apr_pool_t *p)
{
    const char *kty = json_string_value(json_object_get(jwk, "kty"));
    const char *stray = find_stray_member(jwk);
    const curve_t *curve;

    if (stray) {
        return apr_psprintf(p, "its member '%s' does not belong there", stray);
    }
    if (strcmp(kty, "RSA") == 0) {
        return rsa_from_jwk(out, jwk, p);
    }
    curve = find_curve(kty, json_string_value(json_object_get(jwk, "crv")));
    if (!curve) {
        return "its kty and crv are none of RSA, EC with P-256, P-384 or P-521, and OKP "
               "with Ed25519 or Ed448";
    }
    return strcmp(kty, "EC") == 0 ? ec_from_jwk(out, jwk, curve, p)
                                  : okp_from_jwk(out, jwk, curve, p);
}

/* --- Public JWK -------------------------------------------------------------------- */

/* A number in as many bytes as asked for, or in as few as it has (0). */
static const char *number_text(const EVP_PKEY *pkey, const char *name, apr_size_t len,
                               apr_pool_t *p)
{
    const char *text = NULL;
    BIGNUM *number = NULL;
    unsigned char *bytes;

    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1) {
        len = len ? len : (apr_size_t)BN_num_bytes(number);
        bytes = apr_palloc(p, len);
        if (BN_bn2binpad(number, bytes, (int)len) == (int)len) {
            text = base64url_encode(bytes, len, p);
        }
    }
    BN_free(number);
    return text;
}

static const char *raw_text(const EVP_PKEY *pkey, apr_size_t len, apr_pool_t *p)
{
    unsigned char *bytes = apr_palloc(p, len);
    size_t size = len;

    return EVP_PKEY_get_raw_public_key(pkey, bytes, &size) == 1 && size == len
               ? base64url_encode(bytes, len, p)
               : NULL;
}

const char *pkey_public_json(EVP_PKEY *pkey, apr_pool_t *p)
{
    const curve_t *curve = curve_of(pkey);
    const char *first, *second;

    if (!curve) {
        first = number_text(pkey, OSSL_PKEY_PARAM_RSA_E, 0, p);
        second = number_text(pkey, OSSL_PKEY_PARAM_RSA_N, 0, p);
        return first && second ? apr_psprintf(p,
                                              "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":"
                                              "\"%s\"}",
                                              first, second)
                               : NULL;
    }
    if (strcmp(curve->kty, "OKP") == 0) {
        first = raw_text(pkey, curve->coordinate_len, p);
        return first ? apr_psprintf(p, "{\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"}",
                                    curve->crv, first)
                     : NULL;
    }
    first = number_text(pkey, OSSL_PKEY_PARAM_EC_PUB_X, curve->coordinate_len, p);
    second = number_text(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, curve->coordinate_len, p);
    return first && second
               ? apr_psprintf(p,
                              "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                              curve->crv, first, second)
               : NULL;
}
