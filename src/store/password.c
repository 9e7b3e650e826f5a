/* Decides whether a password opens a stored hash. The text of a hash comes from a
 * database row: its form and its cost are judged before anything is computed, and
 * only a hash of its form's full length and alphabet is computed at all.
 *
 * Where this differs from Django:
 * - Cost parameters have a cap; Django computes whatever the row says.
 * - A password with a NUL never matches. PBKDF2 could take one, but HMAC pads its
 *   key with zeros, so that "x" and "x\0" would be the same password.
 * - bcrypt refuses more than 72 bytes, of which Django's hasher, like crypt(3), uses
 *   the first 72 and forgets the rest.
 * - An iteration count has one spelling, and base64 has one as well.
 * - A match never writes a new hash: the table belongs to the application.
 *
 * Where this differs from a bare crypt(3): a hash is recognised before crypt(3) sees
 * it, so that DES, unsalted or newer forms are not accepted by accident; a failure
 * token is never compared; the comparison takes constant time.
 *
 * A password that a form cannot hold is not refused early: a stand-in of fixed text is
 * hashed in its place and its result is thrown away. An early answer would tell which
 * users have which form, and a cut password would open more than one was set for. */
#include "store/password.h"

#include <apr_errno.h>
#include <apr_md5.h>
#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* libxcrypt takes 511 bytes and answers more with a failure token at once. The limit
 * also bounds SHA-crypt, where each round hashes the password's length about twice:
 * 511 bytes cost eight times as much as 8, and 4096 would cost sixty times as much. */
#define CRYPT_PASSWORD_MAX  (CRYPT_MAX_PASSPHRASE_SIZE - 1)
#define BCRYPT_PASSWORD_MAX 72

/* Hashed in place of a password that the form cannot hold; as long as a usual one,
 * since SHA-crypt and apr1 cost more for longer ones. */
#define STAND_IN "not the password"

/* Django's default form, with the cost of its 4.2 and OWASP's least. */
#define DEFAULT_TEMPLATE                                                                 \
    "pbkdf2_sha256$600000$AAAAAAAAAAAAAAAAAAAAAA$"                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

_Static_assert(CRYPT_PASSWORD_MAX <= PASSWORD_MAX_LENGTH, "a copy holds any password");

typedef struct form_t form_t;

/* A stored hash taken apart; the pointers point into the caller's text. */
typedef struct {
    const form_t *form;
    const char *text;
    apr_size_t len;
    apr_uint64_t cost;
    const char *salt;
    apr_size_t salt_len;
    const char *digest; /* up to the end of the text */
} hash_t;

/* prefix, cost, salt, separator, digest: every form is written in this order. */
struct form_t {
    const char *prefix;
    const char *damaged, *costly, *unknown, *failed; /* phrases for the log */

    /* Read the cost at *rest and step over it; 0 if it is not one of this form's. */
    apr_uint64_t (*read_cost)(const char **rest);
    apr_uint64_t cost_max;

    int (*salt_ok)(const char *salt, apr_size_t len);
    apr_size_t salt_min, salt_max;
    const char *separator;
    int (*digest_ok)(const char *digest, apr_size_t len);
    apr_size_t digest_len;
    char zero; /* what the alphabet writes for six zero bits: fills a template */

    /* Write the hash of the NUL-terminated password, in full, as it would be stored.
     * APR_ENOMEM where another try may succeed. */
    apr_status_t (*compute)(char out[PASSWORD_TEMPLATE_SIZE], const hash_t *h,
                            const char *password, apr_size_t len);
    const EVP_MD *(*md)(void); /* PBKDF2 only */
    apr_size_t password_max;
};

