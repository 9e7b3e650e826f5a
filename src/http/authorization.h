/**
 * The value of the header field that a token is in. A pure function of text.
 */
#ifndef HTTP_AUTHORIZATION_H
#define HTTP_AUTHORIZATION_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "auth/verdict.h"

/**
 * The token in a header (RFC 6750 section 2.1).
 *
 * Another scheme, or none, is no token. White space separates as in SimpleJWT: any
 * amount, tabs too.
 *
 * @param token    NUL-terminated, allocated from @p p; untouched on error
 * @param name     the field's name, for @p why
 * @param value    the field's value; NULL: there is none
 * @param schemes  const char *, any of, in any case
 * @param why      set with every verdict but VERDICT_OK
 */
verdict_t authorization_token(const char **token, const char *name, const char *value,
                              const apr_array_header_t *schemes, const char **why,
                              apr_pool_t *p);

#endif
