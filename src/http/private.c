/* A filter, as a proxied or CGI answer replaces the headers that earlier phases set.
 * It runs behind mod_headers, so that Cache-Control of an administrator or of an
 * application is narrowed, and never widened by it. */
#include "http/private.h"

#include <apr_strings.h>
#include <http_request.h>
#include <util_filter.h>

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

static int add_value(void *list, const char *name, const char *value)
{
    (void)name;
    APR_ARRAY_PUSH((apr_array_header_t *)list, const char *) = value;
    return 1;
}

/* All values of a field, also where it stands in several lines, as one list; NULL when
 * there is none. */
static const char *both(request_rec *r, const char *name)
{
    apr_array_header_t *values = apr_array_make(r->pool, 2, sizeof(const char *));
    const char *list = NULL;
    int i;

    apr_table_do(add_value, values, r->headers_out, name, NULL);
    apr_table_do(add_value, values, r->err_headers_out, name, NULL);
    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        list = list ? apr_pstrcat(r->pool, list, ", ", value, NULL) : value;
    }
    return list;
}

static void set_both(request_rec *r, const char *name, const char *value)
{
    apr_table_unset(r->err_headers_out, name);
    apr_table_setn(r->headers_out, name, value);
}

static void narrow_cache_control(request_rec *r)
{
    const char *left = both(r, "Cache-Control"), *directive, *made = "private";

    while (left && (directive = ap_get_list_item(r->pool, &left))) {
        if (!is_dropped(directive)) {
            made = apr_pstrcat(r->pool, made, ", ", directive, NULL);
        }
    }
    set_both(r, "Cache-Control", made);
}

static void add_vary(request_rec *r)
{
    const char *vary = both(r, "Vary");

    if (vary && (ap_find_token(r->pool, vary, "Authorization") || strchr(vary, '*'))) {
        return;
    }
    set_both(r, "Vary",
             vary ? apr_pstrcat(r->pool, vary, ", Authorization", NULL)
                  : "Authorization");
}

static apr_status_t private_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    narrow_cache_control(f->r);
    add_vary(f->r);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void private_register(void)
{
    /* Before the headers are written, behind everything else. */
    filter = ap_register_output_filter("AUTH_JWT_PRIVATE", private_filter, NULL,
                                       AP_FTYPE_PROTOCOL - 1);
}

/* Whether a token opened what this answer shows, or the request that was redirected to
 * it was behind one. */
static int is_behind_token(const request_rec *r)
{
    const request_state_t *state;

    for (; r; r = r->prev) {
        state = request_find_state(r);
        if (state && (state->identity || state->shows_private)) {
            return 1;
        }
    }
    return 0;
}

/* Whether parts may be included that only a token opens. The headers are gone by the
 * time the first of them is asked for, so each page with SSI counts whose client has
 * sent a credential. */
static int may_include(const request_rec *r)
{
    const ap_filter_t *f;

    if (!apr_table_get(r->headers_in, "Authorization")) {
        return 0;
    }
    for (f = r->output_filters; f; f = f->next) {
        if (ap_cstr_casecmp(f->frec->name, "INCLUDES") == 0) {
            return 1;
        }
    }
    return 0;
}

void private_insert(request_rec *r)
{
    if (!r->main && (is_behind_token(r) || may_include(r))) {
        r->no_cache = 1; /* mod_cache asks this before it looks at headers */
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}
