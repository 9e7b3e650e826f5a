/* Or glibc has inline functions of the names that are defined here. */
#undef _FORTIFY_SOURCE

#include "inject.h"

#include <apr_buckets.h>
#include <apr_general.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

/* The program's own calls must find ours, whatever it is compiled with. */
#define PUBLIC __attribute__((visibility("default")))

enum { MEMORY = 1, CRYPTO };

PUBLIC const inject_mode_t inject_modes[] = {
    {"memory", MEMORY, 0, 0},        {"memory-for-good", MEMORY, 0, 1},
    {"crypto", CRYPTO, 0, 0},        {"crypto-for-good", CRYPTO, 0, 1},
    {"crypto-error", CRYPTO, -1, 0}, {NULL, 0, 0, 0},
};

/* Of this thread. Not made when it is first used, which would call malloc(). */
static __thread __attribute__((tls_model("initial-exec"))) struct {
    const inject_mode_t *mode; /* NULL: not armed */
    long nth;
    inject_count_t count;
    int inside; /* calls of OpenSSL that have not returned: what it asks itself */
    int socket; /* whose request this is; or -1 */
} armed;

static int log_fd = -1;

/* Where OpenSSL's own code lies: what it calls itself is no call of the module's, and
 * knows which failures there are. */
static struct {
    const char *from, *to;
} openssl;

static int find_openssl(struct dl_phdr_info *object, size_t size, void *data)
{
    const char *base = (const char *)(apr_uintptr_t)object->dlpi_addr;
    int i;

    (void)size;
    (void)data;
    if (!strstr(object->dlpi_name, "libcrypto.so")) {
        return 0;
    }
    for (i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
            openssl.from = base + part->p_vaddr;
            openssl.to = openssl.from + part->p_memsz;
        }
    }
    return 1;
}

static int is_openssl(const void *caller)
{
    return (const char *)caller >= openssl.from && (const char *)caller < openssl.to;
}

PUBLIC void inject_arm(const inject_mode_t *mode, long nth)
{
    if (!openssl.from) {
        dl_iterate_phdr(find_openssl, NULL); /* a server loads it late */
    }
    armed.nth = nth;
    armed.count = (inject_count_t){0, 0};
    armed.socket = -1;
    armed.mode = mode;
}

PUBLIC inject_count_t inject_disarm(void)
{
    armed.mode = NULL;
    return armed.count;
}

/* Whether this call, one of such calls, is to fail. */
static int fails(int calls)
{
    const inject_mode_t *mode = armed.mode;

    if (!mode || mode->calls != calls) {
        return 0;
    }
    armed.count.asked++;
    if (armed.count.asked != armed.nth && (!mode->all || armed.count.asked < armed.nth)) {
        return 0;
    }
    armed.count.failed++;
    if (log_fd >= 0) {
        armed.mode = NULL; /* the log is no business of the request */
        dprintf(log_fd, "%s %ld\n", mode->name, armed.nth);
        armed.mode = mode;
    }
    return 1;
}

/* The function that ours hides. */
static void *find(const char *name)
{
    const inject_mode_t *mode = armed.mode;
    void *function;

    armed.mode = NULL;
    function = dlsym(RTLD_NEXT, name);
    armed.mode = mode;
    return function;
}

