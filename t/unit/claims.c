/* JSON of strangers, and the claims in it.
 *
 * Every text is handed over in memory of its own, as long as the text and not a byte
 * longer, so that valgrind or AddressSanitizer sees a read beyond it: APR's pools
 * would hide it. */
#include <apr_errno.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "jose/claims.h"
#include "jose/jsontext.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define NOW          1800000000

static apr_pool_t *pool;

static const char *const access_only[] = {"access", NULL};

static const char *name_of(const char *subject, const char *detail)
{
    return apr_pstrcat(pool, subject, ": ", detail, NULL);
}

/* The tables are easier to read with ' for ". */
static const char *json(const char *text)
{
    char *copy = apr_pstrdup(pool, text), *at;

    for (at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

/* The bytes and nothing behind them; the caller frees. */
static char *exact(const void *bytes, apr_size_t len)
{
    char *copy = malloc(len);

    if (len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

/* --- JSON ----------------------------------------------------------------------------
 */

static apr_status_t parse(json_t **out, const char *text, apr_size_t len, size_t flags,
                          jsontext_error_t *error)
{
    char *copy = exact(text, len);
    apr_status_t rv = jsontext_parse(out, copy, len, flags, error, pool);

    free(copy);
    return rv;
}

/* depth brackets around as many values as asked for. */
static const char *nested(int depth, int values)
{
    char *text = apr_palloc(pool, (apr_size_t)(2 * depth + 2 * values + 1)), *to = text;
    int i;

    memset(to, '[', (apr_size_t)depth);
    to += depth;
    for (i = 0; i < values; i++) {
        *to++ = '0';
        *to++ = ',';
    }
    to -= values > 0;
    memset(to, ']', (apr_size_t)depth);
    to[depth] = '\0';
    return text;
}

static void test_json_limits(void)
{
    static const struct {
        int depth, values, good;
    } rows[] = {
        {1, 0, 1},
        {JSONTEXT_MAX_DEPTH, 1, 1},
        {JSONTEXT_MAX_DEPTH + 1, 1, 0},
        {100, 1, 0},
        {5000, 0, 0},
        {1, JSONTEXT_MAX_VALUES, 1},
        {1, JSONTEXT_MAX_VALUES + 1, 0},
        {1, 5000, 0},
    };
    static const char quiet[] =
        "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[{{\\\\\"]";
    const char *text;
    apr_size_t i;
    json_t *value;

    for (i = 0; i < COUNT(rows); i++) {
        text = nested(rows[i].depth, rows[i].values);
        ok((parse(&value, text, strlen(text), 0, NULL) == APR_SUCCESS) == rows[i].good,
           apr_psprintf(pool, "JSON of depth %d with %d values", rows[i].depth,
                        rows[i].values));
    }
    is_int(parse(&value, quiet, sizeof quiet - 1, 0, NULL), APR_SUCCESS,
           "brackets in a string are no nesting");
    text = apr_pstrcat(pool, "[\"", nested(0, 600), "\"]", NULL);
    is_int(parse(&value, text, strlen(text), 0, NULL), APR_SUCCESS,
           "commas in a string separate nothing");
    text = apr_pstrcat(pool, "\"\\\"\",", nested(33, 0), NULL);
    ok(parse(&value, text, strlen(text), 0, NULL) == APR_EINVAL,
       "an escaped quotation mark does not hide what follows the string");
}

/* Not JSON, for whatever reason; what is wrong is placed within the text. */
static void test_json_refusals(void)
{
    /* clang-format off */
    static const char *const rows[] = {
        "", " ", "{", "[1,]", "{\"a\":1,}", "[01]", "[1.]", "[+1]", "[.5]", "[1e]",
        "[0x1]", "[1e400]", "[9223372036854775808]", "[-9223372036854775809]",
        "[Infinity]", "[nul]", "[True]", "['a']", "\"\t\"", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800\\u0041\"", "\"\xff\"",
        "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
        "\"abc", "\"abc\\", "\\", "\"\\u0000\"", "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}", "{\"a\":{\"b\":1,\"b\":1}}", "{}{}", "{}\xef\xbb\xbf",
        "\xef\xbb\xbf{}", "/**/{}", "[1 2]", "]", "}", ",",
    };
    /* clang-format on */
    json_t *value = NULL;
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t len = strlen(rows[i]);
        jsontext_error_t error = {NULL, len + 1};

        ok(parse(&value, rows[i], len, 0, &error) == APR_EINVAL && !value && error.text &&
               error.position <= len,
           name_of("no JSON", rows[i]));
    }
}

static void test_json_errors(void)
{
    static const struct {
        const char *text;
        int position;
    } rows[] = {
        {"{\"a\" 1}", 5},
        {"{\"a\":NaN}", 5},
        {"{\"a\":1} x", 8},
        {"{a:1}", 1},
    };
    jsontext_error_t error;
    json_t *value = NULL;
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        parse(&value, rows[i].text, strlen(rows[i].text), 0, &error);
        is_int((long long)error.position, rows[i].position,
               name_of("place", rows[i].text));
    }
    ok(parse(&value, "\"a\0b\"", 5, 0, &error) == APR_EINVAL &&
           parse(&value, "{}\0", 3, 0, &error) == APR_EINVAL,
       "no JSON: a raw NUL");
    ok(parse(&value, "{\"a\\u0000b\":1}", 14, JSON_ALLOW_NUL, &error) == APR_EINVAL,
       "no JSON: a name with a NUL, ever");
    ok(parse(&value, "\"\\u0000\"", 8, JSON_ALLOW_NUL, NULL) == APR_SUCCESS &&
           json_string_length(value) == 1,
       "a NUL in a value where it is allowed");
    parse(&value, "{\"password\": \"hunter2\" hunter3}", 31, 0, &error);
    ok(!strstr(error.text, "hunter"), "what is wrong is said without the text");
}

/* --- Claims
 * ----------------------------------------------------------------------------- */

static apr_status_t release(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

/* The payload lives as long as the pool, as that of a token does. */
static const char *parse_names(claims_t *out, const char *text,
                               const claims_names_t *names)
{
    apr_size_t len = strlen(text);
    char *copy = exact(text, len);
    bytes_t payload;

    apr_pool_cleanup_register(pool, copy, release, apr_pool_cleanup_null);
    payload.data = (const unsigned char *)copy;
    payload.len = len;
    return claims_parse(out, payload, names, NULL, pool);
}

static const char *parse_claims(claims_t *out, const char *text)
{
    return parse_names(out, text, &claims_usual_names);
}

static void test_claim_types(void)
{
    static const struct {
        const char *json;
        int good;
    } rows[] = {
        {"{}", 1},
        {"{'exp':1.5,'nbf':0,'iat':-1}", 1},
        {"{'exp':9007199254740991}", 1},
        {"{'exp':9007199254740992}", 0},
        {"{'exp':9223372036854775807}", 0},
        {"{'exp':-9223372036854775808}", 0},
        {"{'exp':9223372036854775808}", 0},
        {"{'exp':18446744073709551616}", 0},
        {"{'exp':1e300}", 0},
        {"{'exp':-1e300}", 0},
        {"{'exp':1e400}", 0},
        {"{'exp':'1800000300'}", 0},
        {"{'exp':null}", 0},
        {"{'exp':true}", 0},
        {"{'exp':[1800000300]}", 0},
        {"{'exp':{}}", 0},
        {"{'nbf':'0'}", 0},
        {"{'nbf':null}", 0},
        {"{'nbf':1e300}", 0},
        {"{'iat':'0'}", 0},
        {"{'iat':false}", 0},
        {"{'iat':-1e300}", 0},
        {"{'token_type':1}", 0},
        {"{'token_type':['access']}", 0},
        {"{'token_type':null}", 0},
        {"{'jti':1}", 0},
        {"{'jti':null}", 0},
        {"{'iss':['a']}", 0},
        {"{'iss':null}", 0},
        {"{'aud':'a'}", 1},
        {"{'aud':[]}", 1},
        {"{'aud':['a','b']}", 1},
        {"{'aud':['a',1]}", 0},
        {"{'aud':[['a']]}", 0},
        {"{'aud':{'a':1}}", 0},
        {"{'aud':null}", 0},
        {"{'aud':1}", 0},
        {"[]", 0},
        {"'{}'", 0},
        {"1", 0},
        {"null", 0},
        {"", 0},
        {"{'exp':1,'exp':2}", 0},
    };
    claims_t claims;
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        claims.exp = 7;
        ok((parse_claims(&claims, json(rows[i].json)) == NULL) == rows[i].good &&
               (claims.exp == 7) == !rows[i].good,
           name_of(rows[i].good ? "claims" : "no claims", rows[i].json));
    }
    ok(!parse_claims(&claims, "{\"exp\":-1.5,\"iat\":1800000000.999}") &&
           claims.exp == -1 && claims.iat == NOW && claims.nbf == CLAIMS_NO_TIME &&
           !claims.jti && !claims.aud,
       "fractions are cut off, what is absent is absent");
}

#define BASE "'exp':1800000300,'jti':'j','token_type':'access'"

static const struct claims_row {
    const char *json;
    claims_result_t result;
    const char *name;
} claims_rows[] = {
    {"{" BASE "}", CLAIMS_GOOD, "all that is needed"},
    {"{" BASE ",'iat':1800000000,'nbf':1800000000}", CLAIMS_GOOD, "from now on"},
    {"{" BASE ",'iat':1800000010}", CLAIMS_GOOD, "iat as late as the leeway lets it"},
    {"{" BASE ",'iat':1800000011}", CLAIMS_NOT_YET_VALID, "iat a second later"},
    {"{" BASE ",'nbf':1800000010.5}", CLAIMS_GOOD, "nbf within the leeway"},
    {"{" BASE ",'nbf':1800000011}", CLAIMS_NOT_YET_VALID, "nbf behind it"},
    {"{'exp':1800000001,'jti':'j','token_type':'access'}", CLAIMS_GOOD,
     "one more second"},
    {"{'exp':1800000000,'jti':'j','token_type':'access'}", CLAIMS_EXPIRED, "exp is now"},
    {"{'exp':1800000000.9,'jti':'j','token_type':'access'}", CLAIMS_EXPIRED,
     "exp is within this second"},
    {"{'exp':0,'jti':'j','token_type':'access'}", CLAIMS_EXPIRED, "exp is 0"},
    {"{'exp':-1,'jti':'j','token_type':'access'}", CLAIMS_EXPIRED, "exp is negative"},
    {"{'exp':-9007199254740991,'jti':'j','token_type':'access'}", CLAIMS_EXPIRED,
     "exp is long ago"},
    {"{'jti':'j','token_type':'access'}", CLAIMS_NO_EXP, "no exp"},
    {"{'exp':1800000300,'token_type':'access'}", CLAIMS_NO_JTI, "no jti"},
    {"{'exp':1800000300,'jti':'','token_type':'access'}", CLAIMS_NO_JTI, "an empty jti"},
    {"{'exp':1800000300,'jti':'j'}", CLAIMS_NO_TYPE, "no token_type"},
    {"{'exp':1800000300,'jti':'j','token_type':'refresh'}", CLAIMS_WRONG_TYPE,
     "another token_type"},
    {"{'exp':1800000300,'jti':'j','token_type':'Access'}", CLAIMS_WRONG_TYPE,
     "token_type in another case"},
    {"{'exp':1800000300,'jti':'j','token_type':'access '}", CLAIMS_WRONG_TYPE,
     "token_type with a blank"},
    {"{" BASE ",'aud':'site'}", CLAIMS_WRONG_AUDIENCE, "aud where none is expected"},
    {"{" BASE ",'aud':[]}", CLAIMS_WRONG_AUDIENCE, "an empty aud where none is expected"},
    {"{" BASE ",'iss':'anybody'}", CLAIMS_GOOD, "iss where none is expected"},
};

static const struct claims_row strict_rows[] = {
    {"{" BASE ",'aud':'site','iss':'me'}", CLAIMS_GOOD, "the audience, the issuer"},
    {"{" BASE ",'aud':['x','other'],'iss':'me'}", CLAIMS_GOOD, "one audience of two"},
    {"{" BASE ",'iss':'me'}", CLAIMS_WRONG_AUDIENCE, "no aud"},
    {"{" BASE ",'aud':[],'iss':'me'}", CLAIMS_WRONG_AUDIENCE, "an empty aud"},
    {"{" BASE ",'aud':['x'],'iss':'me'}", CLAIMS_WRONG_AUDIENCE, "another aud"},
    {"{" BASE ",'aud':'Site','iss':'me'}", CLAIMS_WRONG_AUDIENCE, "aud in another case"},
    {"{" BASE ",'aud':'sit','iss':'me'}", CLAIMS_WRONG_AUDIENCE, "a part of the aud"},
    {"{" BASE ",'aud':'site ','iss':'me'}", CLAIMS_WRONG_AUDIENCE, "aud with a blank"},
    {"{" BASE ",'aud':'site'}", CLAIMS_WRONG_ISSUER, "no iss"},
    {"{" BASE ",'aud':'site','iss':'Me'}", CLAIMS_WRONG_ISSUER, "iss in another case"},
    {"{" BASE ",'aud':'site','iss':'me2'}", CLAIMS_WRONG_ISSUER, "more than the iss"},
    {"{" BASE ",'aud':'site','iss':''}", CLAIMS_WRONG_ISSUER, "an empty iss"},
};

static void check_rows(const struct claims_row *rows, apr_size_t count,
                       const claims_expect_t *expect)
{
    claims_t claims;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        is_int(parse_claims(&claims, json(rows[i].json))
                   ? -1
                   : (int)claims_check(&claims, expect),
               rows[i].result, name_of("claims", rows[i].name));
    }
}

static void test_claims_check(void)
{
    apr_array_header_t *audience = apr_array_make(pool, 2, sizeof(const char *));
    claims_expect_t expect = {.now = NOW, .iat_leeway = 10, .token_types = access_only};
    claims_t claims;

    check_rows(claims_rows, COUNT(claims_rows), &expect);
    parse_claims(&claims, json("{" BASE ",'iat':1799999900}"));
    expect.max_age = 100;
    is_int(claims_check(&claims, &expect), CLAIMS_GOOD, "as old as may be");
    expect.max_age = 99;
    is_int(claims_check(&claims, &expect), CLAIMS_TOO_OLD, "a second older");
    parse_claims(&claims, json("{" BASE "}"));
    is_int(claims_check(&claims, &expect), CLAIMS_TOO_OLD, "of unknown age");
    expect.max_age = 0;
    expect.exp_leeway = 5;
    expect.now = NOW + 304;
    is_int(claims_check(&claims, &expect), CLAIMS_GOOD, "within the leeway of exp");
    expect.now++;
    is_int(claims_check(&claims, &expect), CLAIMS_EXPIRED, "behind the leeway of exp");

    APR_ARRAY_PUSH(audience, const char *) = "site";
    APR_ARRAY_PUSH(audience, const char *) = "other";
    expect = (claims_expect_t){
        .now = NOW, .token_types = access_only, .issuer = "me", .audience = audience};
    check_rows(strict_rows, COUNT(strict_rows), &expect);
}

static void test_user_id(void)
{
    static const struct {
        const char *value, *id;
    } rows[] = {
        {"\"1\"", "1"},
        {"1", "1"},
        {"0", "0"},
        {"-1", "-1"},
        {"\"01\"", "01"},
        {"\" 1\"", " 1"},
        {"\"1 \"", "1 "},
        {"4294967297", "4294967297"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"\"ann\"", "ann"},
        {"\"\"", NULL},
        {"1.0", NULL},
        {"1e0", NULL},
        {"1.5", NULL},
        {"true", NULL},
        {"false", NULL},
        {"null", NULL},
        {"[1]", NULL},
        {"[]", NULL},
        {"{}", NULL},
        {"{\"1\":1}", NULL},
    };
    claims_t claims;
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        parse_claims(&claims,
                     apr_pstrcat(pool, "{\"user_id\":", rows[i].value, "}", NULL));
        is_str(claims_user_id(&claims, "user_id", pool), rows[i].id,
               name_of("user id", rows[i].value));
    }
    is_str(claims_user_id(&claims, "sub", pool), NULL, "user id: no such claim");
    parse_claims(&claims, "{\"a\":\"x\",\"b\":1}");
    is_str(claims_string(&claims, "a"), "x", "a claim that is a string");
    ok(!claims_string(&claims, "b") && !claims_string(&claims, "c"), "others are none");
}

