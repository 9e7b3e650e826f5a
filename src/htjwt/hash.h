/**
 * New password hashes.
 */
#ifndef HTJWT_HASH_H
#define HTJWT_HASH_H

#include <apr_pools.h>

/**
 * Hash a password in a form that the module checks.
 *
 * @param bcrypt_cost  binary logarithm of its rounds; 0: yescrypt, with libxcrypt's own
 *                     cost, which this system's passwd uses as well
 * @return the stored hash, allocated from @p p; what cannot be hashed ends the program
 */
const char *hash_make(const char *password, int bcrypt_cost, apr_pool_t *p);

#endif
