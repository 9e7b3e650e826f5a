/* Keys are loaded while memory or OpenSSL fail: the nth call of each kind does, for n
 * from 1 on, each in a process of its own. Then either loading fails with a message, or
 * the key is the usual one; never another. A key that is refused when nothing fails is
 * refused then, too. A process may end where memory fails, since APR's pools end it. And
 * when nothing fails any more, all is as ever. */
#include "apart.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <limits.h>
#include <openssl/ec.h>

#include "jose/jsontext.h"
#include "jose/jws.h"
#include "keys.h"
#include "pairs.h"
#include "tap.h"

#define PAYLOAD "{\"user_id\":\"1\"}"
#define TRIES   50 /* so many signatures of RSA can fail after memory has, see inject.c */

enum { PKCS8, SPKI, CERTIFICATE, TRADITIONAL };

static apr_pool_t *pool;

/* --- The keys ----------------------------------------------------------------------- */

typedef struct {
    const char *name, *kid, *alg;
    bytes_t contents;
    const char *refused; /* part of the message; NULL: it is a good key */
    const char *token;   /* by the private half of a good key */
} row_t;

static bytes_t text(const char *text)
{
    return (bytes_t){(const unsigned char *)text, strlen(text)};
}

static bytes_t jwk(EVP_PKEY *pkey, int is_private, const char *more)
{
    return text(pairs_jwk(pkey, is_private, more, pool));
}

/* A secret whose text jansson has to make room for more than once. */
static bytes_t oct(const char *secret, const char *more)
{
    return text(apr_psprintf(pool, "{\"kty\":\"oct\",\"k\":\"%s\"%s}",
                             base64url_encode(secret, strlen(secret), pool), more));
}

static bytes_t set_of(EVP_PKEY *first, EVP_PKEY *second)
{
    return text(apr_psprintf(pool, "{\"keys\":[%s,%s]}",
                             pairs_jwk(first, 1, ",\"kid\":\"first\"", pool),
                             pairs_jwk(second, 0, "", pool)));
}

/* P-256, but with all its numbers written out. */
static bytes_t explicit_ec(void)
{
    EVP_PKEY *pkey = pairs_make("EC", "P-256", 0);
    bytes_t pem;

    pairs_need(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
                                              OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1,
               "explicit parameters");
    pem = pairs_pem(pkey, SPKI, pool);
    EVP_PKEY_free(pkey);
    return pem;
}

/* The first key's public half with the second's private one. */
static bytes_t mixed(EVP_PKEY *first, EVP_PKEY *second)
{
    char *json = apr_pstrdup(pool, pairs_jwk(first, 1, "", pool));
    const char *other = strstr(pairs_jwk(second, 1, "", pool), "\"d\":");

    apr_cpystrn(strstr(json, "\"d\":"), other, strlen(other) + 1);
    return text(json);
}

/* --- What came of one --------------------------------------------------------------- */

#define MAX_KEYS 2

typedef struct {
    char error[512]; /* empty: none */
    int has_ended, count;
    /* Of all keys, one behind the other: what is seen of a key without using it. */
    char seen[4096];
    int verifies, refuses, signs; /* numbers of keys */
    int is_well;
    inject_count_t calls;
} outcome_t;

static outcome_t *now; /* shared */

/* As loaded when nothing failed. */
static jwk_ring_t *usual_ring;

static jwk_ring_t *load(outcome_t *out, const row_t *row, apr_pool_t *p)
{
    jwk_ring_t *ring = apr_array_make(p, MAX_KEYS, sizeof(const jwk_t *));
    const char *error = jwk_load(ring, row->kid, jwa_find(row->alg), row->contents, 1, p);

    apr_cpystrn(out->error, error ? error : "", sizeof out->error);
    out->count = ring->nelts;
    return ring;
}

static int is_verified_by(const char *token, jwk_ring_t *ring, apr_pool_t *p)
{
    const char *why;
    bytes_t payload;

    return jws_verify(&payload, NULL, token, strlen(token), ring, NULL, &why, p) ==
           JWS_GOOD;
}

static const char *sign(const jwk_t *key, apr_pool_t *p)
{
    int tries = key->key.alg->padding ? TRIES : 1;
    const char *token = NULL;

    while (!token && tries--) {
        token = jws_sign(key, PAYLOAD, strlen(PAYLOAD), p);
    }
    return token;
}

