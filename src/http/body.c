/* Differs from SimpleJWT, which has no limits here, in AuthJWTMaxBody, in the depth
 * and number of JSON values (jsontext.h), and in refusing a field that stands twice:
 * two parts of a site must not read two different user names from one request. */
#include "http/body.h"

#include <apr_buckets.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "http/form.h"
#include "http/response.h"
#include "jose/jsontext.h"

APLOG_USE_MODULE(auth_jwt);

/* Stands for a file, and for bytes that are not UTF-8. */
#define NOT_A_STRING json_false()

static json_t *fail(body_error_t *error, int status, const char *detail)
{
    error->status = status;
    error->body = response_detail(detail);
    return NULL;
}

static json_t *too_large(request_rec *r, const config_t *config, body_error_t *error)
{
    return fail(error, HTTP_REQUEST_ENTITY_TOO_LARGE,
                apr_psprintf(r->pool,
                             "Request body is larger than %" APR_INT64_T_FMT " bytes.",
                             config->max_body));
}

/* Append a brigade's data; what came is counted before it is kept. */
static apr_status_t append(char *data, apr_size_t *len, apr_size_t room,
                           apr_bucket_brigade *brigade)
{
    apr_off_t more;
    apr_size_t size;
    apr_status_t rv = apr_brigade_length(brigade, 1, &more);

    if (rv == APR_SUCCESS && (apr_size_t)more > room - *len) {
        rv = APR_ENOSPC;
    }
    if (rv == APR_SUCCESS) {
        size = (apr_size_t)more;
        rv = apr_brigade_flatten(brigade, data + *len, &size);
        *len += size;
    }
    return rv;
}

/* APR's macro casts a volatile away, which clang mentions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
static int is_last(apr_bucket_brigade *brigade)
{
    return !APR_BRIGADE_EMPTY(brigade) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
}
#pragma GCC diagnostic pop

/* Not ap_get_client_block(), which loses what went wrong. */
static apr_status_t read_bytes(char *data, apr_size_t *len, apr_size_t room,
                               request_rec *r)
{
    apr_bucket_brigade *brigade;
    apr_status_t rv = APR_SUCCESS;
    int eos = 0;

    *len = 0;
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (rv == APR_SUCCESS && !eos) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ,
                            HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) {
            eos = is_last(brigade);
            rv = append(data, len, room, brigade);
        }
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return rv;
}

static char *read_all(apr_size_t *len, request_rec *r, const config_t *config,
                      body_error_t *error)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_size_t room = (apr_size_t)config->max_body;
    apr_status_t rv;
    char *data;

    /* Before a byte is read, and before "100 Continue" asks for them. */
    if (length && apr_strtoi64(length, NULL, 10) > config->max_body) {
        too_large(r, config, error);
        return NULL;
    }
    data = apr_palloc(r->pool, room + 1);
    rv = read_bytes(data, len, room, r);
    if (rv == APR_ENOSPC) {
        too_large(r, config, error);
        return NULL;
    }
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r,
                      "JWT0103: the request body broke off");
        error->status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        return NULL;
    }
    data[*len] = '\0';
    return data;
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

static json_t *fail_parse(request_rec *r, const char *data, const jsontext_error_t *why,
                          body_error_t *error)
{
    apr_size_t i, line = 1, column = 1;

    for (i = 0; i < why->position && data[i]; i++) {
        column = data[i] == '\n' ? 1 : column + 1;
        line += data[i] == '\n';
    }
    return fail(error, HTTP_BAD_REQUEST,
                apr_psprintf(r->pool,
                             "JSON parse error - %s: line %" APR_SIZE_T_FMT
                             " column %" APR_SIZE_T_FMT " (char %" APR_SIZE_T_FMT ")",
                             python_words(why->text), line, column, i));
}

static json_t *fail_type(request_rec *r, const json_t *value, body_error_t *error)
{
    static const char *const python_types[] = {
        [JSON_OBJECT] = "dict", [JSON_ARRAY] = "list", [JSON_STRING] = "str",
        [JSON_INTEGER] = "int", [JSON_REAL] = "float", [JSON_TRUE] = "bool",
        [JSON_FALSE] = "bool",
    };
    const char *text = "No data provided";

    if (!json_is_null(value)) {
        text = apr_psprintf(r->pool, "Invalid data. Expected a dictionary, but got %s.",
                            python_types[json_typeof(value)]);
    }
    error->status = HTTP_BAD_REQUEST;
    error->body = json_pack("{s:[s]}", "non_field_errors", text);
    return NULL;
}