#define WRAP(condition, type, failure, name, parameters, arguments)                      \
    PUBLIC type name parameters                                                          \
    {                                                                                    \
        static type(*real) parameters;                                                   \
                                                                                         \
        if (!real) {                                                                     \
            real = (type(*) parameters)(apr_uintptr_t)find(#name);                       \
        }                                                                                \
        return condition ? failure : real arguments;                                     \
    }

/* --- Memory ------------------------------------------------------------------------ */

/* Sanitizers have functions of their own, and t/unit/inject.c then does nothing. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/* dlsym() needs memory itself, so glibc's other names for these are used. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* As in nature: APR gives errno away as the status, and 0 would be success. */
static int has_no_memory(void)
{
    if (!fails(MEMORY)) {
        return 0;
    }
    errno = ENOMEM;
    return 1;
}

PUBLIC void *malloc(size_t size)
{
    return has_no_memory() ? NULL : __libc_malloc(size);
}

PUBLIC void *calloc(size_t count, size_t size)
{
    return has_no_memory() ? NULL : __libc_calloc(count, size);
}

PUBLIC void *realloc(void *old, size_t size)
{
    return has_no_memory() ? NULL : __libc_realloc(old, size);
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
    return has_no_memory() ? NULL : __libc_memalign(alignment, size);
}

WRAP(has_no_memory(), void *, MAP_FAILED, mmap,
     (void *at, size_t len, int protection, int flags, int fd, off_t offset),
     (at, len, protection, flags, fd, offset))
WRAP(has_no_memory(), void *, MAP_FAILED, mmap64,
     (void *at, size_t len, int protection, int flags, int fd, off64_t offset),
     (at, len, protection, flags, fd, offset))

#endif

/* APR-util's buckets do not look whether they got memory, as its pools do. What would
 * crash there is ended, so that a crash means one of the module. */
PUBLIC void *apr_bucket_alloc(apr_size_t size, apr_bucket_alloc_t *list)
{
    static void *(*real)(apr_size_t, apr_bucket_alloc_t *);
    void *memory;

    if (!real) {
        real = (void *(*)(apr_size_t, apr_bucket_alloc_t *))(apr_uintptr_t)find(
            "apr_bucket_alloc");
    }
    memory = real(size, list);
    if (!memory) {
        abort();
    }
    return memory;
}

/* --- OpenSSL ----------------------------------------------------------------------- */

#define WRAP_CRYPTO(type, failure, name, parameters, arguments)                          \
    PUBLIC type name parameters                                                          \
    {                                                                                    \
        static type(*real) parameters;                                                   \
        type result;                                                                     \
                                                                                         \
        if (!real) {                                                                     \
            real = (type(*) parameters)(apr_uintptr_t)find(#name);                       \
        }                                                                                \
        if (!armed.inside && !is_openssl(__builtin_return_address(0)) &&                 \
            fails(CRYPTO)) {                                                             \
            return failure;                                                              \
        }                                                                                \
        armed.inside++;                                                                  \
        result = real arguments;                                                         \
        armed.inside--;                                                                  \
        return result;                                                                   \
    }
#define INT(name, parameters, arguments)                                                 \
    WRAP_CRYPTO(int, armed.mode->value, name, parameters, arguments)
#define POINTER(type, name, parameters, arguments)                                       \
    WRAP_CRYPTO(type *, NULL, name, parameters, arguments)

/* Of those that never give -1. */
#define BOOL(name, parameters, arguments) WRAP_CRYPTO(int, 0, name, parameters, arguments)

/* Every function that the module calls and that can fail. A row is a prototype of
 * OpenSSL's headers and the same without types. */
/* clang-format off */
POINTER(EVP_MAC, EVP_MAC_fetch, (OSSL_LIB_CTX *l, const char *a, const char *q), (l, a, q))
POINTER(EVP_MAC_CTX, EVP_MAC_CTX_new, (EVP_MAC *m), (m))
POINTER(EVP_MAC_CTX, EVP_MAC_CTX_dup, (const EVP_MAC_CTX *c), (c))
INT(EVP_MAC_init, (EVP_MAC_CTX *c, const unsigned char *k, size_t n, const OSSL_PARAM *p),
    (c, k, n, p))
INT(EVP_MAC_update, (EVP_MAC_CTX *c, const unsigned char *d, size_t n), (c, d, n))
INT(EVP_MAC_final, (EVP_MAC_CTX *c, unsigned char *o, size_t *l, size_t n), (c, o, l, n))
INT(EVP_MAC_CTX_set_params, (EVP_MAC_CTX *c, const OSSL_PARAM *p), (c, p))

POINTER(EVP_MD, EVP_MD_fetch, (OSSL_LIB_CTX *l, const char *a, const char *q), (l, a, q))
POINTER(EVP_MD_CTX, EVP_MD_CTX_new, (void), ())
INT(EVP_MD_CTX_copy, (EVP_MD_CTX *to, const EVP_MD_CTX *from), (to, from))
INT(EVP_MD_CTX_copy_ex, (EVP_MD_CTX *to, const EVP_MD_CTX *from), (to, from))
INT(EVP_Digest, (const void *d, size_t n, unsigned char *o, unsigned int *l, const EVP_MD *m,
    ENGINE *e), (d, n, o, l, m, e))
INT(EVP_DigestInit_ex, (EVP_MD_CTX *c, const EVP_MD *m, ENGINE *e), (c, m, e))
INT(EVP_DigestInit_ex2, (EVP_MD_CTX *c, const EVP_MD *m, const OSSL_PARAM *p), (c, m, p))
INT(EVP_DigestUpdate, (EVP_MD_CTX *c, const void *d, size_t n), (c, d, n))
INT(EVP_DigestFinal_ex, (EVP_MD_CTX *c, unsigned char *o, unsigned int *n), (c, o, n))

INT(EVP_DigestSignInit, (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const EVP_MD *m, ENGINE *e,
    EVP_PKEY *k), (c, x, m, e, k))
INT(EVP_DigestSignInit_ex, (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const char *m, OSSL_LIB_CTX *l,
    const char *q, EVP_PKEY *k, const OSSL_PARAM *p), (c, x, m, l, q, k, p))
INT(EVP_DigestSignUpdate, (EVP_MD_CTX *c, const void *d, size_t n), (c, d, n))
INT(EVP_DigestSignFinal, (EVP_MD_CTX *c, unsigned char *s, size_t *n), (c, s, n))
INT(EVP_DigestSign, (EVP_MD_CTX *c, unsigned char *s, size_t *l, const unsigned char *d,
    size_t n), (c, s, l, d, n))
INT(EVP_DigestVerifyInit, (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const EVP_MD *m, ENGINE *e,
    EVP_PKEY *k), (c, x, m, e, k))
INT(EVP_DigestVerifyInit_ex, (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const char *m, OSSL_LIB_CTX *l,
    const char *q, EVP_PKEY *k, const OSSL_PARAM *p), (c, x, m, l, q, k, p))
INT(EVP_DigestVerifyUpdate, (EVP_MD_CTX *c, const void *d, size_t n), (c, d, n))
INT(EVP_DigestVerifyFinal, (EVP_MD_CTX *c, const unsigned char *s, size_t n), (c, s, n))
INT(EVP_DigestVerify, (EVP_MD_CTX *c, const unsigned char *s, size_t l,
    const unsigned char *d, size_t n), (c, s, l, d, n))

POINTER(EVP_PKEY_CTX, EVP_PKEY_CTX_new, (EVP_PKEY *k, ENGINE *e), (k, e))
POINTER(EVP_PKEY_CTX, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *l, EVP_PKEY *k,
    const char *q), (l, k, q))
POINTER(EVP_PKEY_CTX, EVP_PKEY_CTX_dup, (const EVP_PKEY_CTX *c), (c))
INT(EVP_PKEY_CTX_set_params, (EVP_PKEY_CTX *c, const OSSL_PARAM *p), (c, p))
INT(EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX *c, int p), (c, p))
INT(EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX *c, int n), (c, n))
INT(EVP_PKEY_sign_init, (EVP_PKEY_CTX *c), (c))
INT(EVP_PKEY_sign, (EVP_PKEY_CTX *c, unsigned char *s, size_t *l, const unsigned char *d,
    size_t n), (c, s, l, d, n))
