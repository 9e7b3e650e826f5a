#include "htjwt/keygen.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "htjwt/say.h"
#include "jose/jwk.h"

/* NIST SP 800-57 part 1: what 3072 bits hold is good beyond 2030. */
#define RSA_BITS 3072

/* More than any algorithm needs, and two lines of 64 characters at most. */
static bytes_t make_secret(const jwa_t *alg, apr_pool_t *p)
{
    apr_size_t len = alg->min_secret_len > 48 ? alg->min_secret_len : 48;
    unsigned char random[128];
    const char *text;

    if (len > sizeof random || apr_generate_random_bytes(random, len) != APR_SUCCESS) {
        say_fail(SAY_FAILED, "the system gives no random bytes; try again");
    }
    text = apr_pstrcat(p, base64url_encode(random, len, p), "\n", NULL);
    explicit_bzero(random, sizeof random);
    return (bytes_t){(const unsigned char *)text, strlen(text)};
}

static EVP_PKEY *make_pair(const jwa_t *alg)
{
    if (alg->crv) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->crv);
    }
    return strcmp(alg->kty, "RSA") == 0
               ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS)
               : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static bytes_t make_pem(const jwa_t *alg, apr_pool_t *p)
{
    EVP_PKEY *pair = make_pair(alg);
    BIO *bio = BIO_new(BIO_s_mem());
    bytes_t pem = {NULL, 0};
    char *text;
    long len;

    if (!pair || !bio ||
        PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL) != 1) {
        say_fail(SAY_FAILED, "OpenSSL makes no key for %s here; choose another algorithm",
                 alg->name);
    }
    len = BIO_get_mem_data(bio, &text);
    pem.data = apr_pmemdup(p, text, (apr_size_t)len);
    pem.len = (apr_size_t)len;
    EVP_PKEY_free(pair);
    BIO_free(bio);
    return pem;
}

static bytes_t make_key(const char *name, apr_pool_t *p)
{
    jwk_ring_t *ring = apr_array_make(p, 1, sizeof(const jwk_t *));
    const jwa_t *alg = jwa_find(name);
    const char *error;
    bytes_t key;

    if (!alg) {
        say_fail(SAY_USAGE, "unknown algorithm '%s'; known are: %s", name, jwa_names(p));
    }
    key = alg->min_secret_len ? make_secret(alg, p) : make_pem(alg, p);
    error = jwk_load(ring, NULL, alg, key, 1, p);
    if (error) {
        say_fail(SAY_FAILED, "AuthJWTKey would not take the new key: %s", error);
    }
    return key;
}

/* --- Files
 * ------------------------------------------------------------------------------ */

static void must(int is_good, const char *path, const char *remove)
{
    int error = errno;

    if (is_good) {
        return;
    }
    if (remove) {
        unlink(remove);
    }
    say_fail(SAY_FAILED, "cannot write %s: %s; %s", path, strerror(error),
             error == EEXIST ? "a key is not overwritten: name another file, or add -F"
             : error == ENOENT
                 ? "make its directory, as root: install -d -m 700 DIRECTORY"
                 : "run htjwt as root, or name a file that you may write");
}

/* The file has its mode before it has the key; with -F the old key stays until the new
 * one is whole. */
static void write_file(const char *path, bytes_t key, int may_overwrite, apr_pool_t *p)
{
    const char *made = may_overwrite ? apr_pstrcat(p, path, ".new", NULL) : path;
    int file = open(made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    must(file >= 0, made, NULL);
    must(write(file, key.data, key.len) == (ssize_t)key.len && fsync(file) == 0 &&
             close(file) == 0,
         made, made);
    must(made == path || rename(made, path) == 0, path, made);
}

void keygen_run(const options_t *options, apr_pool_t *p)
{
    const char *alg = options->operands[0], *path = options->operands[1];
    bytes_t key = make_key(alg, p);
    time_t now = time(NULL);
    struct tm date;
    char kid[16];

    if (path && strcmp(path, "-") != 0) {
        write_file(path, key, options->may_overwrite, p);
        strftime(kid, sizeof kid, "%Y-%m", gmtime_r(&now, &date));
        say_line("Wrote %s. The server takes it by: AuthJWTKey %s %s %s", path, kid, alg,
                 path);
    } else if (fwrite(key.data, key.len, 1, stdout) != 1) {
        say_fail(SAY_FAILED, "standard output cannot be written");
    }
    jwk_wipe(key);
}
