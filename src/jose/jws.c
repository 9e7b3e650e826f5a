/* Differs from RFC 7515 in being narrower: the compact form only, no JSON
 * serialisation (section 7.2), no critical extensions (4.1.11: none is
 * understood, so any "crit" refuses), no unencoded payload (RFC 7797), no
 * compression, no key taken from the header (4.1.2 to 4.1.6).
 *
 * Differs from SimpleJWT (PyJWT) in refusing padding, non-canonical base64url,
 * duplicate member names and a "typ" of another kind of token (RFC 8725
 * section 3.11). */
#include "jose/jws.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "jose/jsontext.h"

/* The three parts; everything points into the token. */
typedef struct {
    const char *token;
    apr_size_t header_len;
    apr_size_t signed_len; /* header and payload with their dot */
    const char *payload;
    apr_size_t payload_len;
    const char *signature;
    apr_size_t signature_len;
} parts_t;

static const char *split(parts_t *parts, const char *token, apr_size_t len)
{
    const char *end = token + len, *dot1, *dot2;

    dot1 = memchr(token, '.', len);
    dot2 = dot1 ? memchr(dot1 + 1, '.', (apr_size_t)(end - dot1 - 1)) : NULL;
    if (!dot2 || memchr(dot2 + 1, '.', (apr_size_t)(end - dot2 - 1))) {
        return "not three parts";
    }
    if (dot1 == token || dot2 + 1 == end) {
        return "an empty part";
    }
    parts->token = token;
    parts->header_len = (apr_size_t)(dot1 - token);
    parts->signed_len = (apr_size_t)(dot2 - token);
    parts->payload = dot1 + 1;
    parts->payload_len = (apr_size_t)(dot2 - dot1 - 1);
    parts->signature = dot2 + 1;
    parts->signature_len = (apr_size_t)(end - dot2 - 1);
    return NULL;
}

/* RFC 7515 section 4.1.9; a refusal here keeps other kinds of JWT apart. */
static int is_known_type(const json_t *typ)
{
    const char *name = json_string_value(typ);

    return !typ ||
           (name && (strcasecmp(name, "JWT") == 0 || strcasecmp(name, "at+jwt") == 0));
}

static const char *check_header(const json_t *header)
{
    const json_t *kid = json_object_get(header, "kid");

    if (!json_is_object(header)) {
        return "the header is no JSON object";
    }
    if (!json_is_string(json_object_get(header, "alg"))) {
        return "no alg";
    }
    if (kid && !json_is_string(kid)) {
        return "kid is no string";
    }
    if (json_object_get(header, "crit") || json_object_get(header, "b64") ||
        json_object_get(header, "zip")) {
        return "crit, b64 or zip in the header";
    }
    if (!is_known_type(json_object_get(header, "typ"))) {
        return "typ is neither JWT nor at+jwt";
    }
    return NULL;
}

static const char *parse_header(json_t **header, const parts_t *parts, apr_pool_t *p)
{
    bytes_t text;

    if (base64url_decode(&text, parts->token, parts->header_len, p) != APR_SUCCESS) {
        return "the header is not base64url";
    }
    if (jsontext_parse(header, (const char *)text.data, text.len, 0, NULL, p) !=
        APR_SUCCESS) {
        return "the header is not strict JSON";
    }
    return check_header(*header);
}

static jws_result_t verify_with(const jwk_t *jwk, const bytes_t *signature,
                                const parts_t *parts)
{
    apr_status_t rv;

    if (signature->len != jwk->key.signature_len) {
        return JWS_BAD_SIGNATURE;
    }
    rv =
        jwk->key.alg->verify(signature->data, &jwk->key, parts->token, parts->signed_len);
    return rv == APR_SUCCESS     ? JWS_GOOD
           : rv == APR_EMISMATCH ? JWS_BAD_SIGNATURE
                                 : JWS_FAILED;
}

/* A header that one of our keys would have written, byte for byte, needs no JSON
 * parser to be understood. It is the header of nearly every token. */
static int is_own_header(const jwk_t *jwk, const parts_t *parts)
{
    return jwk->header_len == parts->header_len &&
           memcmp(jwk->header, parts->token, jwk->header_len) == 0; /* public bytes */
}

