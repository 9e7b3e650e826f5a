/**
 * Paths to claims: names with dots between them, elements as [0].
 */
#ifndef JOSE_PATH_H
#define JOSE_PATH_H

#include "jose/claims.h"
#include "jose/value.h"

/** Constant once it is made. */
typedef struct {
    const apr_array_header_t *steps;
} path_t;

/**
 * Read a path. A dot, bracket or backslash that belongs to a name has a backslash in
 * front.
 *
 * @param out  allocated from @p p; untouched on error
 * @return NULL, or what is wrong, as a sentence
 */
const char *path_parse(path_t *out, const char *text, apr_pool_t *p);

/** What is at a path, owned by @p claims; VALUE_ABSENT where there is nothing. */
value_t path_find(const path_t *path, const claims_t *claims);

#endif
