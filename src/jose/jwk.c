#include "jose/jwk.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>

static int has_text(bytes_t contents, const char *text)
{
    apr_size_t len = strlen(text), i;

    for (i = 0; i + len <= contents.len; i++) {
        if (strncmp((const char *)contents.data + i, text, len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One DER sequence and nothing else; of a short one also that it begins with another,
 * as public keys do. Random bytes look so once in millions. */
static int is_der(bytes_t contents)
{
    const unsigned char *d = contents.data;
    apr_size_t len = contents.len;

    if (len < 5 || d[0] != 0x30) {
        return 0;
    }
    return (d[1] == 0x82 && (apr_size_t)(d[2] << 8 | d[3]) + 4 == len) ||
           (d[1] == 0x81 && (apr_size_t)d[2] + 3 == len && d[3] == 0x30) ||
           (d[1] < 0x80 && (apr_size_t)d[1] + 2 == len && d[2] == 0x30);
}

/* Whether a secret is a key of another kind: PEM behind whatever text, DER, JSON, or one
 * of OpenSSH. A blank or a byte order mark in front must not turn a public key into a
 * secret. */
static int reads_as_key(bytes_t contents)
{
    const char *at = (const char *)contents.data;
    const char *end = at + contents.len;

    while (at < end && (apr_isspace(*at) || (unsigned char)*at >= 0xbb)) {
        at++;
    }
    if (at < end && (*at == '{' || *at == '[')) {
        return 1;
    }
    if (end - at >= 6 && (!strncmp(at, "ssh-", 4) || !strncmp(at, "ecdsa-", 6))) {
        return 1;
    }
    return is_der(contents) || has_text(contents, "-----BEGIN ");
}

static bytes_t without_newline(bytes_t contents)
{
    if (contents.len && contents.data[contents.len - 1] == '\n') {
        contents.len--;
        if (contents.len && contents.data[contents.len - 1] == '\r') {
            contents.len--;
        }
    }
    return contents;
}

/* The header is written by hand: its members have a fixed order (SimpleJWT's), and
 * the kid was restricted to characters that need no escape. */
static void write_header(jwk_t *key, apr_pool_t *p)
{
    const char *json;

    json = key->kid ? apr_psprintf(p, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                                   key->alg->name, key->kid)
                    : apr_psprintf(p, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", key->alg->name);
    key->header = base64url_encode(json, strlen(json), p);
    key->header_len = strlen(key->header);
}

static const char *check_kid(const char *kid, apr_pool_t *p)
{
    const char *at;

    for (at = kid; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("-._~:/+=@", *at)) {
            return apr_psprintf(p,
                                "the key's name '%s' has a character other than "
                                "letters, digits and -._~:/+=@",
                                kid);
        }
    }
    return *kid ? NULL : "the key's name is empty; write - for a key without kid";
}

const char *jwk_load(const jwk_t **out, const char *kid, const jwa_t *alg,
                     bytes_t contents, int can_sign, apr_pool_t *p)
{
    jwk_t *key = apr_pcalloc(p, sizeof *key);
    const char *error;

    if (kid && (error = check_kid(kid, p))) {
        return error;
    }
    if (reads_as_key(contents)) {
        return apr_psprintf(p,
                            "a PEM or JSON key is no secret, and whoever reads a public "
                            "key could sign; %s needs random bytes "
                            "(openssl rand -base64 48)",
                            alg->name);
    }
    error = alg->load(&key->material, alg, without_newline(contents), p);
    if (error) {
        return error;
    }
    key->kid = kid;
    key->alg = alg;
    key->can_sign = can_sign;
    write_header(key, p);
    *out = key;
    return NULL;
}

void jwk_wipe(bytes_t contents)
{
    OPENSSL_cleanse((void *)(apr_uintptr_t)contents.data, contents.len);
}

const jwk_t *jwk_find(const jwk_ring_t *ring, const char *kid)
{
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *key = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (kid ? key->kid && strcmp(key->kid, kid) == 0 : !key->kid) {
            return key;
        }
    }
    return NULL;
}

/* By what the keys do, not by where they came from: two files may hold one secret. */
int jwk_is_same(const jwk_t *a, const jwk_t *b)
{
    static const char label[] = "mod_auth_jwt same key";
    unsigned char signature[JWA_MAX_SIGNATURE];

    if (a->alg != b->alg || strcmp(a->kid ? a->kid : "", b->kid ? b->kid : "") != 0) {
        return 0;
    }
    return a->alg->sign(signature, a->alg, a->material, label, sizeof label) ==
               APR_SUCCESS &&
           b->alg->verify(signature, b->alg, b->material, label, sizeof label) ==
               APR_SUCCESS;
}

const jwk_t *jwk_find_signing(const jwk_ring_t *ring)
{
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *key = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (key->can_sign) {
            return key;
        }
    }
    return NULL;
}
