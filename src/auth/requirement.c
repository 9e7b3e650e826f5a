/* What is not said to be good is not: a claim that is not there, or of another type,
 * meets nothing, "ne" neither. Nothing is converted, trimmed or folded. */
#include "auth/requirement.h"

#include <apr_strings.h>
#include <string.h>

typedef requirement_result_t test_t(const requirement_t *requirement,
                                    const value_t *claim);

struct requirement_operator {
    const char *name;
    int least, most; /* values; 0 for any number */
    int is_order;    /* values are numbers or strings */
    test_t *test;
};

static requirement_result_t met_if(int condition)
{
    return condition ? REQUIREMENT_MET : REQUIREMENT_UNMET;
}

static const value_t *first_value(const requirement_t *requirement)
{
    return (const value_t *)requirement->values->elts;
}

/* --- The operators ---------------------------------------------------------------- */

static requirement_result_t test_eq(const requirement_t *requirement,
                                    const value_t *claim)
{
    return met_if(value_is_equal(claim, first_value(requirement)));
}

static requirement_result_t test_ne(const requirement_t *requirement,
                                    const value_t *claim)
{
    int order;

    return met_if(value_compare(&order, claim, first_value(requirement)) && order != 0);
}

static requirement_result_t test_gt(const requirement_t *requirement,
                                    const value_t *claim)
{
    int order;

    return met_if(value_compare(&order, claim, first_value(requirement)) && order > 0);
}

static requirement_result_t test_ge(const requirement_t *requirement,
                                    const value_t *claim)
{
    int order;

    return met_if(value_compare(&order, claim, first_value(requirement)) && order >= 0);
}

static requirement_result_t test_lt(const requirement_t *requirement,
                                    const value_t *claim)
{
    int order;

    return met_if(value_compare(&order, claim, first_value(requirement)) && order < 0);
}

static requirement_result_t test_le(const requirement_t *requirement,
                                    const value_t *claim)
{
    int order;

    return met_if(value_compare(&order, claim, first_value(requirement)) && order <= 0);
}

static int is_one_of(const value_t *value, const apr_array_header_t *values)
{
    int i;

    for (i = 0; i < values->nelts; i++) {
        if (value_is_equal(value, &APR_ARRAY_IDX(values, i, const value_t))) {
            return 1;
        }
    }
    return 0;
}

static requirement_result_t test_in(const requirement_t *requirement,
                                    const value_t *claim)
{
    return met_if(is_one_of(claim, requirement->values));
}

/* A scalar is an array of one. */
static int contains(const value_t *claim, const value_t *wanted)
{
    value_t element;
    apr_size_t i = 0;

    if (claim->type != VALUE_ARRAY) {
        return value_is_equal(claim, wanted);
    }
    do {
        element = value_element(claim, i++);
        if (value_is_equal(&element, wanted)) {
            return 1;
        }
    } while (element.type != VALUE_ABSENT);
    return 0;
}

/* How many of the values a claim contains. */
static int count_contained(const requirement_t *requirement, const value_t *claim)
{
    const apr_array_header_t *values = requirement->values;
    int i, count = 0;

    for (i = 0; i < values->nelts; i++) {
        count += contains(claim, &APR_ARRAY_IDX(values, i, const value_t));
    }
    return count;
}

static requirement_result_t test_any(const requirement_t *requirement,
                                     const value_t *claim)
{
    return met_if(count_contained(requirement, claim) > 0);
}

static requirement_result_t test_all(const requirement_t *requirement,
                                     const value_t *claim)
{
    return met_if(count_contained(requirement, claim) == requirement->values->nelts);
}

static requirement_result_t test_match(const requirement_t *requirement,
                                       const value_t *claim)
{
    return claim->type == VALUE_STRING
               ? requirement->regex->match(requirement->compiled, claim->text, claim->len)
               : REQUIREMENT_UNMET;
}

static requirement_result_t test_exists(const requirement_t *requirement,
                                        const value_t *claim)
{
    (void)requirement;
    return met_if(claim->type != VALUE_ABSENT);
}

static const struct requirement_operator operators[] = {
    {"eq", 1, 1, 0, test_eq},         {"ne", 1, 1, 0, test_ne},
    {"gt", 1, 1, 1, test_gt},         {"ge", 1, 1, 1, test_ge},
    {"lt", 1, 1, 1, test_lt},         {"le", 1, 1, 1, test_le},
    {"in", 1, 0, 0, test_in},         {"any", 1, 0, 0, test_any},
    {"all", 1, 0, 0, test_all},       {"match", 1, 1, 0, test_match},
    {"exists", 0, 0, 0, test_exists},
};

#define OPERATORS (sizeof operators / sizeof *operators)

/* --- Reading a line --------------------------------------------------------------- */

static const char *find_operator(const struct requirement_operator **out,
                                 const char *name, apr_pool_t *p)
{
    const char *known = "";
    apr_size_t i;

    for (i = 0; i < OPERATORS; i++) {
        if (strcmp(name, operators[i].name) == 0) {
            *out = &operators[i];
            return NULL;
        }
        known = apr_pstrcat(p, known, " ", operators[i].name, NULL);
    }
    return apr_psprintf(p, "'%s' is no operator; write one of:%s", name, known);
}

