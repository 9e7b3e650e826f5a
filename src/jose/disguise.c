#include "jose/disguise.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>

#include "jose/pem.h"

/* A key in base64 in base64, as some tools for secrets make it. */
#define MAX_LAYERS 3

static int begins(const unsigned char *text, apr_size_t len, const char *with)
{
    apr_size_t n = strlen(with);

    return len >= n && strncmp((const char *)text, with, n) == 0;
}

static int contains(const unsigned char *text, apr_size_t len, const char *what)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (begins(text + i, len - i, what)) {
            return 1;
        }
    }
    return 0;
}

/* Where the contents of a DER sequence begin that has no byte more or less; 0: none. */
static apr_size_t sequence_start(bytes_t bytes)
{
    const unsigned char *d = bytes.data;
    apr_size_t len = bytes.len;

    if (len < 5 || d[0] != 0x30) {
        return 0;
    }
    return d[1] < 0x80 && (apr_size_t)d[1] + 2 == len                  ? 2
           : d[1] == 0x81 && (apr_size_t)d[2] + 3 == len               ? 3
           : d[1] == 0x82 && ((apr_size_t)d[2] << 8 | d[3]) + 4 == len ? 4
                                                                       : 0;
}

/* Random bytes are a long sequence, or a short one that begins with another as public
 * keys do, once in millions. To ask OpenSSL costs milliseconds. */
static int is_der_alone(bytes_t bytes)
{
    apr_size_t start = sequence_start(bytes);

    return start == 4 || (start && (bytes.data[start] == 0x30 || pem_is_der(bytes)));
}

/* With whatever blanks behind it: of a secret's file the last line's end is no part of
 * the secret. What looks like one may be the key's own last byte, so each is tried. */
static int is_der(bytes_t bytes)
{
    while (!is_der_alone(bytes)) {
        if (!bytes.len || !apr_isspace(bytes.data[bytes.len - 1])) {
            return 0;
        }
        bytes.len--;
    }
    return 1;
}

/* Without blanks, and without the NULs and the mark of UTF-16. Says whether the rest is
 * text: random bytes may well begin with a brace. */
static int squeeze(unsigned char *out, apr_size_t *out_len, bytes_t in)
{
    apr_size_t i, len = 0;
    int is_text = 1;

    for (i = 0; i < in.len; i++) {
        unsigned char c = in.data[i];

        if (c && !apr_isspace(c) && !(len == 0 && c >= 0xbb)) {
            is_text &= c >= 0x20 && c < 0x7f;
            out[len++] = c;
        }
    }
    *out_len = len;
    return is_text;
}

/* As OpenSSL, OpenSSH and JWK write them, wherever that stands: text may be in front, and
 * inside of its base64 OpenSSH's key begins with the length of its name. Random bytes or
 * letters hold one of these words once in a hundred millions, or less. */
static int has_key_word(const unsigned char *text, apr_size_t len)
{
    static const char *const words[] = {
        "-----BEGIN",
        "BEGINSSH2PUBLICKEY",
        "ssh-rsa",
        "ssh-dss",
        "ssh-ed25519",
        "ssh-ed448",
        "ecdsa-sha2-",
        "Public-Key:",
        "\"kty\"",
        "\"kty\\\"",
        /* RFC 3279 section 2.3 and RFC 8410 section 3, in DER: rsaEncryption,
         * ecPublicKey, Ed25519, Ed448. */
        "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
        "\x2a\x86\x48\xce\x3d\x02\x01",
        "\x06\x03\x2b\x65\x70",
        "\x06\x03\x2b\x65\x71",
    };
    apr_size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++) {
        if (contains(text, len, words[i])) {
            return 1;
        }
    }
    return 0;
}

/* A password may well begin with a brace, but hardly so and end with one as well. */
static int is_json(const unsigned char *text, apr_size_t len)
{
    return (begins(text, len, "{\"") || begins(text, len, "[{\"") ||
            begins(text, len, "[\"")) &&
           (text[len - 1] == '}' || text[len - 1] == ']');
}

/* Without what may stand around one long word: quotation marks, the 0x of hexadecimal
 * digits and the colons between them, a label such as "base64,". */
static apr_size_t strip(unsigned char *text, apr_size_t len)
{
    apr_size_t i, kept = 0;

    for (i = begins(text, len, "0x") ? 2 : 0; i < len; i++) {
        if (text[i] == ',') {
            kept = 0;
        } else if (!strchr("\"':", text[i])) {
            text[kept++] = text[i];
        }
    }
    return kept;
}

static int hex_value(unsigned char c)
{
    return apr_isdigit(c) ? c - '0' : apr_isxdigit(c) ? apr_tolower(c) - 'a' + 10 : -1;
}

/* Its length, or 0 when it is not all digits. */
static apr_size_t from_hex(unsigned char *out, const unsigned char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i + 1 < len; i += 2) {
        if (hex_value(text[i]) < 0 || hex_value(text[i + 1]) < 0) {
            return 0;
        }
        out[i / 2] = (unsigned char)(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
    }
    return len % 2 ? 0 : len / 2;
}

/* Both alphabets, whatever the padding: what any tool might take for base64. */
static apr_size_t from_base64(unsigned char *out, const unsigned char *text,
                              apr_size_t len, apr_pool_t *p)
{
    char *copy = apr_pstrmemdup(p, (const char *)text, len), *at;
    bytes_t decoded = {NULL, 0};

    for (at = copy; *at; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    while (at > copy && at[-1] == '=') {
        at--;
    }
    if (base64url_decode(&decoded, copy, (apr_size_t)(at - copy), p) == APR_SUCCESS) {
        memcpy(out, decoded.data, decoded.len);
        OPENSSL_cleanse((void *)(apr_uintptr_t)decoded.data, decoded.len);
    }
    OPENSSL_cleanse(copy, len);
    return decoded.len;
}

static int find(bytes_t secret, int layers, apr_pool_t *p);

static int is_wrapped(const unsigned char *text, apr_size_t len, int layers,
                      apr_pool_t *p)
{
    unsigned char *inner = apr_pcalloc(p, len + 1);
    bytes_t bytes = {inner, 0};
    int found = 0;

    bytes.len = from_hex(inner, text, len);
    if (bytes.len) {
        found = find(bytes, layers - 1, p);
    }
    bytes.len = found ? 0 : from_base64(inner, text, len, p);
    if (bytes.len) {
        found = find(bytes, layers - 1, p);
    }
    OPENSSL_cleanse(inner, len);
    return found;
}

static int find(bytes_t secret, int layers, apr_pool_t *p)
{
    unsigned char *text = apr_palloc(p, secret.len + 1);
    apr_size_t len;
    int is_text = squeeze(text, &len, secret), found;

    found = is_der(secret) || has_key_word(secret.data, secret.len) ||
            has_key_word(text, len) || (is_text && is_json(text, len)) ||
            (layers > 1 && len && is_wrapped(text, strip(text, len), layers, p));
    OPENSSL_cleanse(text, secret.len);
    return found;
}

int disguise_find(bytes_t secret, apr_pool_t *p)
{
    return find(secret, MAX_LAYERS, p);
}
