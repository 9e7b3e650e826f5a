/* OpenSSL tells "not built in" from "no memory" badly: where memory fails it, it may say
 * that it does not support what it was asked for. So digest_prepare() tries what a build
 * or its FIPS provider may lack, and later all that fails is memory. */
#include "store/digest.h"

#include <apr_lib.h>
#include <apr_md5.h>
#include <argon2.h>
#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

/* Fetched once: marks are made for every request. */
static EVP_MD *sha256;

/* Of this OpenSSL; constant after digest_prepare(). */
static int lacks_scrypt, lacks_md5;

static apr_status_t failure(int is_lacking)
{
    ERR_clear_error();
    return is_lacking ? APR_ENOTIMPL : APR_ENOMEM;
}

/* The stored text with another digest, in base64 with as much padding as there was. */
static void write_base64(char *out, const hash_t *h, const unsigned char *digest,
                         int size)
{
    apr_size_t head = (apr_size_t)(h->digest - h->text);
    unsigned char text[2 * EVP_MAX_MD_SIZE];

    EVP_EncodeBlock(text, digest, size);
    memcpy(out, h->text, head);
    memcpy(out + head, text, h->digest_len);
    out[h->len] = '\0';
    OPENSSL_cleanse(text, sizeof text);
}

static void to_hex(char *out, const unsigned char *bytes, unsigned int size)
{
    static const char digits[] = "0123456789abcdef";

    for (; size > 0; size--, bytes++) {
        *out++ = digits[*bytes >> 4];
        *out++ = digits[*bytes & 0x0f];
    }
    *out = '\0';
}

/* --- crypt(3) and APR ----------------------------------------------------------------
 */

apr_status_t digest_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                          const char *password, apr_size_t len)
{
    /* 32 KB: too much for the stack of a worker thread, and all of it is secret. */
    struct crypt_data *data = calloc(1, sizeof *data);
    apr_size_t skip = h->form->skip;
    apr_status_t status = APR_EGENERAL;
    const char *text;

    (void)len;
    if (!data) {
        return APR_ENOMEM;
    }
    errno = 0;
    text = crypt_r(password, h->text + skip, data);
    if (text && text[0] != '*' && skip + strlen(text) < FORMS_TEXT_SIZE) {
        memcpy(out, h->text, skip);
        memcpy(out + skip, text, strlen(text) + 1);
        status = APR_SUCCESS;
    } else if (errno == ENOMEM) {
        status = APR_ENOMEM;
    }
    OPENSSL_cleanse(data, sizeof *data);
    free(data);
    return status;
}

apr_status_t digest_sha256_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                 const char *password, apr_size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    apr_status_t status;
    unsigned int size;

    if (EVP_Digest(password, len, digest, &size, EVP_sha256(), NULL) != 1) {
        return failure(0);
    }
    to_hex(text, digest, size);
    status = digest_crypt(out, h, text, strlen(text));
    OPENSSL_cleanse(digest, sizeof digest);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

/* wp_check_password() of WordPress 6.8. */
apr_status_t digest_wordpress_crypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                    const char *password, apr_size_t len)
{
    static const char key[] = "wp-sha384";
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    apr_status_t status;
    unsigned int size;

    if (!HMAC(EVP_sha384(), key, sizeof key - 1, (const unsigned char *)password, len,
              digest, &size)) {
        return failure(0);
    }
    EVP_EncodeBlock((unsigned char *)text, digest, (int)size);
    status = digest_crypt(out, h, text, strlen(text));
    OPENSSL_cleanse(digest, sizeof digest);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

apr_status_t digest_apr1(char out[FORMS_TEXT_SIZE], const hash_t *h, const char *password,
                         apr_size_t len)
{
    (void)len;
    return apr_md5_encode(password, h->text, out, FORMS_TEXT_SIZE);
}

/* --- PBKDF2 and scrypt ----------------------------------------------------------------
 */

static apr_status_t pbkdf2(char *out, const hash_t *h, const char *password,
                           apr_size_t len, const EVP_MD *md)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    int size = EVP_MD_get_size(md);

    if (PKCS5_PBKDF2_HMAC(password, (int)len, (const unsigned char *)h->salt,
                          (int)h->salt_len, (int)h->cost, md, size, digest) != 1) {
        return failure(0); /* no OpenSSL lacks it, and it was asked nothing odd */
    }
    write_base64(out, h, digest, size);
    OPENSSL_cleanse(digest, sizeof digest);
    return APR_SUCCESS;
}