static const char *check_count(const struct requirement_operator *op,
                               const requirement_word_t *values, int count, apr_pool_t *p)
{
    if (op->least == 0) {
        return count ? apr_psprintf(p, "%s takes no value; leave '%s' out", op->name,
                                    values->text)
                     : NULL;
    }
    if (op->most == 1 && count != 1) {
        return apr_psprintf(p,
                            "%s takes one value, here are %d; write it behind the "
                            "operator, in quotation marks if it has blanks",
                            op->name, count);
    }
    return count ? NULL
                 : apr_psprintf(p, "%s takes values; write one or more behind it",
                                op->name);
}

/* A value that its operator could never be true with. */
static const char *check_value(const struct requirement_operator *op,
                               const value_t *value, const char *word, apr_pool_t *p)
{
    int is_name = value->type == VALUE_NULL || value->type == VALUE_BOOLEAN;

    if (op->is_order && is_name) {
        return apr_psprintf(p, "%s compares numbers and strings; '%s' is neither",
                            op->name, word);
    }
    return op->test == test_ne && value->type == VALUE_NULL
               ? "ne null would never be true, as no other value has its type; write "
                 "exists, and Require not with eq null"
               : NULL;
}

static const char *parse_values(apr_array_header_t *values,
                                const struct requirement_operator *op,
                                const requirement_word_t *words, int count, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    for (i = 0; i < count && !error; i++) {
        value_t value;

        /* An expression is a text, whatever it looks like. */
        error = value_parse(&value, words[i].text,
                            words[i].is_quoted || op->test == test_match, p);
        if (!error) {
            error = check_value(op, &value, words[i].text, p);
            APR_ARRAY_PUSH(values, value_t) = value;
        }
    }
    return error;
}

static const char *compile(requirement_t *out, apr_pool_t *p)
{
    const char *text = first_value(out)->text;

    out->compiled = out->regex->compile(text, p);
    return out->compiled ? NULL
                         : apr_psprintf(p,
                                        "'%s' is no regular expression; write one as for "
                                        "LocationMatch, such as ^admin",
                                        text);
}

const char *requirement_parse_claim(requirement_t *out, const apr_array_header_t *words,
                                    const requirement_regex_t *regex, apr_pool_t *p)
{
    const requirement_word_t *word = (const requirement_word_t *)words->elts;
    int count = words->nelts - 2;
    apr_array_header_t *values;
    requirement_t made = {.regex = regex};
    const char *error;

    if (count < 0) {
        return "takes PATH OP VALUE, such as: Require jwt-claim roles any admin";
    }
    made.values = values = apr_array_make(p, count + 1, sizeof(value_t));
    (void)((error = path_parse(&made.path, word[0].text, p)) ||
           (error = find_operator(&made.op, word[1].text, p)) ||
           (error = check_count(made.op, word + 2, count, p)) ||
           (error = parse_values(values, made.op, word + 2, count, p)) ||
           (made.op->test == test_match && (error = compile(&made, p))));
    if (!error) {
        *out = made;
    }
    return error;
}

/* --- Scopes ----------------------------------------------------------------------- */

/* RFC 6749 section 3.3; it also goes into a challenge, in quotation marks. */
static int is_scope(const char *name)
{
    const char *at = name;

    while (*at > ' ' && *at <= '~' && *at != '"' && *at != '\\') {
        at++;
    }
    return at > name && *at == '\0';
}

const char *requirement_parse_scope(requirement_t *out, const apr_array_header_t *words,
                                    apr_pool_t *p)
{
    apr_array_header_t *values = apr_array_make(p, words->nelts + 1, sizeof(value_t));
    int i;

    if (words->nelts == 0) {
        return "takes names of scopes, such as: Require jwt-scope orders.read";
    }
    for (i = 0; i < words->nelts; i++) {
        const char *name = APR_ARRAY_IDX(words, i, const requirement_word_t).text;

        if (!is_scope(name)) {
            return apr_psprintf(p,
                                "'%s' is no scope; write each by itself, without "
                                "quotation marks and backslashes in it",
                                name);
        }
        APR_ARRAY_PUSH(values, value_t) = value_of_text(name);
    }
    *out = (requirement_t){.values = values};
    return NULL;
}

/* RFC 8693 section 4.2: a list with blanks between the names. */
static int is_in_list(const value_t *list, const value_t *name)
{
    const char *at = list->text, *end;
    apr_size_t len;

    if (list->type != VALUE_STRING) {
        return 0;
    }
    for (end = at + list->len; at < end; at += len + 1) {
        len = strcspn(at, " ");
        if (len == name->len && strncmp(at, name->text, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static requirement_result_t test_scopes(const apr_array_header_t *names,
                                        const claims_t *claims)
{
    value_t scope = claims_get(claims, "scope"), scp = claims_get(claims, "scp");
    int i;

    for (i = 0; i < names->nelts; i++) {
        const value_t *name = &APR_ARRAY_IDX(names, i, const value_t);

        if (!is_in_list(&scope, name) &&
            !(scp.type == VALUE_ARRAY && contains(&scp, name))) {
            return REQUIREMENT_UNMET;
        }
    }
    return REQUIREMENT_MET;
}

requirement_result_t requirement_test(const requirement_t *requirement,
                                      const claims_t *claims)
{
    value_t claim;

    if (!requirement->op) {
        return test_scopes(requirement->values, claims);
    }
    claim = path_find(&requirement->path, claims);
    return requirement->op->test(requirement, &claim);
}
