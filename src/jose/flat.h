/**
 * JSON objects as nearly every token has them, read and written without building a tree:
 * strings of printable ASCII without escapes, integers, and nothing nested.
 *
 * It is as strict as jsontext.h, since whatever it does not know it leaves to that.
 */
#ifndef JOSE_FLAT_H
#define JOSE_FLAT_H

#include <apr_pools.h>

/** Most members of a flat object. */
#define FLAT_MAX_MEMBERS 16

typedef struct {
    const char *name; /* NUL-terminated */
    const char *text; /* NUL-terminated; NULL: an integer */
    apr_int64_t number;
} flat_member_t;

typedef struct {
    int count;
    flat_member_t members[FLAT_MAX_MEMBERS];
} flat_t;

/**
 * Read a flat object: no white space around it, no member twice, integers of at most 15
 * digits and not negative.
 *
 * @param text  @p len bytes, need not be NUL-terminated
 * @return the object, allocated from @p p; NULL when the text is anything else, be it
 *         JSON or not
 */
const flat_t *flat_parse(const char *text, apr_size_t len, apr_pool_t *p);

/** A member by name, or NULL. */
const flat_member_t *flat_find(const flat_t *flat, const char *name);

/**
 * Put a member behind the others.
 *
 * @param name, text  not copied
 * @return 0 when there is no room for it, or no text
 */
int flat_add_text(flat_t *flat, const char *name, const char *text);
int flat_add_number(flat_t *flat, const char *name, apr_int64_t number);

/**
 * Write it as compact JSON, in the order of its members.
 *
 * @return allocated from @p p; NULL when it is not flat: a text needs an escape, or a
 *         name stands twice
 */
const char *flat_write(const flat_t *flat, apr_pool_t *p);

#endif
