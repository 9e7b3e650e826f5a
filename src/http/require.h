/**
 * The lines "Require jwt-claim" and "Require jwt-scope".
 */
#ifndef HTTP_REQUIRE_H
#define HTTP_REQUIRE_H

#include <httpd.h>

/** Offer the lines to httpd's authorization; once, while hooks are registered. */
void require_register(apr_pool_t *p);

#endif
