/**
 * What was computed for the token that a connection showed last, so that it need not be
 * computed again with each request that shows the same one.
 *
 * Two things are kept, and each depends on nothing but bytes: that a token fitted a key,
 * and the tree that a payload reads as. Whether the key still hangs on the ring, what the
 * claims must be, and whose token it is are looked at each time.
 */
#ifndef JOSE_RECENT_H
#define JOSE_RECENT_H

#include <apr_pools.h>
#include <jansson.h>

#include "jose/jwk.h"

/** The longest token that is kept, in bytes. */
#define RECENT_MAX 4096

/** Room for one token. For one thread at a time. */
typedef struct recent_t recent_t;

/** @return empty, allocated from @p p, which has the token as well */
recent_t *recent_make(apr_pool_t *p);

/**
 * Whether this token was found good with this key, in a time that says nothing of where
 * its signature differs from that of the one that was.
 *
 * @param recent      NULL: nothing is kept
 * @param len         bytes of @p token
 * @param signed_len  how many of them stand before the signature
 */
int recent_is_good(const recent_t *recent, const jwk_t *key, const char *token,
                   apr_size_t len, apr_size_t signed_len);

/** Keep that a token was found good, in place of the one before; likewise. */
void recent_keep_good(recent_t *recent, const jwk_t *key, const char *token,
                      apr_size_t len);

/**
 * The tree of a payload that was read before.
 *
 * @param recent  NULL: nothing is kept
 * @param p       has the tree until it ends, whatever is kept by then
 * @return NULL: it must be read
 */
const json_t *recent_tree(const recent_t *recent, bytes_t payload, apr_pool_t *p);

/** Keep the tree of a payload, in place of the one before; likewise. Nobody may change it
 *  any more. */
void recent_keep_tree(recent_t *recent, bytes_t payload, json_t *tree);

#endif
