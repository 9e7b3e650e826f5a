/**
 * What configtest says of settings for browsers.
 */
#ifndef HTTP_BROWSERCHECK_H
#define HTTP_BROWSERCHECK_H

#include "http/sections.h"

/** Each: what cannot work, or is not safe; NULL: nothing. */
const char *browsercheck_cookies(const sections_place_t *section, apr_pool_t *p);
const char *browsercheck_csrf_cookie(const sections_place_t *section, apr_pool_t *p);
const char *browsercheck_query(const sections_place_t *section, apr_pool_t *p);
const char *browsercheck_remember(const sections_place_t *section, apr_pool_t *p);
const char *browsercheck_silent(const sections_place_t *section, apr_pool_t *p);

#endif
