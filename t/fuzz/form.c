/* Urlencoded forms: fields keep the limits, and written out again they are read as the
 * same ones. */
#include <apr_strings.h>
#include <string.h>

#include "http/fields.h"
#include "http/form.h"
#include "pool.h"

/* Every byte escaped, which leaves the parser nothing to choose. */
static char *escape(char *to, const char *from, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (; len; len--, from++) {
        *to++ = '%';
        *to++ = digits[(unsigned char)*from >> 4];
        *to++ = digits[(unsigned char)*from & 15];
    }
    return to;
}

static char *write_form(const apr_array_header_t *fields, apr_pool_t *p)
{
    size_t room = 1;
    char *text, *to;
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        room += 3 * (strlen(field->name) + field->len) + 2;
    }
    text = to = apr_palloc(p, room);
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        to = escape(to, field->name, strlen(field->name));
        *to++ = '=';
        to = escape(to, field->value, field->len);
        *to++ = '&';
    }
    *to = '\0';
    return text;
}

static void check_fields(const apr_array_header_t *fields, size_t size)
{
    size_t total = 0;
    int i;

    CHECK(fields->nelts <= FORM_MAX_FIELDS);
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        CHECK(*field->name && !field->is_file);
        CHECK(field->value[field->len] == '\0');
        total += strlen(field->name) + field->len;
    }
    CHECK(total <= size);
}

static void check_again(const apr_array_header_t *fields, apr_pool_t *p)
{
    const char *text = write_form(fields, p);
    apr_array_header_t *again;
    int i;

    CHECK(form_parse_urlencoded(&again, text, strlen(text), p) == NULL);
    CHECK(again->nelts == fields->nelts);
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *a = &APR_ARRAY_IDX(fields, i, form_field_t);
        const form_field_t *b = &APR_ARRAY_IDX(again, i, form_field_t);

        CHECK(strcmp(a->name, b->name) == 0 && a->len == b->len);
        CHECK(memcmp(a->value, b->value, a->len) == 0);
    }
}

/* As an endpoint reads it: an object of all fields, or an error that can be written. */
static void check_object(const apr_array_header_t *fields, const char *body, size_t size,
                         apr_pool_t *p)
{
    static const char type[] = "application/x-www-form-urlencoded";
    json_t *error = NULL;
    const json_t *object = fields_find_parser(type)(&error, type, body, size, p);

    CHECK(!object == !!error);
    CHECK(!object || (int)json_object_size(object) <= fields->nelts);
    CHECK(!error || json_string_length(json_object_get(error, "detail")) > 0);
    json_decref(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    apr_array_header_t *fields = NULL;
    const char *error = form_parse_urlencoded(&fields, (const char *)data, size, p);

    CHECK(fields);
    check_fields(fields, size);
    if (error) {
        CHECK(fields->nelts == FORM_MAX_FIELDS);
    } else {
        check_again(fields, p);
    }
    check_object(fields, (const char *)data, size, p);
    return pool_end();
}
