/* What is kept of a connection's last token: what that spares, and that nothing else is.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "jose/claims.h"
#include "jose/jws.h"
#include "jose/recent.h"
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
                           recent_t *recent)
{
    const char *why;
    bytes_t payload;

    computed = 0;
    return jws_verify(&payload, NULL, token, len, keys_ring(jwk, NULL, pool), recent,
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
    recent_t *recent = recent_make(pool);
    const char *one = token_of(jwk, 90), *two = token_of(jwk, 60);
    apr_size_t len = strlen(one);

    ok(verify(one, len, jwk, recent) == JWS_GOOD && computed == 1,
       "the first one is computed");
    ok(verify(apr_pstrdup(pool, one), len, jwk, recent) == JWS_GOOD && computed == 0,
       "the same one, wherever it stands, is not");
    ok(verify(one, len, jwk, NULL) == JWS_GOOD && computed == 1,
       "where nothing is kept it is");
    ok(verify(two, strlen(two), jwk, recent) == JWS_GOOD && computed == 1,
       "nor is another one spared");
    ok(verify(one, len, jwk, recent) == JWS_GOOD && computed == 1,
       "which takes its place");
}

/* Bytes of another key's, of another row of the same secret's, and of a key that is on
 * the ring no longer. */
static void test_keys(const jwk_t *jwk)
{
    const jwk_t *same = watched(SECRET, count);
    const jwk_t *other = watched("another secret of 32 bytes, no more", count);
    recent_t *recent = recent_make(pool);
    const char *token = token_of(jwk, 90);
    apr_size_t len = strlen(token);

    verify(token, len, jwk, recent);
    ok(verify(token, len, other, recent) == JWS_BAD_SIGNATURE && computed == 1,
       "a key of the same kid, and of other bytes, refuses it");
    ok(verify(token, len, same, recent) == JWS_GOOD && computed == 1,
       "a key of the same bytes computes it");
    ok(verify(token, len, NULL, recent) == JWS_UNKNOWN_KEY && computed == 0,
       "where its key is gone nobody takes it");
}

/* Each byte of it changed, in each way that leaves one bit other; and each shorter one.
 */
static void test_changed(const jwk_t *jwk)
{
    recent_t *recent = recent_make(pool);
    const char *token = token_of(jwk, 20);
    apr_size_t i, len = strlen(token);
    int bit, good = 0;

    for (i = 0; i < len; i++) {
        for (bit = 0; bit < 8; bit++) {
            char *copy = apr_pstrdup(pool, token);

            verify(token, len, jwk, recent);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            good += verify(copy, len, jwk, recent) == JWS_GOOD;
        }
        verify(token, len, jwk, recent);
        good += verify(token, i, jwk, recent) == JWS_GOOD;
    }
    is_int(good, 0, "no changed one passes");
    verify(token, len, jwk, recent);
    ok(verify(apr_pstrcat(pool, token, "A", NULL), len + 1, jwk, recent) != JWS_GOOD,
       "nor a longer one");
    ok(verify(token, len, jwk, recent) == JWS_GOOD && computed == 0,
       "and bad ones take nobody's place");
}

static void test_failing(const jwk_t *jwk)
{
    const jwk_t *failing = watched(SECRET, fail);
    recent_t *recent = recent_make(pool);
    const char *token = token_of(jwk, 90);

    ok(verify(token, strlen(token), failing, recent) == JWS_FAILED &&
           verify(token, strlen(token), failing, recent) == JWS_FAILED,
       "what could not be computed is not kept");
}

/* Growing and shrinking tokens, on one connection. */
static void test_lengths(const jwk_t *jwk)
{
    static const apr_size_t lengths[] = {10, 100, 150, 1000, 20, 2900, 3100, 9000, 30};
    recent_t *recent = recent_make(pool);
    apr_size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const char *token = token_of(jwk, lengths[i]);
        apr_size_t len = strlen(token);
        int first, again;

        first = verify(token, len, jwk, recent) == JWS_GOOD ? computed : -1;
        again = verify(token, len, jwk, recent) == JWS_GOOD ? computed : -1;
        ok(first == 1 && again == (len > RECENT_MAX),
           apr_psprintf(pool, "%d bytes: computed %s", (int)len,
                        len > RECENT_MAX ? "each time" : "once"));
    }
}

