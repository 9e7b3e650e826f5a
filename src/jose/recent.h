/**
 * What was computed for the token that a connection showed last, so that it need not be
 * computed again with each request that shows the same one.
 *
 * All that is kept depends on nothing but the token's bytes and the key: that it fitted
 * the key, its payload, and what members the payload has. Whether the key still hangs on
 * the ring, what the claims must be, and whose token it is are looked at each time.
 */
#ifndef JOSE_RECENT_H
#define JOSE_RECENT_H

#include <apr_pools.h>
#include <jansson.h>

#include "jose/flat.h"
#include "jose/jwk.h"

/** The longest token that is kept, in bytes. */
#define RECENT_MAX 4096

/** Room for one token. For one thread at a time. */
typedef struct recent_t recent_t;

/** The members of a kept token's payload. Who reads it first fills this in. */
typedef struct {
    apr_pool_t *pool; /* lives as long as the token is kept or in use */
    int is_read;
    const char *why;       /* NULL, or why it has no members; a constant */
    const flat_t *flat;    /* of claims_t, likewise the next; in the pool */
    const json_t *members; /* nobody may change it */
} recent_reading_t;

/** @return empty, allocated from @p p, which has the token as well */
recent_t *recent_make(apr_pool_t *p);

/**
 * Whether this token was found good before with a key of this ring, in a time that says
 * nothing of where its signature differs from that of the one that was.
 *
 * @param payload  its payload, which stays until @p p ends; untouched when it was not
 * @param key      the key; likewise
 * @param recent   NULL: nothing is kept
 * @param token    @p len bytes
 */
int recent_find(bytes_t *payload, const jwk_t **key, const recent_t *recent,
                const char *token, apr_size_t len, const jwk_ring_t *ring, apr_pool_t *p);

/**
 * Keep a token that was found good, in place of the one before.
 *
 * @param recent      NULL: nothing is kept
 * @param payload     becomes the kept one, where it is kept; stays until @p p ends
 * @param signed_len  how many of the token's bytes stand before the signature
 */
void recent_keep(recent_t *recent, bytes_t *payload, const jwk_t *key, const char *token,
                 apr_size_t len, apr_size_t signed_len, apr_pool_t *p);

/**
 * The reading of a payload that recent_find() or recent_keep() gave.
 *
 * @return NULL: this payload is not kept
 */
recent_reading_t *recent_reading(const recent_t *recent, bytes_t payload);

#endif
