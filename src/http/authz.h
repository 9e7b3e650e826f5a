/**
 * May he? What is ours to say beside the Require lines.
 */
#ifndef HTTP_AUTHZ_H
#define HTTP_AUTHZ_H

#include <httpd.h>

/**
 * auth_checker, before all others: open endpoints, and turn the 401 that httpd
 * gives for a user who may not into 403. A 401 would send clients to refresh a
 * token that is perfectly good.
 */
int authz_check(request_rec *r);

#endif