apr_status_t digest_pbkdf2_sha256(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                  const char *password, apr_size_t len)
{
    return pbkdf2(out, h, password, len, EVP_sha256());
}

apr_status_t digest_pbkdf2_sha1(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                const char *password, apr_size_t len)
{
    return pbkdf2(out, h, password, len, EVP_sha1());
}

#define SCRYPT_SIZE 64

apr_status_t digest_scrypt(char out[FORMS_TEXT_SIZE], const hash_t *h,
                           const char *password, apr_size_t len)
{
    apr_uint64_t n = h->factors[0], r = h->factors[1], p = h->factors[2];
    apr_uint64_t memory = 128 * r * (n + p + 2) + 1024; /* what these need, no more */
    unsigned char digest[SCRYPT_SIZE];

    if (EVP_PBE_scrypt(password, len, (const unsigned char *)h->salt, h->salt_len, n, r,
                       p, memory, digest, sizeof digest) != 1) {
        return failure(lacks_scrypt);
    }
    write_base64(out, h, digest, sizeof digest);
    OPENSSL_cleanse(digest, sizeof digest);
    return APR_SUCCESS;
}

/* --- Argon2 ---------------------------------------------------------------------------
 */

/* Bytes of unpadded base64, which was checked; returns how many. */
static apr_size_t from_base64(unsigned char out[FORMS_TEXT_SIZE], const char *text,
                              apr_size_t len)
{
    char padded[FORMS_TEXT_SIZE + 4];
    apr_size_t padding = (4 - len % 4) % 4;

    memcpy(padded, text, len);
    memcpy(padded + len, "===", padding);
    return (apr_size_t)EVP_DecodeBlock(out, (unsigned char *)padded,
                                       (int)(len + padding)) -
           padding;
}

/* Lanes are computed one after the other: threads of its own would be none of httpd's,
 * and one request would hold several processors. */
static apr_status_t argon2(char *out, const hash_t *h, const char *password,
                           apr_size_t len, argon2_type type)
{
    unsigned char salt[FORMS_TEXT_SIZE], digest[EVP_MAX_MD_SIZE];
    argon2_context context = {
        .out = digest,
        .outlen = (uint32_t)(h->digest_len * 3 / 4),
        /* Only read: without ARGON2_FLAG_CLEAR_PASSWORD nothing is written there. */
        .pwd = (uint8_t *)(apr_uintptr_t)password,
        .pwdlen = (uint32_t)len,
        .salt = salt,
        .saltlen = (uint32_t)from_base64(salt, h->salt, h->salt_len),
        .m_cost = (uint32_t)h->factors[0],
        .t_cost = (uint32_t)h->factors[1],
        .lanes = (uint32_t)h->factors[2],
        .threads = 1,
        .version = ARGON2_VERSION_13,
    };
    int rv = argon2_ctx(&context, type);

    if (rv != ARGON2_OK) {
        return rv == ARGON2_MEMORY_ALLOCATION_ERROR ? APR_ENOMEM : APR_EGENERAL;
    }
    write_base64(out, h, digest, (int)context.outlen);
    OPENSSL_cleanse(digest, sizeof digest);
    return APR_SUCCESS;
}

apr_status_t digest_argon2i(char out[FORMS_TEXT_SIZE], const hash_t *h,
                            const char *password, apr_size_t len)
{
    return argon2(out, h, password, len, Argon2_i);
}

apr_status_t digest_argon2id(char out[FORMS_TEXT_SIZE], const hash_t *h,
                             const char *password, apr_size_t len)
{
    return argon2(out, h, password, len, Argon2_id);
}

/* --- MD5 and SHA-1 --------------------------------------------------------------------
 */

/* One round over two pieces; the first may be the digest of the round before. */
static int one_round(unsigned char *digest, unsigned int *size, EVP_MD_CTX *context,
                     const EVP_MD *md, const void *first, apr_size_t first_len,
                     const char *password, apr_size_t len)
{
    return EVP_DigestInit_ex(context, md, NULL) == 1 &&
           EVP_DigestUpdate(context, first, first_len) == 1 &&
           EVP_DigestUpdate(context, password, len) == 1 &&
           EVP_DigestFinal_ex(context, digest, size) == 1;
}

