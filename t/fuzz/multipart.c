/* Multipart forms: fields lie within the body, and written out again they are read as
 * the same ones. The input's first line is the Content-Type, the rest is the body. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "http/fields.h"
#include "http/form.h"
#include "pool.h"

/* Whether a name can be written between quotation marks and stay what it is. */
static int is_plain(const char *name)
{
    return !strpbrk(name, "\"\\\r\n");
}

static int has_bytes(const form_field_t *field, const char *what)
{
    size_t len = strlen(what), i;

    for (i = 0; i + len <= field->len; i++) {
        if (memcmp(field->value + i, what, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_fields(const apr_array_header_t *fields, size_t size)
{
    size_t total = 0;
    int i;

    CHECK(fields->nelts <= FORM_MAX_FIELDS);
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        CHECK(*field->name && field->value[field->len] == '\0');
        total += strlen(field->name) + field->len;
    }
    CHECK(total <= size);
}

#define BOUNDARY "a boundary of ours"

/* One field, by the book; its length goes to *len. */
static char *write_part(size_t *len, const form_field_t *field, apr_pool_t *p)
{
    const char *head = apr_pstrcat(
        p, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"", field->name, "\"",
        field->is_file ? "; filename=\"x\"" : "", "\r\n\r\n", NULL);
    static const char tail[] = "\r\n--" BOUNDARY "--\r\n";
    char *text = apr_palloc(p, strlen(head) + field->len + strlen(tail));

    *len = strlen(head) + field->len + strlen(tail);
    memcpy(text, head, strlen(head));
    memcpy(text + strlen(head), field->value, field->len);
    memcpy(text + strlen(head) + field->len, tail, strlen(tail));
    return text;
}

static void check_again(const form_field_t *field, apr_pool_t *p)
{
    static const char type[] = "multipart/form-data; boundary=\"" BOUNDARY "\"";
    apr_array_header_t *again;
    const form_field_t *read;
    char *text;
    size_t len;

    if (!is_plain(field->name) || has_bytes(field, "--" BOUNDARY)) {
        return;
    }
    text = write_part(&len, field, p);
    CHECK(form_parse_multipart(&again, type, text, len, p) == NULL);
    CHECK(again->nelts == 1);
    read = &APR_ARRAY_IDX(again, 0, form_field_t);
    CHECK(strcmp(read->name, field->name) == 0 && read->len == field->len);
    CHECK(memcmp(read->value, field->value, field->len) == 0);
    CHECK(!read->is_file == !field->is_file);
}

static void check_object(const apr_array_header_t *fields, const char *type,
                         const char *body, size_t size, apr_pool_t *p)
{
    json_t *error = NULL;
    const json_t *object =
        fields_find_parser("multipart/form-data")(&error, type, body, size, p);

    CHECK(!object == !!error);
    CHECK(!object || (int)json_object_size(object) <= fields->nelts);
    CHECK(!error || json_string_length(json_object_get(error, "detail")) > 0);
    json_decref(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    size_t type_len = line ? (size_t)(line - text) : size;
    size_t body_len = line ? size - type_len - 1 : 0;
    const char *type = apr_pstrmemdup(p, text, type_len), *error;
    apr_array_header_t *fields = NULL;
    char *body = apr_palloc(p, body_len);
    int i;

    if (body_len) {
        memcpy(body, line + 1, body_len);
    }
    error = form_parse_multipart(&fields, type, body, body_len, p);
    CHECK(fields && (!error || *error));
    check_fields(fields, body_len);
    for (i = 0; i < fields->nelts; i++) {
        check_again(&APR_ARRAY_IDX(fields, i, form_field_t), p);
    }
    check_object(fields, type, body, body_len, p);
    return pool_end();
}
