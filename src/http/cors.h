/**
 * Pages of other origins that may call this site with the user's credentials (WHATWG
 * Fetch, section 3.2): exactly those of AuthJWTCORSOrigin, at endpoints and where
 * AuthType is JWT.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include <httpd.h>

#include "http/config.h"

/** The request's Origin when it is one of AuthJWTCORSOrigin; else NULL. */
const char *cors_origin(const request_rec *r, const config_t *config);

/** Whether this asks, for such a page, what the page may ask for. */
int cors_is_preflight(const request_rec *r, const config_t *config);

/**
 * Answer that, in place of what is asked about.
 *
 * @param methods  that are answered here; NULL: whichever was asked for
 */
void cors_answer_preflight(request_rec *r, const config_t *config, const char *methods);

/** Hooks insert_filter and insert_error_filter, and what they need. */
void cors_insert(request_rec *r);
void cors_register(void);

#endif
