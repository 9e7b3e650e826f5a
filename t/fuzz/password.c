/* Stored hashes, as a row of a database may have them: the result agrees with the
 * template, no reason repeats a part of the hash, and what matches is a true hash of
 * the password. Hashes that cost more than milliseconds are not computed, by rules of
 * this file: what the module thinks of a cost is what is tested. */
#include <apr_errno.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <argon2.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "store/password.h"

#define PASSWORD "correct horse battery"
#define SCRYPT_DIGEST                                                                    \
    "$8$1$OD5BN9nMW582WIecK5Of97XKE/dJj41z5CKWmvm/"                                      \
    "QSRJWAhxFvTaKNzkgxPKKPJ49oppN3fFpuXh0RqrFdh4Aw=="

/* The dearest that is computed here, and the dearest that the module computes. */
static const struct {
    const char *prefix;
    unsigned long long cheap, cap;
} costs[] = {
    {"$2a$", 4, 15},
    {"$2b$", 4, 15},
    {"$2y$", 4, 15},
    {"$5$rounds=", 2000, 1000000},
    {"$6$rounds=", 2000, 1000000},
    {"pbkdf2_sha256$", 2000, 10000000},
    {"pbkdf2_sha1$", 2000, 10000000},
    {"bcrypt$$2a$", 4, 15},
    {"bcrypt$$2b$", 4, 15},
    {"bcrypt$$2y$", 4, 15},
    {"bcrypt_sha256$$2a$", 4, 15},
    {"bcrypt_sha256$$2b$", 4, 15},
    {"bcrypt_sha256$$2y$", 4, 15},
    {"$wp$2y$", 4, 15},
};

/* yescrypt's N and r: letters, each of which stands for more than the one before. */
static int is_cheap_yescrypt(const char *stored)
{
    return strncmp(stored, "$y$j", 4) != 0 || strlen(stored) < 6 ||
           (strchr("./01234567", stored[4]) && strchr("./01234567", stored[5]));
}

/* Each as sscanf() reads it: what it cannot read is damaged, and costs nothing. */
static int is_cheap_scrypt(const char *stored)
{
    unsigned long long n, r, p;

    return sscanf(stored, "scrypt$%llu$%*[^$]$%llu$%llu$", &n, &r, &p) != 3 ||
           (n <= 64 && r <= 16 && p <= 4);
}

static int is_cheap_argon2(const char *stored)
{
    const char *parameters = strstr(stored, "$v=19$m=");
    unsigned long long m, t, p;

    return !parameters ||
           sscanf(parameters, "$v=19$m=%llu,t=%llu,p=%llu$", &m, &t, &p) != 3 ||
           (m <= 256 && t <= 8);
}

/* The letters are the rounds between what is cheap and the cap. */
static int is_cheap_phpass(const char *stored)
{
    return strlen(stored) < 4 || stored[2] != '$' || !strchr("ABCDEFGHI", stored[3]);
}

static int is_computed(const char *stored)
{
    unsigned long long cost;
    size_t i;

    for (i = 0; i < sizeof costs / sizeof *costs; i++) {
        size_t len = strlen(costs[i].prefix);

        if (strncmp(stored, costs[i].prefix, len) == 0) {
            cost = strtoull(stored + len, NULL, 10);
            return cost <= costs[i].cheap || cost > costs[i].cap;
        }
    }
    return is_cheap_yescrypt(stored) && is_cheap_scrypt(stored) &&
           is_cheap_argon2(stored) && is_cheap_phpass(stored);
}

/* --- What holds without a hash ---------------------------------------------------- */

/* A phrase of password.c: none has a '$', which nearly every hash has. */
static void check_reason(const char *why)
{
    CHECK(why && *why && strlen(why) < 80 && !strchr(why, '$'));
}

static void check_template(const char *stored, int is_hash)
{
    char template[PASSWORD_TEMPLATE_SIZE] = "untouched", again[PASSWORD_TEMPLATE_SIZE];

    if (password_template(template, stored) != APR_SUCCESS) {
        CHECK(!is_hash && strcmp(template, "untouched") == 0);
        return;
    }
    CHECK(is_hash && strlen(template) == strlen(stored));
    CHECK(password_template(again, template) == APR_SUCCESS);
    CHECK(strcmp(again, template) == 0);
}

/* --- What matches ----------------------------------------------------------------- */

