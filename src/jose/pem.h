/**
 * Keys as OpenSSL writes them to files: PEM (RFC 7468), and the DER inside.
 */
#ifndef JOSE_PEM_H
#define JOSE_PEM_H

#include <apr_pools.h>

#include "jose/jwa.h"

/**
 * Read the one key of a PEM text: PKCS #8, PKCS #1, SEC 1, SubjectPublicKeyInfo or an
 * X.509 certificate, whose dates and issuer mean nothing here.
 *
 * @param out  pkey (freed with @p p) and is_private are set; untouched on error
 * @return NULL, or what is wrong, as the end of a sentence about the key
 */
const char *pem_read(jwa_material_t *out, bytes_t pem, apr_pool_t *p);

/** Whether bytes are the DER of a key or a certificate, and nothing else. */
int pem_is_der(bytes_t bytes);

#endif
