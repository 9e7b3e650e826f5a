/* A token that a connection was let in with: what is spared, and that nothing else is. */
#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "jose/jws.h"
#include "jose/proven.h"
#include "keys.h"
#include "tap.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static apr_pool_t *pool;
static const jwa_t *real;
static int computed;

static apr_status_t count(const unsigned char *signature, const jwa_key_t *key,
                          const void *data, apr_size_t len)
{
    computed++;
    return real->verify(signature, key, data, len);
}

static apr_status_t fail(const unsigned char *signature, const jwa_key_t *key,
                         const void *data, apr_size_t len)
{
    (void)signature, (void)key, (void)data, (void)len;
    return APR_EGENERAL;
}

/* The key of a secret, whose checks are done, and counted, by another function. */
static jwk_t *watched(const char *secret,
                      apr_status_t (*verify)(const unsigned char *, const jwa_key_t *,
                                             const void *, apr_size_t))
{
    const jwk_t *jwk = keys_load("k", "HS256", secret, strlen(secret), NULL, pool);
    jwk_t *copy = apr_pmemdup(pool, jwk, sizeof *jwk);
    jwa_t *alg = apr_pmemdup(pool, real, sizeof *real);

    alg->verify = verify;
    copy->key.alg = alg;
    return copy;
}

static jws_result_t verify(const char *token, apr_size_t len, const jwk_t *jwk,
                           proven_t *proven)
{
    const char *why;
    bytes_t payload;

    computed = 0;
    return jws_verify(&payload, NULL, token, len, keys_ring(jwk, NULL, pool), proven,
                      &why, pool);
}

static const char *token_of(const jwk_t *jwk, apr_size_t payload_len)
{
    char *payload = apr_palloc(pool, payload_len);

    memset(payload, 'x', payload_len);
    return jws_sign(jwk, payload, payload_len, pool);
}

static void test_spared(const jwk_t *jwk)
{
    proven_t *proven = proven_make(pool);
    const char *one = token_of(jwk, 90), *two = token_of(jwk, 60);
    apr_size_t len = strlen(one);

    ok(verify(one, len, jwk, proven) == JWS_GOOD && computed == 1,
       "the first one is computed");
    ok(verify(apr_pstrdup(pool, one), len, jwk, proven) == JWS_GOOD && computed == 0,
       "the same one, wherever it stands, is not");
    ok(verify(one, len, jwk, NULL) == JWS_GOOD && computed == 1,
       "where nothing is kept it is");
    ok(verify(two, strlen(two), jwk, proven) == JWS_GOOD && computed == 1,
       "nor is another one spared");
    ok(verify(one, len, jwk, proven) == JWS_GOOD && computed == 1,
       "which takes its place");
}

/* Bytes of another key's, of another row of the same secret's, and of a key that is on
 * the ring no longer. */
static void test_keys(const jwk_t *jwk)
{
    const jwk_t *same = watched(SECRET, count);
    const jwk_t *other = watched("another secret of 32 bytes, no more", count);
    proven_t *proven = proven_make(pool);
    const char *token = token_of(jwk, 90);
    apr_size_t len = strlen(token);

    verify(token, len, jwk, proven);
    ok(verify(token, len, other, proven) == JWS_BAD_SIGNATURE && computed == 1,
       "a key of the same kid, and of other bytes, refuses it");
    ok(verify(token, len, same, proven) == JWS_GOOD && computed == 1,
       "a key of the same bytes computes it");
    ok(verify(token, len, NULL, proven) == JWS_UNKNOWN_KEY && computed == 0,
       "where its key is gone nobody takes it");
}

/* Each byte of it changed, in each way that leaves one bit other; and each shorter one.
 */
static void test_changed(const jwk_t *jwk)
{
    proven_t *proven = proven_make(pool);
    const char *token = token_of(jwk, 20);
    apr_size_t i, len = strlen(token);
    int bit, good = 0;

    for (i = 0; i < len; i++) {
        for (bit = 0; bit < 8; bit++) {
            char *copy = apr_pstrdup(pool, token);

            verify(token, len, jwk, proven);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            good += verify(copy, len, jwk, proven) == JWS_GOOD;
        }
        verify(token, len, jwk, proven);
        good += verify(token, i, jwk, proven) == JWS_GOOD;
    }
    is_int(good, 0, "no changed one passes");
    verify(token, len, jwk, proven);
    ok(verify(apr_pstrcat(pool, token, "A", NULL), len + 1, jwk, proven) != JWS_GOOD,
       "nor a longer one");
    ok(verify(token, len, jwk, proven) == JWS_GOOD && computed == 0,
       "and bad ones take nobody's place");
}

static void test_failing(const jwk_t *jwk)
{
    const jwk_t *failing = watched(SECRET, fail);
    proven_t *proven = proven_make(pool);
    const char *token = token_of(jwk, 90);

    ok(verify(token, strlen(token), failing, proven) == JWS_FAILED &&
           verify(token, strlen(token), failing, proven) == JWS_FAILED,
       "what could not be computed is not kept");
}

/* Growing and shrinking tokens, on one connection. */
static void test_lengths(const jwk_t *jwk)
{
    static const apr_size_t lengths[] = {10, 100, 150, 1000, 20, 2900, 3100, 9000, 30};
    proven_t *proven = proven_make(pool);
    apr_size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const char *token = token_of(jwk, lengths[i]);
        apr_size_t len = strlen(token);
        int first, again;

        first = verify(token, len, jwk, proven) == JWS_GOOD ? computed : -1;
        again = verify(token, len, jwk, proven) == JWS_GOOD ? computed : -1;
        ok(first == 1 && again == (len > PROVEN_MAX),
           apr_psprintf(pool, "%d bytes: computed %s", (int)len,
                        len > PROVEN_MAX ? "each time" : "once"));
    }
}

int main(void)
{
    const jwk_t *jwk;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    real = jwa_find("HS256");
    jwk = watched(SECRET, count);
    test_spared(jwk);
    test_keys(jwk);
    test_changed(jwk);
    test_failing(jwk);
    test_lengths(jwk);
    apr_terminate();
    return done_testing();
}
