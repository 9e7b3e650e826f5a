/* A tree of allocated values costs several times what the signature does. Claims are
 * looked up a handful of times, so a list in order is all they need.
 *
 * The text is copied once; the NUL behind the copy ends every scan, as no character
 * that is looked for equals it, and each string is ended in place. */
#include "jose/flat.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* Every number of so many digits fits apr_int64_t, and a double as well. */
#define MAX_DIGITS 15

static int is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* Behind a string, which is ended with NUL in place; NULL when it is not plain. */
static char *read_text(const char **out, char *at)
{
    if (*at != '"') {
        return NULL;
    }
    *out = ++at;
    while (is_plain(*at)) {
        at++;
    }
    if (*at != '"') {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

/* Behind an integer; NULL when it has a leading zero or too many digits. */
static char *read_number(apr_int64_t *out, char *at)
{
    const char *from = at;
    apr_int64_t number = 0;

    while (apr_isdigit(*at) && at - from < MAX_DIGITS) {
        number = number * 10 + (*at++ - '0');
    }
    if (at == from || (*from == '0' && at - from > 1)) {
        return NULL;
    }
    *out = number;
    return at;
}

static char *read_member(flat_member_t *member, char *at)
{
    at = read_text(&member->name, at);
    if (!at || *at++ != ':') {
        return NULL;
    }
    member->text = NULL;
    member->number = 0;
    return *at == '"' ? read_text(&member->text, at) : read_number(&member->number, at);
}

const flat_member_t *flat_find(const flat_t *flat, const char *name)
{
    int i;

    for (i = 0; i < flat->count; i++) {
        if (strcmp(flat->members[i].name, name) == 0) {
            return &flat->members[i];
        }
    }
    return NULL;
}

/* Read members up to the closing brace; NULL unless that is all there is. */
static char *read_members(flat_t *flat, char *at)
{
    flat_member_t member;

    do {
        at = flat->count < FLAT_MAX_MEMBERS ? read_member(&member, at + 1) : NULL;
        if (!at || flat_find(flat, member.name)) {
            return NULL;
        }
        flat->members[flat->count++] = member;
    } while (*at == ',');
    return *at == '}' ? at + 1 : NULL;
}

const flat_t *flat_parse(const char *text, apr_size_t len, apr_pool_t *p)
{
    char *copy, *end;
    flat_t *flat;

    if (len < 2 || *text != '{') {
        return NULL;
    }
    copy = apr_pstrmemdup(p, text, len);
    flat = apr_palloc(p, sizeof *flat);
    flat->count = 0;
    end = read_members(flat, copy);
    return end == copy + len ? flat : NULL;
}
