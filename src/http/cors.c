/* The fields are set by a filter, as a proxied answer brings its own, and so do errors:
 * a browser hides an answer without them from the page, also a 401 that it should see. */
#include "http/cors.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "http/origin.h"
#include "http/outgoing.h"
#include "http/request.h"

static ap_filter_rec_t *filter;

const char *cors_origin(const request_rec *r, const config_t *config)
{
    const char *origin =
        config->cors_origins ? apr_table_get(r->headers_in, "Origin") : NULL;

    return origin && origin_is_in(origin, config->cors_origins) ? origin : NULL;
}

int cors_is_preflight(const request_rec *r, const config_t *config)
{
    return r->method_number == M_OPTIONS &&
           apr_table_get(r->headers_in, "Access-Control-Request-Method") &&
           cors_origin(r, config);
}

/* A list of names (RFC 9110 section 5.6.2), so that it can be said again. */
static const char *names(const char *list)
{
    return list && strspn(list, "!#$%&'*+-.^_`|~, \t0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(list)
               ? list
               : NULL;
}

void cors_answer_preflight(request_rec *r, const config_t *config, const char *methods)
{
    const char *method =
        names(apr_table_get(r->headers_in, "Access-Control-Request-Method"));
    const char *fields =
        names(apr_table_get(r->headers_in, "Access-Control-Request-Headers"));

    if (methods || method) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Methods",
                       methods ? methods : method);
    }
    if (fields) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Headers", fields);
    }
    apr_table_setn(r->headers_out, "Access-Control-Max-Age",
                   apr_psprintf(r->pool, "%" APR_INT64_T_FMT, config->cors_max_age));
    r->status = HTTP_NO_CONTENT;
    r->status_line = ap_get_status_line(HTTP_NO_CONTENT);
}

/* Where we answer for other origins nobody behind us does. What a preflight says of
 * methods and fields is ours as well, and stays. */
static apr_status_t cors_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    static const char *const theirs[] = {
        "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
        "Access-Control-Max-Age", "Access-Control-Expose-Headers", NULL};
    const config_t *config = config_of_request(f->r);
    const char *origin = cors_origin(f->r, config);
    int i;

    for (i = 0; theirs[i] && !cors_is_preflight(f->r, config); i++) {
        outgoing_set(f->r, theirs[i], NULL);
    }
    outgoing_set(f->r, "Access-Control-Allow-Origin", origin);
    outgoing_set(f->r, "Access-Control-Allow-Credentials", origin ? "true" : NULL);
    if (origin && !cors_is_preflight(f->r, config)) {
        outgoing_set(f->r, "Access-Control-Expose-Headers", "WWW-Authenticate");
    }
    outgoing_add_vary(f->r, "Origin");
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void cors_register(void)
{
    /* Behind mod_headers, like the filter that narrows Cache-Control. */
    filter = ap_register_output_filter("AUTH_JWT_CORS", cors_filter, NULL,
                                       AP_FTYPE_PROTOCOL - 1);
}

void cors_insert(request_rec *r)
{
    if (!r->main && config_of_request(r)->cors_origins &&
        (request_endpoint(r) || request_is_jwt(r))) {
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}
