/**
 * Points of Edwards curves (RFC 8032), as far as OpenSSL does not look at them.
 */
#ifndef JOSE_EDWARDS_H
#define JOSE_EDWARDS_H

#include "jose/base64url.h"

/**
 * Whether a public key of Ed25519 (32 bytes) or Ed448 (57 bytes) is a point on its curve,
 * and of large order.
 *
 * Of the few points of small order, such as the neutral element, everybody can make
 * signatures: no private key is needed.
 *
 * @return 1, or 0: also when memory failed
 */
int edwards_is_good(bytes_t encoded);

#endif
