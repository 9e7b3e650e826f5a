/* Paths, values and requirements on claims, without httpd: what its floor makes of the
 * same lines t/require.t asks. Each payload is read as it is, and with a blank in front,
 * so that flat claims and those in a tree are judged alike. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "auth/requirement.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool;

/* --- An expression is a text that is looked for; one of dots takes for ever -------- */

static const void *compile(const char *text, apr_pool_t *p)
{
    return strcmp(text, "(") == 0 ? NULL : apr_pstrdup(p, text);
}

static requirement_result_t match(const void *compiled, const char *text, apr_size_t len)
{
    const char *wanted = compiled;

    if (*wanted == '.') {
        return REQUIREMENT_GAVE_UP;
    }
    return strlen(text) == len && strstr(text, wanted) ? REQUIREMENT_MET
                                                       : REQUIREMENT_UNMET;
}

static const requirement_regex_t regex = {compile, match};

/* Words with blanks between them; those in quotation marks have none. */
static const apr_array_header_t *words(const char *line)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(requirement_word_t));
    char *rest = apr_pstrdup(pool, line), *word;

    while ((word = apr_strtok(rest, " ", &rest)) != NULL) {
        requirement_word_t made = {word, *word == '"'};

        if (made.is_quoted) {
            word[strlen(word) - 1] = '\0';
            made.text++;
        }
        APR_ARRAY_PUSH(list, requirement_word_t) = made;
    }
    return list;
}

static const char *parse(requirement_t *out, const char *line)
{
    return strncmp(line, "scope:", 6) == 0
               ? requirement_parse_scope(out, words(line + 6), pool)
               : requirement_parse_claim(out, words(line), &regex, pool);
}

/* --- Claims ------------------------------------------------------------------------ */

static claims_t claims_of(const char *text)
{
    bytes_t payload = {(unsigned char *)apr_pstrdup(pool, text), strlen(text)};
    claims_t claims;
    const char *why = claims_parse(&claims, payload, &claims_usual_names, NULL, pool);

    if (!ok(why == NULL, apr_pstrcat(pool, "claims: ", text, NULL))) {
        memset(&claims, 0, sizeof claims);
    }
    return claims;
}

static const struct {
    const char *claims, *line;
    requirement_result_t result;
} rows[] = {
    {"{\"c\":\"a\"}", "c eq a", REQUIREMENT_MET},
    {"{\"c\":\"a\"}", "c eq \"a\"", REQUIREMENT_MET},
    {"{\"c\":\"a \"}", "c eq a", REQUIREMENT_UNMET},
    {"{\"c\":1}", "c eq 1", REQUIREMENT_MET},
    {"{\"c\":1}", "c eq \"1\"", REQUIREMENT_UNMET},
    {"{\"c\":1}", "c eq 1.0", REQUIREMENT_MET},
    {"{\"c\":\"1\"}", "c eq 1", REQUIREMENT_UNMET},
    {"{\"d\":\"a\"}", "c eq a", REQUIREMENT_UNMET},
    {"{\"d\":\"a\"}", "c ne a", REQUIREMENT_UNMET},
    {"{\"c\":\"b\"}", "c ne a", REQUIREMENT_MET},
    {"{\"c\":1}", "c ne a", REQUIREMENT_UNMET},
    {"{\"c\":5}", "c gt 4", REQUIREMENT_MET},
    {"{\"c\":5}", "c ge 5", REQUIREMENT_MET},
    {"{\"c\":5}", "c lt 5", REQUIREMENT_UNMET},
    {"{\"c\":5}", "c le 5", REQUIREMENT_MET},
    {"{\"c\":9007199254740993}", "c gt 9007199254740992", REQUIREMENT_MET},
    {"{\"c\":\"b\"}", "c in a b", REQUIREMENT_MET},
    {"{\"c\":\"c\"}", "c in a b", REQUIREMENT_UNMET},
    {"{\"c\":\"a\"}", "c any a b", REQUIREMENT_MET},
    {"{\"c\":\"a\"}", "c all a b", REQUIREMENT_UNMET},
    {"{\"c\":[\"a\",\"b\"]}", "c all b a", REQUIREMENT_MET},
    {"{\"c\":[]}", "c any a", REQUIREMENT_UNMET},
    {"{\"c\":{\"a\":\"a\"}}", "c any a", REQUIREMENT_UNMET},
    {"{\"c\":[\"a\",1]}", "c in a 1", REQUIREMENT_UNMET},
    {"{\"c\":\"xay\"}", "c match a", REQUIREMENT_MET},
    {"{\"c\":\"xy\"}", "c match a", REQUIREMENT_UNMET},
    {"{\"c\":\"xy\"}", "c match .", REQUIREMENT_GAVE_UP},
    {"{\"c\":1}", "c match .", REQUIREMENT_UNMET},
    {"{\"d\":1}", "c match .", REQUIREMENT_UNMET},
    {"{\"c\":\"1\"}", "c match 1", REQUIREMENT_MET},
    {"{\"c\":null}", "c exists", REQUIREMENT_MET},
    {"{\"d\":null}", "c exists", REQUIREMENT_UNMET},
    {"{\"c\":\"a\"}", "c.d exists", REQUIREMENT_UNMET},
    {"{\"c\":\"a\"}", "c[0] exists", REQUIREMENT_UNMET},
    {"{\"c\":{\"d\":[1,{\"e\":true}]}}", "c.d[1].e eq true", REQUIREMENT_MET},
    {"{\"c\":[1]}", "c[1] exists", REQUIREMENT_UNMET},
    {"{\"c.d\":1}", "c\\.d eq 1", REQUIREMENT_MET},
    {"{\"scope\":\"a b\"}", "scope:a b", REQUIREMENT_MET},
    {"{\"scope\":\"a\"}", "scope:a b", REQUIREMENT_UNMET},
    {"{\"scope\":\"a\",\"scp\":[\"b\"]}", "scope:a b", REQUIREMENT_MET},
    {"{\"scope\":\"ab\"}", "scope:a", REQUIREMENT_UNMET},
    {"{\"scope\":\"\"}", "scope:a", REQUIREMENT_UNMET},
    {"{\"d\":\"a\"}", "scope:a", REQUIREMENT_UNMET},
};