static const char *parse(claims_t *claims, const char *payload, recent_t *recent,
                         apr_pool_t *p)
{
    bytes_t bytes = {(const unsigned char *)apr_pstrdup(p, payload), strlen(payload)};

    return claims_parse(claims, bytes, &claims_usual_names, recent, p);
}

/* Trees of payloads that are not flat, some alike but for a byte. */
static void test_trees(void)
{
    static const char *const payloads[] = {
        "{\"roles\":[\"a\"],\"jti\":\"1\"}", "{\"roles\":[\"b\"],\"jti\":\"1\"}",
        "{\"roles\":[\"a\"],\"jti\":\"1\"} ", "{\"roles\":[\"a\"],\"jti\":\"22\"}",
        "{\"roles\":{\"a\":[1]},\"jti\":\"1\"}"};
    const int count = sizeof payloads / sizeof *payloads;
    recent_t *recent = recent_make(pool);
    claims_t first, again, fresh;
    int i, spared = 0, right = 0;

    for (i = 0; i < 3 * count; i++) {
        const char *payload = payloads[i * 2 % count];

        parse(&first, payload, recent, pool);
        parse(&again, payload, recent, pool);
        parse(&fresh, payload, NULL, pool);
        spared += first.members == again.members && first.members != fresh.members;
        right +=
            json_equal(again.members, fresh.members) && !strcmp(again.jti, fresh.jti);
    }
    is_int(spared, 3 * count, "the same payload is read once");
    is_int(right, 3 * count, "and each says what it says");
    ok(parse(&first, "{\"roles\":[],\"exp\":\"1\"}", recent, pool) &&
           parse(&first, "{\"roles\":[],\"exp\":\"1\"}", recent, pool),
       "what is refused is refused again");
    ok(parse(&first, "[[1]]", recent, pool) && parse(&first, "[[1]]", recent, pool) &&
           parse(&first, "{\"a\":[", recent, pool),
       "what is no object is none again");
}

/* One that is still in use when another takes its place, and when the connection ends. */
static void test_tree_in_use(void)
{
    apr_pool_t *connection, *request;
    claims_t claims, other;
    recent_t *recent;

    apr_pool_create(&connection, pool);
    apr_pool_create(&request, pool);
    recent = recent_make(connection);
    parse(&claims, "{\"roles\":[\"kept\"],\"jti\":\"1\"}", recent, connection);
    parse(&claims, "{\"roles\":[\"kept\"],\"jti\":\"1\"}", recent, request);
    parse(&other, "{\"roles\":[\"next\"],\"jti\":\"1\"}", recent, connection);
    apr_pool_destroy(connection);
    is_str(json_string_value(json_array_get(json_object_get(claims.members, "roles"), 0)),
           "kept", "a tree stays as long as a request has it");
    apr_pool_destroy(request);
}

static void test_long_tree(void)
{
    recent_t *recent = recent_make(pool);
    char *filler = apr_palloc(pool, RECENT_MAX + 1);
    claims_t first, again;
    const char *payload;

    memset(filler, 'x', RECENT_MAX);
    filler[RECENT_MAX] = '\0';
    payload = apr_pstrcat(pool, "{\"roles\":[\"", filler, "\"],\"jti\":\"1\"}", NULL);
    ok(!parse(&first, payload, recent, pool) && !parse(&again, payload, recent, pool) &&
           first.members != again.members,
       "a long one is read each time");
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
    test_trees();
    test_tree_in_use();
    test_long_tree();
    apr_terminate();
    return done_testing();
}
