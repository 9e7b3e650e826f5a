/**
 * Secrets that are none: keys of another kind, which strangers may know.
 */
#ifndef JOSE_DISGUISE_H
#define JOSE_DISGUISE_H

#include <apr_pools.h>

#include "jose/base64url.h"

/**
 * Whether a secret reads as a key, a certificate or JSON (RFC 8725 sections 2.1, 3.1).
 *
 * Found are PEM behind whatever text, DER, JSON and OpenSSH's public keys, each as it is,
 * with blanks, a byte order mark or in UTF-16, and in base64 or hexadecimal digits.
 *
 * @param p  for copies, which are wiped
 */
int disguise_find(bytes_t secret, apr_pool_t *p);

#endif
