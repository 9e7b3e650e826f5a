#include "http/query.h"

#include <apr_strings.h>
#include <scoreboard.h>
#include <stddef.h>

#include "http/form.h"
#include "http/request.h"

/* The compact form of a JWS (RFC 7515 section 7.1), good or not: an application may have
 * parameters of its own with that name. */
static int is_token(const char *text)
{
    static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_";
    apr_size_t len;
    int dots;

    for (dots = 0; dots < 2; dots++) {
        len = strspn(text, base64url);
        if (!len || text[len] != '.') {
            return 0;
        }
        text += len + 1;
    }
    return *text && text[strspn(text, base64url)] == '\0';
}

/* Whether one "NAME=VALUE" of a query is a token's, however it is written. */
static int has_token(const char *pair, const apr_array_header_t *names, apr_pool_t *p)
{
    apr_array_header_t *fields;
    const form_field_t *field;
    int i;

    if (form_parse_urlencoded(&fields, pair, strlen(pair), p) || !fields->nelts) {
        return 0;
    }
    field = &APR_ARRAY_IDX(fields, 0, form_field_t);
    for (i = 0; i < names->nelts; i++) {
        if (strcmp(field->name, APR_ARRAY_IDX(names, i, const char *)) == 0) {
            return is_token(field->value);
        }
    }
    return 0;
}

/* The query itself when it has no token; without tokens otherwise, NULL when nothing is
 * left. */
static const char *without(const char *query, const apr_array_header_t *names,
                           apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, query), *last, *pair;
    char *left = apr_palloc(p, strlen(query) + 1), *end = left;
    apr_pool_t *each;
    int dropped = 0;

    /* Thousands fit into a query, which anybody may send. */
    apr_pool_create(&each, p);
    for (pair = apr_strtok(copy, "&", &last); pair; pair = apr_strtok(NULL, "&", &last)) {
        if (has_token(pair, names, each)) {
            dropped = 1;
        } else {
            if (end > left) {
                *end++ = '&';
            }
            end = apr_cpystrn(end, pair, strlen(pair) + 1);
        }
        apr_pool_clear(each);
    }
    apr_pool_destroy(each);
    return !dropped ? query : end > left ? left : NULL;
}

/* Everything that logs, handlers and proxies read a query from. */
static void put_query(request_rec *r, const char *query)
{
    const char *path =
        apr_pstrmemdup(r->pool, r->unparsed_uri, strcspn(r->unparsed_uri, "?"));
    /* HTTP/0.9 has no protocol behind the URI. */
    const char *protocol = r->assbackwards ? NULL : strrchr(r->the_request, ' ');

    r->args = r->parsed_uri.query = apr_pstrdup(r->pool, query);
    r->unparsed_uri = apr_pstrcat(r->pool, path, query ? "?" : "", query, NULL);
    r->the_request = apr_pstrcat(r->pool, r->method, " ", r->unparsed_uri,
                                 protocol ? protocol : "", NULL);
    /* mod_status has shown the request from the moment it was read. */
    ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
}

int query_take(request_rec *r)
{
    const apr_array_header_t *names =
        r->args && r->the_request ? config_parameter_names(r->server) : NULL;
    const char *left = names && names->nelts ? without(r->args, names, r->pool) : r->args;

    if (left != r->args) {
        request_state(r)->query = r->args;
        put_query(r, left);
        /* Nor does the next page hear of it. */
        apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    }
    return DECLINED;
}

/* The line that is logged is that of the first of redirected requests. */
int query_take_late(request_rec *r)
{
    while (r->prev) {
        r = r->prev;
    }
    return query_take(r);
}

/* As it was sent; what has no form of a token is still in its place. */
static const char *sent_query(const request_rec *r)
{
    const char *sent = request_inherited(r, offsetof(request_state_t, query));

    return sent ? sent : r->args;
}

cookie_found_t query_find(const char **value, request_rec *r, const char *name)
{
    const char *query = r->method_number == M_GET ? sent_query(r) : NULL;
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