/* The value of a character in crypt(3)'s base64, which begins with "./"; else -1. */
static int crypt_digit(char c)
{
    static const char digits[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

static int is_crypt64(const char *s, apr_size_t len)
{
    while (len > 0 && crypt_digit(*s) >= 0) {
        s++;
        len--;
    }
    return len == 0;
}

/* What crypt(5) allows in any hash: SHA-crypt and MD5 use a salt's characters as they
 * stand, and salts chosen by hand are not always of the base64 alphabet. */
static int is_crypt_text(const char *s, apr_size_t len)
{
    while (len > 0 && *s > ' ' && *s < 0x7f && !strchr("$:;*!\\", *s)) {
        s++;
        len--;
    }
    return len == 0;
}

/* yescrypt decodes its salt: a last group of one character, or one whose unused bits
 * are set, makes crypt(3) fail. */
static int is_yescrypt_salt(const char *s, apr_size_t len)
{
    static const int last_below[] = {64, 0, 4, 16};

    return is_crypt64(s, len) && crypt_digit(s[len - 1]) < last_below[len % 4];
}

/* Django takes any salt without a '$' and hashes its UTF-8 bytes. */
static int is_django_salt(const char *s, apr_size_t len)
{
    while (len > 0 && (unsigned char)*s >= ' ' && *s != 0x7f && *s != '$') {
        s++;
        len--;
    }
    return len == 0;
}

/* Both digest lengths, 20 and 32 bytes, leave two unused bits, which must be zero, and
 * one '='. */
static int is_base64_digest(const char *s, apr_size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    return strspn(s, alphabet) == len - 1 && strchr("AEIMQUYcgkosw048", s[len - 2]) &&
           s[len - 1] == '=';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number above 0 without leading zeros and the '$' after it; else 0. One too
 * long for any cap stays as it is, well above all of them, instead of wrapping. */
static apr_uint64_t read_number(const char **rest)
{
    const apr_uint64_t enough = APR_UINT64_C(1000000000000);
    const char *s = *rest;
    apr_uint64_t n = 0;

    if (*s == '0') {
        return 0;
    }
    for (; is_digit(*s); s++) {
        n = n < enough ? n * 10 + (apr_uint64_t)(*s - '0') : n;
    }
    if (*s != '$') {
        return 0;
    }
    *rest = s + 1;
    return n;
}

/* Two digits, the binary logarithm of the rounds; 4 to 31 exist. */
static apr_uint64_t read_bcrypt_cost(const char **rest)
{
    const char *s = *rest;
    apr_uint64_t n;

    if (!is_digit(s[0]) || !is_digit(s[1]) || s[2] != '$') {
        return 0;
    }
    n = (apr_uint64_t)((s[0] - '0') * 10 + s[1] - '0');
    *rest = s + 3;
    return n >= 4 && n <= 31 ? n : 0;
}

/* "rounds=N$" or nothing, which means 5000. crypt(3) never writes less than 1000. */
static apr_uint64_t read_sha_rounds(const char **rest)
{
    static const char option[] = "rounds=";
    apr_uint64_t n;

    if (strncmp(*rest, option, sizeof option - 1) != 0) {
        return 5000;
    }
    *rest += sizeof option - 1;
    n = read_number(rest);
    return n >= 1000 ? n : 0;
}

/* One of yescrypt's numbers from 1 on. Below 49 each is one character, and
 * crypt_gensalt(3) writes no others; 0 for those, and *s stays where it is. */
static int read_yescrypt_number(const char **s)
{
    int n = crypt_digit(**s) + 1;

    if (n < 1 || n > 48) {
        return 0;
    }
    (*s)++;
    return n;
}

/* "jNr$", N as its binary logarithm: the memory that yescrypt takes, 128 * N * r bytes.
 * The time goes with it. N = 2 has one character too, but this flavour has no such N.
 *
 * j is the flavour of all hashes in use: 6 rounds, gather 4, simple 2, 12 KiB S-box. The
 * options that may follow r (parallelism, extra time, ROM) are not read: each has a cost
 * of its own, and crypt_gensalt(3) writes none. */
static apr_uint64_t read_yescrypt_memory(const char **rest)
{
    const char *s = *rest;
    int log2_n, r;

    if (*s++ != 'j') {
        return 0;
    }
    log2_n = read_yescrypt_number(&s);
    r = read_yescrypt_number(&s);
    if (log2_n < 2 || r == 0 || *s != '$') {
        return 0;
    }
    *rest = s + 1;
    return (APR_UINT64_C(128) << log2_n) * (apr_uint64_t)r;
}

/* MD5 has 1000 rounds, always. */
static apr_uint64_t read_no_cost(const char **rest)
{
    (void)rest;
    return 1;
}

static apr_status_t compute_crypt(char out[PASSWORD_TEMPLATE_SIZE], const hash_t *h,
                                  const char *password, apr_size_t len)
{
    /* 32 KB: too much for the stack of a worker thread, and all of it is secret. */
    struct crypt_data *data = calloc(1, sizeof *data);
    apr_status_t status = APR_EGENERAL;
    const char *text;

    (void)len;
    if (!data) {
        return APR_ENOMEM;
    }
    errno = 0;
    text = crypt_r(password, h->text, data);
    if (text && text[0] != '*' && strlen(text) < PASSWORD_TEMPLATE_SIZE) {
        memcpy(out, text, strlen(text) + 1);
        status = APR_SUCCESS;
    } else if (errno == ENOMEM) {
        status = APR_ENOMEM;
    }
    OPENSSL_cleanse(data, sizeof *data);
    free(data);
    return status;
}

static apr_status_t compute_apr1(char out[PASSWORD_TEMPLATE_SIZE], const hash_t *h,
                                 const char *password, apr_size_t len)
{
    (void)len;
    return apr_md5_encode(password, h->text, out, PASSWORD_TEMPLATE_SIZE);
}

static apr_status_t compute_pbkdf2(char out[PASSWORD_TEMPLATE_SIZE], const hash_t *h,
                                   const char *password, apr_size_t len)
{
    const EVP_MD *md = h->form->md();
    apr_size_t head = (apr_size_t)(h->digest - h->text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    int size = EVP_MD_get_size(md);

    if (PKCS5_PBKDF2_HMAC(password, (int)len, (const unsigned char *)h->salt,
                          (int)h->salt_len, (int)h->cost, md, size, digest) != 1) {
        return APR_ENOMEM; /* no OpenSSL lacks it, and it was asked nothing odd */
    }
    memcpy(out, h->text, head);
    EVP_EncodeBlock((unsigned char *)out + head, digest, size);
    OPENSSL_cleanse(digest, sizeof digest);
    return APR_SUCCESS;
}

#define PHRASES(name, limit)                                                             \
    .damaged = name ": damaged, or an unknown variant", .costly = name ": " limit,       \
    .unknown = name ": not built into this system's library",                            \
    .failed = name ": out of memory"

/* Cost 15 takes about 2 s, and each step doubles it. */
#define BCRYPT                                                                           \
    PHRASES("bcrypt", "cost above 15"),                                                  \
        .read_cost = read_bcrypt_cost, .cost_max = 15, .salt_ok = is_crypt64,            \
        .salt_min = 22, .salt_max = 22, .separator = "", .digest_ok = is_crypt64,        \
        .digest_len = 31, .zero = '.', .compute = compute_crypt,                         \
        .password_max = BCRYPT_PASSWORD_MAX

/* A million rounds, above the defaults of all libraries (656,000 at most), take about
 * 0.7 s for a usual password and 5 s for the longest that crypt(3) takes. */
#define SHA_CRYPT                                                                        \
    .read_cost = read_sha_rounds, .cost_max = 1000000, .salt_ok = is_crypt_text,         \
    .salt_min = 1, .salt_max = 16, .separator = "$", .digest_ok = is_crypt64,            \
    .zero = '.', .compute = compute_crypt, .password_max = CRYPT_PASSWORD_MAX

/* Ten million iterations, eight times Django's newest default, take 3 to 4 s. A salt may
 * be as long as PASSWORD_TEMPLATE_SIZE leaves room for; parse_hash() sees to that. */
#define PBKDF2                                                                           \
    .read_cost = read_number, .cost_max = 10000000, .salt_ok = is_django_salt,           \
    .salt_min = 1, .salt_max = PASSWORD_TEMPLATE_SIZE, .separator = "$",                 \
    .digest_ok = is_base64_digest, .zero = 'A', .compute = compute_pbkdf2,               \
    .password_max = PASSWORD_MAX_LENGTH

static const form_t forms[] = {
    {.prefix = "$2a$", BCRYPT},
    {.prefix = "$2b$", BCRYPT},
    {.prefix = "$2y$", BCRYPT},
    {.prefix = "$5$",
     PHRASES("SHA-256 crypt", "more than 1000000 rounds"),
     SHA_CRYPT,
     .digest_len = 43},
    {.prefix = "$6$",
     PHRASES("SHA-512 crypt", "more than 1000000 rounds"),
     SHA_CRYPT,
     .digest_len = 86},
    {.prefix = "$y$",
     PHRASES("yescrypt", "more than 256 MiB of memory"),
     .read_cost = read_yescrypt_memory,
     .cost_max = 256 * 1024 * 1024,
     .salt_ok = is_yescrypt_salt,
     .salt_min = 2,
     .salt_max = 86,
     .separator = "$",
     .digest_ok = is_crypt64,
     .digest_len = 43,
     .zero = '.',
     .compute = compute_crypt,
     .password_max = CRYPT_PASSWORD_MAX},
    {.prefix = "$apr1$",
     PHRASES("apr1", "cost"), /* never said: there is one cost only */
     .read_cost = read_no_cost,
     .cost_max = 1,
     .salt_ok = is_crypt_text,
     .salt_min = 1,
     .salt_max = 8,
     .separator = "$",
     .digest_ok = is_crypt64,
     .digest_len = 22,
     .zero = '.',
     .compute = compute_apr1,
     .password_max = PASSWORD_MAX_LENGTH},
    {.prefix = "pbkdf2_sha256$",
     PHRASES("pbkdf2_sha256", "more than 10000000 iterations"),
     PBKDF2,
     .md = EVP_sha256,
     .digest_len = 44},
    {.prefix = "pbkdf2_sha1$",
     PHRASES("pbkdf2_sha1", "more than 10000000 iterations"),
     PBKDF2,
     .md = EVP_sha1,
     .digest_len = 28},
};

static const form_t *find_form(const char *stored)
{
    const form_t *f;

    for (f = forms; f < forms + sizeof forms / sizeof *forms; f++) {
        if (strncmp(stored, f->prefix, strlen(f->prefix)) == 0) {
            return f;
        }
    }
    return NULL;
}

/* Salt and digest out of what follows the cost. The digest's length is known, so it is
 * measured from the end: a character more or less anywhere shifts the separator or
 * gives the salt a wrong length or a '$'. */
static int split_rest(hash_t *h, const char *rest)
{
    const form_t *f = h->form;
    apr_size_t sep = strlen(f->separator);
    apr_size_t len = strlen(rest);

    if (len < f->salt_min + sep + f->digest_len) {
        return 0;
    }
    h->salt = rest;
    h->salt_len = len - sep - f->digest_len;
    h->digest = rest + len - f->digest_len;
    return h->salt_len <= f->salt_max && f->salt_ok(h->salt, h->salt_len) &&
           strncmp(h->digest - sep, f->separator, sep) == 0 &&
           f->digest_ok(h->digest, f->digest_len);
}

/* PASSWORD_MISMATCH is the good result: only the password is missing for another. */
static password_result_t parse_hash(hash_t *h, const char *stored, const char **why)
{
    const char *rest;

    if (*stored == '\0' || *stored == '!') {
        return PASSWORD_UNUSABLE;
    }
    h->form = find_form(stored);
    if (!h->form) {
        *why = "no known form of password hash";
        return PASSWORD_UNSUPPORTED;
    }
    h->text = stored;
    h->len = strlen(stored);
    rest = stored + strlen(h->form->prefix);
    h->cost = h->form->read_cost(&rest);
    if (h->cost == 0 || h->len >= PASSWORD_TEMPLATE_SIZE || !split_rest(h, rest)) {
        *why = h->form->damaged;
        return PASSWORD_UNSUPPORTED;
    }
    if (h->cost > h->form->cost_max) {
        *why = h->form->costly;
        return PASSWORD_TOO_COSTLY;
    }
    return PASSWORD_MISMATCH;
}

static int same_text(const hash_t *h, const char *computed)
{
    return strlen(computed) == h->len && CRYPTO_memcmp(computed, h->text, h->len) == 0;
}

static password_result_t compare(const hash_t *h, const char *password, apr_size_t len,
                                 const char **why)
{
    int fits = len <= h->form->password_max && !memchr(password, '\0', len);
    char copy[PASSWORD_MAX_LENGTH + 1]; /* crypt(3) and APR want a C string */
    char computed[PASSWORD_TEMPLATE_SIZE];
    apr_status_t status;
    int same;

    if (!fits) {
        password = STAND_IN;
        len = strlen(STAND_IN);
    }
    memcpy(copy, password, len);
    copy[len] = '\0';
    status = h->form->compute(computed, h, copy, len);
    same = status == APR_SUCCESS && same_text(h, computed);
    OPENSSL_cleanse(copy, sizeof copy);
    OPENSSL_cleanse(computed, sizeof computed);
    if (status != APR_SUCCESS) {
        *why = APR_STATUS_IS_ENOMEM(status) ? h->form->failed : h->form->unknown;
        return APR_STATUS_IS_ENOMEM(status) ? PASSWORD_FAILED : PASSWORD_UNSUPPORTED;
    }
    return same && fits ? PASSWORD_MATCH : PASSWORD_MISMATCH;
}

password_result_t password_verify(const char *password, apr_size_t len,
                                  const char *stored, const char **why)
{
    hash_t h;
    password_result_t result = parse_hash(&h, stored, why);

    return result == PASSWORD_MISMATCH ? compare(&h, password, len, why) : result;
}

void password_work(const char *password, apr_size_t len, const char *like)
{
    const char *why;
    password_result_t result = PASSWORD_UNUSABLE;

    if (like) {
        result = password_verify(password, len, like, &why);
    }
    /* Work must be done even if the template turns out to be none. */
    if (result != PASSWORD_MATCH && result != PASSWORD_MISMATCH) {
        (void)password_verify(password, len, DEFAULT_TEMPLATE, &why);
    }
}

apr_status_t password_template(char out[PASSWORD_TEMPLATE_SIZE], const char *stored)
{
    const char *why;
    apr_size_t i, salt, digest;
    hash_t h;

    if (parse_hash(&h, stored, &why) != PASSWORD_MISMATCH) {
        return APR_EINVAL;
    }
    salt = (apr_size_t)(h.salt - h.text);
    digest = (apr_size_t)(h.digest - h.text);
    memcpy(out, h.text, h.len + 1);
    memset(out + salt, h.form->zero, h.salt_len);
    for (i = digest; i < h.len; i++) {
        out[i] = out[i] == '=' ? '=' : h.form->zero;
    }
    return APR_SUCCESS;
}

void password_prepare(void)
{
    unsigned char digest[1], salt[] = "salt";
    apr_size_t i;

    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].md) {
            PKCS5_PBKDF2_HMAC("", 0, salt, sizeof salt, 1, forms[i].md(), 1, digest);
        }
    }
}