static void look(outcome_t *out, const row_t *row, jwk_ring_t *ring, apr_pool_t *p)
{
    const char *seen = "", *token;
    char *forged;
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *key = APR_ARRAY_IDX(ring, i, const jwk_t *);

        seen = apr_psprintf(p, "%s%s %s %s %d %d %d %s %s %s|", seen, key->kid,
                            key->key.alg->name, key->header, (int)key->header_len,
                            key->can_sign, key->is_secret, key->public_json,
                            key->fingerprint,
                            apr_psprintf(p, "%d", (int)key->key.signature_len));
        token = key->can_sign ? sign(key, p) : NULL;
        out->signs += token && is_verified_by(token, usual_ring, p);
    }
    apr_cpystrn(out->seen, seen, sizeof out->seen);
    if (row->token) {
        forged = apr_pstrdup(p, row->token);
        forged[strlen(forged) - 10] ^= 1;
        out->verifies = is_verified_by(row->token, ring, p);
        out->refuses = !is_verified_by(forged, ring, p);
    }
}

/* A pool with an allocator of its own has to ask malloc() for all it gives. */
static void run(outcome_t *out, const row_t *row, const inject_mode_t *mode, long nth)
{
    apr_allocator_t *allocator;
    jwk_ring_t *ring;
    apr_pool_t *p;

    memset(out, 0, sizeof *out);
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, pool, NULL, allocator);
    inject_arm(mode, nth);
    ring = load(out, row, p);
    out->calls = inject_disarm();
    out->has_ended = 1;
    if (!*out->error) {
        look(out, row, ring, p);
    }
    apr_pool_destroy(p);
    apr_allocator_destroy(allocator);
}

static int is_same(const outcome_t *a, const outcome_t *b)
{
    return a->count == b->count && strcmp(a->seen, b->seen) == 0 &&
           a->signs == b->signs && a->verifies == b->verifies &&
           a->refuses == b->refuses && !*a->error == !*b->error;
}

static int run_apart(const row_t *row, const outcome_t *usual, const inject_mode_t *mode,
                     long nth)
{
    static outcome_t again;
    int killed_by;

    memset(now, 0, sizeof *now);
    if (apart_begin(&killed_by)) {
        run(now, row, mode, nth);
        run(&again, row, NULL, 0);
        now->is_well = is_same(&again, usual);
        apart_end();
    }
    return killed_by;
}

/* --- What is to be said of it ------------------------------------------------------- */

typedef struct {
    int usual, sorry, ended;
} tally_t;

/* NULL, or what is wrong. */
static const char *judge(tally_t *tally, int killed_by, const outcome_t *usual)
{
    if (killed_by == SIGABRT && !now->has_ended) {
        tally->ended++;
        return NULL;
    }
    if (killed_by) {
        return killed_by == SIGALRM ? "it hangs" : "it crashes";
    }
    if (!now->is_well) {
        return "something is wrong afterwards";
    }
    if (*now->error) {
        tally->sorry++;
        return now->count ? "a key is left in the ring" : NULL;
    }
    tally->usual++;
    return *usual->error         ? "a bad key is taken"
           : is_same(now, usual) ? NULL
                                 : "it is another key";
}

/* Far more calls ask for memory than there is time for: of those so many are tried, from
 * the first to the last. Of OpenSSL's functions each call is. */
static long most(void)
{
    const char *wish = getenv("JWT_INJECT");

    return wish ? atol(wish) : 16;
}

static void test_mode(const row_t *row, const inject_mode_t *mode, const outcome_t *usual)
{
    const char *wrong = NULL;
    tally_t tally = {0};
    long n, calls, step;

    run_apart(row, usual, mode, LONG_MAX);
    calls = now->calls.asked;
    step = mode->calls == inject_modes->calls ? 1 + calls / most() : 1;
    for (n = 1; n <= calls; n += step) {
        int killed_by = run_apart(row, usual, mode, n);
        const char *fault = judge(&tally, killed_by, usual);

        if (fault) {
            fprintf(stderr, "# %s, %s, call %ld: %s (%s, signal %d)\n", row->name,
                    mode->name, n, fault, now->error, killed_by);
            wrong = fault;
        }
    }
    ok(!wrong, apr_psprintf(pool, "%s, %s", row->name, mode->name));
    printf("# every %ld of %ld: %d as ever, %d sorry, %d ended\n", step, calls,
           tally.usual, tally.sorry, tally.ended);
}

static void test_row(const row_t *row)
{
    static outcome_t usual;
    const inject_mode_t *mode;

    usual_ring = load(&usual, row, pool);
    run(&usual, row, NULL, 0);
    if (row->refused) {
        ok(strstr(usual.error, row->refused) != NULL,
           apr_psprintf(pool, "%s: refused", row->name));
    } else {
        is_str(usual.error, "", row->name);
        ok(usual.verifies && usual.refuses,
           apr_psprintf(pool, "%s: verifies", row->name));
    }
    for (mode = inject_modes; mode->name; mode++) {
        test_mode(row, mode, &usual);
    }
}

/* --- The rows ----------------------------------------------------------------------- */

