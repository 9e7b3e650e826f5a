/* What is kept of a connection's last token: what that spares, and that nothing else is.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <malloc.h>
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

/* Read what a token says that this key signed. */
static const char *parse(claims_t *claims, const char *text, const jwk_t *jwk,
                         recent_t *recent, apr_pool_t *p)
{
    const char *token = jws_sign(jwk, text, strlen(text), p), *why;
    bytes_t payload;

    if (jws_verify(&payload, NULL, token, strlen(token), keys_ring(jwk, NULL, p), recent,
                   &why, p) != JWS_GOOD) {
        return why;
    }
    return claims_parse(claims, payload, &claims_usual_names, recent, p);
}

/* Payloads, flat ones and others, some alike but for a byte. */
static void test_claims(const jwk_t *jwk)
{
    static const char *const payloads[] = {"{\"roles\":[\"a\"],\"jti\":\"1\"}",
                                           "{\"roles\":[\"b\"],\"jti\":\"1\"}",
                                           "{\"roles\":[\"a\"],\"jti\":\"1\"} ",
                                           "{\"roles\":[\"a\"],\"jti\":\"22\"}",
                                           "{\"roles\":{\"a\":[1]},\"jti\":\"1\"}",
                                           "{\"jti\":\"1\"}",
                                           "{\"jti\":\"2\"}",
                                           "{\"jti\":\"1\",\"n\":7}",
                                           "{\"jti\":\"1\\u0061\"}"};
    const int count = sizeof payloads / sizeof *payloads;
    recent_t *recent = recent_make(pool);
    claims_t first, again, fresh;
    int i, spared = 0, right = 0;

    for (i = 0; i < 4 * count; i++) {
        const char *payload = payloads[i * 2 % count];

        parse(&first, payload, jwk, recent, pool);
        parse(&again, payload, jwk, recent, pool);
        parse(&fresh, payload, jwk, NULL, pool);
        spared +=
            first.flat == again.flat && first.members == again.members &&
            (first.flat ? first.flat != fresh.flat : first.members != fresh.members);
        right += first.payload.len == strlen(payload) &&
                 memcmp(again.payload.data, payload, again.payload.len) == 0 &&
                 !again.flat == !fresh.flat && !strcmp(again.jti, fresh.jti) &&
                 (again.flat
                      ? claims_get(&again, "n").integer == claims_get(&fresh, "n").integer
                      : json_equal(again.members, fresh.members));
    }
    is_int(spared, 4 * count, "the same payload is read once");
    is_int(right, 4 * count, "and each says what it says");
}

/* Claims that one place takes and another does not; and payloads that nobody takes. */
static void test_refused(const jwk_t *jwk)
{
    static const char *const payloads[] = {"{\"roles\":[],\"exp\":\"1\"}",
                                           "{\"exp\":\"1\"}",
                                           "[[1]]",
                                           "{\"a\":[",
                                           "{\"a\":1,\"a\":1}",
                                           "",
                                           "{\"jti\":1}"};
    static const claims_names_t other = {"token_type", "id"};
    recent_t *recent = recent_make(pool);
    const char *token, *why;
    bytes_t payload;
    claims_t claims;
    apr_size_t i;
    int refused = 0;

    for (i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        const char *first = parse(&claims, payloads[i], jwk, recent, pool);
        const char *again = parse(&claims, payloads[i], jwk, recent, pool);

        refused += first && again && !strcmp(first, again);
    }
    is_int(refused, sizeof payloads / sizeof *payloads,
           "what is refused is refused again, for the same reason");
    token = jws_sign(jwk, "{\"jti\":1,\"id\":\"x\"}", 18, pool);
    jws_verify(&payload, NULL, token, strlen(token), keys_ring(jwk, NULL, pool), recent,
               &why, pool);
    ok(claims_parse(&claims, payload, &claims_usual_names, recent, pool) &&
           !claims_parse(&claims, payload, &other, recent, pool) &&
           !strcmp(claims.jti, "x") &&
           claims_parse(&claims, payload, &claims_usual_names, recent, pool),
       "which claim has to be a text is looked at each time");
}

