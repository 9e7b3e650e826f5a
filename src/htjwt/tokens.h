/**
 * Tokens, as one holds them in hand.
 */
#ifndef HTJWT_TOKENS_H
#define HTJWT_TOKENS_H

#include "htjwt/options.h"

/** The commands decode and verify. */
void tokens_decode(const options_t *options, apr_pool_t *p);
void tokens_verify(const options_t *options, apr_pool_t *p);

#endif