/* What the private half makes, if it is loaded so. */
static const char *token_of(const char *kid, const char *alg, bytes_t contents)
{
    const char *why;
    const jwk_t *key = keys_load(kid, alg, contents.data, contents.len, &why, pool);

    if (!key) {
        fprintf(stderr, "# %s: %s\n", alg, why);
        exit(1);
    }
    return sign(key, pool);
}

static void test_rows(void)
{
    static const char secret[] = "a secret of forty-eight bytes, no less and no more";
    EVP_PKEY *rsa = pairs_for("RS256"), *ec = pairs_for("ES256"),
             *ec2 = pairs_for("ES256");
    EVP_PKEY *ed = pairs_for("EdDSA"), *ed448 = pairs_make("ED448", NULL, 0);
    EVP_PKEY *ed2 = pairs_for("EdDSA"), *weak = pairs_make("RSA", NULL, 1024);
    const char *rs256 = token_of("a", "RS256", pairs_pem(rsa, PKCS8, pool));
    const char *es256 = token_of("a", "ES256", pairs_pem(ec, PKCS8, pool));
    const char *eddsa = token_of("a", "EdDSA", pairs_pem(ed, PKCS8, pool));
    const row_t rows[] = {
        {"secret", "a", "HS256", text(secret), NULL,
         token_of("a", "HS256", text(secret))},
        {"RSA, PEM", "a", "RS256", pairs_pem(rsa, PKCS8, pool), NULL, rs256},
        {"RSA, public PEM", "a", "RS256", pairs_pem(rsa, SPKI, pool), NULL, rs256},
        {"RSA, certificate", "a", "RS256", pairs_pem(rsa, CERTIFICATE, pool), NULL,
         rs256},
        {"EC, PEM", "a", "ES256", pairs_pem(ec, TRADITIONAL, pool), NULL, es256},
        {"EC, public PEM", "a", "ES256", pairs_pem(ec, SPKI, pool), NULL, es256},
        {"Ed25519, PEM", "a", "EdDSA", pairs_pem(ed, PKCS8, pool), NULL, eddsa},
        {"Ed448, public PEM", "a", "EdDSA", pairs_pem(ed448, SPKI, pool), NULL,
         token_of("a", "EdDSA", pairs_pem(ed448, PKCS8, pool))},
        {"oct", "a", "HS256", oct(secret, ""), NULL,
         token_of("a", "HS256", text(secret))},
        {"RSA, JWK", "a", "RS256", jwk(rsa, 1, ""), NULL, rs256},
        {"RSA, public JWK without kid", NULL, "PS256", jwk(rsa, 0, ""), NULL,
         token_of(NULL, "PS256", pairs_pem(rsa, PKCS8, pool))},
        {"EC, JWK", "a", "ES256", jwk(ec, 1, ""), NULL, es256},
        {"EC, public JWK", "a", "ES256", jwk(ec, 0, ""), NULL, es256},
        {"Ed25519, JWK", "a", "EdDSA", jwk(ed, 1, ""), NULL, eddsa},
        {"Ed25519, public JWK", "a", "EdDSA", jwk(ed, 0, ""), NULL, eddsa},
        {"JWK set", "*", "ES256", set_of(ec, ec2), NULL,
         token_of("first", "ES256", pairs_pem(ec, PKCS8, pool))},
        {"a curve written out", "a", "ES256", explicit_ec(), "numbers"},
        {"RSA of 1024 bits", "a", "RS256", pairs_pem(weak, SPKI, pool), "1024"},
        {"two keys", "a", "EdDSA",
         text(apr_pstrcat(pool, (const char *)pairs_pem(ed, SPKI, pool).data,
                          (const char *)pairs_pem(ed2, SPKI, pool).data, NULL)),
         "more than one"},
        {"a point of small order", "a", "EdDSA",
         text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
              "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
         "everybody"},
        {"halves of two keys", "a", "ES256", mixed(ec, ec2), "private half"},
        {"halves of two keys on Ed25519", "a", "EdDSA", mixed(ed, ed2), "belong"},
        {"a PEM as secret", "a", "HS256", pairs_pem(ec, SPKI, pool), "no secret"},
        {"a DER as secret", "a", "HS256", pairs_der(ec, TRADITIONAL, pool), "no secret"},
        {"a DER in oct", "a", "HS256",
         text(apr_psprintf(pool, "{\"kty\":\"oct\",\"k\":\"%s\"}",
                           base64url_encode(pairs_der(ec, TRADITIONAL, pool).data,
                                            pairs_der(ec, TRADITIONAL, pool).len, pool))),
         "no secret"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_row(&rows[i]);
    }
}

int main(void)
{
    if (!apart_is_possible()) {
        printf("1..0 # SKIP a checker of memory is in the way\n");
        return 0;
    }
    now = apart_shared(sizeof *now);
    apr_initialize();
    apr_pool_create_ex(&pool, NULL, apart_out_of_memory, NULL);
    jsontext_insist_on_memory(pool);
    test_rows();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
