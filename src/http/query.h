/**
 * Tokens in query strings (AuthJWTTokenSource query:NAME): taken out of the request as it
 * is read, before anybody who maps URLs, writes logs or answers sees them.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <httpd.h>

#include "http/config.h"
#include "http/cookie.h"

/**
 * Hook post_read_request. What has the form of a token is taken out wherever in the
 * server a parameter of that name may be one.
 */
int query_take(request_rec *r);

/** Hook log_transaction: the same for a request that never got so far. */
int query_take_late(request_rec *r);

/**
 * Find the token in the query, also of the request that was redirected to this one. It
 * counts for GET and HEAD alone.
 *
 * @param value  set with COOKIE_ONE
 * @param name   of the parameter
 */
cookie_found_t query_find(const char **value, request_rec *r, const char *name);

#endif
