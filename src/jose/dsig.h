/**
 * Digital signatures: RSA with PKCS #1 v1.5 and PSS padding and ECDSA (RFC 7518
 * sections 3.3 to 3.5), EdDSA (RFC 8037). The functions of an algorithm's row, see
 * jose/jwa.h.
 */
#ifndef JOSE_DSIG_H
#define JOSE_DSIG_H

#include "jose/jwa.h"

const char *dsig_load(jwa_key_t *key, const jwa_material_t *from, apr_pool_t *p);

apr_status_t dsig_sign(unsigned char *out, const jwa_key_t *key, const void *data,
                       apr_size_t len);

apr_status_t dsig_verify(const unsigned char *signature, const jwa_key_t *key,
                         const void *data, apr_size_t len);

#endif
