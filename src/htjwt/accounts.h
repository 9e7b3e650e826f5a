/**
 * The users of a site: added and changed one at a time.
 */
#ifndef HTJWT_ACCOUNTS_H
#define HTJWT_ACCOUNTS_H

#include "htjwt/options.h"

/** The commands adduser, passwd, disable and enable. */
void accounts_add(const options_t *options, apr_pool_t *p);
void accounts_passwd(const options_t *options, apr_pool_t *p);
void accounts_disable(const options_t *options, apr_pool_t *p);
void accounts_enable(const options_t *options, apr_pool_t *p);

#endif
