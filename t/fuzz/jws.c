/* Tokens: none is good but those that were signed here. The input's first byte tells what
 * the rest is:
 *
 *   t TOKEN            a token as it stands
 *   e N EDIT...        token number N of the table, changed: each edit is an operation,
 *                      two bytes of position and a byte
 *   h N HEADER \n PAYLOAD    a header of a stranger's choice over a payload, with a true
 *                      signature of key number N: is the header's policy kept?
 */
#include <apr_errno.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jose/jsontext.h"
#include "jose/jws.h"
#include "pool.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* --- Keys and their tokens -------------------------------------------------------- */

/* clang-format off */
#define RSA_KEY \
    "{\"d\":\"NMZWyZghYLjxNGwgL-4NjB0YJAxTFexGPa1hIORfIBjX1N6W6Uc0Tmo_CxGfBeGMq" \
    "rF7mCZuJbbBhiChqcl6opKaE6HXoI6Ol9PEppMIZI9GsuE4B3x3AwKXKVYKy4xpY5KOGqpBdW3" \
    "kNyIBfBNf-eGY4n2GrfUjqVv0CNz1jYjeXUbmUQYtFubeoqsokfVtj4joj_tGGYXvC0wGcq5lw" \
    "C0uA30939_zofRWzN9p_Vwf_X3tXCyH5Y16RnSersMQI3uDNkjzzA2MWy75kTx637Ganm8XdO_" \
    "xtLGpw8r6cq1BTclK-8NZGBiV3ou8eGE6OzAolOEk4Aikytg46Wi9ZQ\",\"dp\":\"WxoEyDr" \
    "s-cYkICzBEV-DZmhHbqymU3c1F02TKqYjuEh_UUHEM8kAa34vdog30BmyJLMK4dURZhk2FKDYd" \
    "2cARC2lBQsvBj0cW4c_kyYc6l2s0MKJctWMSl69b5PwmwAY6_q6W9pPdXI_VBybDIJjQ1LOgoT" \
    "ahgwBB-LDiOqKHik\",\"dq\":\"sDKxbvVrZcE_xSCxZ6_Ty50WKHkGnNWJelOicZXOP5lXIS" \
    "-sM8vIKRSFImFcXs7z7G0OYZQs_PUhzvfKtxbW0kjMktEEbiw83j-1CSr24lVc9vze2gLsI0Ie" \
    "sm16RihBkOlD_O_mLJMJTfgVv8R8CTdKKHDErUlmvmvTeEQSjAc\",\"e\":\"AQAB\",\"kty" \
    "\":\"RSA\",\"n\":\"15wHPoAlrQlLczwBkJjHhGUV_DmpG_05zy0zHJ0g9Dri2NYY4Jpw1lU" \
    "57UJdhoQpdt69JsmsdYBuQZOO1AdAf16SthIJkMmTWA6whgwYmgb2SqtELa5xiYBBC8384ayJF" \
    "Y0b2_ihDJrbTbbGmy3jyg2XzsIfiru3C5Ji-OwZKJ7e4nNmhPBXXHai-Rr_egfIVfR0xpQ9g7c" \
    "X6PzWn3JnzatuPNfGwrR1GysXgLqeBKWww2MUt0X1-Iu6yqnzZA6OrEDTG5QuMpipeMwCbJcI0" \
    "Eko0oa6kU3P16wf67iA3G_sQv0bgDyjTCMZus0DYIfoOiii68ID0fowhf1dpLEhWw\",\"p\":" \
    "\"278_9b719ms0UJYpx29SFcfvyLYol3wroSAKLZPubBfQwUcJuC1EFtN_rU7iszlAVpT6rOCU" \
    "TAE-009dHLHjH251MwNy-4kA95KoJswo7zJJqqEQdsj8NiZAi3X8aNs76CPJ3aJf_Zqf-Qbob6" \
    "9YHQCGrIhUX92x1S8MfaK_zdU\",\"q\":\"-y4IWc1Z3X142APpe7BBo2DznmnOqZVgWcreqx" \
    "OPqHYLeVjrdHQi11wCYI9v7t4Y-g2ApCDvaBp_xmiTC90sl9bgPaQPYwRX-UETLVr2JTt2QogG" \
    "rQuFo5vvHpD_AykIWol9rSEQ-EWpPMmqrchY8wb5TLMthc46oppbmiOCWm8\",\"qi\":\"toZ" \
    "BaUzR3m0xniDpVxblMURSJ-QgqIG_2JLrj9abyUTKn33v85NAftZn-RTr0sD4KwJiZPs6UhWT2" \
    "GfNQa-TCqDxfy1m1qjLDWna1ppGRXCR31KRsABJHuHCnvSfk6bphSUWOl0uTqKeCI8AGSyPyds" \
    "mzmGPSvgf4bM-_0MMhoc\"}"