/* All rounds: over salt and password, then so many over digest and password. */
static apr_status_t run_rounds(unsigned char *digest, unsigned int *size, const hash_t *h,
                               const char *password, apr_size_t len, const EVP_MD *md,
                               apr_uint64_t more)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int is_good = context && one_round(digest, size, context, md, h->salt, h->salt_len,
                                       password, len);

    for (; is_good && more > 0; more--) {
        is_good = one_round(digest, size, context, NULL, digest, *size, password, len);
    }
    EVP_MD_CTX_free(context);
    return is_good ? APR_SUCCESS : failure(lacks_md5 && md == EVP_md5());
}

/* phpass's base64: six bits at a time from the lowest on. */
static void to_phpass64(char *out, const unsigned char *bytes, apr_size_t size)
{
    static const char digits[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    unsigned int bits = 0, count = 0;

    for (; size > 0; size--) {
        bits |= (unsigned int)*bytes++ << count;
        for (count += 8; count >= 6; count -= 6) {
            *out++ = digits[bits & 0x3f];
            bits >>= 6;
        }
    }
    if (count > 0) {
        *out++ = digits[bits];
    }
    *out = '\0';
}

/* The portable hashes of Openwall's phpass. */
apr_status_t digest_phpass(char out[FORMS_TEXT_SIZE], const hash_t *h,
                           const char *password, apr_size_t len)
{
    apr_size_t head = (apr_size_t)(h->digest - h->text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    apr_status_t status;

    status = run_rounds(digest, &size, h, password, len, EVP_md5(), h->factors[0]);
    if (status == APR_SUCCESS) {
        memcpy(out, h->text, head);
        to_phpass64(out + head, digest, size);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return status;
}

static apr_status_t one_hex(char *out, const hash_t *h, const char *password,
                            apr_size_t len, const EVP_MD *md)
{
    apr_size_t head = (apr_size_t)(h->digest - h->text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    apr_status_t status = run_rounds(digest, &size, h, password, len, md, 0);

    if (status == APR_SUCCESS) {
        memcpy(out, h->text, head);
        to_hex(out + head, digest, size);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return status;
}

apr_status_t digest_md5_hex(char out[FORMS_TEXT_SIZE], const hash_t *h,
                            const char *password, apr_size_t len)
{
    return one_hex(out, h, password, len, EVP_md5());
}

apr_status_t digest_sha1_hex(char out[FORMS_TEXT_SIZE], const hash_t *h,
                             const char *password, apr_size_t len)
{
    return one_hex(out, h, password, len, EVP_sha1());
}

apr_status_t digest_sha1_base64(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                const char *password, apr_size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    apr_status_t status = run_rounds(digest, &size, h, password, len, EVP_sha1(), 0);

    if (status == APR_SUCCESS) {
        write_base64(out, h, digest, (int)size);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return status;
}

apr_status_t digest_md5_upper(char out[DIGEST_MARK_SIZE], const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;

    if (EVP_Digest(text, strlen(text), digest, &size, EVP_md5(), NULL) != 1) {
        return failure(0);
    }
    to_hex(out, digest, (DIGEST_MARK_SIZE - 1) / 2);
    for (; *out; out++) {
        *out = apr_toupper(*out);
    }
    return APR_SUCCESS;
}

apr_status_t digest_mark(char out[DIGEST_MARK_SIZE], const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;

    if (EVP_Digest(text, strlen(text), digest, &size, sha256 ? sha256 : EVP_sha256(),
                   NULL) != 1) {
        return failure(0);
    }
    to_hex(out, digest, (DIGEST_MARK_SIZE - 1) / 2);
    return APR_SUCCESS;
}

static apr_status_t free_sha256(void *data)
{
    (void)data;
    EVP_MD_free(sha256);
    sha256 = NULL;
    return APR_SUCCESS;
}

void digest_prepare(apr_pool_t *p)
{
    unsigned char digest[EVP_MAX_MD_SIZE], salt[] = "salt";
    unsigned int size;

    if (!sha256) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        apr_pool_cleanup_register(p, NULL, free_sha256, apr_pool_cleanup_null);
    }
    PKCS5_PBKDF2_HMAC("", 0, salt, sizeof salt, 1, EVP_sha256(), 1, digest);
    PKCS5_PBKDF2_HMAC("", 0, salt, sizeof salt, 1, EVP_sha1(), 1, digest);
    lacks_scrypt = EVP_PBE_scrypt("", 0, salt, sizeof salt, 2, 1, 1, 0, digest, 1) != 1;
    HMAC(EVP_sha384(), "", 0, salt, sizeof salt, digest, &size);
    lacks_md5 = EVP_Digest(salt, sizeof salt, digest, &size, EVP_md5(), NULL) != 1;
    ERR_clear_error();
}
