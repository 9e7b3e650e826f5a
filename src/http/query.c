#include "http/query.h"

#include <apr_strings.h>
#include <scoreboard.h>
#include <stddef.h>

#include "http/client.h"
#include "http/form.h"
#include "http/request.h"

static const char *parameter(const config_t *config)
{
    const apr_array_header_t *sources = client_token_sources(config);
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const config_source_t *source = &APR_ARRAY_IDX(sources, i, config_source_t);

        if (source->place == CONFIG_QUERY) {
            return source->name;
        }
    }
    return NULL;
}

/* Whether one "NAME=VALUE" of a query has this name, however it is written. */
static int is_called(const char *pair, const char *name, apr_pool_t *p)
{
    apr_array_header_t *fields;

    return !form_parse_urlencoded(&fields, pair, strlen(pair), p) && fields->nelts &&
           strcmp(APR_ARRAY_IDX(fields, 0, form_field_t).name, name) == 0;
}

/* The query without all parameters of a name; NULL when nothing is left. */
static const char *without(const char *query, const char *name, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, query), *last, *pair;
    const char *left = NULL;

    for (pair = apr_strtok(copy, "&", &last); pair; pair = apr_strtok(NULL, "&", &last)) {
        if (!is_called(pair, name, p)) {
            left = left ? apr_pstrcat(p, left, "&", pair, NULL) : pair;
        }
    }
    return left;
}

/* Everything that logs, handlers and proxies read a query from. */
static void put_query(request_rec *r, const char *query)
{
    const char *path =
        apr_pstrmemdup(r->pool, r->unparsed_uri, strcspn(r->unparsed_uri, "?"));
    const char *protocol = strrchr(r->the_request, ' ');

    r->args = r->parsed_uri.query = apr_pstrdup(r->pool, query);
    r->unparsed_uri = apr_pstrcat(r->pool, path, query ? "?" : "", query, NULL);
    r->the_request = apr_pstrcat(r->pool, r->method, " ", r->unparsed_uri,
                                 protocol ? protocol : "", NULL);
    /* mod_status has shown the request from the moment it was read. */
    ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
}

int query_take(request_rec *r)
{
    const char *name = r->args ? parameter(config_of_request(r)) : NULL;
    const char *left = name ? without(r->args, name, r->pool) : NULL;

    if (name && (!left || strcmp(left, r->args) != 0)) {
        request_state(r)->query = r->args;
        put_query(r, left);
        /* Nor does the next page hear of it. */
        apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    }
    return DECLINED;
}

cookie_found_t query_find(const char **value, request_rec *r, const char *name)
{
    const char *query = r->method_number == M_GET
                            ? request_inherited(r, offsetof(request_state_t, query))
                            : NULL;
    apr_array_header_t *fields;
    int i, count = 0;

    if (!query || form_parse_urlencoded(&fields, query, strlen(query), r->pool)) {
        return COOKIE_NONE;
    }
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        if (strcmp(field->name, name) == 0) {
            *value = field->value;
            count++;
        }
    }
    return count == 0 ? COOKIE_NONE : count == 1 ? COOKIE_ONE : COOKIE_SEVERAL;
}