/* Whether the header names this key. */
static int names_key(const json_t *header, const jwk_t *jwk)
{
    const char *kid = json_string_value(json_object_get(header, "kid"));

    return kid ? jwk->kid && strcmp(kid, jwk->kid) == 0 : !jwk->kid;
}

static int names_alg(const json_t *header, const jwk_t *jwk)
{
    return strcmp(json_string_value(json_object_get(header, "alg")),
                  jwk->key.alg->name) == 0;
}

/* Try the keys that the header names; header is NULL where own headers are tried. */
static jws_result_t try_keys(const jwk_t **key, const json_t *header,
                             const bytes_t *signature, const parts_t *parts,
                             const jwk_ring_t *ring)
{
    jws_result_t result = JWS_UNKNOWN_KEY;
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (header ? !names_key(header, jwk) : !is_own_header(jwk, parts)) {
            continue;
        }
        result = JWS_BAD_SIGNATURE;
        if (!header || names_alg(header, jwk)) {
            result = verify_with(jwk, signature, parts);
            *key = jwk;
        }
        if (result == JWS_GOOD || result == JWS_FAILED) {
            break;
        }
    }
    return result;
}

static const char *const reasons[] = {
    [JWS_UNKNOWN_KEY] = "no key has its kid",
    [JWS_BAD_SIGNATURE] = "signature or alg is not the key's",
    [JWS_FAILED] = "OpenSSL could not compute a signature",
};

static jws_result_t verify_parts(const jwk_t **key, const parts_t *parts,
                                 const jwk_ring_t *ring, const char **why, apr_pool_t *p)
{
    jws_result_t result;
    json_t *header;
    bytes_t signature;

    if (base64url_decode(&signature, parts->signature, parts->signature_len, p) !=
        APR_SUCCESS) {
        *why = "the signature is not base64url";
        return JWS_MALFORMED;
    }
    result = try_keys(key, NULL, &signature, parts, ring);
    if (result == JWS_UNKNOWN_KEY) {
        *why = parse_header(&header, parts, p);
        if (*why) {
            return JWS_MALFORMED;
        }
        result = try_keys(key, header, &signature, parts, ring);
    }
    *why = reasons[result];
    return result;
}

static jws_result_t verify(bytes_t *payload, const jwk_t **key, const parts_t *parts,
                           const jwk_ring_t *ring, const char **why, apr_pool_t *p)
{
    jws_result_t result = verify_parts(key, parts, ring, why, p);

    if (result == JWS_GOOD &&
        base64url_decode(payload, parts->payload, parts->payload_len, p) != APR_SUCCESS) {
        *why = "the payload is not base64url";
        return JWS_MALFORMED;
    }
    return result;
}

jws_result_t jws_verify(bytes_t *payload, const jwk_t **key, const char *token,
                        apr_size_t len, const jwk_ring_t *ring, recent_t *recent,
                        const char **why, apr_pool_t *p)
{
    const jwk_t *found = NULL;
    jws_result_t result = JWS_GOOD;
    parts_t parts;
    bytes_t data;

    *why = NULL;
    if (!recent_find(&data, &found, recent, token, len, ring, p)) {
        *why = split(&parts, token, len);
        result = *why ? JWS_MALFORMED : verify(&data, &found, &parts, ring, why, p);
        if (result != JWS_GOOD) {
            return result;
        }
        recent_keep(recent, &data, found, token, len, parts.signed_len, p);
    }
    *payload = data;
    if (key) {
        *key = found;
    }
    return JWS_GOOD;
}

const char *jws_sign(const jwk_t *jwk, const char *payload, apr_size_t len, apr_pool_t *p)
{
    unsigned char signature[JWA_MAX_SIGNATURE];
    const jwa_key_t *key = &jwk->key;
    const char *input;

    input = apr_pstrcat(p, jwk->header, ".", base64url_encode(payload, len, p), NULL);
    if (key->alg->sign(signature, key, input, strlen(input)) != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrcat(p, input, ".", base64url_encode(signature, key->signature_len, p),
                       NULL);
}
