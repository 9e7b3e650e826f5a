/**
 * Where a browser goes after a login: a place of this site and no other. Pure functions.
 */
#ifndef HTTP_NEXT_H
#define HTTP_NEXT_H

#include <apr_pools.h>

/** Longest place that is gone to, in bytes. */
#define NEXT_MAX_LENGTH 2000

/** The name of the parameter and of the form's field. */
#define NEXT_FIELD "next"

/**
 * Whether a place is within this site, whoever reads it: a path that begins with one
 * slash. What some browser or proxy would take for another host, or drop before it looks,
 * is refused, and with it some places that would have been harmless.
 *
 * @param place  NULL is none
 */
int next_is_safe(const char *place);

/** The place in a query string ("a=b&next=/x"), or NULL; allocated from @p p. */
const char *next_of_query(const char *query, apr_pool_t *p);

/** A URL with a place, and a code unless it is NULL, in its query; a fragment is dropped.
 */
const char *next_add(const char *url, const char *place, const char *error,
                     apr_pool_t *p);

#endif
