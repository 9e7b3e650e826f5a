/* Tokens from the inside: base64url, keys, signatures. What they say is in claims.c.
 *
 * Every text that a stranger sends is handed over in memory of its own, as long as
 * the text and not a byte longer, so that valgrind or AddressSanitizer sees a read
 * beyond it: APR's pools would hide it. Signatures are made by OpenSSL's own
 * HMAC(), not by the code under test. */
#include <apr_errno.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "jose/base64url.h"
#include "jose/claims.h"
#include "jose/jsontext.h"
#include "jose/jws.h"
#include "keys.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define SECRET       "0123456789abcdef0123456789abcdef"
#define OTHER        "an other secret of 32 bytes, yes"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static apr_pool_t *pool, *brief; /* for the run; for one call, cleared often */

static const char *name_of(const char *subject, const char *detail)
{
    return apr_pstrcat(pool, subject, ": ", detail, NULL);
}

/* The tables are easier to read with ' for ". */
static const char *json(const char *text)
{
    char *copy = apr_pstrdup(pool, text), *at;

    for (at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

/* The bytes and nothing behind them; the caller frees. */
static char *exact(const void *bytes, apr_size_t len)
{
    char *copy = malloc(len);

    if (len) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

/* --- base64url ------------------------------------------------------------------- */

static apr_status_t decode(bytes_t *out, const char *text, apr_size_t len)
{
    char *copy = exact(text, len);
    apr_status_t rv = base64url_decode(out, copy, len, brief);

    free(copy);
    return rv;
}

static void test_base64url_vectors(void)
{
    static const struct {
        const char *plain, *text;
    } rows[] = {
        /* RFC 4648 section 10, RFC 7515 appendix C */
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\x03\xec\xff\xe0\xc1", "A-z_4ME"},
    };
    apr_size_t i;
    bytes_t b;

    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t len = strlen(rows[i].plain);

        is_str(base64url_encode(rows[i].plain, len, pool), rows[i].text,
               name_of("encoded", rows[i].text));
        ok(decode(&b, rows[i].text, strlen(rows[i].text)) == APR_SUCCESS &&
               b.len == len && memcmp(b.data, rows[i].plain, len) == 0 && !b.data[len],
           name_of("decoded", rows[i].text));
    }
}

static void test_base64url_refusals(void)
{
    /* clang-format off */
    static const char *const rows[] = {
        "A", "AAAAA", "AA==", "AAA=", "AA=", "=", "AAAA=", "AA A", " AAA", "AAA ",
        "AA\nA", "+AAA", "/AAA", "AB", "Zm9", "Zh", "AAAB", "A.AA", "Zm9vYh", "Zm9vYmF",
        "\xc3\x84\x41\x41", "AAA\x80", "A@AA", "A[AA", "A`AA", "A{AA",
    };
    /* clang-format on */
    apr_size_t i;
    bytes_t b = {NULL, 7};

    for (i = 0; i < COUNT(rows); i++) {
        int is_good = strcmp(rows[i], "AAAB") == 0;

        ok((decode(&b, rows[i], strlen(rows[i])) == APR_SUCCESS) == is_good,
           name_of(is_good ? "taken" : "refused", rows[i]));
    }
    ok(decode(&b, "AA\0A", 4) == APR_EINVAL, "refused: a NUL");
    b.len = 7;
    ok(decode(&b, "A", 1) == APR_EINVAL && b.len == 7, "out is untouched on error");
}

static int value_of(int c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* All 65,536 texts of two characters: each byte has exactly one spelling. */
static void test_base64url_pairs(void)
{
    int i, wrong = 0, good = 0;
    bytes_t b;

    for (i = 0; i < 65536; i++) {
        char text[2] = {(char)(i >> 8), (char)i};
        int high = value_of((unsigned char)text[0]),
            low = value_of((unsigned char)text[1]);
        int right = high >= 0 && low >= 0 && !(low & 15);
        int taken = decode(&b, text, 2) == APR_SUCCESS;

        wrong += taken != right ||
                 (taken && (b.len != 1 || b.data[0] != (high << 2 | low >> 4)));
        good += taken;
        apr_pool_clear(brief);
    }
    is_int(wrong, 0, "every pair of bytes is judged rightly");
    is_int(good, 256, "as many are good as there are bytes");
}

static void test_base64url_triples(void)
{
    int i, wrong = 0, good = 0;
    bytes_t b;

    for (i = 0; i < 64 * 64 * 64; i++) {
        char text[3] = {alphabet[i >> 12], alphabet[i >> 6 & 63], alphabet[i & 63]};
        int taken = decode(&b, text, 3) == APR_SUCCESS;

        wrong += taken != !(i & 3) ||
                 (taken && (b.len != 2 || (b.data[0] << 8 | b.data[1]) != i >> 2));
        good += taken;
        apr_pool_clear(brief);
    }
    is_int(wrong, 0, "every triple of the alphabet is judged rightly");
    is_int(good, 65536, "as many are good as there are pairs of bytes");
}

/* Each byte of the text is wrong once: in whole groups and in the rest behind them. */
static void test_base64url_places(void)
{
    int len, at, c, wrong = 0;
    bytes_t b;

    for (len = 2; len <= 8; len++) {
        for (at = 0; len != 5 && at < len; at++) {
            for (c = 0; c < 256; c++) {
                char text[8] = "AAAAAAAA";

                text[at] = (char)c;
                wrong +=
                    value_of(c) < 0 && decode(&b, text, (apr_size_t)len) == APR_SUCCESS;
                apr_pool_clear(brief);
            }
        }
    }
    is_int(wrong, 0, "a byte outside the alphabet is refused wherever it stands");
}

/* The first block of a fresh pool is always the same memory: what was written there
 * before tells whether the function wrote more than it said. */
static int is_clean(const unsigned char *result, apr_size_t used,
                    const unsigned char *block, apr_size_t size)
{
    apr_size_t i;

    for (i = used; i < size; i++) {
        if (block[i] != 0xa5) {
            return 0;
        }
    }
    return result == block;
}

static void test_base64url_lengths(void)
{
    unsigned char plain[400], *block;
    const apr_size_t size = 1000;
    int i, len, wrong = 0, dirty = 0;

    for (i = 0; i < (int)sizeof plain; i++) {
        plain[i] = (unsigned char)(i * 167 + 13);
    }
    for (len = 0; len <= (int)sizeof plain; len++) {
        char *from = exact(plain, (apr_size_t)len), *text, *copy;
        apr_size_t text_len;
        bytes_t b = {NULL};

        apr_pool_clear(brief);
        block = apr_palloc(brief, size);
        memset(block, 0xa5, size);
        apr_pool_clear(brief);
        text = base64url_encode(from, (apr_size_t)len, brief);
        text_len = strlen(text);
        dirty += !is_clean((unsigned char *)text, text_len + 1, block, size);
        copy = exact(text, text_len);
        apr_pool_clear(brief);
        memset(apr_palloc(brief, size), 0xa5, size);
        apr_pool_clear(brief);
        wrong += text_len != (apr_size_t)(len * 4 + 2) / 3 ||
                 base64url_decode(&b, copy, text_len, brief) != APR_SUCCESS ||
                 b.len != (apr_size_t)len || memcmp(b.data, plain, b.len) ||
                 b.data[b.len];
        dirty += !is_clean(b.data, b.len + 1, block, size);
        free(copy);
        free(from);
    }
    is_int(wrong, 0, "all lengths to 400 there and back");
    is_int(dirty, 0, "and nothing is written behind them");
}

/* --- Keys -------------------------------------------------------------------------- */

static const jwk_t *load(const char *kid, const void *secret, apr_size_t len)
{
    return keys_load(kid, "HS256", secret, len, NULL, pool);
}

static jwk_ring_t *ring_of(const jwk_t *first, const jwk_t *second)
{
    return keys_ring(first, second, pool);
}

static void test_algorithms(void)
{
    /* clang-format off */
    static const char *const unknown[] = {
        "none", "None", "", "hs256", "HS256 ", " HS256", "HS1", "HS25", "HS2560", "HMAC",
        "*",
    };
    /* clang-format on */
    apr_size_t i;

    ok(jwa_find("HS256") != NULL, "HS256 is known");
    for (i = 0; i < COUNT(unknown); i++) {
        ok(!jwa_find(unknown[i]), name_of("no algorithm", unknown[i]));
    }
    ok(!strstr(jwa_names(pool), "none"), "none is not offered");
}

static void test_key_contents(void)
{
    static const struct {
        const char *name, *text;
        int good;
    } rows[] = {
        {"32 bytes", SECRET, 1},
        {"33 bytes", SECRET "x", 1},
        {"32 bytes and a line's end", SECRET "\n", 1},
        {"32 bytes and CR LF", SECRET "\r\n", 1},
        {"31 bytes", "0123456789abcdef0123456789abcde", 0},
        {"31 bytes and a line's end", "0123456789abcdef0123456789abcde\n", 0},
        {"empty", "", 0},
        {"only a line's end", "\n", 0},
        {"PEM", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0C\n", 0},
        {"PEM behind a blank", " -----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0C\n", 0},
        {"PEM behind lines", "\r\n\t\v\f-----BEGIN RSA PUBLIC KEY-----\nMFkwEwYH\n", 0},
        {"PEM behind a byte order mark", "\xef\xbb\xbf-----BEGIN PUBLIC KEY-----\nMFkw\n",
         0},
        {"JWK", "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\"}", 0},
        {"JWK behind a blank", " {\"kty\":\"RSA\",\"n\":\"AyM1SysPpbyDfgZld3umj1qz\"}",
         0},
        {"JWK behind a byte order mark",
         "\xef\xbb\xbf{\"kty\":\"RSA\",\"n\":\"AyM1SysPpb\"}", 0},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ok((load(NULL, rows[i].text, strlen(rows[i].text)) != NULL) == rows[i].good,
           name_of(rows[i].good ? "a secret" : "no secret", rows[i].name));
    }
    ok(load(NULL, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
            32) != NULL,
       "a secret: NUL bytes");
    ok(!load("a b", SECRET, 32) && !load("", SECRET, 32) && !load("a\"b", SECRET, 32) &&
           !load("a\nb", SECRET, 32) && !load("\xc3\xa4", SECRET, 32),
       "a kid that would need an escape is refused");
    ok(load("2026-11/a:b.c_d~e+f=g@h", SECRET, 32) != NULL, "all others are taken");
}

static void test_ring(void)
{
    const jwk_t *bare = load(NULL, SECRET, 32), *named = load("k1", OTHER, 32);
    jwk_ring_t *ring = ring_of(bare, named);

    ok(jwk_find(ring, NULL) == bare, "the key without kid");
    ok(jwk_find(ring, "k1") == named, "the key with its kid");
    ok(!jwk_find(ring, "k2") && !jwk_find(ring, "K1") && !jwk_find(ring, "k") &&
           !jwk_find(ring, "k11") && !jwk_find(ring, "") && !jwk_find(ring, "-"),
       "no other kid finds one");
    ok(!jwk_find(ring_of(named, NULL), NULL), "without kid no named key is found");
    ok(jwk_find_signing(ring) == bare && !jwk_find_signing(ring_of(NULL, NULL)),
       "the first that can sign");
    ok(jwk_is_same(bare, load(NULL, SECRET "\n", 33)),
       "the same secret from another file");
    ok(!jwk_is_same(bare, load("k1", SECRET, 32)) &&
           !jwk_is_same(bare, load(NULL, OTHER, 32)),
       "another kid or secret is another key");
}

/* --- Signatures ----------------------------------------------------------------------
 */

static jws_result_t verify_in(const jwk_ring_t *ring, const char *token, apr_size_t len,
                              bytes_t *payload)
{
    char *copy = exact(token, len);
    const char *why = NULL;
    jws_result_t result = jws_verify(payload, NULL, copy, len, ring, NULL, &why, brief);

    free(copy);
    return result;
}

/* base64url of a text, a dot, base64url of another, a dot, the HMAC of all that. */
static const char *token_of(const char *header, const char *payload, const char *secret)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int len;
    const char *input =
        apr_pstrcat(pool, base64url_encode(header, strlen(header), pool), ".",
                    base64url_encode(payload, strlen(payload), pool), NULL);

    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)input,
         strlen(input), mac, &len);
    return apr_pstrcat(pool, input, ".", base64url_encode(mac, len, pool), NULL);
}

/* RFC 7515 appendix A.1: its header has a line break and typ first. */
static void test_rfc7515(void)
{
    static const char token[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char k[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
                            "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    static const char text[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                               "\"http://example.com/is_root\":true}";
    const jwk_t *key;
    claims_t claims;
    bytes_t secret = {NULL}, payload = {NULL};

    base64url_decode(&secret, k, sizeof k - 1, pool);
    key = load(NULL, secret.data, secret.len);
    is_int((long long)secret.len, 64, "RFC 7515 A.1: the key");
    is_int(verify_in(ring_of(key, NULL), token, sizeof token - 1, &payload), JWS_GOOD,
           "RFC 7515 A.1: the signature");
    is_str((const char *)payload.data, text, "RFC 7515 A.1: the payload");
    ok(!claims_parse(&claims, payload, &claims_usual_names, NULL, brief) &&
           claims.exp == 1300819380 && strcmp(claims.iss, "joe") == 0 &&
           json_is_true(json_object_get(claims.members, "http://example.com/is_root")),
       "RFC 7515 A.1: the claims");
    is_int(verify_in(ring_of(load(NULL, SECRET, 32), NULL), token, sizeof token - 1,
                     &payload),
           JWS_BAD_SIGNATURE, "RFC 7515 A.1: by another key");
}

static jws_result_t result_of(const jwk_ring_t *ring, const char *token)
{
    bytes_t payload;

    return verify_in(ring, token, strlen(token), &payload);
}

static void test_headers(void)
{
    static const struct {
        const char *header;
        jws_result_t result;
    } rows[] = {
        {"{'alg':'HS256','typ':'JWT'}", JWS_GOOD},
        {"{'typ':'JWT','alg':'HS256'}", JWS_GOOD},
        {" {\r\n\t'alg' : 'HS256' } ", JWS_GOOD},
        {"{'alg':'\\u0048S256'}", JWS_GOOD},
        {"{'alg':'HS256','typ':'jwt'}", JWS_GOOD},
        {"{'alg':'HS256','typ':'at+jwt'}", JWS_GOOD},
        {"{'alg':'HS256','typ':'AT+JWT'}", JWS_GOOD},
        {"{'alg':'HS256','jku':'http://127.0.0.1/','x5c':[],'jwk':{}}", JWS_GOOD},
        {"{'alg':'HS256','kid':'k1'}", JWS_BAD_SIGNATURE},
        {"{'alg':'HS256','kid':'k2'}", JWS_UNKNOWN_KEY},
        {"{'alg':'HS256','kid':''}", JWS_UNKNOWN_KEY},
        {"{'alg':'HS256','kid':'-'}", JWS_UNKNOWN_KEY},
        {"{'alg':'HS256','kid':'k1 '}", JWS_UNKNOWN_KEY},
        {"{'alg':'HS256','kid':'k1\\u0000'}", JWS_MALFORMED},
        {"{'alg':'HS256','kid':null}", JWS_MALFORMED},
        {"{'alg':'HS256','kid':1}", JWS_MALFORMED},
        {"{'alg':'HS256','kid':['k1']}", JWS_MALFORMED},
        {"{'alg':'none'}", JWS_BAD_SIGNATURE},
        {"{'alg':'None'}", JWS_BAD_SIGNATURE},
        {"{'alg':''}", JWS_BAD_SIGNATURE},
        {"{'alg':'hs256'}", JWS_BAD_SIGNATURE},
        {"{'alg':'HS256 '}", JWS_BAD_SIGNATURE},
        {"{'alg':'HS384'}", JWS_BAD_SIGNATURE},
        {"{'alg':'RS256'}", JWS_BAD_SIGNATURE},
        {"{'alg':'HS256\\u0000'}", JWS_MALFORMED},
        {"{'alg':null}", JWS_MALFORMED},
        {"{'alg':256}", JWS_MALFORMED},
        {"{'alg':['HS256']}", JWS_MALFORMED},
        {"{'typ':'JWT'}", JWS_MALFORMED},
        {"{}", JWS_MALFORMED},
        {"{'alg':'HS256','alg':'HS256'}", JWS_MALFORMED},
        {"{'alg':'HS256','\\u0061lg':'none'}", JWS_MALFORMED},
        {"{'alg':'HS256','crit':[]}", JWS_MALFORMED},
        {"{'alg':'HS256','crit':['exp'],'exp':1}", JWS_MALFORMED},
        {"{'alg':'HS256','crit':null}", JWS_MALFORMED},
        {"{'alg':'HS256','b64':true}", JWS_MALFORMED},
        {"{'alg':'HS256','b64':false}", JWS_MALFORMED},
        {"{'alg':'HS256','zip':'DEF'}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':'refresh+jwt'}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':'J W T'}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':' JWT'}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':'JWT '}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':'at +jwt'}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':''}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':null}", JWS_MALFORMED},
        {"{'alg':'HS256','typ':['JWT']}", JWS_MALFORMED},
        {"[{'alg':'HS256'}]", JWS_MALFORMED},
        {"'HS256'", JWS_MALFORMED},
        {"null", JWS_MALFORMED},
        {"{'alg':'HS256'} x", JWS_MALFORMED},
        {"{'alg':'HS256'}{}", JWS_MALFORMED},
        {"\xef\xbb\xbf{'alg':'HS256'}", JWS_MALFORMED},
        {"{'alg':'HS256','x':'\xff'}", JWS_MALFORMED},
        {"{'alg':'HS256','x':'\\ud800'}", JWS_MALFORMED},
        {"{'alg':'HS256',}", JWS_MALFORMED},
        {"{'alg':HS256}", JWS_MALFORMED},
    };
    jwk_ring_t *ring = ring_of(load(NULL, SECRET, 32), load("k1", OTHER, 32));
    apr_size_t i;
    int wrong = 0;

    for (i = 0; i < COUNT(rows); i++) {
        const char *token = token_of(json(rows[i].header), "{}", SECRET);
        bytes_t payload = {NULL, 7};
        jws_result_t result = verify_in(ring, token, strlen(token), &payload);

        is_int(result, rows[i].result, name_of("header", rows[i].header));
        wrong += (result == JWS_GOOD) == (payload.len == 7);
    }
    is_int(wrong, 0, "the payload comes with a good signature, and only then");
    is_int(result_of(ring, token_of("{\"alg\":\"HS256\"}", "{}", OTHER)),
           JWS_BAD_SIGNATURE, "without kid only keys without kid are tried");
    is_int(result_of(ring, token_of("{\"alg\":\"HS256\",\"kid\":\"k1\"}", "{}", OTHER)),
           JWS_GOOD, "with kid the key that has it");
}

static void test_forms(void)
{
    const char *good =
        token_of("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"a\":1}", SECRET);
    const char *dot1 = strchr(good, '.'), *dot2 = strchr(dot1 + 1, '.');
    const char *header = apr_pstrmemdup(pool, good, (apr_size_t)(dot1 - good));
    const char *payload = apr_pstrmemdup(pool, dot1 + 1, (apr_size_t)(dot2 - dot1 - 1));
    jwk_ring_t *ring = ring_of(load(NULL, SECRET, 32), NULL);
    const char *rows[] = {"",
                          ".",
                          "..",
                          "...",
                          "a.b.c",
                          header,
                          apr_pstrcat(pool, header, ".", NULL),
                          apr_pstrcat(pool, header, ".", payload, NULL),
                          apr_pstrcat(pool, header, ".", payload, ".", NULL),
                          apr_pstrcat(pool, header, "..", dot2 + 1, NULL),
                          apr_pstrcat(pool, ".", payload, dot2, NULL),
                          apr_pstrcat(pool, good, ".", NULL),
                          apr_pstrcat(pool, good, ".x", NULL),
                          apr_pstrcat(pool, good, ".x.y", NULL),
                          apr_pstrcat(pool, ".", good, NULL),
                          apr_pstrcat(pool, good, "=", NULL),
                          apr_pstrcat(pool, good, " ", NULL),
                          apr_pstrcat(pool, " ", good, NULL),
                          apr_pstrcat(pool, good, "\n", NULL),
                          apr_pstrcat(pool, header, " .", payload, dot2, NULL),
                          apr_pstrcat(pool, good, "A", NULL),
                          apr_pstrcat(pool, good, "AAAA", NULL),
                          apr_pstrcat(pool, header, ".", payload, dot2, ",", good, NULL)};
    bytes_t out;
    apr_size_t i;

    is_int(verify_in(ring, good, strlen(good), &out), JWS_GOOD, "the token itself");
    for (i = 0; i < COUNT(rows); i++) {
        ok(verify_in(ring, rows[i], strlen(rows[i]), &out) != JWS_GOOD,
           name_of("no token", rows[i]));
    }
    ok(verify_in(ring, apr_pstrcat(pool, good, NULL), strlen(good) + 1, &out) != JWS_GOOD,
       "no token: with a NUL behind it");
    is_int(verify_in(ring_of(NULL, NULL), good, strlen(good), &out), JWS_UNKNOWN_KEY,
           "an empty ring knows no token");
}

/* Signed rightly, yet spelled in a way of its own. */
static void test_spellings(void)
{
    static const struct {
        const char *name, *input;
        int good;
    } rows[] = {
        {"canonical", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ", 1},
        {"payload with unused bits", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfR", 0},
        {"payload with padding", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ==", 0},
        {"payload with a line break", "eyJhbGciOiJIUzI1NiJ9.eyJhIjox\nfQ", 0},
        {"header with padding", "eyJhbGciOiJIUzI1NiIgfQ==.eyJhIjoxfQ", 0},
        {"header with unused bits", "eyJhbGciOiJIUzI1NiIgfR.eyJhIjoxfQ", 0},
        {"standard alphabet", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoiPz8/In0", 0},
    };
    jwk_ring_t *ring = ring_of(load(NULL, SECRET, 32), NULL);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int len;
    apr_size_t i;
    bytes_t out;

    for (i = 0; i < COUNT(rows); i++) {
        const char *token;

        HMAC(EVP_sha256(), SECRET, 32, (const unsigned char *)rows[i].input,
             strlen(rows[i].input), mac, &len);
        token =
            apr_pstrcat(pool, rows[i].input, ".", base64url_encode(mac, len, pool), NULL);
        ok((verify_in(ring, token, strlen(token), &out) == JWS_GOOD) == rows[i].good,
           name_of("spelling", rows[i].name));
    }
}

/* Bytes may be none at all; what is none of our tokens then says claims_parse(). */
static void test_empty_payload(void)
{
    const char *token = token_of("{\"alg\":\"HS256\"}", "", SECRET), *why;
    bytes_t out = {NULL, 7};
    claims_t claims;

    is_int(verify_in(ring_of(load(NULL, SECRET, 32), NULL), token, strlen(token), &out),
           JWS_GOOD, "an empty payload is a payload");
    is_int((long long)out.len, 0, "of no bytes");
    why = claims_parse(&claims, out, &claims_usual_names, NULL, pool);
    ok(why != NULL, "and no claims");
}

static void test_sign(void)
{
    const jwk_t *bare = load(NULL, SECRET, 32), *named = load("k1", SECRET, 32);
    const char *payload = "{\"a\":\"\xc3\xa4\"}";

    is_str(jws_sign(bare, payload, strlen(payload), pool),
           token_of("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload, SECRET),
           "signed as OpenSSL does, the header in SimpleJWT's order");
    is_str(
        jws_sign(named, payload, strlen(payload), pool),
        token_of("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", payload, SECRET),
        "with its kid");
}

/* --- Mutations -------------------------------------------------------------------------
 */

/* xorshift32: the same numbers everywhere. */
static apr_uint32_t state = 2463534242u;

static apr_size_t below(apr_size_t limit)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return limit ? state % limit : 0;
}

#define ROOM 1024

/* Change a text of len bytes in place; gives its new length. */
static apr_size_t mutate(char *text, apr_size_t len)
{
    apr_size_t at = below(len), other = below(len), count = 1 + below(8);

    switch (below(9)) {
    case 0: /* a bit */
        text[at] ^= (char)(1 << below(8));
        break;
    case 1: /* another letter */
        text[at] = alphabet[below(64)];
        break;
    case 2: /* the last letter: unused bits */
        text[len - 1] = alphabet[below(64)];
        break;
    case 3: /* out */
        count = count > len - at ? len - at : count;
        memmove(text + at, text + at + count, len - at - count);
        return len - count;
    case 4: /* in */
        memmove(text + at + 1, text + at, len - at);
        text[at] = "=.+/ \t\nA\0\xff"[below(10)];
        return len + 1;
    case 5: /* off */
        return at;
    case 6: /* two letters changed over */
        count = (apr_size_t)(unsigned char)text[at];
        text[at] = text[other];
        text[other] = (char)count;
        break;
    case 7: /* twice */
        count = count > len - at ? len - at : count;
        memmove(text + at + count, text + at, len - at);
        return len + count;
    case 8: /* the other case */
        text[at] ^= 32;
        break;
    }
    return len;
}

static void test_mutations(void)
{
    const char *token = token_of("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
                                 "{\"token_type\":\"access\",\"user_id\":\"1\"}", SECRET);
    jwk_ring_t *ring = ring_of(load("k1", SECRET, 32), load(NULL, OTHER, 32));
    apr_size_t len = strlen(token);
    int i, same = 0, accepted = 0;
    char text[ROOM];
    bytes_t out;

    for (i = 0; i < 20000; i++) {
        apr_size_t n = len, rounds = 1 + below(3);

        memcpy(text, token, len);
        while (rounds-- && n) {
            n = mutate(text, n);
        }
        if (n == len && memcmp(text, token, len) == 0) {
            same++;
        } else if (verify_in(ring, text, n, &out) == JWS_GOOD) {
            accepted++;
        }
        apr_pool_clear(brief);
    }
    ok(same > 0 && same < 2000, "most mutations changed the token");
    is_int(accepted, 0, "none of them was accepted");
    is_int(verify_in(ring, token, len, &out), JWS_GOOD,
           "the token itself was good all the time");
}

/* Whatever a signed payload says, it is read safely; what is taken for claims is JSON,
 * however it was read, and what is no JSON has its place within the text. */
static void test_mutated_payload(const char *payload, const char *name)
{
    char text[ROOM], *copy;
    int i, good = 0, wrong = 0;

    for (i = 0; i < 20000; i++) {
        apr_size_t n = strlen(payload), rounds = 1 + below(3);
        jsontext_error_t error = {NULL, ROOM};
        claims_t claims;
        bytes_t bytes;
        json_t *value;
        int is_json, is_claims;

        memcpy(text, payload, n);
        while (rounds-- && n) {
            n = mutate(text, n);
        }
        copy = exact(text, n);
        bytes.data = (const unsigned char *)copy;
        bytes.len = n;
        is_json = jsontext_parse(&value, copy, n, 0, &error, brief) == APR_SUCCESS;
        is_claims =
            claims_parse(&claims, bytes, &claims_usual_names, NULL, brief) == NULL;
        wrong += is_json ? 0 : is_claims || !error.text || error.position > n;
        good += is_claims;
        apr_pool_clear(brief);
        free(copy);
    }
    ok(wrong == 0 && good > 100 && good < 15000, name);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&brief, pool);
    test_base64url_vectors();
    test_base64url_refusals();
    test_base64url_pairs();
    test_base64url_triples();
    test_base64url_places();
    test_base64url_lengths();
    test_algorithms();
    test_key_contents();
    test_ring();
    test_rfc7515();
    test_headers();
    test_forms();
    test_spellings();
    test_empty_payload();
    test_sign();
    test_mutations();
    test_mutated_payload("{\"token_type\":\"access\",\"exp\":1800000300,\"jti\":\"j\","
                         "\"user_id\":\"1\",\"role\":\"x\",\"size\":12345}",
                         "20,000 changed payloads of plain claims");
    test_mutated_payload("{\"token_type\":\"access\",\"exp\":1800000300,\"iat\":1.8e9,"
                         "\"jti\":\"j\\u00e4\",\"user_id\":[1,{\"a\":null}],"
                         "\"aud\":[\"a\",\"b\"],\"x\":\"\xc3\xa4\\\\\"}",
                         "20,000 changed payloads of all kinds");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
