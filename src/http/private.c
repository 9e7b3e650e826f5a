/* A filter, as a proxied or CGI answer replaces the headers that earlier phases set.
 * It runs behind mod_headers, so that Cache-Control of an administrator or of an
 * application is narrowed, and never widened by it. */
#include "http/private.h"

#include <apr_strings.h>
#include <http_request.h>
#include <util_filter.h>

#include "http/outgoing.h"
#include "http/request.h"

static ap_filter_rec_t *filter;

/* What would let a shared cache keep the answer, or is said anew (RFC 9111 5.2.2). */
static int is_dropped(const char *directive)
{
    static const char *const names[] = {"public", "private", "s-maxage", NULL};
    apr_size_t len = strcspn(directive, "= \t");
    int i;

    for (i = 0; names[i]; i++) {
        if (strlen(names[i]) == len && ap_cstr_casecmpn(directive, names[i], len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void narrow_cache_control(request_rec *r)
{
    const char *left = outgoing_list(r, "Cache-Control"), *directive, *made = "private";

    while (left && (directive = ap_get_list_item(r->pool, &left))) {
        if (!is_dropped(directive)) {
            made = apr_pstrcat(r->pool, made, ", ", directive, NULL);
        }
    }
    outgoing_set(r, "Cache-Control", made);
}

static apr_status_t private_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    const apr_array_header_t *names = f->ctx;
    int i;

    narrow_cache_control(f->r);
    for (i = 0; i < names->nelts; i++) {
        outgoing_add_vary(f->r, APR_ARRAY_IDX(names, i, const char *));
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void private_register(void)
{
    /* Before the headers are written, behind everything else. */
    filter = ap_register_output_filter("AUTH_JWT_PRIVATE", private_filter, NULL,
                                       AP_FTYPE_PROTOCOL - 1);
}

static int has_includes(const request_rec *r)
{
    const ap_filter_t *f;

    for (f = r->output_filters; f; f = f->next) {
        if (ap_cstr_casecmp(f->frec->name, "INCLUDES") == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of cookies only our own count, and those are no longer in the field. */
static int holds_credential(const request_rec *r, const char *name)
{
    const request_state_t *state = request_find_state(r);

    return strcmp(name, CONFIG_COOKIE_FIELD) == 0
               ? state && state->cookies
               : apr_table_get(r->headers_in, name) != NULL;
}

/* The header fields whose tokens opened what this answer shows, or a request that was
 * redirected to it. A page with SSI may include parts that only a token opens, and its
 * headers are gone by the time the first of them is asked for: there each field counts
 * that can hold a credential and does.
 *
 * @return const char *; NULL: none
 */
static apr_array_header_t *opening_fields(const request_rec *r)
{
    const apr_array_header_t *known = config_header_names();
    apr_array_header_t *found = NULL;
    const request_rec *at;
    int i;

    for (i = 0; i < known->nelts; i++) {
        const char *name = APR_ARRAY_IDX(known, i, const char *);
        const request_state_t *state = NULL;

        for (at = r; at; at = at->prev) {
            state = request_find_state(at);
            if (state && state->opened_by == name) {
                break;
            }
        }
        if (at || (holds_credential(r, name) && has_includes(r))) {
            found = found ? found : apr_array_make(r->pool, 1, sizeof(const char *));
            APR_ARRAY_PUSH(found, const char *) = name;
        }
    }
    return found;
}

void private_insert(request_rec *r)
{
    apr_array_header_t *names = r->main ? NULL : opening_fields(r);

    if (names) {
        r->no_cache = 1; /* mod_cache asks this before it looks at headers */
        ap_add_output_filter_handle(filter, names, r, r->connection);
    }
}
