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

static char *skip_blanks(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        at++;
    }
    return at;
}

/* With the white space on both sides. */
static char *read_member(flat_member_t *member, char *at)
{
    at = read_text(&member->name, skip_blanks(at));
    at = at ? skip_blanks(at) : NULL;
    if (!at || *at != ':') {
        return NULL;
    }
    at = skip_blanks(at + 1);
    member->text = NULL;
    member->number = 0;
    at = *at == '"' ? read_text(&member->text, at) : read_number(&member->number, at);
    return at ? skip_blanks(at) : NULL;
}

const flat_member_t *flat_find(const flat_t *flat, const char *name)
{
    int i;

    for (i = 0; i < flat->count; i++) {
        const char *member = flat->members[i].name;

        /* Most differ in the first letter, which spares the call. */
        if (*member == *name && strcmp(member, name) == 0) {
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

/* --- Writing ----------------------------------------------------------------------- */

/* Of any number, with its sign. */
#define MOST_DIGITS 20

static int add(flat_t *flat, const char *name, const char *text, apr_int64_t number)
{
    flat_member_t member = {name, text, number};

    if (flat->count == FLAT_MAX_MEMBERS) {
        return 0;
    }
    flat->members[flat->count++] = member;
    return 1;
}

int flat_add_text(flat_t *flat, const char *name, const char *text)
{
    return text && add(flat, name, text, 0);
}

int flat_add_number(flat_t *flat, const char *name, apr_int64_t number)
{
    return add(flat, name, NULL, number);
}

/* Most bytes of it. */
static apr_size_t room_for(const flat_t *flat)
{
    apr_size_t room = sizeof "{}";
    int i;

    for (i = 0; i < flat->count; i++) {
        const flat_member_t *member = &flat->members[i];

        room += strlen(member->name) + sizeof "\"\":,";
        room += member->text ? strlen(member->text) + 2 : MOST_DIGITS;
    }
    return room;
}

/* Behind the text in quotation marks; NULL when it is not plain. */
static char *write_text(char *to, const char *text)
{
    *to++ = '"';
    while (is_plain(*text)) {
        *to++ = *text++;
    }
    *to = '"';
    return *text ? NULL : to + 1;
}

static char *write_member(char *to, const flat_member_t *member)
{
    to = write_text(to, member->name);
    if (!to) {
        return NULL;
    }
    *to++ = ':';
    return member->text ? write_text(to, member->text)
                        : to + apr_snprintf(to, MOST_DIGITS + 1, "%" APR_INT64_T_FMT,
                                            member->number);
}

/* The first member of that name is another one. */
static int stands_twice(const flat_t *flat, const flat_member_t *member)
{
    return flat_find(flat, member->name) != member;
}

const char *flat_write(const flat_t *flat, apr_pool_t *p)
{
    char *made = apr_palloc(p, room_for(flat)), *to = made;
    int i;

    *to++ = '{';
    for (i = 0; i < flat->count; i++) {
        if (i > 0) {
            *to++ = ',';
        }
        to = stands_twice(flat, &flat->members[i]) ? NULL
                                                   : write_member(to, &flat->members[i]);
        if (!to) {
            return NULL;
        }
    }
    memcpy(to, "}", sizeof "}");
    return made;
}
