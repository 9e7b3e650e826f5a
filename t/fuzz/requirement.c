/* A line, then the payload of a token: what the line says of its claims does not depend
 * on how they were read, operators that exclude each other are never both met, and of
 * what is not there none is. */
#include <apr_strings.h>
#include <string.h>

#include "auth/requirement.h"
#include "pool.h"

/* --- An expression is a text that is looked for; one of dots takes for ever ----------
 */

static const void *compile(const char *text, apr_pool_t *p)
{
    return *text == '(' ? NULL : apr_pstrdup(p, text);
}

static requirement_result_t match(const void *compiled, const char *text, apr_size_t len)
{
    const char *wanted = compiled;

    CHECK(strlen(text) == len);
    return *wanted == '.'         ? REQUIREMENT_GAVE_UP
           : strstr(text, wanted) ? REQUIREMENT_MET
                                  : REQUIREMENT_UNMET;
}

static const requirement_regex_t regex = {compile, match};

/* Words with blanks between them; in quotation marks a blank is none. */
static apr_array_header_t *words_of(const char *line, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(requirement_word_t));

    while (*(line += strspn(line, " "))) {
        int is_quoted = *line == '"';
        size_t len = strcspn(line + is_quoted, is_quoted ? "\"" : " ");
        requirement_word_t word = {apr_pstrmemdup(p, line + is_quoted, len), is_quoted};

        APR_ARRAY_PUSH(words, requirement_word_t) = word;
        line += is_quoted + len;
        line += is_quoted && *line == '"';
    }
    return words;
}

static const char *parse(requirement_t *out, const apr_array_header_t *words,
                         apr_pool_t *p)
{
    const char *why = requirement_parse_claim(out, words, &regex, p);

    CHECK(!why || *why);
    return why;
}

/* The same line with another operator. */
static requirement_result_t test_with(const char *op, const apr_array_header_t *words,
                                      const claims_t *claims, apr_pool_t *p)
{
    apr_array_header_t *other = apr_array_copy(p, words);
    requirement_t requirement;

    APR_ARRAY_IDX(other, 1, requirement_word_t).text = op;
    if (strcmp(op, "exists") == 0) {
        other->nelts = 2;
    }
    return parse(&requirement, other, p) ? REQUIREMENT_UNMET
                                         : requirement_test(&requirement, claims);
}

/* What cannot be true at the same time. */
static void check_opposites(const apr_array_header_t *words, const claims_t *claims,
                            apr_pool_t *p)
{
    static const char *const pairs[][2] = {{"eq", "ne"}, {"gt", "le"}, {"lt", "ge"},
                                           {"gt", "lt"}, {"gt", "eq"}, {"lt", "eq"},
                                           {"in", "ne"}};
    size_t i;

    for (i = 0; words->nelts == 3 && i < sizeof pairs / sizeof *pairs; i++) {
        CHECK(test_with(pairs[i][0], words, claims, p) != REQUIREMENT_MET ||
              test_with(pairs[i][1], words, claims, p) != REQUIREMENT_MET);
    }
    if (words->nelts == 3) {
        CHECK(test_with("eq", words, claims, p) == test_with("in", words, claims, p));
        CHECK(test_with("any", words, claims, p) == test_with("all", words, claims, p));
        CHECK(test_with("eq", words, claims, p) != REQUIREMENT_MET ||
              test_with("any", words, claims, p) == REQUIREMENT_MET);
    }
}

static bytes_t behind_blank(bytes_t payload, apr_pool_t *p)
{
    const char *copy = apr_pstrcat(p, " ", (const char *)payload.data, NULL);

    return (bytes_t){(const unsigned char *)copy, payload.len + 1};
}

static void check_line(const requirement_t *requirement, const apr_array_header_t *words,
                       bytes_t payload, apr_pool_t *p)
{
    claims_t claims, tree;
    requirement_result_t result;

    if (claims_parse(&claims, payload, &claims_usual_names, NULL, p) ||
        claims_parse(&tree, behind_blank(payload, p), &claims_usual_names, NULL, p)) {
        return;
    }
    result = requirement_test(requirement, &claims);
    CHECK(result == requirement_test(requirement, &claims));
    CHECK(result == requirement_test(requirement, &tree));
    if (path_find(&requirement->path, &claims).type == VALUE_ABSENT) {
        CHECK(result == REQUIREMENT_UNMET);
    } else {
        CHECK(test_with("exists", words, &claims, p) == REQUIREMENT_MET);
    }
    check_opposites(words, &claims, p);
}

static void check_scopes(const apr_array_header_t *words, bytes_t payload, apr_pool_t *p)
{
    requirement_t requirement;
    const char *why = requirement_parse_scope(&requirement, words, p);
    claims_t claims;

    CHECK(!why || *why);
    if (!why && !claims_parse(&claims, payload, &claims_usual_names, NULL, p)) {
        CHECK(requirement_test(&requirement, &claims) != REQUIREMENT_GAVE_UP);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    const char *text = apr_pstrmemdup(p, size ? (const char *)data : "", size);
    size_t line_len = strcspn(text, "\n");
    const char *rest = text + line_len + (text[line_len] == '\n');
    bytes_t payload = {(const unsigned char *)rest, strlen(rest)};
    apr_array_header_t *words = words_of(apr_pstrmemdup(p, text, line_len), p);
    requirement_t requirement;

    if (!parse(&requirement, words, p)) {
        check_line(&requirement, words, payload, p);
    }
    check_scopes(words, payload, p);
    return pool_end();
}
