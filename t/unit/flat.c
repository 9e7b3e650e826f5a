/* The quick reader of claims and the real JSON parser must never differ: each payload is
 * read as it is and with a blank in front, which the quick one leaves to the parser. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jose/claims.h"
#include "jose/flat.h"
#include "tap.h"

static apr_pool_t *pool;

static const struct {
    const char *why, *text;
    int is_flat;
} rows[] = {
    {"our own claims",
     "{\"token_type\":\"access\",\"exp\":1795364307,\"iat\":1795364007,"
     "\"jti\":\"d2f314b7fe5f8540be4dfdc88bb94ced\",\"user_id\":\"1\"}",
     1},
    {"an integer id, aud and iss",
     "{\"exp\":1,\"user_id\":42,\"aud\":\"a\",\"iss\":\"b\"}", 1},
    {"zero", "{\"exp\":0}", 1},
    {"15 digits", "{\"exp\":999999999999999}", 1},
    {"16 digits", "{\"exp\":9999999999999999}", 0},
    {"a leading zero", "{\"exp\":01}", 0},
    {"a negative number", "{\"exp\":-1}", 0},
    {"a fraction", "{\"exp\":1.5}", 0},
    {"an exponent", "{\"exp\":1e3}", 0},
    {"a list", "{\"aud\":[\"a\",\"b\"]}", 0},
    {"an object", "{\"x\":{\"a\":1}}", 0},
    {"true, false, null", "{\"a\":true,\"b\":false,\"c\":null}", 0},
    {"an escape", "{\"jti\":\"a\\u0062\"}", 0},
    {"an escaped quotation mark", "{\"jti\":\"a\\\"b\"}", 0},
    {"UTF-8", "{\"jti\":\"\303\274\"}", 0},
    {"bytes that are not UTF-8", "{\"jti\":\"\377\"}", 0},
    {"a control character", "{\"jti\":\"a\tb\"}", 0},
    {"white space", "{ \"exp\"\t:\r1\n,\"a\" : \"b\" }", 1},
    {"white space around it", " {\"exp\":1} ", 0},
    {"white space behind it", "{\"exp\":1} ", 0},
    {"white space within a number", "{\"exp\":1 1}", 0},
    {"white space alone", "{ }", 0},
    {"another blank", "{\v\"exp\":1}", 0},
    {"a name twice", "{\"exp\":1,\"exp\":2}", 0},
    {"nothing in it", "{}", 0},
    {"a comma too many", "{\"exp\":1,}", 0},
    {"a comma only", "{,}", 0},
    {"something behind it", "{\"exp\":1}x", 0},
    {"no closing brace", "{\"exp\":1", 0},
    {"a string without an end", "{\"exp\":\"1}", 0},
    {"no colon", "{\"exp\" 1}", 0},
    {"no value", "{\"exp\":}", 0},
    {"a bracket", "[\"exp\"]", 0},
    {"a brace only", "{", 0},
    {"an empty name", "{\"\":1}", 1},
};

static int same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Read @p len bytes from memory that ends with them, so that a sanitizer sees a step
 * too far. */
static const char *parse(claims_t *claims, const char *prefix, const char *text,
                         size_t len, apr_pool_t *p)
{
    size_t whole = strlen(prefix) + len;
    char *exact = malloc(whole ? whole : 1);
    bytes_t payload = {(const unsigned char *)exact, whole};
    const char *why;

    memcpy(exact, prefix, strlen(prefix));
    memcpy(exact + strlen(prefix), text, len);
    why = claims_parse(claims, payload, &claims_usual_names, NULL, p);
    free(exact);
    return why;
}

static int agree(const char *text, size_t len)
{
    static const char *const names[] = {"user_id", "token_type", "x", "", NULL};
    const char *quick_why, *real_why;
    claims_t quick, real;
    apr_pool_t *p;
    int i, good;

    apr_pool_create(&p, pool);
    quick_why = parse(&quick, "", text, len, p);
    real_why = parse(&real, " ", text, len, p);
    good = !quick_why == !real_why;
    if (good && !quick_why) {
        good = quick.exp == real.exp && quick.nbf == real.nbf && quick.iat == real.iat &&
               same(quick.jti, real.jti) && same(quick.iss, real.iss) &&
               same(quick.aud, real.aud) && !quick.aud_list == !real.aud_list &&
               same(quick.token_type, real.token_type);
        for (i = 0; names[i] && good; i++) {
            good = same(claims_user_id(&quick, names[i], p),
                        claims_user_id(&real, names[i], p)) &&
                   same(claims_string(&quick, names[i]), claims_string(&real, names[i]));
        }
    }
    apr_pool_destroy(p);
    return good;
}

