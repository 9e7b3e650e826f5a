/* Integers are compared as such, and with a double without making doubles of them: above
 * 2^53 two that differ would become one. */
#include "jose/value.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "jose/jsontext.h"

/* 2^63, the first double that is no integer of 64 bits. */
#define TOO_LARGE 9223372036854775808.0

value_t value_of_text(const char *text)
{
    return (value_t){.type = VALUE_STRING, .text = text, .len = strlen(text)};
}

value_t value_of_json(const json_t *json)
{
    if (!json) {
        return (value_t){.type = VALUE_ABSENT};
    }
    switch (json_typeof(json)) {
    case JSON_STRING:
        return (value_t){.type = VALUE_STRING,
                         .text = json_string_value(json),
                         .len = json_string_length(json)};
    case JSON_INTEGER:
        return (value_t){.type = VALUE_INTEGER, .integer = json_integer_value(json)};
    case JSON_REAL:
        return (value_t){.type = VALUE_REAL, .real = json_real_value(json)};
    case JSON_TRUE:
    case JSON_FALSE:
        return (value_t){.type = VALUE_BOOLEAN, .integer = json_is_true(json)};
    case JSON_ARRAY:
        return (value_t){.type = VALUE_ARRAY, .tree = json};
    case JSON_OBJECT:
        return (value_t){.type = VALUE_OBJECT, .tree = json};
    case JSON_NULL:
        break;
    }
    return (value_t){.type = VALUE_NULL};
}

value_t value_element(const value_t *array, apr_size_t index)
{
    return value_of_json(json_array_get(array->tree, index));
}

int value_is_utf8(const char *text)
{
    json_auto_t *string = json_string(text);

    return string != NULL;
}

/* --- Words ------------------------------------------------------------------------ */

static const char *skip_digits(const char *at)
{
    while (apr_isdigit(*at)) {
        at++;
    }
    return at;
}

/* Whether a word has the form of a number in JSON (RFC 8259 section 6). */
static int is_number(const char *word)
{
    const char *at = word + (*word == '-'), *from = at;

    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at == from) {
        return 0;
    }
    if (*at == '.') {
        from = at + 1;
        at = skip_digits(from);
        if (at == from) {
            return 0;
        }
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        from = at + (*at == '+' || *at == '-');
        at = skip_digits(from);
        if (at == from) {
            return 0;
        }
    }
    return *at == '\0';
}

/* A word that JSON has a meaning for, if it has. */
static const char *parse_literal(value_t *out, const char *word, apr_pool_t *p)
{
    json_t *json;

    if (jsontext_parse(&json, word, strlen(word), 0, NULL, p) != APR_SUCCESS) {
        return apr_psprintf(p,
                            "the number '%s' does not fit 64 bits; write it in quotation "
                            "marks if the claim is a string",
                            word);
    }
    *out = value_of_json(json);
    return NULL;
}

const char *value_parse(value_t *out, const char *word, int is_quoted, apr_pool_t *p)
{
    if (!value_is_utf8(word)) {
        return "a value is no UTF-8, which claims are in; write it in UTF-8";
    }
    if (!is_quoted && (*word == '[' || *word == '{')) {
        return apr_psprintf(p,
                            "'%s' would be an array or object, which no operator "
                            "compares; write it in quotation marks if the claim is a "
                            "string",
                            word);
    }
    if (!is_quoted && (is_number(word) || strcmp(word, "true") == 0 ||
                       strcmp(word, "false") == 0 || strcmp(word, "null") == 0)) {
        return parse_literal(out, word, p);
    }
    *out = value_of_text(word);
    return NULL;
}

/* --- As text ---------------------------------------------------------------------- */

/* With all digits that a double has, 0.1 would end in 00000000000000001. */
#define DIGITS 15

static const char *json_text(const json_t *json, apr_pool_t *p)
{
    char *made =
        json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS));
    const char *text = apr_pstrdup(p, made ? made : "");

    free(made);
    return text;
}

const char *value_text(const value_t *value, apr_pool_t *p)
{
    json_auto_t *real = NULL;

    switch (value->type) {
    case VALUE_STRING:
        return value->text;
    case VALUE_INTEGER:
        return apr_psprintf(p, "%" APR_INT64_T_FMT, value->integer);
    case VALUE_BOOLEAN:
        return value->integer ? "true" : "false";
    case VALUE_NULL:
        return "null";
    case VALUE_REAL:
        real = json_real(value->real);
        return json_text(real, p);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return json_text(value->tree, p);
    case VALUE_ABSENT:
        break;
    }
    return "";
}

/* --- Comparing -------------------------------------------------------------------- */

static int order_of_integers(apr_int64_t a, apr_int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_of_reals(double a, double b)
{
    return a < b ? -1 : a > b;
}

static int order_of_mixed(apr_int64_t a, double b)
{
    apr_int64_t whole;

    if (b >= TOO_LARGE || b < -TOO_LARGE) {
        return b > 0 ? -1 : 1;
    }
    whole = (apr_int64_t)b;
    return a != whole ? order_of_integers(a, whole) : order_of_reals((double)whole, b);
}

static int order_of_numbers(const value_t *a, const value_t *b)
{
    if (a->type == VALUE_REAL) {
        return b->type == VALUE_REAL ? order_of_reals(a->real, b->real)
                                     : -order_of_mixed(b->integer, a->real);
    }
    return b->type == VALUE_REAL ? order_of_mixed(a->integer, b->real)
                                 : order_of_integers(a->integer, b->integer);
}

static int order_of_strings(const value_t *a, const value_t *b)
{
    apr_size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->text, b->text, len); /* claims are no secrets */

    return order ? order : order_of_integers((apr_int64_t)a->len, (apr_int64_t)b->len);
}

static int is_number_type(value_type_t type)
{
    return type == VALUE_INTEGER || type == VALUE_REAL;
}

int value_compare(int *order, const value_t *a, const value_t *b)
{
    if (is_number_type(a->type) && is_number_type(b->type)) {
        *order = order_of_numbers(a, b);
        return 1;
    }
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case VALUE_STRING:
        *order = order_of_strings(a, b);
        return 1;
    case VALUE_BOOLEAN:
    case VALUE_NULL:
        *order = order_of_integers(a->integer, b->integer);
        return 1;
    default:
        return 0;
    }
}

int value_is_equal(const value_t *a, const value_t *b)
{
    int order;

    return value_compare(&order, a, b) && order == 0;
}