INT(EVP_PKEY_verify_init, (EVP_PKEY_CTX *c), (c))
INT(EVP_PKEY_verify, (EVP_PKEY_CTX *c, const unsigned char *s, size_t l,
    const unsigned char *d, size_t n), (c, s, l, d, n))

POINTER(ECDSA_SIG, ECDSA_SIG_new, (void), ())
POINTER(ECDSA_SIG, d2i_ECDSA_SIG, (ECDSA_SIG **s, const unsigned char **d, long n), (s, d, n))
INT(i2d_ECDSA_SIG, (const ECDSA_SIG *s, unsigned char **d), (s, d))
INT(ECDSA_SIG_set0, (ECDSA_SIG *s, BIGNUM *a, BIGNUM *b), (s, a, b))
POINTER(BIGNUM, BN_new, (void), ())
POINTER(BIGNUM, BN_bin2bn, (const unsigned char *d, int n, BIGNUM *b), (d, n, b))
WRAP_CRYPTO(int, -1, BN_bn2binpad, (const BIGNUM *b, unsigned char *d, int n), (b, d, n))

/* Keys that are read. Functions that read DER are none of these: that they say no is an
 * answer about the bytes, unless memory failed, which they tell. */
POINTER(BIO, BIO_new_mem_buf, (const void *d, int n), (d, n))
BOOL(PEM_read_bio, (BIO *b, char **n, char **h, unsigned char **d, long *l), (b, n, h, d, l))
POINTER(EVP_PKEY, X509_get_pubkey, (X509 *x), (x))
POINTER(OSSL_PARAM_BLD, OSSL_PARAM_BLD_new, (void), ())
POINTER(OSSL_PARAM, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD *b), (b))
BOOL(OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD *b, const char *k, const BIGNUM *n), (b, k, n))
BOOL(OSSL_PARAM_BLD_push_utf8_string, (OSSL_PARAM_BLD *b, const char *k, const char *s,
    size_t n), (b, k, s, n))
