/* Differs from SimpleJWT in the depth and number of JSON values (jsontext.h), and in
 * refusing a field that stands twice: two parts of a site must not read two different
 * user names from one request. */
#include "http/fields.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "http/form.h"
#include "jose/flat.h"
#include "jose/jsontext.h"

/* Stands for a file, and for bytes that are not UTF-8. */
#define NOT_A_STRING json_false()

static json_t *fail(json_t **error, const char *detail)
{
    *error = json_pack("{s:s}", "detail", detail);
    return NULL;
}

/* Python's words for what jansson found; SimpleJWT's clients have seen these. */
static const char *python_words(const char *text)
{
    static const struct {
        const char *jansson, *python;
    } words[] = {
        {"':' expected", "Expecting ':' delimiter"},
        {"'}' expected", "Expecting ',' delimiter"},
        {"']' expected", "Expecting ',' delimiter"},
        {"string or '}' expected", "Expecting property name enclosed in double quotes"},
        {"premature end of input", "Unterminated string starting at"},
        {"end of file expected", "Extra data"},
        {"control character", "Invalid control character at"},
        {"invalid escape", "Invalid \\escape"},
        {"duplicate object key", "Duplicate name"},
        {"too deep or too many values", "Too deep or too many values"},
        {"unable to decode", "Invalid UTF-8"},
        {"invalid Unicode", "Surrogate characters are not allowed"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(text, words[i].jansson, strlen(words[i].jansson)) == 0) {
            return words[i].python;
        }
    }
    return "Expecting value";
}

static json_t *fail_parse(json_t **error, const char *data, const jsontext_error_t *why,
                          apr_pool_t *p)
{
    apr_size_t i, line = 1, column = 1;

    for (i = 0; i < why->position && data[i]; i++) {
        column = data[i] == '\n' ? 1 : column + 1;
        line += data[i] == '\n';
    }
    return fail(error,
                apr_psprintf(p,
                             "JSON parse error - %s: line %" APR_SIZE_T_FMT
                             " column %" APR_SIZE_T_FMT " (char %" APR_SIZE_T_FMT ")",
                             python_words(why->text), line, column, i));
}

static json_t *fail_type(json_t **error, const json_t *value, apr_pool_t *p)
{
    static const char *const python_types[] = {
        [JSON_OBJECT] = "dict", [JSON_ARRAY] = "list", [JSON_STRING] = "str",
        [JSON_INTEGER] = "int", [JSON_REAL] = "float", [JSON_TRUE] = "bool",
        [JSON_FALSE] = "bool",
    };
    const char *text = "No data provided";

    if (!json_is_null(value)) {
        text = apr_psprintf(p, "Invalid data. Expected a dictionary, but got %s.",
                            python_types[json_typeof(value)]);
    }
    *error = json_pack("{s:[s]}", "non_field_errors", text);
    return NULL;
}

static json_t *from_flat(const flat_t *flat, apr_pool_t *p)
{
    json_t *object = jsontext_own(json_object(), p);
    int i;

    for (i = 0; i < flat->count; i++) {
        const flat_member_t *member = &flat->members[i];

        json_object_set_new(object, member->name,
                            member->text ? json_string(member->text)
                                         : json_integer(member->number));
    }
    return object;
}

static json_t *parse_json(json_t **error, const char *type, const char *data,
                          apr_size_t len, apr_pool_t *p)
{
    const flat_t *flat = flat_parse(data, len, p);
    jsontext_error_t why;
    json_t *value;

    (void)type;
    if (flat || len == 0) {
        return flat ? from_flat(flat, p) : jsontext_own(json_object(), p);
    }
    /* U+0000 is read so that the field can be named that has it. */
    if (jsontext_parse(&value, data, len, JSON_ALLOW_NUL, &why, p) != APR_SUCCESS) {
        return fail_parse(error, data, &why, p);
    }
    return json_is_object(value) ? value : fail_type(error, value, p);
}

