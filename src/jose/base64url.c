#include "jose/base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* One more than the value of each character, 0 for those outside the alphabet. A
 * table, not arithmetic: it runs over every token of every request. */
static const unsigned char value_of[256] = {
    /* clang-format off */
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
    ['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
    ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
    ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
    /* clang-format on */
};

apr_status_t base64url_decode(bytes_t *out, const char *in, apr_size_t len, apr_pool_t *p)
{
    unsigned char *data, *to;
    apr_uint32_t bits = 0;
    apr_size_t i, rest = len % 4;

    if (rest == 1) {
        return APR_EINVAL;
    }
    data = to = apr_palloc(p, len / 4 * 3 + 3);
    for (i = 0; i < len; i++) {
        unsigned char v = value_of[(unsigned char)in[i]];

        if (!v) {
            return APR_EINVAL;
        }
        bits = bits << 6 | (v - 1u);
        if (i % 4 == 3) {
            *to++ = (unsigned char)(bits >> 16);
            *to++ = (unsigned char)(bits >> 8);
            *to++ = (unsigned char)bits;
        }
    }
    if (rest == 2) {
        if (bits & 0x0f) {
            return APR_EINVAL;
        }
        *to++ = (unsigned char)(bits >> 4);
    } else if (rest == 3) {
        if (bits & 0x03) {
            return APR_EINVAL;
        }
        *to++ = (unsigned char)(bits >> 10);
        *to++ = (unsigned char)(bits >> 2);
    }
    *to = '\0';
    out->data = data;
    out->len = (apr_size_t)(to - data);
    return APR_SUCCESS;
}

char *base64url_encode(const void *in, apr_size_t len, apr_pool_t *p)
{
    const unsigned char *from = in;
    char *text = apr_palloc(p, (len + 2) / 3 * 4 + 1), *to = text;
    apr_size_t i;

    for (i = 0; i + 2 < len; i += 3) {
        *to++ = alphabet[from[i] >> 2];
        *to++ = alphabet[(from[i] & 0x03) << 4 | from[i + 1] >> 4];
        *to++ = alphabet[(from[i + 1] & 0x0f) << 2 | from[i + 2] >> 6];
        *to++ = alphabet[from[i + 2] & 0x3f];
    }
    if (len - i == 1) {
        *to++ = alphabet[from[i] >> 2];
        *to++ = alphabet[(from[i] & 0x03) << 4];
    } else if (len - i == 2) {
        *to++ = alphabet[from[i] >> 2];
        *to++ = alphabet[(from[i] & 0x03) << 4 | from[i + 1] >> 4];
        *to++ = alphabet[(from[i + 1] & 0x0f) << 2];
    }
    *to = '\0';
    return text;
}
