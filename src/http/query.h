/**
 * Tokens in query strings (AuthJWTTokenSource query:NAME): taken out of the request
 * before anybody who writes logs or answers sees them.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <httpd.h>

#include "http/config.h"
#include "http/cookie.h"

/** Hook header_parser. */
int query_take(request_rec *r);

/**
 * Find the token that was in the query, also of the request that was redirected to this
 * one. It counts for GET and HEAD alone.
 *
 * @param value  set with COOKIE_ONE
 * @param name   of the parameter
 */
cookie_found_t query_find(const char **value, request_rec *r, const char *name);

#endif
