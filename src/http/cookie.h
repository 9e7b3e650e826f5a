/**
 * Cookies as text (RFC 6265, and its successor where that is stricter). Pure functions.
 */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <apr_pools.h>
#include <apr_tables.h>

/** What a cookie of ours is called and where browsers send it. */
typedef struct {
    const char *name;
    const char *path;
    const char *domain;    /* NULL: this host alone */
    const char *same_site; /* Strict, Lax or None */
    int is_secure;         /* is only sent over TLS, or to the machine itself */
    int is_partitioned;    /* apart for each site that embeds this one (CHIPS) */
    int is_readable;       /* by scripts */
} cookie_t;

/** Longest name and value together that browsers keep, in bytes. */
#define COOKIE_MAX_LENGTH 4096

/** Max-Age of a cookie that ends with the browser. */
#define COOKIE_SESSION (-1)

/**
 * Read a name and attributes as a directive has them: Path=, Domain=, SameSite=,
 * Secure=Off, Partitioned. What browsers would refuse is refused.
 *
 * @param out  a cookie's defaults; changed on success only
 * @return NULL, or what is wrong, as a sentence
 */
const char *cookie_parse(cookie_t *out, int argc, char *const argv[], apr_pool_t *p);

/** Whether browsers keep a cookie of this name only if it is Secure. */
int cookie_must_be_secure(const char *name);

/**
 * The value of Set-Cookie. One function sets and clears, so that both have the same
 * attributes: browsers clear no other cookie than that which was set.
 *
 * @param value    of characters that need no quotes; "" with @p max_age 0 clears it
 * @param max_age  seconds, or COOKIE_SESSION
 * @return allocated from @p p
 */
const char *cookie_text(const cookie_t *cookie, const char *value, int max_age,
                        apr_pool_t *p);

/** How often a request's cookies have a name. */
typedef enum { COOKIE_NONE, COOKIE_ONE, COOKIE_SEVERAL } cookie_found_t;

/**
 * Find a cookie in a request's Cookie field.
 *
 * Names are compared whole and in their case, and quotes have no meaning. A crumb without
 * a name is nobody's. Two of a name are never chosen from: one of them may be a sibling
 * host's.
 *
 * @param value   set with COOKIE_ONE, allocated from @p p
 * @param header  NULL: there is no such field
 */
cookie_found_t cookie_find(const char **value, const char *header, const char *name,
                           apr_pool_t *p);

/**
 * What is left of a Cookie field without some of them.
 *
 * @param names  const char *
 * Those of a second field are found, too, which httpd has joined to the first by a comma.
 *
 * @return @p header itself when it has none of them; NULL when nothing is left; else
 *         allocated from @p p
 */
const char *cookie_without(const char *header, const apr_array_header_t *names,
                           apr_pool_t *p);

#endif
