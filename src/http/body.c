/* Differs from SimpleJWT, which has no limit here, in AuthJWTMaxBody. What differs in
 * reading the bytes is told in fields.c. */
#include "http/body.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "http/fields.h"
#include "http/response.h"
#include "jose/jsontext.h"

APLOG_USE_MODULE(auth_jwt);

static char *too_large(request_rec *r, const config_t *config, body_error_t *error)
{
    error->status = HTTP_REQUEST_ENTITY_TOO_LARGE;
    error->body = response_detail(
        apr_psprintf(r->pool, "Request body is larger than %" APR_INT64_T_FMT " bytes.",
                     config->max_body));
    return NULL;
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
        return too_large(r, config, error);
    }
    data = apr_palloc(r->pool, room + 1);
    rv = read_bytes(data, len, room, r);
    if (rv == APR_ENOSPC) {
        return too_large(r, config, error);
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

static int has_body(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return apr_table_get(r->headers_in, "Transfer-Encoding") ||
           (length && strspn(length, "0") != strlen(length));
}

json_t *body_read(request_rec *r, const config_t *config, body_error_t *error)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    fields_parser_t *parser = fields_find_parser(type ? type : "");
    apr_size_t len;
    json_t *detail, *fields;
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
    if (!data) {
        return NULL;
    }
    fields = parser(&error->body, type, data, len, r->pool);
    if (!fields) {
        error->status = HTTP_BAD_REQUEST;
    }
    return fields;
}

const char *body_field(request_rec *r, const json_t *body, const char *name, int trim,
                       body_error_t *error)
{
    const char *text = fields_text(body, name, trim, &error->body, r->pool);

    if (!text) {
        error->status = HTTP_BAD_REQUEST;
    }
    return text;
}

const char *body_read_field(request_rec *r, const config_t *config, const char *name,
                            int *status)
{
    body_error_t error = {0};
    json_t *body = body_read(r, config, &error);
    const char *text = body ? body_field(r, body, name, 1, &error) : NULL;

    if (error.status) {
        *status = response_misread(r, error.status, error.body);
    }
    return error.status ? NULL : text;
}

int body_flag(const json_t *body, const char *name)
{
    static const char *const yes[] = {"true", "1", "on", "yes", NULL};
    const json_t *value = json_object_get(body, name);
    const char *text = json_string_value(value);
    int i = 0;

    if (!text) {
        return json_is_true(value) || json_integer_value(value) == 1;
    }
    while (yes[i] && ap_cstr_casecmp(yes[i], text) != 0) {
        i++;
    }
    return yes[i] != NULL;
}

void body_child_init(apr_pool_t *pchild)
{
    jsontext_insist_on_memory(pchild);
}