/* One that is still in use when another takes its place, and when the connection ends,
 * whichever of the pools ends first. */
static void test_in_use(const jwk_t *jwk, const char *text, const char *next,
                        int is_child)
{
    apr_pool_t *connection, *request;
    claims_t claims, other;
    recent_t *recent;

    apr_pool_create(&connection, pool);
    apr_pool_create(&request, is_child ? connection : pool);
    recent = recent_make(connection);
    parse(&claims, text, jwk, recent, connection);
    parse(&claims, text, jwk, recent, request);
    parse(&other, next, jwk, recent, connection);
    if (!is_child) {
        apr_pool_destroy(connection);
    }
    is_str(claims_get(&claims, "jti").text, "kept",
           "claims stay while a request has them");
    is_int(claims.payload.len, strlen(text), "and the payload");
    ok(memcmp(claims.payload.data, text, strlen(text)) == 0, "as it was");
    apr_pool_destroy(is_child ? connection : request);
}

/* Tokens that come and go leave nothing behind but the last. */
static void test_memory(const jwk_t *jwk)
{
    apr_pool_t *connection, *request;
    apr_size_t before = 0;
    recent_t *recent;
    claims_t claims;
    int i;

    apr_pool_create(&connection, pool);
    recent = recent_make(connection);
    for (i = 0; i < 1000; i++) {
        apr_pool_create(&request, connection);
        parse(&claims, i % 2 ? "{\"jti\":\"1\"}" : "{\"jti\":[", jwk, recent, request);
        apr_pool_destroy(request);
        before = i == 100 ? mallinfo2().uordblks : before;
    }
    ok(mallinfo2().uordblks < before + 16384, "a thousand tokens take no more than one");
    apr_pool_destroy(connection);
}

static void test_long(const jwk_t *jwk)
{
    recent_t *recent = recent_make(pool);
    char *filler = apr_palloc(pool, RECENT_MAX + 1);
    claims_t first, again;
    const char *payload;

    memset(filler, 'x', RECENT_MAX);
    filler[RECENT_MAX] = '\0';
    payload = apr_pstrcat(pool, "{\"roles\":[\"", filler, "\"],\"jti\":\"1\"}", NULL);
    ok(!parse(&first, payload, jwk, recent, pool) &&
           !parse(&again, payload, jwk, recent, pool) && first.members != again.members,
       "a long one is read each time");
    parse(&first, "{\"roles\":[\"short\"],\"jti\":\"2\"}", jwk, recent, pool);
    parse(&again, payload, jwk, recent, pool);
    is_str(again.jti, "1", "nor has it the claims of a short one that is kept");
    is_int(json_string_length(json_array_get(json_object_get(again.members, "roles"), 0)),
           RECENT_MAX, "none of them");
    parse(&again, "{\"roles\":[\"short\"],\"jti\":\"2\"}", jwk, recent, pool);
    ok(again.members == first.members, "which it leaves in its place");
}

int main(void)
{
    const jwk_t *jwk;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    real = jwa_find("HS256");
    jwk = watched(SECRET, count);
    test_spared(jwk);
    test_keys(jwk);
    test_changed(jwk);
    test_failing(jwk);
    test_lengths(jwk);
    test_claims(jwk);
    test_refused(jwk);
    for (i = 0; i < 2; i++) {
        test_in_use(jwk, "{\"jti\":\"kept\"}", "{\"jti\":\"next\"}", i);
        test_in_use(jwk, "{\"a\":[1],\"jti\":\"kept\"}", "{\"a\":[1],\"jti\":\"next\"}",
                    i);
    }
    test_memory(jwk);
    test_long(jwk);
    apr_terminate();
    return done_testing();
}
