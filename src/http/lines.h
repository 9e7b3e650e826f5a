/**
 * Where Require lines stand among each other: in groups, negated, beside others.
 */
#ifndef HTTP_LINES_H
#define HTTP_LINES_H

#include <httpd.h>

#include <http_config.h>

/** Whether a line stands behind "not", or in a <RequireNone>, and not in two of them. */
int lines_is_negated(const ap_directive_t *line, apr_pool_t *p);

/** Whether a line asks for something, or one grouped below it. */
int lines_has_require(const ap_directive_t *first);

/**
 * The first line that asks for claims where nobody has any yet, or NULL: one that httpd
 * looks at before it knows the user, and that is then true or false for everybody.
 */
const ap_directive_t *lines_find_early(const ap_directive_t *first);

/** Whether lines of a section let nobody in before there is a user. */
int lines_shut_out(const ap_directive_t *first, apr_pool_t *p);

/**
 * Check that a line of ours may stand where it does: not in an alias, and where it is
 * negated beside one that needs a user.
 *
 * @return NULL, or what is wrong
 */
const char *lines_check(const ap_directive_t *line, apr_pool_t *p);

/**
 * Find a "Require expr" on claims that does not name REMOTE_USER: httpd decides it before
 * it looks at the token, when there are no claims.
 *
 * @param first  of lines; those further inside are looked at, too
 * @return the line, or NULL
 */
const ap_directive_t *lines_find_blind(const ap_directive_t *first, apr_pool_t *p);

#endif
