/**
 * HMAC with SHA-2 (RFC 7518 section 3.2). The functions of an algorithm's row, see
 * jose/jwa.h.
 */
#ifndef JOSE_HMAC_H
#define JOSE_HMAC_H

#include "jose/jwa.h"

const char *hmac_load(jwa_key_t *key, const jwa_material_t *from, apr_pool_t *p);

apr_status_t hmac_sign(unsigned char *out, const jwa_key_t *key, const void *data,
                       apr_size_t len);

/** Constant in time over all signatures of the right length. */
apr_status_t hmac_verify(const unsigned char *signature, const jwa_key_t *key,
                         const void *data, apr_size_t len);

#endif
