/**
 * Other programs: run without a shell, within bounds.
 */
#ifndef HTJWT_PROGRAM_H
#define HTJWT_PROGRAM_H

#include <apr_pools.h>

#include "jose/base64url.h"

/** What a program wrote. */
typedef struct {
    bytes_t out, errors; /* each NUL-terminated behind its end */
} program_output_t;

/**
 * Run a program and read what it writes.
 *
 * @param output   allocated from @p p, also set when the program failed
 * @param argv     the first one is its path, or a name for PATH; the last is NULL
 * @param seconds  how long it may take
 * @param most     bytes of standard output
 * @return NULL, or what went wrong, as the end of a sentence about it
 */
const char *program_run(program_output_t *output, const char *const argv[], int seconds,
                        apr_size_t most, apr_pool_t *p);

#endif
