/**
 * Origins (RFC 6454): scheme, host and port, as browsers write them. Pure functions.
 */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <apr_pools.h>
#include <apr_tables.h>

/**
 * The one spelling that browsers send: lower case, without the scheme's own port.
 *
 * @param text  such as https://www.example.com or http://localhost:3000
 * @return allocated from @p p; NULL for anything else, "null" and "*" too
 */
const char *origin_parse(const char *text, apr_pool_t *p);

/**
 * The same from its parts.
 *
 * @param host  a name, or an IP address, of version 6 in brackets
 * @param port  0: the scheme's own
 */
const char *origin_make(const char *scheme, const char *host, int port, apr_pool_t *p);

/**
 * Whether an origin is one of a list, byte for byte.
 *
 * @param origin  as a browser sent it
 * @param list    const char * of origin_parse() or origin_make(); NULL: none
 */
int origin_is_in(const char *origin, const apr_array_header_t *list);

#endif