#define EC_KEY \
    "{\"crv\":\"P-256\",\"d\":\"acy99UROzYYN9wtCqtO-7_RhosKInkBpuW35SxK035A\"," \
    "\"kty\":\"EC\",\"x\":\"9eBPtqzrIi9b7nOsaO9XNpTgxLQrlGDaOn-MMgSBqdo\",\"y\"" \
    ":\"OCDjgbLaz89C1RutnM_c_PjXLE5Z8WRbqUSyaRvm8cw\"}"
#define ED_KEY \
    "{\"crv\":\"Ed25519\",\"d\":\"x-na_Ji1_GoH2L7TDcnAWvL-ULCzxOvyVrc--dPyTIY\"" \
    ",\"kty\":\"OKP\",\"x\":\"FDvXujsSsz0c-q_BFBTUMl45Tm1hWH9UXlm-1TBUcJU\"}"

/* Keys of no other use, and a token of each, made by Perl's Crypt::JWT. */
static const struct {
    const char *kid, *alg, *contents, *token;
} sources[] = {
    {"k1", "HS256", "0123456789abcdef0123456789abcdef",
     "eyJ0eXAiOiJKV1QiLCJraWQiOiJrMSIsImFsZyI6IkhTMjU2In0.eyJ0b2tlbl90eXBlIjoiYW"
     "NjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.4JCYWuSD0ahL"
     "q3IHlWCxOwZ5Oj-ksDHYbc2zSFuaZKI"},
    {NULL, "HS256", "an other secret of 32 bytes, yes",
     "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwI"
     "jo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.z4jVN4ZEIrWmwJvity7OLIIhjuS"
     "ZyHfbk-INrhFOltA"},
    {NULL, "HS256", "and a third one, for two without",
     "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwI"
     "jo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.ZpoJXyV6Z-M1pmgh2BfeFsDWqqx"
     "GbJsImTwv4BE6hD0"},
    {"r1", "RS256", RSA_KEY,
     "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJ0b2tlbl90eXBlIjoiYW"
     "NjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.WXtZigIs1t85"
     "2L7IylaOLhTvnLcpRmRsRIVlFunyNlGKpD_SNqnDAlv40SsIzGvW0XZQkTT4F62yR-QpKAqlDf"
     "rxhBAS7Ob1AZtXJTpWEQeUTA2hPBTq_XLpSglQ59Nsv90sc8f_DqikRkRZUBYDjUR9X4NmPkdp"
     "J_U_1Qv4lU4U7xlBkuCMsaOXsV6e0W6ynWjkQjIC5-HGcGM63POh9ZlsG0ZVIYUiHBfIxzUwaN"
     "Dgb__-0cJT_DFErIoET1MMuDaTF2dO583-dLKbDNp5blnmpzUV3i4dLuX4-Zdwqz3Ljx2kGldG"
     "8gZ35VINpuGxaHxuoIrRVNvcLluQvBt1ng"},
    {"p1", "PS256", RSA_KEY,
     "eyJhbGciOiJQUzI1NiIsImtpZCI6InAxIiwidHlwIjoiSldUIn0.eyJ0b2tlbl90eXBlIjoiYW"
     "NjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.0B03_3KwOaAm"
     "mUfFAsMaAcPfSAdrsS9Xsw2md9LYDjD5YkE7qFOVvbNrRaK9PFvNKjFPLMZvZ6EZ1qZTL5qw6Z"
     "BzeQ0NdQ4P8a6FdamSD6F7OOAqkTxPdBQURfEk2g5aOspkdrWavYA9DlDr_2sn7fwVtUGZObVQ"
     "tlhQzYjMQhG2Gk3b3HicCogHB_6invNavwnWYFGfI167xym_uLdDIVWdleBcmhVc1bfPp3pYw9"
     "FkDOMowsIxOe3k8kVfFpS7CPT31OpfGZQBNc4bYsfigM9m0T66HLLz8mVOxiug_U9llLkoB9c4"
     "kOed5Ie9voT0JVlrFJHDwPIlP5oriklmig"},
    {"e1", "ES256", EC_KEY,
     "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn0.eyJ0b2tlbl90eXBlIjoiYW"
     "NjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.8Y43o3f6D_iW"
     "bLXFmireN3Ler_yARJqCk4Fv3Qe35-p9Z_TLbfnrICH3LMdQc-oYn2DF8Y-NGhhsP7s4pay51Q"},
    {"d1", "EdDSA", ED_KEY,
     "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6ImQxIn0.eyJ0b2tlbl90eXBlIjoiYW"
     "NjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiIwIiwidXNlcl9pZCI6MX0.PusbVqjCzgCt"
     "CC81m2pTXKC6kJb9h3eXTQTHBKBuAQB1fwwMHRP3rzAnDnnZftfZiVMg39CT5-sNdYTXPtmCAA"},
};
/* clang-format on */

