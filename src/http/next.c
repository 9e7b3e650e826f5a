#include "http/next.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "http/form.h"

static int hex(int c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

/* What %XX at @p at stands for; -1 when it is none. */
static int escaped(const char *at)
{
    return at[0] == '%' && apr_isxdigit(at[1]) && apr_isxdigit(at[2])
               ? hex(at[1]) << 4 | hex(at[2])
               : -1;
}

/* Printable ASCII but for the backslash, which browsers take for a slash, and neither of
 * them in disguise. */
static int is_harmless(const char *at, int in_path)
{
    int c = escaped(at);

    if (*at <= ' ' || *at >= 0x7f || *at == '\\' || (*at == '%' && c < 0)) {
        return 0;
    }
    return c < 0 || !in_path || (c >= ' ' && c != 0x7f && c != '\\' && c != '/');
}

/* "//", "/." and "/..": what is left of them when somebody tidies the path may begin
 * with two slashes. */
static int is_odd_segment(const char *slash)
{
    const char *at = slash + 1;

    while (*at == '.' || escaped(at) == '.') {
        at += *at == '.' ? 1 : 3;
    }
    return (*at == '/' || (at > slash + 1 && (!*at || strchr("?#;", *at))));
}

int next_is_safe(const char *place)
{
    int in_path = 1;
    const char *at;

    if (!place || *place != '/' || strlen(place) > NEXT_MAX_LENGTH) {
        return 0;
    }
    for (at = place; *at; at++) {
        in_path = in_path && *at != '?' && *at != '#';
        if (!is_harmless(at, in_path) || (in_path && *at == '/' && is_odd_segment(at))) {
            return 0;
        }
    }
    return 1;
}

const char *next_of_query(const char *query, apr_pool_t *p)
{
    apr_array_header_t *fields;
    const char *found = NULL;
    int i;

    if (!query || form_parse_urlencoded(&fields, query, strlen(query), p)) {
        return NULL;
    }
    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);

        if (strcmp(field->name, NEXT_FIELD) == 0) {
            if (found || strlen(field->value) != field->len) {
                return NULL;
            }
            found = field->value;
        }
    }
    return found;
}

const char *next_add(const char *url, const char *place, const char *error, apr_pool_t *p)
{
    const char *base = apr_pstrmemdup(p, url, strcspn(url, "#"));
    const char *separator = strchr(base, '?') ? "&" : "?";

    if (error) {
        base = apr_pstrcat(p, base, separator, "error=", error, NULL);
        separator = "&";
    }
    return place ? apr_pstrcat(p, base, separator, NEXT_FIELD "=",
                               apr_pescape_urlencoded(p, place), NULL)
                 : base;
}
