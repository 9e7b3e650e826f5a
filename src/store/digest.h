/**
 * The computing of password hashes, by crypt(3), APR, OpenSSL and libargon2.
 *
 * Each function writes the hash of a password with the form, cost and salt of @p h, in
 * full, as it would be stored. The cost was judged before: nothing here limits it.
 *
 * @param password  @p len bytes without a NUL, and one behind them
 * @return APR_SUCCESS; APR_ENOMEM where another try may succeed; another error where
 *         the library of this system lacks the form
 */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include <apr_pools.h>

#include "store/forms.h"

/** crypt(3): bcrypt, SHA-crypt, yescrypt, DES. */
apr_status_t digest_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                          const char *password, apr_size_t len);

/** crypt(3) of the SHA-256 in hexadecimal (Django), of an HMAC in base64 (WordPress). */
apr_status_t digest_sha256_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                 const char *password, apr_size_t len);
apr_status_t digest_wordpress_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                    const char *password, apr_size_t len);

apr_status_t digest_apr1(char out[FORMS_TEXT_SIZE], const hash_t *h, const char *password,
                         apr_size_t len);
apr_status_t digest_pbkdf2_sha256(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                  const char *password, apr_size_t len);
apr_status_t digest_pbkdf2_sha1(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                const char *password, apr_size_t len);
apr_status_t digest_scrypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                           const char *password, apr_size_t len);
apr_status_t digest_argon2i(char out[FORMS_TEXT_SIZE], const hash_t *h,
                            const char *password, apr_size_t len);
apr_status_t digest_argon2id(char out[FORMS_TEXT_SIZE], const hash_t *h,
                             const char *password, apr_size_t len);
apr_status_t digest_phpass(char out[FORMS_TEXT_SIZE], const hash_t *h,
                           const char *password, apr_size_t len);

/** One round over salt and password. */
apr_status_t digest_md5_hex(char out[FORMS_TEXT_SIZE], const hash_t *h,
                            const char *password, apr_size_t len);
apr_status_t digest_sha1_hex(char out[FORMS_TEXT_SIZE], const hash_t *h,
                             const char *password, apr_size_t len);
apr_status_t digest_sha1_base64(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                const char *password, apr_size_t len);

/** Digits of a mark, and the NUL behind them. */
#define DIGEST_MARK_SIZE 33

/** The first 128 bits of a text's SHA-256, in lower-case hexadecimal digits. */
apr_status_t digest_mark(char out[DIGEST_MARK_SIZE], const char *text);

/** A text's MD5 in upper-case hexadecimal digits, which are DIGEST_MARK_SIZE, too. */
apr_status_t digest_md5_upper(char out[DIGEST_MARK_SIZE], const char *text);

/**
 * Let OpenSSL look up what these need, before there are requests: where memory fails it
 * at the first time, it never tries again in that process.
 *
 * @param p  owns what is kept: with the configuration's pool a restart, which may unload
 *           the module and its memory of it, leaves nothing behind
 */
void digest_prepare(apr_pool_t *p);

#endif
