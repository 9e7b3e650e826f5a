/**
 * AuthJWTKey: from what a line says to keys on the ring.
 */
#ifndef HTTP_KEYRING_H
#define HTTP_KEYRING_H

#include <httpd.h>

#include <http_config.h>

#include "jose/jwk.h"

/**
 * Add what a line names.
 *
 * @param ring  of this section, untouched on error
 * @param argv  KID ALG SOURCE [sign|verify]
 * @return NULL, or what is wrong and how to mend it
 */
const char *keyring_add(jwk_ring_t *ring, int argc, char *const argv[], cmd_parms *cmd);

#endif
