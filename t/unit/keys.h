/* Keys for tests. */
#ifndef KEYS_H
#define KEYS_H

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "jose/jwk.h"

/* Load one key from memory that ends right behind it, so that a checker of memory sees a
 * read beyond. NULL, with the error in *why unless that is NULL, when it is refused. */
static inline const jwk_t *keys_load(const char *kid, const char *alg,
                                     const void *contents, apr_size_t len,
                                     const char **why, apr_pool_t *p)
{
    jwk_ring_t *ring = apr_array_make(p, 1, sizeof(const jwk_t *));
    unsigned char *copy = malloc(len + 1);
    bytes_t bytes = {copy, len};
    const char *error;

    memcpy(copy, contents, len);
    copy[len] = '\0'; /* as a bytes_t has */
    error = jwk_load(ring, kid, jwa_find(alg), bytes, 1, p);
    free(copy);
    if (why) {
        *why = error;
    }
    return error ? NULL : APR_ARRAY_IDX(ring, 0, const jwk_t *);
}

/* A ring of one or two keys; NULL is none. */
static inline jwk_ring_t *keys_ring(const jwk_t *first, const jwk_t *second,
                                    apr_pool_t *p)
{
    jwk_ring_t *ring = apr_array_make(p, 2, sizeof(const jwk_t *));

    if (first) {
        APR_ARRAY_PUSH(ring, const jwk_t *) = first;
    }
    if (second) {
        APR_ARRAY_PUSH(ring, const jwk_t *) = second;
    }
    return ring;
}

#endif
