#include "http/outgoing.h"

#include <apr_strings.h>

static int add_value(void *list, const char *name, const char *value)
{
    (void)name;
    APR_ARRAY_PUSH((apr_array_header_t *)list, const char *) = value;
    return 1;
}

const char *outgoing_list(request_rec *r, const char *name)
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

void outgoing_set(request_rec *r, const char *name, const char *value)
{
    apr_table_unset(r->err_headers_out, name);
    if (value) {
        apr_table_setn(r->headers_out, name, value);
    } else {
        apr_table_unset(r->headers_out, name);
    }
}

void outgoing_add_vary(request_rec *r, const char *name)
{
    const char *vary = outgoing_list(r, "Vary");

    if (vary && (ap_find_token(r->pool, vary, name) || strchr(vary, '*'))) {
        return;
    }
    outgoing_set(r, "Vary", vary ? apr_pstrcat(r->pool, vary, ", ", name, NULL) : name);
}
