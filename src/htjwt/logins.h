/**
 * The sessions of a site.
 */
#ifndef HTJWT_LOGINS_H
#define HTJWT_LOGINS_H

#include "htjwt/options.h"

/** The commands sessions, logout, token and purge. */
void logins_list(const options_t *options, apr_pool_t *p);
void logins_end(const options_t *options, apr_pool_t *p);
void logins_token(const options_t *options, apr_pool_t *p);
void logins_purge(const options_t *options, apr_pool_t *p);

#endif
