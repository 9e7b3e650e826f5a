/**
 * The module cleans up after itself: rows of its own that expired more than a day ago are
 * deleted, hourly, by one child at a time, a few at once.
 */
#ifndef HTTP_PURGE_H
#define HTTP_PURGE_H

#include <httpd.h>

/** Ask mod_watchdog, if it is there, to call us. */
void purge_post_config(apr_pool_t *pconf, server_rec *s);

/** @param databases  dbd_source_t; those of sessions name the databases */
void purge_child_init(apr_pool_t *pchild, server_rec *s,
                      const apr_array_header_t *databases);

/** Without mod_watchdog a refresh in some hundred purges a few rows, once it was
 * answered.
 */
void purge_after_refresh(request_rec *r);

#endif
