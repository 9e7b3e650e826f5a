/* APR cuts its allocations out of blocks of 8 KiB, in which an overrun meets the next
 * allocation and no sanitizer sees it. So apr_palloc() is replaced here, for one pool:
 * the linker prefers the program's function, in libapr as well. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "pool.h"

#include <apr_general.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct block_t {
    struct block_t *next;
} block_t;

static apr_pool_t *forever, *brief;
static block_t *blocks; /* of brief, each behind a header of HEADER bytes */

#define HEADER 16 /* keeps malloc's alignment */

__attribute__((visibility("default"))) void *apr_palloc(apr_pool_t *p, apr_size_t size)
{
    static void *(*real)(apr_pool_t * p, apr_size_t size);
    block_t *block;

    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "apr_palloc");
    }
    if (!brief || p != brief) {
        return real(p, size);
    }
    block = malloc(HEADER + size);
    if (!block) {
        abort();
    }
    block->next = blocks;
    blocks = block;
    return (char *)block + HEADER;
}

static void forget(void)
{
    apr_pool_destroy(forever);
}

apr_pool_t *pool_forever(void)
{
    if (!forever) {
        apr_initialize();
        /* What lives as long as the process is no leak, so it is released at exit: before
         * OpenSSL's own handler, which must have been set up for that. */
        OPENSSL_init_crypto(0, NULL);
        atexit(forget);
        apr_pool_create(&forever, NULL);
    }
    return forever;
}

apr_pool_t *pool_begin(void)
{
    if (!brief) {
        apr_pool_create(&brief, pool_forever());
    }
    return brief;
}

int pool_end(void)
{
    block_t *next;

    /* First, since its cleanups lie in the blocks and look at others. */
    apr_pool_clear(brief);
    for (; blocks; blocks = next) {
        next = blocks->next;
        free(blocks);
    }
    return 0;
}

void pool_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}