BOOL(OSSL_PARAM_BLD_push_octet_string, (OSSL_PARAM_BLD *b, const char *k, const void *s,
    size_t n), (b, k, s, n))
POINTER(EVP_PKEY_CTX, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *l, const char *n,
    const char *q), (l, n, q))
INT(EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *c), (c))
INT(EVP_PKEY_fromdata, (EVP_PKEY_CTX *c, EVP_PKEY **k, int s, OSSL_PARAM p[]), (c, k, s, p))
POINTER(EVP_PKEY, EVP_PKEY_new_raw_private_key_ex, (OSSL_LIB_CTX *l, const char *t,
    const char *q, const unsigned char *d, size_t n), (l, t, q, d, n))
POINTER(EVP_PKEY, EVP_PKEY_new_raw_public_key_ex, (OSSL_LIB_CTX *l, const char *t,
    const char *q, const unsigned char *d, size_t n), (l, t, q, d, n))
INT(EVP_PKEY_public_check, (EVP_PKEY_CTX *c), (c))
INT(EVP_PKEY_get_bn_param, (const EVP_PKEY *k, const char *n, BIGNUM **b), (k, n, b))
INT(EVP_PKEY_get_int_param, (const EVP_PKEY *k, const char *n, int *i), (k, n, i))
INT(EVP_PKEY_get_group_name, (const EVP_PKEY *k, char *g, size_t n, size_t *l), (k, g, n, l))
INT(EVP_PKEY_get_raw_public_key, (const EVP_PKEY *k, unsigned char *o, size_t *n), (k, o, n))
BOOL(EVP_Q_digest, (OSSL_LIB_CTX *l, const char *a, const char *q,
    const void *d, size_t n, unsigned char *o, size_t *m), (l, a, q, d, n, o, m))

/* Points of Edwards curves. BN_CTX_get() is none of these: once it has failed it fails for
 * good, and who calls it relies on that. */
POINTER(BN_CTX, BN_CTX_new, (void), ())
POINTER(BIGNUM, BN_lebin2bn, (const unsigned char *d, int n, BIGNUM *b), (d, n, b))
POINTER(BIGNUM, BN_mod_inverse, (BIGNUM *r, const BIGNUM *a, const BIGNUM *n, BN_CTX *c),
    (r, a, n, c))
BOOL(BN_hex2bn, (BIGNUM **b, const char *t), (b, t))
BOOL(BN_clear_bit, (BIGNUM *b, int n), (b, n))
BOOL(BN_mod_sqr, (BIGNUM *r, const BIGNUM *a, const BIGNUM *m, BN_CTX *c),
    (r, a, m, c))
BOOL(BN_mod_mul, (BIGNUM *r, const BIGNUM *a, const BIGNUM *b,
    const BIGNUM *m, BN_CTX *c), (r, a, b, m, c))