/* pbkdf2_sha256$iterations$salt$digest, as Django reads it. */
static int is_pbkdf2(const char *stored, const EVP_MD *md, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, stored), *iterations, *salt, *digest;
    unsigned char raw[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];

    iterations = strchr(copy, '$') + 1;
    salt = strchr(iterations, '$') + 1;
    digest = strchr(salt, '$');
    *digest++ = '\0';
    PKCS5_PBKDF2_HMAC(PASSWORD, -1, (unsigned char *)salt, (int)strlen(salt),
                      atoi(iterations), md, EVP_MD_get_size(md), raw);
    EVP_EncodeBlock(text, raw, EVP_MD_get_size(md));
    return strcmp((char *)text, digest) == 0;
}

/* The digests that PASSWORD has in the corpus; others cannot be hit upon. */
static int is_known_digest(const char *stored)
{
    static const char *const digests[] = {
        "98decc62ece399a22ed30d490ef333be7fde7385",
        "88e4ddd2402d92d50e1879d6ecd9ffd4",
        "$salt$122e540f533bd6d11ff5f2debe2b6dbe1f07547d",
        "$salt$185a8ce4c769b0acdfda7dcc0f5026bf",
        "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=",
        "5saltsaltLXiSyRIe9pB/KHk/Q4vRp1",
        SCRYPT_DIGEST,
        "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.F3J2XAwKCFyDtfeiHxIn1Aboaetj89a",
        "bcrypt_sha256$$2a$04$4Vp3WFUhvnxA4iHHs/RAp.F3J2XAwKCFyDtfeiHxIn1Aboaetj89a",
        "bcrypt_sha256$$2y$04$4Vp3WFUhvnxA4iHHs/RAp.F3J2XAwKCFyDtfeiHxIn1Aboaetj89a",
        "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me"};
    size_t i;

    for (i = 0; i < sizeof digests / sizeof *digests; i++) {
        if (strstr(stored, digests[i])) {
            return 1;
        }
    }
    return 0;
}

/* libargon2 has a parser of its own. */
static int is_argon2(const char *stored)
{
    argon2_type type = strncmp(stored, "$argon2id$", 10) == 0 ? Argon2_id : Argon2_i;

    return argon2_verify(stored, PASSWORD, strlen(PASSWORD), type) == ARGON2_OK;
}

static int is_true_hash(const char *stored, apr_pool_t *p)
{
    if (is_known_digest(stored)) {
        return 1;
    }
    if (strstr(stored, "$argon2")) {
        return is_argon2(strstr(stored, "$argon2"));
    }
    if (strncmp(stored, "bcrypt$$", 8) == 0 || strncmp(stored, "crypt$$", 7) == 0) {
        return apr_password_validate(PASSWORD, strchr(stored, '$') + 1 +
                                                   (*stored == 'c')) == APR_SUCCESS;
    }
    if (strncmp(stored, "pbkdf2_sha256$", 14) == 0) {
        return is_pbkdf2(stored, EVP_sha256(), p);
    }
    if (strncmp(stored, "pbkdf2_sha1$", 12) == 0) {
        return is_pbkdf2(stored, EVP_sha1(), p);
    }
    return apr_password_validate(PASSWORD, stored) == APR_SUCCESS;
}

static void check_result(password_result_t result, const char *stored, const char *why,
                         apr_pool_t *p)
{
    switch (result) {
    case PASSWORD_MATCH:
        CHECK(is_true_hash(stored, p));
        break;
    case PASSWORD_MISMATCH:
        break;
    case PASSWORD_UNUSABLE:
        CHECK(*stored == '\0' || *stored == '!');
        break;
    case PASSWORD_UNSUPPORTED:
    case PASSWORD_TOO_COSTLY:
        check_reason(why);
        break;
    case PASSWORD_FAILED: /* there is memory, so no hash may fail */
        CHECK(result != PASSWORD_FAILED);
        break;
    }
    /* Nobody's crypt(3) lacks a form here, so what is unsupported is damaged. */
    check_template(stored, result == PASSWORD_MATCH || result == PASSWORD_MISMATCH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    const char *stored = apr_pstrmemdup(p, (const char *)data, size), *why = NULL;
    char template[PASSWORD_TEMPLATE_SIZE];
    password_result_t result;

    if (is_computed(stored)) {
        result = password_verify(PASSWORD, strlen(PASSWORD), stored, 1, &why);
        check_result(result, stored, why, p);
    } else {
        check_template(stored, password_template(template, stored) == APR_SUCCESS);
    }
    return pool_end();
}
