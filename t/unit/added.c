/* Claims that a site adds: what each type makes of a text, and the limits of all of
 * them. */
#include "jose/added.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool;

static const char *text_of(const added_t *added)
{
    char *made = json_dumps(added->claims, JSON_COMPACT);
    const char *text = apr_pstrdup(pool, made);

    free(made);
    return text;
}

static const struct {
    added_type_t type;
    const char *text, *json; /* NULL: none; NULL: refused */
} rows[] = {
    {ADDED_STRING, "a", "\"a\""},
    {ADDED_STRING, "", "\"\""},
    {ADDED_STRING, "5", "\"5\""},
    {ADDED_STRING, "a\"b\n", "\"a\\\"b\\n\""},
    {ADDED_STRING, "\303\251", "\"\303\251\""},
    {ADDED_STRING, "\377", NULL},
    {ADDED_INT, "0", "0"},
    {ADDED_INT, "5", "5"},
    {ADDED_INT, "-5", "-5"},
    {ADDED_INT, "005", "5"},
    {ADDED_INT, "9223372036854775807", "9223372036854775807"},
    {ADDED_INT, "-9223372036854775808", "-9223372036854775808"},
    {ADDED_INT, "9223372036854775808", NULL},
    {ADDED_INT, "", NULL},
    {ADDED_INT, "-", NULL},
    {ADDED_INT, "--5", NULL},
    {ADDED_INT, "+5", NULL},
    {ADDED_INT, " 5", NULL},
    {ADDED_INT, "5 ", NULL},
    {ADDED_INT, "- 5", NULL},
    {ADDED_INT, "5.0", NULL},
    {ADDED_INT, "5e3", NULL},
    {ADDED_INT, "0x5", NULL},
    {ADDED_INT, "five", NULL},
    {ADDED_BOOL, "1", "true"},
    {ADDED_BOOL, "t", "true"},
    {ADDED_BOOL, "TRUE", "true"},
    {ADDED_BOOL, "Yes", "true"},
    {ADDED_BOOL, "y", "true"},
    {ADDED_BOOL, "0", "false"},
    {ADDED_BOOL, "f", "false"},
    {ADDED_BOOL, "False", "false"},
    {ADDED_BOOL, "no", "false"},
    {ADDED_BOOL, "n", "false"},
    {ADDED_BOOL, "", NULL},
    {ADDED_BOOL, "2", NULL},
    {ADDED_BOOL, "on", NULL},
    {ADDED_BOOL, "truee", NULL},
    {ADDED_BOOL, " 1", NULL},
    {ADDED_LIST, "", "[]"},
    {ADDED_LIST, "  ", "[]"},
    {ADDED_LIST, "a", "[\"a\"]"},
    {ADDED_LIST, "a,b", "[\"a\",\"b\"]"},
    {ADDED_LIST, " a b , c ,d", "[\"a b\",\"c\",\"d\"]"},
    {ADDED_LIST, "a,,b", "[\"a\",\"\",\"b\"]"},
    {ADDED_LIST, "5,true", "[\"5\",\"true\"]"},
    {ADDED_LIST, "[\"a\", 5, [null]]", "[\"a\",5,[null]]"},
    {ADDED_LIST, " []", "[]"},
    {ADDED_LIST, "[a]", NULL},
    {ADDED_LIST, "[1]x", NULL},
    {ADDED_LIST, "{a,b}", NULL},
    {ADDED_LIST, "{\"a\":1}", NULL},
    {ADDED_LIST, "a,\377", NULL},
    {ADDED_JSON, "5", "5"},
    {ADDED_JSON, "\"a\"", "\"a\""},
    {ADDED_JSON, "null", "null"},
    {ADDED_JSON, "{\"a\": [1, true]}", "{\"a\":[1,true]}"},
    {ADDED_JSON, "", NULL},
    {ADDED_JSON, "a", NULL},
    {ADDED_JSON, "{\"a\":1,\"a\":2}", NULL},
    {ADDED_JSON, "\"\\u0000\"", NULL},
    {ADDED_JSON, "1 2", NULL},
};

