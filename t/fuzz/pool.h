/**
 * What every fuzzing target needs: a pool for one input, and a check that is not left
 * out of any build.
 *
 *   int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *   {
 *       apr_pool_t *p = pool_begin();
 *
 *       CHECK(2 + 2 == 4);
 *       return pool_end();
 *   }
 */
#ifndef T_FUZZ_POOL_H
#define T_FUZZ_POOL_H

#include <apr_pools.h>
#include <stddef.h>
#include <stdint.h>

/** What a target consists of: libFuzzer calls it, and so does replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * The pool for one input. Each allocation from it is one of malloc's, so that
 * AddressSanitizer and valgrind see where it ends.
 */
apr_pool_t *pool_begin(void);

/** Release what is in it; 0, since that is what a target returns. */
int pool_end(void);

/** A pool for what lives as long as the process. */
apr_pool_t *pool_forever(void);

/** Say what does not hold, and abort. */
void pool_broken(const char *condition, const char *file, int line)
    __attribute__((noreturn));

#define CHECK(condition)                                                                 \
    ((condition) ? (void)0 : pool_broken(#condition, __FILE__, __LINE__))

#endif
