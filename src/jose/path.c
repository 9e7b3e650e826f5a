#include "jose/path.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Of an element; no token has as many (jsontext.h). */
#define MAX_DIGITS 5

typedef struct {
    const char *member; /* NULL: an element */
    apr_size_t index;
} step_t;

/* Behind a name, which is put into @p out without its backslashes; NULL when it is none.
 */
static const char *read_name(const char **out, const char *at, apr_pool_t *p)
{
    char *name = apr_palloc(p, strlen(at) + 1), *to = name;

    while (*at && *at != '.' && *at != '[') {
        if (*at == ']' || (*at == '\\' && (!at[1] || !strchr(".[]\\", at[1])))) {
            return NULL;
        }
        at += *at == '\\';
        *to++ = *at++;
    }
    *to = '\0';
    *out = name;
    return *name ? at : NULL;
}

/* Behind the bracket of an element, whose number has one spelling; NULL when it is none.
 */
static const char *read_index(apr_size_t *out, const char *at)
{
    const char *from = at;

    *out = 0;
    while (apr_isdigit(*at) && at - from < MAX_DIGITS) {
        *out = *out * 10 + (apr_size_t)(*at++ - '0');
    }
    return at == from || (*from == '0' && at - from > 1) || *at != ']' ? NULL : at + 1;
}

/* Behind the next step; NULL when there is none. */
static const char *read_step(step_t *step, const char *at, int is_first, apr_pool_t *p)
{
    step->member = NULL;
    step->index = 0;
    if (is_first) {
        return read_name(&step->member, at, p);
    }
    return *at == '.'   ? read_name(&step->member, at + 1, p)
           : *at == '[' ? read_index(&step->index, at + 1)
                        : NULL;
}

/* Names that are URLs have dots in them, and are often written as they are. */
static int is_like_url(const char *text)
{
    const char *colon = strstr(text, "://"), *dot = colon ? strchr(colon, '.') : NULL;

    return dot && dot[-1] != '\\';
}

const char *path_parse(path_t *out, const char *text, apr_pool_t *p)
{
    apr_array_header_t *steps = apr_array_make(p, 2, sizeof(step_t));
    const char *at = text;
    step_t step;

    if (!value_is_utf8(text)) {
        return "the path is no UTF-8, which claims are in; write it in UTF-8";
    }
    if (is_like_url(text)) {
        return apr_psprintf(p,
                            "'%s' has dots that seem to belong to a name; write a "
                            "backslash in front of each of them",
                            text);
    }
    do {
        at = read_step(&step, at, steps->nelts == 0, p);
        APR_ARRAY_PUSH(steps, step_t) = step;
    } while (at && *at);
    if (!at) {
        return apr_psprintf(p,
                            "'%s' is no path; write names with dots between them and "
                            "elements as [0], such as realm_access.roles[0]",
                            text);
    }
    out->steps = steps;
    return NULL;
}

/* A claim that is no array or object has no tree, and nothing in it. */
value_t path_find(const path_t *path, const claims_t *claims)
{
    const step_t *steps = (const step_t *)path->steps->elts;
    value_t value = claims_get(claims, steps[0].member);
    int i;

    for (i = 1; i < path->steps->nelts; i++) {
        value =
            value_of_json(steps[i].member ? json_object_get(value.tree, steps[i].member)
                                          : json_array_get(value.tree, steps[i].index));
    }
    return value;
}