/* Small changes of a good payload, by a generator of its own that is the same
 * everywhere. */
static int mutate(int count)
{
    static const char bits[] = "\"\\{}[]:, 019-.eE\n\t\177\200\303\274atrufals";
    apr_uint32_t seed = 20261122;
    char text[256];
    size_t len;
    int i, j, wrong = 0;

    for (i = 0; i < count; i++) {
        len = strlen(rows[i % 2].text);
        memcpy(text, rows[i % 2].text, len + 1);
        for (j = 0; j <= i % 3; j++) {
            seed = seed * 1664525u + 1013904223u;
            text[(seed >> 8) % len] = bits[(seed >> 20) % (sizeof bits)];
        }
        seed = seed * 1664525u + 1013904223u;
        if (seed >> 30 == 0) {
            len = (seed >> 8) % len;
        }
        wrong += !agree(text, len);
    }
    return wrong;
}

static void check_limit(void)
{
    const char *text = "{";
    int i;

    for (i = 0; i < FLAT_MAX_MEMBERS; i++) {
        text = apr_psprintf(pool, "%s%s\"n%d\":%d", text, i ? "," : "", i, i);
    }
    ok(flat_parse(apr_pstrcat(pool, text, "}", NULL), strlen(text) + 1, pool) != NULL,
       "as many members as there is room for");
    text = apr_pstrcat(pool, text, ",\"more\":1}", NULL);
    ok(flat_parse(text, strlen(text), pool) == NULL, "one more is left to the parser");
    ok(agree(text, strlen(text)), "... and read alike");
}

/* --- Writing --------------------------------------------------------------------- */

static void test_write(void)
{
    static const struct {
        const char *name, *text, *reason;
    } bad[] = {
        {"n", "a\"b", "a quotation mark"}, {"n", "a\\b", "a backslash"},
        {"n", "a\nb", "a line feed"},      {"n", "a\x7f", "DEL"},
        {"n", "\xc3\xa4", "no ASCII"},     {"n", "\xff", "no UTF-8"},
        {"\"", "a", "a name like that"},   {"other", "a", "a name that stands there"},
    };
    flat_t flat = {0};
    apr_size_t i;

    is_str(flat_write(&flat, pool), "{}", "nothing");
    ok(flat_add_text(&flat, "other", "") && flat_add_number(&flat, "n0", APR_INT64_MAX) &&
           flat_add_number(&flat, "n1", APR_INT64_MIN),
       "there is room");
    is_str(flat_write(&flat, pool),
           "{\"other\":\"\",\"n0\":9223372036854775807,\"n1\":-9223372036854775808}",
           "in order");
    is_int(flat_add_text(&flat, "n", NULL), 0, "no text");
    is_int(flat.count, 3, "adds none");
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        flat_add_text(&flat, bad[i].name, bad[i].text);
        is_str(flat_write(&flat, pool), NULL, bad[i].reason);
        flat.count--;
    }
    while (flat.count < FLAT_MAX_MEMBERS) {
        flat_add_number(&flat, apr_psprintf(pool, "n%d", flat.count), 1);
    }
    is_int(flat_add_text(&flat, "more", "") || flat_add_number(&flat, "more", 1), 0,
           "no room for one more");
    is_int(flat.count, FLAT_MAX_MEMBERS, "which is not added");
}

/* What was read is written as jansson writes it. */
static int comes_back(const char *text)
{
    const flat_t *flat = flat_parse(text, strlen(text), pool);
    const char *written = flat ? flat_write(flat, pool) : "";
    json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);
    char *theirs = flat ? json_dumps(tree, JSON_COMPACT) : NULL;
    int good = !flat || (written && !strcmp(written, theirs));

    free(theirs);
    json_decref(tree);
    return good;
}

int main(void)
{
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);

        is_int(flat_parse(rows[i].text, len, pool) != NULL, rows[i].is_flat, rows[i].why);
        ok(agree(rows[i].text, len), rows[i].why);
        ok(comes_back(rows[i].text), rows[i].why);
    }
    check_limit();
    test_write();
    is_int(mutate(60000), 0, "60,000 changed payloads are read alike both ways");
    apr_terminate();
    return done_testing();
}
