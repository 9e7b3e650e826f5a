/* Contents of key files: what becomes a key works, gives nothing private away and can be
 * read again by others; what is refused leaves no trace. The input's first byte chooses
 * the algorithm, the second the key's name, the rest are the contents. */
#include <apr_errno.h>
#include <apr_strings.h>
#include <string.h>

#include "jose/jsontext.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "pool.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *const algs[] = {
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
    "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
};
static const char *const kids[] = {NULL, "k", JWK_OWN_KID, "a kid"};

static int has_private_member(const json_t *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        if (json_object_get(jwk, names[i])) {
            return 1;
        }
    }
    return 0;
}

static void check_public(const jwk_t *jwk, apr_pool_t *p)
{
    json_t *json;

    CHECK(!jwk->public_json == (jwk->key.alg->min_secret_len > 0));
    if (jwk->public_json) {
        CHECK(jsontext_parse(&json, jwk->public_json, strlen(jwk->public_json), 0, NULL,
                             p) == APR_SUCCESS);
        CHECK(json_object_get(json, "kid") && !has_private_member(json));
    } else {
        CHECK(jwk->is_secret);
    }
}

static void check_signing(const jwk_t *jwk, apr_pool_t *p)
{
    static const char payload[] = "{}";
    jwk_ring_t *ring = apr_array_make(p, 1, sizeof(const jwk_t *));
    const char *token = jws_sign(jwk, payload, strlen(payload), p), *why;
    bytes_t read;

    APR_ARRAY_PUSH(ring, const jwk_t *) = jwk;
    CHECK(token &&
          jws_verify(&read, NULL, token, strlen(token), ring, NULL, &why, p) == JWS_GOOD);
    CHECK(read.len == strlen(payload) && memcmp(read.data, payload, read.len) == 0);
}

static void check_key(const jwk_t *jwk, const jwk_ring_t *ring, const char *kid,
                      apr_pool_t *p)
{
    CHECK(jwk->fingerprint && jwk_is_same(jwk, jwk));
    CHECK(jwk->key.signature_len > 0 && jwk->key.signature_len <= JWA_MAX_SIGNATURE);
    CHECK(jwk_find(ring, jwk->kid) && (!jwk->kid || *jwk->kid));
    CHECK(kid == kids[2] || (kid ? strcmp(jwk->kid, kid) == 0 : !jwk->kid));
    check_public(jwk, p);
    if (jwk->can_sign) {
        CHECK(jwk->is_secret && jwk_find_signing(ring));
        check_signing(jwk, p);
    }
}

/* Whoever reads our JWK set has the keys that we have, for verifying only. */
static void check_set(const jwk_ring_t *ring, const jwa_t *alg, apr_pool_t *p)
{
    const char *text = jwk_public_set(ring, p);
    bytes_t set = {(const unsigned char *)text, strlen(text)};
    jwk_ring_t *others = apr_array_make(p, 1, sizeof(const jwk_t *));
    int i;

    if (alg->min_secret_len) {
        CHECK(strcmp(text, "{\"keys\":[]}") == 0);
        return;
    }
    CHECK(jwk_load(others, JWK_OWN_KID, alg, set, 1, p) == NULL);
    CHECK(others->nelts == ring->nelts && !jwk_find_signing(others));
    for (i = 0; i < ring->nelts; i++) {
        CHECK(strcmp(APR_ARRAY_IDX(ring, i, const jwk_t *)->fingerprint,
                     APR_ARRAY_IDX(others, i, const jwk_t *)->fingerprint) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    const jwa_t *alg = jwa_find(algs[size ? data[0] % COUNT(algs) : 0]);
    const char *kid = kids[size > 1 ? data[1] % COUNT(kids) : 0], *error;
    jwk_ring_t *ring = apr_array_make(p, 1, sizeof(const jwk_t *));
    size_t len = size > 2 ? size - 2 : 0;
    /* A bytes_t has a NUL behind it. */
    bytes_t contents = {
        (unsigned char *)apr_pstrmemdup(p, (const char *)data + size - len, len), len};
    int i;

    error = jwk_load(ring, kid, alg, contents, 1, p);
    CHECK(!error == (ring->nelts > 0));
    if (error) {
        CHECK(*error);
        for (; *error; error++) {
            CHECK(*error >= ' ' && *error < 0x7f);
        }
    } else {
        for (i = 0; i < ring->nelts; i++) {
            check_key(APR_ARRAY_IDX(ring, i, const jwk_t *), ring, kid, p);
        }
        check_set(ring, alg, p);
    }
    return pool_end();
}