static json_t *parse_json(request_rec *r, const char *data, apr_size_t len,
                          body_error_t *error)
{
    jsontext_error_t why;
    json_t *value;

    if (len == 0) {
        return jsontext_own(json_object(), r->pool);
    }
    /* U+0000 is read so that the field can be named that has it. */
    if (jsontext_parse(&value, data, len, JSON_ALLOW_NUL, &why, r->pool) != APR_SUCCESS) {
        return fail_parse(r, data, &why, error);
    }
    return json_is_object(value) ? value : fail_type(r, value, error);
}

static json_t *from_fields(request_rec *r, const apr_array_header_t *fields,
                           body_error_t *error)
{
    json_t *object = jsontext_own(json_object(), r->pool);
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);
        json_t *value = field->is_file ? NULL : json_stringn(field->value, field->len);

        if (json_object_get(object, field->name)) {
            if (value) {
                json_decref(value);
            }
            return fail(error, HTTP_BAD_REQUEST,
                        "Form parse error - a field stands twice");
        }
        json_object_set_new(object, field->name, value ? value : NOT_A_STRING);
    }
    return object;
}

static json_t *parse_form(request_rec *r, const char *data, apr_size_t len,
                          body_error_t *error)
{
    apr_array_header_t *fields;
    const char *why = form_parse_urlencoded(&fields, data, len, r->pool);

    if (why) {
        return fail(error, HTTP_BAD_REQUEST,
                    apr_pstrcat(r->pool, "Form parse error - ", why, NULL));
    }
    return from_fields(r, fields, error);
}

static json_t *parse_multipart(request_rec *r, const char *data, apr_size_t len,
                               body_error_t *error)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type"), *why;
    apr_array_header_t *fields;

    why = form_parse_multipart(&fields, type, data, len, r->pool);
    if (why) {
        return fail(error, HTTP_BAD_REQUEST,
                    apr_pstrcat(r->pool, "Multipart form parse error - ", why, NULL));
    }
    return from_fields(r, fields, error);
}

typedef json_t *parser_t(request_rec *r, const char *data, apr_size_t len,
                         body_error_t *error);

static parser_t *find_parser(const char *type)
{
    static const struct {
        const char *type;
        parser_t *parser;
    } types[] = {
        {"application/json", parse_json},
        {"application/x-www-form-urlencoded", parse_form},
        {"multipart/form-data", parse_multipart},
    };
    apr_size_t len = strcspn(type, "; \t"), i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].type) == len &&
            ap_cstr_casecmpn(type, types[i].type, len) == 0) {
            return types[i].parser;
        }
    }
    return NULL;
}

static int has_body(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return apr_table_get(r->headers_in, "Transfer-Encoding") ||
           (length && strspn(length, "0") != strlen(length));
}

json_t *body_read(request_rec *r, const config_t *config, body_error_t *error)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    parser_t *parser = find_parser(type ? type : "");
    apr_size_t len;
    json_t *detail;
    char *data;

    if (!has_body(r)) {
        return jsontext_own(json_object(), r->pool);
    }
    if (!parser) {
        detail =
            json_sprintf("Unsupported media type \"%s\" in request.", type ? type : "");
        error->status = HTTP_UNSUPPORTED_MEDIA_TYPE;
        error->body = detail ? json_pack("{s:o}", "detail", detail)
                             : response_detail("Unsupported media type in request.");
        return NULL;
    }
    data = read_all(&len, r, config, error);
    return data ? parser(r, data, len, error) : NULL;
}

static const char *refuse_field(body_error_t *error, const char *name, const char *text)
{
    if (!error->body) {
        error->body = json_object();
    }
    error->status = HTTP_BAD_REQUEST;
    json_object_set_new(error->body, name, json_pack("[s]", text));
    return NULL;
}

/* A number as Python would print it, or NULL for what is no text and no number. */
static const char *number_text(request_rec *r, const json_t *value)
{
    const char *copy = NULL;
    char *text;

    if (json_is_number(value)) {
        text = json_dumps(value, JSON_ENCODE_ANY);
        copy = apr_pstrdup(r->pool, text);
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
        len = blank_len(at);
        end = len ? end : at + 1;
    }
    return apr_pstrmemdup(p, text, (apr_size_t)(end - text));
}

const char *body_field(request_rec *r, const json_t *body, const char *name, int trim,
                       body_error_t *error)
{
    const json_t *value = json_object_get(body, name);
    const char *text;

    if (!value) {
        return refuse_field(error, name, "This field is required.");
    }
    if (json_is_null(value)) {
        return refuse_field(error, name, "This field may not be null.");
    }
    text = json_is_string(value) ? json_string_value(value) : number_text(r, value);
    if (!text) {
        return refuse_field(error, name, "Not a valid string.");
    }
    if (json_is_string(value) && strlen(text) != json_string_length(value)) {
        return refuse_field(error, name, "Null characters are not allowed.");
    }
    if (trim) {
        text = trimmed(text, r->pool);
    }
    return *text ? text : refuse_field(error, name, "This field may not be blank.");
}
