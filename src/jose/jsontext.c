/* jansson reads to a depth of 2,048 and any number of values, which a stranger
 * could use to make us work: both are counted first, in one pass without
 * allocation. */
#include "jose/jsontext.h"

#include <apr_strings.h>
#include <string.h>

static apr_status_t release(void *value)
{
    json_decref(value);
    return APR_SUCCESS;
}

json_t *jsontext_own(json_t *value, apr_pool_t *p)
{
    apr_pool_cleanup_register(p, value, release, apr_pool_cleanup_null);
    return value;
}

/* Position of the character that breaks a limit, or len. Inside strings only the
 * quotation mark matters; whether the text is JSON at all is the parser's work. */
static apr_size_t over_limit(const char *text, apr_size_t len)
{
    apr_size_t i;
    int depth = 0, values = 0, in_string = 0;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = 0;
            }
        } else if (c == '"') {
            in_string = 1;
        } else if (c == '{' || c == '[') {
            if (++depth > JSONTEXT_MAX_DEPTH) {
                return i;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ',' && ++values >= JSONTEXT_MAX_VALUES) {
            return i;
        }
    }
    return len;
}

static void fail(jsontext_error_t *error, const char *text, apr_size_t position)
{
    if (error) {
        error->text = text;
        error->position = position;
    }
}

/* jansson's messages end in " near 'what was read last'": that is the stranger's
 * text, not for logs and answers, but its length tells where it began. */
static void fail_as_jansson(jsontext_error_t *error, json_error_t *e, apr_pool_t *p)
{
    apr_size_t position = e->position > 0 ? (apr_size_t)e->position : 0, len;
    char *near = strstr(e->text, " near ");

    if (near) {
        len = strlen(near) - strlen(" near ''");
        if (near[strlen(" near ")] == '\'' && len <= position) {
            position -= len;
        }
        *near = '\0';
    }
    fail(error, apr_pstrdup(p, e->text), position);
}

apr_status_t jsontext_parse(json_t **out, const char *text, apr_size_t len, size_t flags,
                            jsontext_error_t *error, apr_pool_t *p)
{
    apr_size_t limit = over_limit(text, len);
    json_error_t e;
    json_t *value;

    if (limit < len) {
        fail(error, "too deep or too many values", limit);
        return APR_EINVAL;
    }
    value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &e);
    if (!value) {
        fail_as_jansson(error, &e, p);
        return APR_EINVAL;
    }
    *out = jsontext_own(value, p);
    return APR_SUCCESS;
}