#define KEYS COUNT(sources)
#define CLAIMS                                                                           \
    "{\"token_type\":\"access\",\"exp\":4102444800,\"jti\":\"0\",\"user_id\":1}"

static jwk_ring_t *ring;
static const char *ours[KEYS]; /* a token of each key, made here */

static const jwk_t *key_at(size_t i)
{
    return APR_ARRAY_IDX(ring, i % KEYS, const jwk_t *);
}

static void load_keys(void)
{
    apr_pool_t *p = pool_forever();
    size_t i;

    ring = apr_array_make(p, KEYS, sizeof(const jwk_t *));
    for (i = 0; i < KEYS; i++) {
        bytes_t contents = {(const unsigned char *)sources[i].contents,
                            strlen(sources[i].contents)};

        CHECK(!jwk_load(ring, sources[i].kid, jwa_find(sources[i].alg), contents, 1, p));
        ours[i] = jws_sign(key_at(i), CLAIMS, strlen(CLAIMS), p);
        CHECK(ours[i]);
    }
}

/* --- Tokens as they stand, and changed -------------------------------------------- */

static jws_result_t verify(bytes_t *payload, const char *token, size_t len, apr_pool_t *p)
{
    static const bytes_t none = {NULL, 4711};
    char *exact = malloc(len);
    const char *why = "untouched";
    jws_result_t result;

    if (len) {
        memcpy(exact, token, len);
    }
    *payload = none;
    result = jws_verify(payload, NULL, exact, len, ring, NULL, &why, p);
    free(exact);
    CHECK(result != JWS_FAILED);
    if (result != JWS_GOOD) {
        CHECK(payload->data == none.data && payload->len == none.len);
        CHECK(why && *why && strcmp(why, "untouched") != 0);
    }
    return result;
}

static int is_text(const char *bytes, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(text, bytes, len) == 0;
}

static int is_ours(const char *token, size_t len)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_text(token, len, ours[i]) || is_text(token, len, sources[i].token)) {
            return 1;
        }
    }
    return 0;
}

static void check_token(const char *token, size_t len, apr_pool_t *p)
{
    bytes_t payload;

    if (verify(&payload, token, len, p) == JWS_GOOD) {
        CHECK(is_ours(token, len));
        CHECK(is_text((const char *)payload.data, payload.len, CLAIMS));
    } else {
        CHECK(!is_ours(token, len));
    }
}

