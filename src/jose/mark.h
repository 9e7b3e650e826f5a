/**
 * Marks: keyed digests that only whoever could sign a token can make or check.
 */
#ifndef JOSE_MARK_H
#define JOSE_MARK_H

#include "jose/jwa.h"

/** What marks are for: each use has a key of its own. */
typedef enum { MARK_PASSWORD, MARK_CSRF, MARK_USES } mark_use_t;

/** Room for a mark: 128 bits in hexadecimal digits, and a NUL. */
#define MARK_SIZE 33

/**
 * Derive a key for marks from one for signatures (HKDF-SHA256, RFC 5869), so that neither
 * says anything of the other. The same key has the same marks, however it was written.
 *
 * @param use   marks of one use say nothing of those of another
 * @param from  a secret, or a key pair with its private half
 * @param p     has the key, and must live as long as it
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *mark_load(jwa_key_t *out, mark_use_t use, const jwa_material_t *from,
                      apr_pool_t *p);

/**
 * Mark two texts: HMAC-SHA256, the first 128 bits of it (RFC 2104 section 5), in
 * lower-case hexadecimal digits.
 *
 * @return APR_SUCCESS, or APR_EGENERAL when OpenSSL failed
 */
apr_status_t mark_make(char out[MARK_SIZE], const jwa_key_t *key, const char *first,
                       const char *second, apr_pool_t *p);

#endif
