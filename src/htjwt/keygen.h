/**
 * New keys.
 */
#ifndef HTJWT_KEYGEN_H
#define HTJWT_KEYGEN_H

#include "htjwt/options.h"

/** The command keygen. */
void keygen_run(const options_t *options, apr_pool_t *p);

#endif