/* The same payload as a tree: whatever does not begin with a brace is none that is flat.
 */
static claims_t as_tree(const char *payload)
{
    claims_t claims;

    parse_claims(&claims, apr_pstrcat(pool, " ", payload, NULL));
    return claims;
}

/* Quick or slow, what is written is the same. */
static void test_ways_of_writing(void)
{
    static const char *const copied[] = {
        "{\"x\":1}",
        "{\"exp\":1,\"jti\":\"old\",\"color\":\"red\",\"n\":7}",
        "{\"aud\":\"old\",\"a\":\"\",\"iss\":\"old\",\"sid\":\"old\"}",
        "{\"auth_time\":1,\"h\":\"old\",\"refresh_exp\":2,\"user_id\":\"old\"}",
        "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
        "\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1}",
    };
    apr_size_t i;
    int bits;

    for (i = 0; i < COUNT(copied); i++) {
        claims_t flat, tree = as_tree(copied[i]);
        int apart = 0;

        parse_claims(&flat, copied[i]);
        for (bits = 0; bits < 32; bits++) {
            claims_new_t new = {.names = &claims_usual_names,
                                .token_type = "access",
                                .exp = -1,
                                .iat = NOW,
                                .jti = bits & 1 ? "j" : "\xc3\xa4\"",
                                .user_id_claim = "user_id",
                                .user_id = "1",
                                .refresh_exp_claim = bits & 2 ? "refresh_exp" : NULL,
                                .refresh_exp = NOW,
                                .sid = bits & 4 ? "s" : NULL,
                                .auth_time = NOW,
                                .password_claim = bits & 8 ? "h" : NULL,
                                .password_value = "v",
                                .audience = bits & 16 ? "site" : NULL,
                                .issuer = bits & 4 ? "me" : NULL};
            const char *quick, *slow;

            new.copied = &flat;
            quick = claims_write(&new, pool);
            new.copied = &tree;
            slow = claims_write(&new, pool);
            apart += !quick || !slow || strcmp(quick, slow) != 0;
        }
        ok(flat.flat && !tree.flat, "read in both ways");
        is_int(apart, 0, name_of("written alike", copied[i]));
    }
}

