/**
 * base64url without padding (RFC 4648 section 5, RFC 7515 appendix C).
 */
#ifndef JOSE_BASE64URL_H
#define JOSE_BASE64URL_H

#include <apr_pools.h>

/** Bytes with their length; @c data is NUL-terminated one byte behind @c len. */
typedef struct {
    const unsigned char *data;
    apr_size_t len;
} bytes_t;

/**
 * Decode base64url without padding.
 *
 * Strict: any character outside the alphabet, '=' padding, a length of 1 mod 4
 * or non-zero unused bits is refused, so that one value has one spelling.
 *
 * @param out  the decoded bytes, allocated from @p p; untouched on error
 * @param in   encoded text of @p len characters, need not be NUL-terminated
 * @return APR_SUCCESS, or APR_EINVAL if the text is not canonical base64url
 */
apr_status_t base64url_decode(bytes_t *out, const char *in, apr_size_t len,
                              apr_pool_t *p);

/**
 * Encode @p len bytes.
 *
 * @return NUL-terminated text, allocated from @p p
 */
char *base64url_encode(const void *in, apr_size_t len, apr_pool_t *p);

#endif
