#include "jose/added.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jose/jsontext.h"

const char *const added_type_names[ADDED_TYPES] = {
    [ADDED_STRING] = "string", [ADDED_INT] = "int",   [ADDED_BOOL] = "bool",
    [ADDED_LIST] = "list",     [ADDED_JSON] = "json",
};

static const char no_utf8[] = "is no UTF-8, which tokens are in; mend it";

added_t *added_make(apr_pool_t *p)
{
    added_t *made = apr_palloc(p, sizeof *made);

    made->claims = jsontext_own(json_object(), p);
    made->names = apr_array_make(p, 4, sizeof(const char *));
    return made;
}

/* --- Values: each gives what the caller owns, or NULL, with the reason unless it is that
 *     there is no memory ---------------------------------------------------------------
 */

typedef json_t *make_t(const char *text, const char **error, apr_pool_t *p);

static json_t *make_string(const char *text, const char **error, apr_pool_t *p)
{
    json_t *value = json_string(text);

    (void)p;
    *error = value ? NULL : no_utf8;
    return value;
}

static json_t *make_int(const char *text, const char **error, apr_pool_t *p)
{
    char *end;
    apr_int64_t number;

    (void)p;
    errno = 0;
    number = apr_strtoi64(text, &end, 10);
    if (errno || *end || !(apr_isdigit(*text) || (*text == '-' && end > text + 1))) {
        *error = "is no whole number of 64 bits; mend it, or write another TYPE";
        return NULL;
    }
    return json_integer(number);
}

static int is_any_of(const char *text, const char *const *words)
{
    while (*words && apr_cstr_casecmp(text, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

/* As databases spell them. */
static json_t *make_bool(const char *text, const char **error, apr_pool_t *p)
{
    static const char *const yes[] = {"1", "t", "true", "y", "yes", NULL};
    static const char *const no[] = {"0", "f", "false", "n", "no", NULL};

    (void)p;
    if (is_any_of(text, yes) || is_any_of(text, no)) {
        return json_boolean(is_any_of(text, yes));
    }
    *error = "is neither true nor false; mend it, or write another TYPE";
    return NULL;
}

static json_t *make_json(const char *text, const char **error, apr_pool_t *p)
{
    json_t *value;

    if (jsontext_parse(&value, text, strlen(text), 0, NULL, p) != APR_SUCCESS) {
        *error = "is no JSON that a token may have; mend it, or write another TYPE";
        return NULL;
    }
    return json_incref(value);
}

/* Between commas, without the blanks around. */
static json_t *make_words(const char *text, const char **error)
{
    json_t *list = json_array();
    const char *at = text;
    apr_size_t len;

    for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
        const char *next = at + strcspn(at, ",");

        for (len = (apr_size_t)(next - at); len && at[len - 1] == ' '; len--) {
        }
        if (json_array_append_new(list, json_stringn(at, len)) != 0) {
            *error = no_utf8;
            json_decref(list);
            return NULL;
        }
        at = *next ? next + 1 : next;
    }
    return list;
}

static json_t *make_list(const char *text, const char **error, apr_pool_t *p)
{
    switch (text[strspn(text, " ")]) {
    case '[':
        return make_json(text, error, p);
    case '{':
        *error = "is no list; an array of PostgreSQL needs array_to_json() in the query, "
                 "an object the TYPE json";
        return NULL;
    default:
        return make_words(text, error);
    }
}

static make_t *const makers[ADDED_TYPES] = {
    [ADDED_STRING] = make_string, [ADDED_INT] = make_int,   [ADDED_BOOL] = make_bool,
    [ADDED_LIST] = make_list,     [ADDED_JSON] = make_json,
};

const char *added_text(added_t *to, const char *name, added_type_t type, const char *text,
                       apr_pool_t *p)
{
    const char *error = NULL;
    json_t *value;

    APR_ARRAY_PUSH(to->names, const char *) = name;
    if (!text) {
        return NULL;
    }
    value = makers[type](text, &error, p);
    if (!error && json_object_set_new(to->claims, name, value) != 0) {
        error = "has no room in memory";
    }
    return error;
}

const char *added_texts(added_t *to, const char *name, const apr_array_header_t *texts)
{
    json_t *list = json_array();
    int i, bad = 0;

    APR_ARRAY_PUSH(to->names, const char *) = name;
    for (i = 0; i < texts->nelts; i++) {
        bad |= json_array_append_new(list,
                                     json_string(APR_ARRAY_IDX(texts, i, const char *)));
    }
    if (bad) {
        json_decref(list);
        return no_utf8;
    }
    return json_object_set_new(to->claims, name, list) ? "have no room in memory" : NULL;
}

/* --- Limits ------------------------------------------------------------------------- */

/* Members and elements of a value and of all in it; more than there may be when it is too
 * deep. */
static int count_values(json_t *value, int depth)
{
    const char *name;
    json_t *inner;
    size_t i;
    int count = 0;

    if (depth > ADDED_MAX_DEPTH) {
        return ADDED_MAX_VALUES + 1;
    }
    json_array_foreach(value, i, inner)
    {
        count += 1 + count_values(inner, depth + 1);
    }
    json_object_foreach(value, name, inner)
    {
        count += 1 + count_values(inner, depth + 1);
    }
    return count;
}

const char *added_check(const added_t *added, apr_size_t most, apr_pool_t *p)
{
    size_t size = json_dumpb(added->claims, NULL, 0, JSON_COMPACT);

    if (size > most) {
        return apr_psprintf(p,
                            "have %" APR_SIZE_T_FMT " bytes, more than %" APR_SIZE_T_FMT
                            ", half of AuthJWTMaxTokenLength; add fewer or shorter ones",
                            size, most);
    }
    return count_values(added->claims, 0) > ADDED_MAX_VALUES
               ? apr_psprintf(p, "are more than %d values, or deeper than %d; add fewer",
                              ADDED_MAX_VALUES, ADDED_MAX_DEPTH)
               : NULL;
}