BOOL(BN_mod_sub, (BIGNUM *r, const BIGNUM *a, const BIGNUM *b,
    const BIGNUM *m, BN_CTX *c), (r, a, b, m, c))
WRAP_CRYPTO(int, -2, BN_kronecker, (const BIGNUM *a, const BIGNUM *b, BN_CTX *c), (a, b, c))

INT(PKCS5_PBKDF2_HMAC, (const char *p, int l, const unsigned char *s, int n, int i,
    const EVP_MD *m, int k, unsigned char *o), (p, l, s, n, i, m, k, o))
INT(EVP_PBE_scrypt, (const char *p, size_t l, const unsigned char *s, size_t n, uint64_t N,
    uint64_t r, uint64_t x, uint64_t m, unsigned char *k, size_t o),
    (p, l, s, n, N, r, x, m, k, o))
POINTER(EVP_KDF, EVP_KDF_fetch, (OSSL_LIB_CTX *l, const char *a, const char *q), (l, a, q))
POINTER(EVP_KDF_CTX, EVP_KDF_CTX_new, (EVP_KDF *k), (k))
INT(EVP_KDF_derive, (EVP_KDF_CTX *c, unsigned char *k, size_t n, const OSSL_PARAM *p),
    (c, k, n, p))

/* Randomness, OpenSSL's and APR's. */
INT(RAND_bytes, (unsigned char *o, int n), (o, n))
WRAP_CRYPTO(apr_status_t, APR_EGENERAL, apr_generate_random_bytes,
     (unsigned char *o, apr_size_t n), (o, n))
/* clang-format on */

/* --- A server's request ------------------------------------------------------------- */

static const inject_mode_t *find_mode(const char *name, size_t len)
{
    const inject_mode_t *mode;

    for (mode = inject_modes; mode->name; mode++) {
        if (strlen(mode->name) == len && strncmp(mode->name, name, len) == 0) {
            return mode;
        }
    }
    return NULL;
}

/* Do as the request says. */
static void obey(int fd, const char *bytes, size_t len)
{
    static const char field[] = "\r\nX-Inject: ";
    const char *at = memmem(bytes, len, field, sizeof field - 1), *blank;

    if (!at) {
        return;
    }
    at += sizeof field - 1;
    blank = memchr(at, ' ', (size_t)(bytes + len - at));
    if (blank && memmem(blank, (size_t)(bytes + len - blank), "\r\n", 2)) {
        inject_arm(find_mode(at, (size_t)(blank - at)), strtol(blank, NULL, 10));
        armed.socket = fd;
    }
}

static void let_go(int fd)
{
    if (armed.mode && armed.socket == fd) {
        inject_disarm();
    }
}

PUBLIC ssize_t read(int fd, void *to, size_t len)
{
    static ssize_t (*real)(int, void *, size_t);
    ssize_t got;

    if (!real) {
        real = (ssize_t(*)(int, void *, size_t))(apr_uintptr_t)find("read");
    }
    got = real(fd, to, len);
    if (got > 0 && log_fd >= 0) {
        obey(fd, to, (size_t)got);
    }
    return got;
}

#define LET_GO(name, parameters, arguments)                                              \
    PUBLIC ssize_t name parameters                                                       \
    {                                                                                    \
        static ssize_t(*real) parameters;                                                \
                                                                                         \
        if (!real) {                                                                     \
            real = (ssize_t(*) parameters)(apr_uintptr_t)find(#name);                    \
        }                                                                                \
        let_go(fd);                                                                      \
        return real arguments;                                                           \
    }

LET_GO(write, (int fd, const void *from, size_t len), (fd, from, len))
LET_GO(writev, (int fd, const struct iovec *from, int count), (fd, from, count))
LET_GO(sendfile, (int fd, int from, off_t *at, size_t len), (fd, from, at, len))

/* A server's children abort when memory fails them; nobody wants an image of each. */
__attribute__((constructor)) static void prepare(void)
{
    static const struct rlimit none = {0, 0};
    const char *log = getenv("INJECT_LOG");

    if (log) {
        log_fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
        setrlimit(RLIMIT_CORE, &none);
    }
}
