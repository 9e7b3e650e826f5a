/**
 * Whether a site's database is as the server needs it.
 */
#ifndef HTJWT_CHECKUP_H
#define HTJWT_CHECKUP_H

#include "htjwt/options.h"

/** The command check: a line for each thing that must be well, up to the first one that
 *  is not. */
void checkup_run(const options_t *options, apr_pool_t *p);

#endif