static json_t *from_form(json_t **error, const apr_array_header_t *form, apr_pool_t *p)
{
    json_t *object = jsontext_own(json_object(), p);
    int i;

    for (i = 0; i < form->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(form, i, form_field_t);
        json_t *value = field->is_file ? NULL : json_stringn(field->value, field->len);

        if (json_object_get(object, field->name)) {
            if (value) {
                json_decref(value);
            }
            return fail(error, "Form parse error - a field stands twice");
        }
        json_object_set_new(object, field->name, value ? value : NOT_A_STRING);
    }
    return object;
}

static json_t *parse_form(json_t **error, const char *type, const char *data,
                          apr_size_t len, apr_pool_t *p)
{
    apr_array_header_t *form;
    const char *why = form_parse_urlencoded(&form, data, len, p);

    (void)type;
    if (why) {
        return fail(error, apr_pstrcat(p, "Form parse error - ", why, NULL));
    }
    return from_form(error, form, p);
}

static json_t *parse_multipart(json_t **error, const char *type, const char *data,
                               apr_size_t len, apr_pool_t *p)
{
    apr_array_header_t *form;
    const char *why = form_parse_multipart(&form, type, data, len, p);

    if (why) {
        return fail(error, apr_pstrcat(p, "Multipart form parse error - ", why, NULL));
    }
    return from_form(error, form, p);
}

fields_parser_t *fields_find_parser(const char *type)
{
    static const struct {
        const char *type;
        fields_parser_t *parser;
    } types[] = {
        {"application/json", parse_json},
        {"application/x-www-form-urlencoded", parse_form},
        {"multipart/form-data", parse_multipart},
    };
    apr_size_t len = strcspn(type, "; \t"), i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].type) == len &&
            apr_cstr_casecmpn(type, types[i].type, len) == 0) {
            return types[i].parser;
        }
    }
    return NULL;
}

static const char *refuse(json_t **error, const char *name, const char *text)
{
    if (!*error) {
        *error = json_object();
    }
    json_object_set_new(*error, name, json_pack("[s]", text));
    return NULL;
}

/* A number as Python would print it, or NULL for what is no text and no number. */
static const char *number_text(const json_t *value, apr_pool_t *p)
{
    const char *copy = NULL;
    char *text;

    if (json_is_number(value)) {
        text = json_dumps(value, JSON_ENCODE_ANY);
        copy = apr_pstrdup(p, text);
        free(text);
    }
    return copy;
}

/* Length of the white space at @p at as Python's str.strip() knows it, in UTF-8; 0 when
 * it is none. */
static apr_size_t blank_len(const char *at)
{
    static const char *const blanks[] = {
        "\x1c",         "\x1d",         "\x1e",         "\x1f",         "\xc2\x85",
        "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
        "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87",
        "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    apr_size_t i, len;

    if (apr_isspace(*at)) {
        return 1;
    }
    for (i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        len = strlen(blanks[i]);
        if (strncmp(at, blanks[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

static const char *trimmed(const char *text, apr_pool_t *p)
{
    const char *at, *end;
    apr_size_t len;

    while ((len = blank_len(text))) {
        text += len;
    }
    /* Forward, since UTF-8 is not read backwards: what follows the last other one. */
    for (at = end = text; *at; at += len ? len : 1) {
        /* Nearly all are no white space, and a token has hundreds. */
        len = *at > ' ' && *at <= '~' ? 0 : blank_len(at);
        end = len ? end : at + 1;
    }
    return apr_pstrmemdup(p, text, (apr_size_t)(end - text));
}

const char *fields_text(const json_t *fields, const char *name, int trim, json_t **error,
                        apr_pool_t *p)
{
    const json_t *value = json_object_get(fields, name);
    const char *text;

    if (!value) {
        return refuse(error, name, "This field is required.");
    }
    if (json_is_null(value)) {
        return refuse(error, name, "This field may not be null.");
    }
    text = json_is_string(value) ? json_string_value(value) : number_text(value, p);
    if (!text) {
        return refuse(error, name, "Not a valid string.");
    }
    if (json_is_string(value) && strlen(text) != json_string_length(value)) {
        return refuse(error, name, "Null characters are not allowed.");
    }
    if (trim) {
        text = trimmed(text, p);
    }
    return *text ? text : refuse(error, name, "This field may not be blank.");
}
