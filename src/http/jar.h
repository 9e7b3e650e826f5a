/**
 * The cookies of a request: ours are taken out of it as it is read, so that no
 * application, log or script behind us has them, and kept for us.
 */
#ifndef HTTP_JAR_H
#define HTTP_JAR_H

#include <httpd.h>

#include "http/cookie.h"

/** Hook post_read_request. */
int jar_take(request_rec *r);

/** Find a cookie in what the client sent, also from a sub-request or a redirected one. */
cookie_found_t jar_find(const char **value, request_rec *r, const char *name);

/**
 * Set a cookie on the answer, errors included.
 *
 * @param max_age  seconds, or COOKIE_SESSION
 */
void jar_set(request_rec *r, const cookie_t *cookie, const char *value, int max_age);

/** Clear a cookie where the client has it. */
void jar_clear(request_rec *r, const cookie_t *cookie);

#endif
