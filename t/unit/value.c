/* Values of claims as texts, and in their order: nothing is converted. */
#include <apr_general.h>
#include <apr_strings.h>

#include "jose/jsontext.h"
#include "jose/value.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool;

static value_t read_json(const char *text)
{
    return value_of_json(jsontext_own(json_loads(text, JSON_DECODE_ANY, NULL), pool));
}

static void test_text(void)
{
    static const char *const rows[][2] = {
        {"\"a b\"", "a b"},
        {"\"\"", ""},
        {"5", "5"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"0.1", "0.1"},
        {"1.5e300", "1.5e300"},
        {"[1, \"a\", null]", "[1,\"a\",null]"},
        {"{\"a\": {\"b\": []}}", "{\"a\":{\"b\":[]}}"},
        {"[]", "[]"},
    };
    value_t absent = value_of_json(NULL), text = value_of_text("x");
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        value_t value = read_json(rows[i][0]);

        is_str(value_text(&value, pool), rows[i][1], rows[i][0]);
    }
    is_str(value_text(&absent, pool), "", "what is not there has no text");
    is_str(value_text(&text, pool), "x", "a text is its own");
}

static void test_compare(void)
{
    static const struct {
        const char *a, *b;
        int has_order, order;
    } rows[] = {
        {"1", "2", 1, -1},
        {"2", "1", 1, 1},
        {"1", "1.0", 1, 0},
        {"0.5", "1", 1, -1},
        {"9007199254740993", "9007199254740992", 1, 1},
        {"9007199254740993", "9007199254740992.0", 1, 1},
        {"\"a\"", "\"b\"", 1, -1},
        {"\"a\"", "\"a\"", 1, 0},
        {"\"a\"", "\"ab\"", 1, -1},
        {"false", "true", 1, -1},
        {"true", "true", 1, 0},
        {"null", "null", 1, 0},
        {"1", "\"1\"", 0, 0},
        {"1", "true", 0, 0},
        {"null", "false", 0, 0},
        {"[]", "[]", 0, 0},
        {"{}", "{}", 0, 0},
        {"[1]", "1", 0, 0},
    };
    value_t absent = value_of_json(NULL);
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        value_t a = read_json(rows[i].a), b = read_json(rows[i].b);
        const char *name = apr_pstrcat(pool, rows[i].a, " and ", rows[i].b, NULL);
        int order = 0, has = value_compare(&order, &a, &b);

        is_int(has, rows[i].has_order, name);
        is_int((order > 0) - (order < 0), rows[i].order, "... their order");
        is_int(value_is_equal(&a, &b), has && !order, "... whether they are equal");
    }
    ok(!value_is_equal(&absent, &absent), "what is not there equals nothing");
}

static void test_words(void)
{
    static const struct {
        const char *word;
        value_type_t type;
    } rows[] = {
        {"5", VALUE_INTEGER},    {"-1", VALUE_INTEGER},  {"1.50", VALUE_REAL},
        {"2e3", VALUE_REAL},     {"2E+3", VALUE_REAL},   {"2e-3", VALUE_REAL},
        {"1.", VALUE_STRING},    {"1e", VALUE_STRING},   {"1e+", VALUE_STRING},
        {"-", VALUE_STRING},     {"01", VALUE_STRING},   {"+1", VALUE_STRING},
        {".5", VALUE_STRING},    {"5x", VALUE_STRING},   {"1.5x", VALUE_STRING},
        {"true", VALUE_BOOLEAN}, {"True", VALUE_STRING}, {"null", VALUE_NULL},
        {"admin", VALUE_STRING},
    };
    value_t value;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_str(value_parse(&value, rows[i].word, 0, pool), NULL, rows[i].word);
        is_int(value.type, rows[i].type, "... its type");
        is_str(value_parse(&value, rows[i].word, 1, pool), NULL, "... in quotes");
        is_int(value.type, VALUE_STRING, "... a string");
    }
    ok(value_parse(&value, "9223372036854775808", 0, pool) != NULL,
       "a number that no claim can be is refused");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_text();
    test_compare();
    test_words();
    apr_pool_destroy(pool);
    return done_testing();
}