static void test_claims_write(void)
{
    claims_new_t new = {.names = &claims_usual_names,
                        .token_type = "access",
                        .exp = NOW + 300,
                        .iat = NOW,
                        .jti = "j",
                        .user_id_claim = "user_id",
                        .user_id = "1"};
    claims_t old;

    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\"}",
        "written in SimpleJWT's order");
    parse_claims(
        &old,
        "{\"token_type\":\"refresh\",\"exp\":1,\"iat\":2,\"jti\":\"old\","
        "\"user_id\":7,\"aud\":\"x\",\"iss\":\"x\",\"role\":\"\xc3\xa4\",\"n\":[1,{}]}");
    new.copied = &old;
    new.issuer = "me";
    new.audience = "site";
    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\",\"role\":\"\xc3\xa4\",\"n\":[1,{}],\"aud\":\"site\",\"iss\":"
        "\"me\"}",
        "copied but for what is the token's own");
    parse_claims(&old,
                 "{\"token_type\":\"refresh\",\"exp\":1,\"jti\":\"old\",\"user_id\":7,"
                 "\"role\":\"x\",\"n\":5}");
    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\",\"role\":\"x\",\"n\":5,\"aud\":\"site\",\"iss\":\"me\"}",
        "copied from a token of plain claims, too");
    old = (claims_t){.payload = {(const unsigned char *)"[]", 2}};
    is_str(claims_write(&new, pool), NULL, "no claims of a token that has none");
    new.copied = NULL;
    new.user_id = "\xff";
    is_str(claims_write(&new, pool), NULL, "no claims of an id that is no UTF-8");
    new.user_id = "\"\\\n";
    ok(strstr(claims_write(&new, pool), "\"user_id\":\"\\\"\\\\\\n\"") != NULL,
       "an id is escaped");
}

