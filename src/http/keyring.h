/**
 * AuthJWTKey: from what a line says to keys on the ring.
 */
#ifndef HTTP_KEYRING_H
#define HTTP_KEYRING_H

#include <httpd.h>

#include <http_config.h>

#include "jose/jwk.h"

/** One text with keys that was loaded, and how: what a line said, or one file of the
 *  directory that it named. */
typedef struct {
    const jwk_ring_t *ring; /* that got the keys */
    const char *kid;        /* as directives write it: a name, - or * */
    const char *alg;
    const char *source; /* whole path, env:NAME or exec:... */
    int can_sign;
} keyring_source_t;

/** All sources of the reading under way: keyring_source_t, in order. */
const apr_array_header_t *keyring_sources(void);

/** Forget the sources of an earlier reading of the configuration. */
void keyring_reset(apr_pool_t *pconf);

/**
 * Add what a line names.
 *
 * @param ring  of this section, untouched on error
 * @param argv  KID ALG SOURCE [sign|verify]
 * @return NULL, or what is wrong and how to mend it
 */
const char *keyring_add(jwk_ring_t *ring, int argc, char *const argv[], cmd_parms *cmd);

#endif
