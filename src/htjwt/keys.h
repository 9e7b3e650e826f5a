/**
 * The keys of a site.
 */
#ifndef HTJWT_KEYS_H
#define HTJWT_KEYS_H

#include "htjwt/site.h"

/**
 * Read all keys of a site; one that cannot be read ends the program.
 *
 * @param signing  the key for new tokens, or NULL where none of them signs
 * @return those that are accepted
 */
const jwk_ring_t *keys_load(const jwk_t **signing, const site_t *site, apr_pool_t *p);

#endif
