/**
 * Checks across directives, when all of the configuration is known.
 */
#ifndef HTTP_CONFIGTEST_H
#define HTTP_CONFIGTEST_H

#include <httpd.h>

/**
 * check_config: whatever is wrong is said with its place and cure, and stops the
 * start; apachectl configtest runs this, too.
 *
 * @return OK, or an error that stops the start
 */
int configtest_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *s);

#endif
