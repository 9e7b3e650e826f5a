/* jansson reads to a depth of 2,048 and any number of values, which a stranger
 * could use to make us work: both are counted first, in one pass without
 * allocation. */
#include "jose/jsontext.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* What pools do when there is no memory; constant once there are threads. */
static apr_abortfunc_t give_up;

static void *get_memory(size_t size)
{
    void *memory = malloc(size);

    if (!memory && size) {
        give_up(APR_ENOMEM);
    }
    return memory;
}

/* What jansson has is malloc()'s, so it does not matter when it was asked for. */
static apr_status_t insist_no_more(void *data)
{
    (void)data;
    json_set_alloc_funcs(malloc, free);
    return APR_SUCCESS;
}

void jsontext_insist_on_memory(apr_pool_t *p)
{
    give_up = apr_pool_abort_get(p);
    json_set_alloc_funcs(get_memory, free);
    apr_pool_cleanup_register(p, NULL, insist_no_more, apr_pool_cleanup_null);
}

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

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Position of the character that breaks a limit, or len. Members and elements are
 * counted where they begin: behind a comma, and behind an opening bracket that is not
 * closed at once. Inside strings only the quotation mark matters; whether the text is
 * JSON at all is the parser's work. */
static apr_size_t over_limit(const char *text, apr_size_t len)
{
    apr_size_t i;
    int depth = 0, values = 0, in_string = 0, opened = 0;

    for (i = 0; i < len && depth <= JSONTEXT_MAX_DEPTH && values <= JSONTEXT_MAX_VALUES;
         i++) {
        char c = text[i];

        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        if (opened && !is_blank(c)) {
            opened = 0;
            values += c != '}' && c != ']';
        }
        in_string = c == '"';
        values += c == ',';
        if (c == '{' || c == '[') {
            opened = 1;
            depth++;
        }
        depth -= c == '}' || c == ']';
    }
    return depth > JSONTEXT_MAX_DEPTH || values > JSONTEXT_MAX_VALUES ? i - 1 : len;
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
