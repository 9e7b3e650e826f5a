/* Where a form has several parameters, its cost is one number all the same: the bytes of
 * memory, or the bytes of work divided by how often memory at its cap may be gone over,
 * whichever is more. */
#include "store/forms.h"

#include <crypt.h>
#include <string.h>

#include "store/digest.h"

/* libxcrypt takes 511 bytes and answers more with a failure token at once. The limit
 * also bounds SHA-crypt, where each round hashes the password's length about twice:
 * 511 bytes cost eight times as much as 8, and 4096 would cost sixty times as much. */
#define CRYPT_PASSWORD_MAX  (CRYPT_MAX_PASSPHRASE_SIZE - 1)
#define BCRYPT_PASSWORD_MAX 72
#define PASSWORD_MAX        4096

#define MIB(n) (APR_UINT64_C(1048576) * (n))

/* Above any cap. */
#define TOO_MUCH (APR_UINT64_C(1) << 40)

/* --- Alphabets -------------------------------------------------------------------- */

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

static int is_hex(const char *s, apr_size_t len)
{
    return strspn(s, "0123456789abcdef") >= len;
}

/* Base64 without padding, of which one value has one spelling: unused bits are zero. */
static int is_base64(const char *s, apr_size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char *const last[] = {alphabet, "", "AQgw", "AEIMQUYcgkosw048"};

    return len > 0 && strspn(s, alphabet) >= len && strchr(last[len % 4], s[len - 1]);
}

/* 20 and 32 bytes end with one '=', 64 with two. */
static int is_base64_digest(const char *s, apr_size_t len)
{
    apr_size_t padding = len == 88 ? 2 : 1;

    return is_base64(s, len - padding) &&
           strcmp(s + len - padding, &"=="[2 - padding]) == 0;
}

/* --- Costs ------------------------------------------------------------------------- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number above 0 without leading zeros and the character after it; else 0. One
 * too long for any cap stays as it is, well above all of them, instead of wrapping. */
static apr_uint64_t read_number(const char **rest, char end)
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
    if (*s != end) {
        return 0;
    }
    *rest = s + 1;
    return n;
}

static apr_uint64_t read_iterations(hash_t *h, const char **rest)
{
    (void)h;
    return read_number(rest, '$');
}

/* Two digits, the binary logarithm of the rounds; 4 to 31 exist. */
static apr_uint64_t read_bcrypt_cost(hash_t *h, const char **rest)
{
    const char *s = *rest;
    apr_uint64_t n;

    (void)h;
    if (!is_digit(s[0]) || !is_digit(s[1]) || s[2] != '$') {
        return 0;
    }
    n = (apr_uint64_t)((s[0] - '0') * 10 + s[1] - '0');
    *rest = s + 3;
    return n >= 4 && n <= 31 ? n : 0;
}

