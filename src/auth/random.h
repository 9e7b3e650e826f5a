/**
 * Names that nobody can guess.
 */
#ifndef AUTH_RANDOM_H
#define AUTH_RANDOM_H

#include <apr_pools.h>

/** Where random bytes come from. */
typedef apr_status_t random_source_t(unsigned char *out, apr_size_t len);

/**
 * A jti or sid: 128 random bits (RFC 7519 section 4.1.7 asks for no collisions), in
 * SimpleJWT's spelling of 32 lower-case hexadecimal digits.
 *
 * @return allocated from @p p; NULL when there were no random bytes
 */
const char *random_id(random_source_t *source, apr_pool_t *p);

#endif