static void test_rows(void)
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *name = apr_pstrcat(pool, rows[i].claims, ": ", rows[i].line, NULL);
        claims_t here = claims_of(rows[i].claims);
        claims_t tree = claims_of(apr_pstrcat(pool, " ", rows[i].claims, NULL));
        requirement_t requirement;

        if (is_str(parse(&requirement, rows[i].line), NULL, name)) {
            is_int(requirement_test(&requirement, &here), rows[i].result, name);
            is_int(requirement_test(&requirement, &tree), rows[i].result,
                   apr_pstrcat(pool, name, " (a tree)", NULL));
        }
    }
}

/* Whoever has logged in, but has no token yet, has no claims. */
static void test_no_claims(void)
{
    claims_t none = {{NULL, 0}};
    requirement_t requirement;

    ok(!parse(&requirement, "c exists"), "a line");
    is_int(requirement_test(&requirement, &none), REQUIREMENT_UNMET, "nothing exists");
    ok(!parse(&requirement, "scope:a"), "a scope");
    is_int(requirement_test(&requirement, &none), REQUIREMENT_UNMET, "nor has a scope");
}

/* A line that is wrong leaves what was there alone. */
static void test_bad_lines(void)
{
    static const char *const lines[] = {
        "",          "c",           "c is a",
        "c eq",      "c eq a b",    "c exists a",
        "c any",     "c gt true",   "c ne null",
        "c eq [1]",  "c eq 1e400",  "c match (",
        ". eq a",    "c. eq a",     "[0] eq a",
        "c[ eq a",   "c[01] eq a",  "c[123456] eq a",
        "c\\ eq a",  "c] eq a",     "a://b.c exists",
        "c eq \xff", "\xff exists", "scope:",
        "scope:a\\",
    };
    size_t i;

    for (i = 0; i < COUNT(lines); i++) {
        requirement_t requirement = {.regex = NULL, .compiled = "untouched"};
        const char *error = parse(&requirement, lines[i]);

        ok(error && *error, apr_pstrcat(pool, "refused: ", lines[i], NULL));
        is_str(requirement.compiled, "untouched", "... and nothing is written");
    }
}

/* --- Numbers ----------------------------------------------------------------------- */

static void test_order(void)
{
    static const char *const ascending[] = {
        "-1e300",
        "-9223372036854775808",
        "-9223372036854775807",
        "-1.5",
        "-1",
        "0",
        "1e-300",
        "1",
        "1.5",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808.0",
        "1e300",
    };
    size_t i, j;

    for (i = 0; i < COUNT(ascending); i++) {
        for (j = 0; j < COUNT(ascending); j++) {
            value_t a, b;
            int order = 0, expected = i < j ? -1 : i > j;

            value_parse(&a, ascending[i], 0, pool);
            value_parse(&b, ascending[j], 0, pool);
            ok(value_compare(&order, &a, &b) && (order < 0 ? -1 : order > 0) == expected,
               apr_pstrcat(pool, ascending[i], " and ", ascending[j], NULL));
        }
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rows();
    test_no_claims();
    test_bad_lines();
    test_order();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