static void test_types(void)
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *name =
            apr_psprintf(pool, "%s '%s'", added_type_names[rows[i].type], rows[i].text);
        added_t *added = added_make(pool);
        const char *error = added_text(added, "c", rows[i].type, rows[i].text, pool);

        ok(rows[i].json ? !error : error && *error, name);
        is_str(text_of(added),
               rows[i].json ? apr_pstrcat(pool, "{\"c\":", rows[i].json, "}", NULL)
                            : "{}",
               apr_pstrcat(pool, name, ": the claim", NULL));
        is_int(added->names->nelts, 1, "... has a name either way");
    }
}

static void test_list(void)
{
    apr_array_header_t *texts = apr_array_make(pool, 2, sizeof(const char *));
    added_t *added = added_make(pool);

    ok(!added_text(added, "z", ADDED_STRING, NULL, pool), "no value");
    ok(!added_texts(added, "none", texts), "an empty list");
    APR_ARRAY_PUSH(texts, const char *) = "b";
    APR_ARRAY_PUSH(texts, const char *) = "a";
    ok(!added_texts(added, "two", texts), "a list");
    is_str(text_of(added), "{\"none\":[],\"two\":[\"b\",\"a\"]}", "in the order given");
    is_int(added->names->nelts, 3, "each has a name");
    APR_ARRAY_PUSH(texts, const char *) = "\377";
    ok(added_texts(added, "three", texts) != NULL, "an element that is no UTF-8");
}

/* A claim, with some values in it and some brackets around. */
static const added_t *nested(int depth, int values)
{
    added_t *added = added_make(pool);
    const char *text = "";
    int i;

    for (i = 0; i < values; i++) {
        text = apr_pstrcat(pool, text, i ? ",1" : "1", NULL);
    }
    for (i = 0; i < depth; i++) {
        text = apr_pstrcat(pool, "[", text, "]", NULL);
    }
    ok(!added_text(added, "c", ADDED_JSON, text, pool), "nested");
    return added;
}

static void test_limits(void)
{
    /* The claim itself is one. */
    ok(!added_check(nested(1, ADDED_MAX_VALUES - 1), 1000, pool), "as many as may be");
    ok(added_check(nested(1, ADDED_MAX_VALUES), 1000, pool) != NULL, "one more");
    ok(!added_check(nested(ADDED_MAX_DEPTH - 1, 1), 1000, pool), "as deep as may be");
    ok(added_check(nested(ADDED_MAX_DEPTH + 1, 1), 1000, pool) != NULL, "deeper");
    ok(!added_check(nested(0, 1), 7, pool), "{\"c\":1} has 7 bytes");
    ok(added_check(nested(0, 1), 6, pool) != NULL, "which are more than 6");
}

/* --- Memory ------------------------------------------------------------------------- */

static int calls_left;

static void *get_scarce(size_t size)
{
    return calls_left-- > 0 ? malloc(size) : NULL;
}

static const char *add_one(added_t *to, int type)
{
    apr_array_header_t *texts = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(texts, const char *) = "1";
    return type < ADDED_TYPES ? added_text(to, "c", (added_type_t)type,
                                           type == ADDED_LIST ? "[1]" : "1", pool)
                              : added_texts(to, "c", texts);
}

/* Each call that asks for memory fails once, of a value of each type and of a list. */
static void test_memory(void)
{
    int type, n;

    for (type = 0; type <= ADDED_TYPES; type++) {
        int silent = 0;

        for (n = 0; n < 50; n++) {
            added_t *added = added_make(pool);
            const char *error;

            calls_left = n;
            json_set_alloc_funcs(get_scarce, free);
            error = add_one(added, type);
            json_set_alloc_funcs(malloc, free);
            if (calls_left >= 0) {
                break;
            }
            silent += !error || json_object_size(added->claims) != 0;
        }
        ok(n > 0 && n < 50 && !silent, "without memory there is no claim, and an error");
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_types();
    test_list();
    test_limits();
    test_memory();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
