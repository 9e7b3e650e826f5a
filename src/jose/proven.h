/**
 * The token that was found good last on a connection, so that the same one need not be
 * computed again with each request of it.
 *
 * A signature is good or not for a key and bytes, and for nothing else: what is kept is
 * that these very bytes fitted that very key. Whether the key still hangs on the ring,
 * and whatever the token claims, is looked at each time.
 */
#ifndef JOSE_PROVEN_H
#define JOSE_PROVEN_H

#include <apr_pools.h>

#include "jose/jwk.h"

/** The longest token that is kept, in bytes. */
#define PROVEN_MAX 4096

/** Room for one token. For one thread at a time. */
typedef struct proven_t proven_t;

/** @return empty, allocated from @p p, which has the token as well */
proven_t *proven_make(apr_pool_t *p);

/**
 * Whether this token was found good with this key, in a time that says nothing of where
 * its signature differs from that of the one that was.
 *
 * @param proven      NULL: nothing is kept
 * @param len         bytes of @p token
 * @param signed_len  how many of them stand before the signature
 */
int proven_is(const proven_t *proven, const jwk_t *key, const char *token, apr_size_t len,
              apr_size_t signed_len);

/** Keep a token that was found good, in place of the one before; likewise. */
void proven_keep(proven_t *proven, const jwk_t *key, const char *token, apr_size_t len);

#endif