/* One change of a text with room for a byte more; gives its new length. */
static size_t edit(char *text, size_t len, const uint8_t *how)
{
    size_t at = len ? (size_t)(how[1] << 8 | how[2]) % len : 0;

    if (!len) {
        return 0;
    }
    switch (how[0] % 4) {
    case 0:
        text[at] = (char)how[3];
        break;
    case 1:
        memmove(text + at + 1, text + at, len - at);
        text[at] = (char)how[3];
        return len + 1;
    case 2:
        memmove(text + at, text + at + 1, len - at - 1);
        return len - 1;
    case 3:
        return at;
    }
    return len;
}

static void check_edited(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *token = sources[size ? *data % KEYS : 0].token;
    size_t len = strlen(token);
    char *text = apr_palloc(p, len + size);

    memcpy(text, token, len);
    for (size -= size > 0, data++; size >= 4; size -= 4, data += 4) {
        len = edit(text, len, data);
    }
    check_token(text, len, p);
}

/* --- Headers with a true signature ------------------------------------------------ */

static int is_type(const json_t *typ)
{
    const char *name = json_string_value(typ);

    return !typ || (name && (!strcasecmp(name, "jwt") || !strcasecmp(name, "at+jwt")));
}

/* What jws.h and the top of jws.c say about headers, once more. */
static int is_header(const char *text, size_t len, const jwk_t *key, apr_pool_t *p)
{
    static const char *const refused[] = {"crit", "b64", "zip"};
    const char *alg, *kid;
    json_t *header;
    size_t i;

    if (jsontext_parse(&header, text, len, 0, NULL, p) != APR_SUCCESS ||
        !json_is_object(header) || !is_type(json_object_get(header, "typ"))) {
        return 0;
    }
    for (i = 0; i < COUNT(refused); i++) {
        if (json_object_get(header, refused[i])) {
            return 0;
        }
    }
    alg = json_string_value(json_object_get(header, "alg"));
    kid = json_string_value(json_object_get(header, "kid"));
    return alg && strcmp(alg, key->key.alg->name) == 0 &&
           (kid ? key->kid && strcmp(kid, key->kid) == 0
                : !key->kid && !json_object_get(header, "kid"));
}

static const char *sign(const jwk_t *key, const char *header, size_t header_len,
                        const char *payload, size_t payload_len, apr_pool_t *p)
{
    unsigned char signature[JWA_MAX_SIGNATURE];
    const char *input = apr_pstrcat(p, base64url_encode(header, header_len, p), ".",
                                    base64url_encode(payload, payload_len, p), NULL);

    CHECK(key->key.alg->sign(signature, &key->key, input, strlen(input)) == APR_SUCCESS);
    return apr_pstrcat(p, input, ".",
                       base64url_encode(signature, key->key.signature_len, p), NULL);
}

static void check_header(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const jwk_t *key = key_at(size ? *data : 0);
    const char *header = (const char *)data + (size > 0), *payload, *token;
    size_t left = size - (size > 0), header_len, payload_len;
    bytes_t read;
    int is_good;

    payload = left ? memchr(header, '\n', left) : NULL;
    header_len = payload ? (size_t)(payload - header) : left;
    payload_len = payload ? left - header_len - 1 : 2;
    payload = payload ? payload + 1 : "{}";
    token = sign(key, header, header_len, payload, payload_len, p);
    is_good = is_header(header, header_len, key, p);
    CHECK((verify(&read, token, strlen(token), p) == JWS_GOOD) == is_good);
    if (is_good) {
        CHECK(read.len == payload_len && memcmp(read.data, payload, payload_len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();

    if (!ring) {
        load_keys();
    }
    switch (size ? *data : 't') {
    case 'h':
        check_header(data + 1, size - 1, p);
        break;
    case 'e':
        check_edited(data + 1, size - 1, p);
        break;
    default:
        check_token((const char *)data + (size > 0), size - (size > 0), p);
    }
    return pool_end();
}