/* A site's claims, which are never taken over from another token. */
static void test_added(void)
{
    added_t *added = added_make(pool);
    claims_new_t new = {.names = &claims_usual_names,
                        .token_type = "access",
                        .exp = NOW + 300,
                        .iat = NOW,
                        .jti = "j",
                        .user_id_claim = "user_id",
                        .user_id = "1",
                        .added = added,
                        .has_added = 1};
    claims_t old;

    added_text(added, "role", ADDED_STRING, "new", pool);
    added_text(added, "gone", ADDED_STRING, NULL, pool);
    added_text(added, "jti", ADDED_STRING, "forged", pool);
    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\",\"role\":\"new\"}",
        "behind the token's own, which stay");
    parse_claims(&old,
                 "{\"token_type\":\"refresh\",\"exp\":1,\"jti\":\"old\",\"user_id\":7,"
                 "\"role\":\"old\",\"gone\":\"old\",\"n\":5}");
    new.copied = &old;
    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\",\"role\":\"new\",\"n\":5}",
        "in place of those of the token before");
    new.has_added = 0;
    is_str(
        claims_write(&new, pool),
        "{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"jti\":\"j\","
        "\"user_id\":\"1\",\"n\":5}",
        "and not at all in a refresh token");
}

/* The site's own names, read from a flat payload and from one that is not. */
static void test_own_names(void)
{
    static const claims_names_t names = {"kind", "id"};
    static const char *const more[] = {"", ",\"list\":[]"};
    static const struct {
        const char *json, *why, *reason;
    } odd[] = {
        {"{\"kind\":1}", "a text claim is no string", "a type that is no string"},
        {"{\"id\":1}", "a text claim is no string", "an id that is no string"},
        {"{\"token_type\":1,\"jti\":2}", NULL, "the usual names mean nothing"},
    };
    claims_new_t new = {.names = &names,
                        .token_type = "access",
                        .exp = NOW + 300,
                        .iat = NOW,
                        .jti = "j",
                        .user_id_claim = "sub",
                        .user_id = "1"};
    claims_t claims;
    apr_size_t i;

    is_str(claims_write(&new, pool),
           "{\"kind\":\"access\",\"exp\":1800000300,\"iat\":1800000000,\"id\":\"j\","
           "\"sub\":\"1\"}",
           "written under names of the site's own");
    for (i = 0; i < COUNT(more); i++) {
        const char *text = apr_pstrcat(
            pool,
            "{\"kind\":\"refresh\",\"exp\":1,\"id\":\"old\",\"token_type\":\"t\","
            "\"jti\":\"x\",\"sub\":\"7\"",
            more[i], "}", NULL);

        is_str(parse_names(&claims, text, &names), NULL, "read under them");
        is_str(claims.token_type, "refresh", "the type");
        is_str(claims.jti, "old", "the id");
        new.copied = &claims;
        is_str(claims_write(&new, pool),
               apr_pstrcat(pool,
                           "{\"kind\":\"access\",\"exp\":1800000300,"
                           "\"iat\":1800000000,\"id\":\"j\",\"sub\":\"1\","
                           "\"token_type\":\"t\"",
                           more[i], "}", NULL),
               "of what has another name only jti is left out");
        parse_claims(&claims, text);
        is_str(claims.jti, "x", "and the usual ones where they hold");
    }
    for (i = 0; i < COUNT(odd); i++) {
        is_str(parse_names(&claims, odd[i].json, &names), odd[i].why, odd[i].reason);
    }
    parse_names(&claims, "{\"token_type\":\"access\",\"jti\":\"j\"}", &names);
    ok(!claims.token_type && !claims.jti, "a token of usual names has neither");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_json_limits();
    test_json_refusals();
    test_json_errors();
    test_claim_types();
    test_claims_check();
    test_user_id();
    test_claims_write();
    test_added();
    test_ways_of_writing();
    test_own_names();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