/* "rounds=N$" or nothing, which means 5000. crypt(3) never writes less than 1000. */
static apr_uint64_t read_sha_rounds(hash_t *h, const char **rest)
{
    static const char option[] = "rounds=";
    apr_uint64_t n;

    (void)h;
    if (strncmp(*rest, option, sizeof option - 1) != 0) {
        return 5000;
    }
    *rest += sizeof option - 1;
    n = read_number(rest, '$');
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
static apr_uint64_t read_yescrypt_memory(hash_t *h, const char **rest)
{
    const char *s = *rest;
    int log2_n, r;

    (void)h;
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

/* One character, the binary logarithm of the rounds; 7 to 30 exist. */
static apr_uint64_t read_phpass_rounds(hash_t *h, const char **rest)
{
    int log2_n = crypt_digit(**rest);

    if (log2_n < 7 || log2_n > 30) {
        return 0;
    }
    (*rest)++;
    h->factors[0] = APR_UINT64_C(1) << log2_n;
    return h->factors[0];
}

/* "name=N" and the character after it. */
static apr_uint64_t read_named(const char **rest, const char *name, char end)
{
    apr_size_t len = strlen(name);

    if (strncmp(*rest, name, len) != 0) {
        return 0;
    }
    *rest += len;
    return read_number(rest, end);
}

/* Passes over memory at the cap, which take 3 s. */
#define ARGON2_PASSES 8
#define ARGON2_LANES  64

/* "v=19$m=KiB,t=passes,p=lanes$". Earlier versions have no "v=" or another one; they went
 * out of use in 2016, before Django and PHP knew Argon2. Each lane has at least 8 KiB. */
static apr_uint64_t read_argon2_cost(hash_t *h, const char **rest)
{
    static const char version[] = "v=19$";
    apr_uint64_t m, t, p;

    if (strncmp(*rest, version, sizeof version - 1) != 0) {
        return 0;
    }
    *rest += sizeof version - 1;
    m = h->factors[0] = read_named(rest, "m=", ',');
    t = h->factors[1] = m ? read_named(rest, "t=", ',') : 0;
    p = h->factors[2] = t ? read_named(rest, "p=", '$') : 0;
    if (p == 0 || m < 8 * p) {
        return 0;
    }
    if (m > MIB(1) || t > MIB(16) || p > ARGON2_LANES) {
        return TOO_MUCH;
    }
    return t > ARGON2_PASSES ? m * 1024 * t / ARGON2_PASSES : m * 1024;
}

/* "N$", of which N is a power of two. */
static apr_uint64_t read_scrypt_n(hash_t *h, const char **rest)
{
    apr_uint64_t n = h->factors[0] = read_number(rest, '$');

    return n > 1 && (n & (n - 1)) == 0 ? 1 : 0;
}

/* The same, which take 4 s; more than one is p. */
#define SCRYPT_PASSES 4

/* Beyond N lie r and p, each of which has a cost. RFC 7914 section 2 bounds N by r. */
static apr_uint64_t scrypt_cost(const hash_t *h)
{
    apr_uint64_t n = h->factors[0], r = h->factors[1], p = h->factors[2], memory, work;

    if (r == 0 || p == 0 || (r < 4 && n >> (16 * r))) {
        return 0;
    }
    if (n > MIB(16) || r > MIB(1) || p > MIB(1)) {
        return TOO_MUCH;
    }
    /* Both sizes are needed, but the work keeps the smaller one small. */
    memory = 128 * r * (n > p ? n : p);
    if (memory > MIB(1024)) {
        return TOO_MUCH;
    }
    work = 128 * r * n / SCRYPT_PASSES * p;
    return work > memory ? work : memory;
}

/* There is one cost only. */
static apr_uint64_t read_no_cost(hash_t *h, const char **rest)
{
    (void)h;
    (void)rest;
    return 1;
}

/* --- Salt and digest --------------------------------------------------------------- */

/* The digest's length is known, so it is measured from the end: a character more or less
 * anywhere shifts the separator or gives the salt a wrong length or a '$'. */
static int split_by_length(hash_t *h, const char *rest)
{
    const form_t *f = h->form;
    apr_size_t sep = strlen(f->separator);
    apr_size_t len = strlen(rest);

    if (len < f->salt_min + sep + f->digest_max) {
        return 0;
    }
    h->salt = rest;
    h->salt_len = len - sep - f->digest_max;
    h->digest = rest + len - f->digest_max;
    return strncmp(h->digest - sep, f->separator, sep) == 0;
}

static int split_argon2(hash_t *h, const char *rest)
{
    h->salt = rest;
    h->salt_len = strcspn(rest, "$");
    h->digest = rest + h->salt_len + (rest[h->salt_len] == '$');
    return 1;
}

/* "salt$r$p$digest". */
static int split_scrypt(hash_t *h, const char *rest)
{
    h->salt = rest;
    h->salt_len = strcspn(rest, "$");
    if (rest[h->salt_len] != '$') {
        return 0;
    }
    rest += h->salt_len + 1;
    h->factors[1] = read_number(&rest, '$');
    h->factors[2] = h->factors[1] ? read_number(&rest, '$') : 0;
    h->digest = rest;
    h->cost = scrypt_cost(h);
    return h->cost != 0;
}

/* --- The table --------------------------------------------------------------------- */

#define PHRASES(name, limit)                                                             \
    .damaged = name ": damaged, or an unknown variant", .costly = name ": " limit,       \
    .weak = name ": too weak; AuthJWTLegacyHashes On accepts it",                        \
    .unknown = name ": not built into this system's library",                            \
    .failed = name ": out of memory"

/* Cost 15 takes about 2 s, and each step doubles it. */
#define BCRYPT(name)                                                                     \
    PHRASES(name, "cost above 15"),                                                      \
        .read_cost = read_bcrypt_cost, .cost_max = 15, .salt_ok = is_crypt64,            \
        .salt_min = 22, .salt_max = 22, .separator = "", .split_rest = split_by_length,  \
        .digest_ok = is_crypt64, .digest_min = 31, .digest_max = 31, .zero = '.'

#define PLAIN_BCRYPT(name)                                                               \
    BCRYPT(name), .compute = digest_crypt, .password_max = BCRYPT_PASSWORD_MAX

/* Hashed first, to a text that bcrypt holds. */
#define DJANGO_BCRYPT_SHA256                                                             \
    BCRYPT("bcrypt_sha256"), .compute = digest_sha256_crypt,                             \
                             .skip = sizeof "bcrypt_sha256$" - 1,                        \
                             .password_max = PASSWORD_MAX

#define DJANGO_BCRYPT PLAIN_BCRYPT("bcrypt"), .skip = sizeof "bcrypt$" - 1

/* A million rounds, above the defaults of all libraries (656,000 at most), take about
 * 0.7 s for a usual password and 5 s for the longest that crypt(3) takes. */
#define SHA_CRYPT(length)                                                                \
    .read_cost = read_sha_rounds, .cost_max = 1000000, .salt_ok = is_crypt_text,         \
    .salt_min = 1, .salt_max = 16, .separator = "$", .split_rest = split_by_length,      \
    .digest_ok = is_crypt64, .digest_min = length, .digest_max = length, .zero = '.',    \
    .compute = digest_crypt, .password_max = CRYPT_PASSWORD_MAX

/* Ten million iterations, eight times Django's newest default, take 3 to 4 s. A salt may
 * be as long as FORMS_TEXT_SIZE leaves room for; forms_parse() sees to that. */
#define PBKDF2(length)                                                                   \
    .read_cost = read_iterations, .cost_max = 10000000, .salt_ok = is_django_salt,       \
    .salt_min = 1, .salt_max = FORMS_TEXT_SIZE, .separator = "$",                        \
    .split_rest = split_by_length, .digest_ok = is_base64_digest, .digest_min = length,  \
    .digest_max = length, .zero = 'A', .password_max = PASSWORD_MAX

/* A digest has 16 bytes at least: Django's first Argon2 hashes have as many. */
#define ARGON2                                                                           \
    PHRASES("Argon2", "more than 256 MiB of memory, 2 GiB of work or 64 lanes"),         \
        .read_cost = read_argon2_cost, .cost_max = MIB(256), .salt_ok = is_base64,       \
        .salt_min = 11, .salt_max = FORMS_TEXT_SIZE, .split_rest = split_argon2,         \
        .digest_ok = is_base64, .digest_min = 22, .digest_max = 86, .zero = 'A',         \
        .password_max = PASSWORD_MAX

/* A million rounds take 0.3 s for a usual password and 7 s for the longest; WordPress
 * has 8192. */
#define PHPASS                                                                           \
    PHRASES("phpass", "more than 1048576 rounds"),                                       \
        .read_cost = read_phpass_rounds, .cost_max = 1048576, .salt_ok = is_crypt_text,  \
        .salt_min = 8, .salt_max = 8, .separator = "", .split_rest = split_by_length,    \
        .digest_ok = is_crypt64, .digest_min = 22, .digest_max = 22, .zero = '.',        \
        .compute = digest_phpass, .password_max = PASSWORD_MAX

/* What anybody's machine tries by the thousand million a second. */
#define WEAK(name)                                                                       \
    PHRASES(name, "cost"), .is_weak = 1, .read_cost = read_no_cost, .cost_max = 1,       \
                           .split_rest = split_by_length

#define WEAK_HEX(length)                                                                 \
    .salt_ok = is_django_salt, .digest_ok = is_hex, .digest_min = length,                \
    .digest_max = length, .zero = '0', .password_max = PASSWORD_MAX

/* crypt(3) looks at the first eight bytes and has forgotten the rest when the hash was
 * made, so there is nothing that a longer password could be refused by. */
#define DES                                                                              \
    WEAK("DES crypt"), .salt_ok = is_crypt64, .salt_min = 2, .salt_max = 2,              \
                       .separator = "", .digest_ok = is_crypt64, .digest_min = 11,       \
                       .digest_max = 11, .zero = '.', .compute = digest_crypt,           \
                       .password_max = CRYPT_PASSWORD_MAX

static const form_t forms[] = {
    {.prefix = "$2a$", PLAIN_BCRYPT("bcrypt")},
    {.prefix = "$2b$", PLAIN_BCRYPT("bcrypt")},
    {.prefix = "$2y$", PLAIN_BCRYPT("bcrypt")},
    {.prefix = "$5$",
     PHRASES("SHA-256 crypt", "more than 1000000 rounds"),
     SHA_CRYPT(43)},
    {.prefix = "$6$",
     PHRASES("SHA-512 crypt", "more than 1000000 rounds"),
     SHA_CRYPT(86)},
    {.prefix = "$y$",
     PHRASES("yescrypt", "more than 256 MiB of memory"),
     .read_cost = read_yescrypt_memory,
     .cost_max = MIB(256),
     .salt_ok = is_yescrypt_salt,
     .salt_min = 2,
     .salt_max = 86,
     .separator = "$",
     .split_rest = split_by_length,
     .digest_ok = is_crypt64,
     .digest_min = 43,
     .digest_max = 43,
     .zero = '.',
     .compute = digest_crypt,
     .password_max = CRYPT_PASSWORD_MAX},
    {.prefix = "$apr1$",
     PHRASES("apr1", "cost"), /* never said: there is one cost only */
     .read_cost = read_no_cost,
     .cost_max = 1,
     .salt_ok = is_crypt_text,
     .salt_min = 1,
     .salt_max = 8,
     .separator = "$",
     .split_rest = split_by_length,
     .digest_ok = is_crypt64,
     .digest_min = 22,
     .digest_max = 22,
     .zero = '.',
     .compute = digest_apr1,
     .password_max = PASSWORD_MAX},
    {.prefix = "pbkdf2_sha256$",
     PHRASES("pbkdf2_sha256", "more than 10000000 iterations"),
     PBKDF2(44),
     .compute = digest_pbkdf2_sha256},
    {.prefix = "pbkdf2_sha1$",
     PHRASES("pbkdf2_sha1", "more than 10000000 iterations"),
     PBKDF2(28),
     .compute = digest_pbkdf2_sha1},
    {.prefix = "scrypt$",
     PHRASES("scrypt", "more than 256 MiB of memory or 1 GiB of work"),
     .read_cost = read_scrypt_n,
     .cost_max = MIB(256),
     .salt_ok = is_django_salt,
     .salt_min = 1,
     .salt_max = FORMS_TEXT_SIZE,
     .split_rest = split_scrypt,
     .digest_ok = is_base64_digest,
     .digest_min = 88,
     .digest_max = 88,
     .zero = 'A',
     .compute = digest_scrypt,
     .password_max = PASSWORD_MAX},
    {.prefix = "argon2$argon2id$", ARGON2, .compute = digest_argon2id},
    {.prefix = "argon2$argon2i$", ARGON2, .compute = digest_argon2i},
    {.prefix = "$argon2id$", ARGON2, .compute = digest_argon2id},
    {.prefix = "$argon2i$", ARGON2, .compute = digest_argon2i},
    {.prefix = "bcrypt_sha256$$2a$", DJANGO_BCRYPT_SHA256},
    {.prefix = "bcrypt_sha256$$2b$", DJANGO_BCRYPT_SHA256},
    {.prefix = "bcrypt_sha256$$2y$", DJANGO_BCRYPT_SHA256},
    {.prefix = "bcrypt$$2a$", DJANGO_BCRYPT},
    {.prefix = "bcrypt$$2b$", DJANGO_BCRYPT},
    {.prefix = "bcrypt$$2y$", DJANGO_BCRYPT},
    {.prefix = "$wp$2y$",
     BCRYPT("WordPress bcrypt"),
     .compute = digest_wordpress_crypt,
     .skip = sizeof "$wp" - 1,
     .password_max = PASSWORD_MAX},
    {.prefix = "$P$", PHPASS},
    {.prefix = "$H$", PHPASS},
    {.prefix = "{SHA}",
     WEAK("SHA-1"),
     .salt_ok = is_hex,
     .separator = "",
     .digest_ok = is_base64_digest,
     .digest_min = 28,
     .digest_max = 28,
     .zero = 'A',
     .compute = digest_sha1_base64,
     .password_max = PASSWORD_MAX},
    {.prefix = "sha1$",
     WEAK("SHA-1"),
     WEAK_HEX(40),
     .salt_max = FORMS_TEXT_SIZE,
     .separator = "$",
     .compute = digest_sha1_hex},
    {.prefix = "md5$",
     WEAK("MD5"),
     WEAK_HEX(32),
     .salt_max = FORMS_TEXT_SIZE,
     .separator = "$",
     .compute = digest_md5_hex},
    {.prefix = "crypt$$", DES, .skip = sizeof "crypt$$" - 1},
    {.prefix = "",
     WEAK("SHA-1"),
     WEAK_HEX(40),
     .separator = "",
     .compute = digest_sha1_hex},
    {.prefix = "", WEAK("MD5"), WEAK_HEX(32), .separator = "", .compute = digest_md5_hex},
    {.prefix = "", DES},
};

static int has_form(const char *stored, const form_t *f)
{
    apr_size_t len = strlen(f->prefix), whole = f->salt_max + f->digest_max;

    return len > 0 ? strncmp(stored, f->prefix, len) == 0
                   : strlen(stored) == whole && f->digest_ok(stored, whole);
}

static const form_t *find_form(const char *stored)
{
    const form_t *f;

    for (f = forms; f < forms + sizeof forms / sizeof *forms; f++) {
        if (has_form(stored, f)) {
            return f;
        }
    }
    return NULL;
}

/* Whether salt and digest, found by split_rest, are such of this form. */
static int check_rest(hash_t *h)
{
    const form_t *f = h->form;

    h->digest_len = (apr_size_t)(h->text + h->len - h->digest);
    return h->salt_len >= f->salt_min && h->salt_len <= f->salt_max &&
           f->salt_ok(h->salt, h->salt_len) && h->digest_len >= f->digest_min &&
           h->digest_len <= f->digest_max && f->digest_ok(h->digest, h->digest_len);
}

forms_result_t forms_parse(hash_t *h, const char *stored)
{
    const char *rest;

    h->form = find_form(stored);
    if (!h->form) {
        return FORMS_UNKNOWN;
    }
    h->text = stored;
    h->len = strlen(stored);
    rest = stored + strlen(h->form->prefix);
    h->cost = h->form->read_cost(h, &rest);
    if (h->cost == 0 || h->len >= FORMS_TEXT_SIZE || !h->form->split_rest(h, rest) ||
        !check_rest(h)) {
        return FORMS_DAMAGED;
    }
    return h->cost > h->form->cost_max ? FORMS_COSTLY : FORMS_GOOD;
}
