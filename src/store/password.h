/**
 * Stored password hashes: what a password column may hold and how it is
 * checked.
 *
 * Known forms, one row each in forms.c:
 *
 *   $2a$ $2b$ $2y$           bcrypt, also PHP's          (crypt(3))
 *   $5$ $6$                  SHA-256 and SHA-512 crypt   (crypt(3))
 *   $y$                      yescrypt                    (crypt(3))
 *   $apr1$                   Apache's MD5                (APR-util)
 *   pbkdf2_sha256$...        Django, also pbkdf2_sha1$   (OpenSSL)
 *   scrypt$...               Django                      (OpenSSL)
 *   argon2$argon2id$...      Django, also argon2i        (libargon2)
 *   $argon2id$ $argon2i$     PHP                         (libargon2)
 *   bcrypt_sha256$ bcrypt$   Django                      (crypt(3))
 *   $wp$2y$                  WordPress 6.8               (crypt(3))
 *   $P$ $H$                  phpass: WordPress, phpBB    (OpenSSL)
 *
 * and, where weak ones are allowed:
 *
 *   {SHA} sha1$ md5$         one round, salted or not    (OpenSSL)
 *   crypt$$                  DES as Django writes it     (crypt(3))
 *   40, 32, 13 characters    bare SHA-1, MD5, DES
 *
 * The cost parameters come from a database row, so each form has a cap: a
 * hostile or broken row must not buy minutes of CPU or gigabytes of memory.
 */
#ifndef STORE_PASSWORD_H
#define STORE_PASSWORD_H

#include <apr_pools.h>

/** Longest password, in bytes, that is ever hashed. */
#define PASSWORD_MAX_LENGTH 4096

/** Bytes that hold any template, with its NUL. */
#define PASSWORD_TEMPLATE_SIZE 192

typedef enum {
    PASSWORD_MATCH,
    PASSWORD_MISMATCH,    /* includes passwords that the form cannot hold */
    PASSWORD_UNUSABLE,    /* empty, or begins with '!': no password can match */
    PASSWORD_UNSUPPORTED, /* no known form, damaged, weak, or lacking here */
    PASSWORD_TOO_COSTLY,  /* known form, parameters above the cap */
    PASSWORD_FAILED       /* nobody knows: memory or OpenSSL failed */
} password_result_t;

/**
 * Compare a password with a stored hash, in constant time for the digest.
 *
 * A password that the form cannot hold (a NUL, more than 72 bytes for bcrypt,
 * 511 for the other forms of crypt(3) but DES, PASSWORD_MAX_LENGTH for any) is a
 * mismatch that costs the same hash as any other, and is never cut to fit; DES alone
 * has forgotten all but eight bytes when the hash was made.
 *
 * Results other than PASSWORD_MATCH and PASSWORD_MISMATCH cost no hash; the
 * caller evens that out with password_work().
 *
 * @param password     @p len bytes, need not be NUL-terminated
 * @param stored       the column's text, NUL-terminated
 * @param may_be_weak  whether weak forms are computed, or else PASSWORD_UNSUPPORTED
 * @param why          set when the result is PASSWORD_UNSUPPORTED, PASSWORD_TOO_COSTLY
 *                     or PASSWORD_FAILED: a constant phrase for the log that names
 *                     the form and the limit, never any part of the hash
 */
password_result_t password_verify(const char *password, apr_size_t len,
                                  const char *stored, int may_be_weak, const char **why);

/**
 * Do the work of one password_verify() and forget its result, so that an
 * unknown user costs what a known one does.
 *
 * @param like  a template of password_template(), or NULL for the default
 *              (pbkdf2_sha256 with 600,000 iterations)
 */
void password_work(const char *password, apr_size_t len, const char *like);

/**
 * The form, cost and salt length of a stored hash with salt and digest
 * replaced by fixed text: enough to repeat the work, useless for guessing.
 *
 * @param out  PASSWORD_TEMPLATE_SIZE bytes
 * @return APR_SUCCESS, or APR_EINVAL for a hash that password_verify() would not
 *         compute, weak ones allowed; @p out is then untouched
 */
apr_status_t password_template(char out[PASSWORD_TEMPLATE_SIZE], const char *stored);

/** Length of a mark, with the NUL behind it. */
#define PASSWORD_MARK_SIZE 33

/**
 * A text that is another one for another stored hash, and tells nothing of it.
 *
 * @param stored  the column's text; NULL: none, which has a mark, too
 * @return APR_SUCCESS, or APR_ENOMEM when OpenSSL failed
 */
apr_status_t password_mark(char out[PASSWORD_MARK_SIZE], const char *stored);

/**
 * What SimpleJWT takes for such a mark (CHECK_REVOKE_TOKEN): the MD5 of the stored hash
 * in upper-case hexadecimal digits.
 */
apr_status_t password_simplejwt_mark(char out[PASSWORD_MARK_SIZE], const char *stored);

/**
 * Let OpenSSL look up what hashes need, before there are requests: where memory fails
 * it at the first time, it never tries again in that process.
 *
 * @param p  owns what is kept, and lives as long as hashes are computed
 */
void password_prepare(apr_pool_t *p);

#endif
