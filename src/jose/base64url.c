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

/* The bits of @p count characters, the last one lowest; none of them may be foreign. */
static int read_bits(apr_uint32_t *bits, const char *in, apr_size_t count)
{
    unsigned char v;

    *bits = 0;
    while (count--) {
        v = value_of[(unsigned char)*in++];
        if (!v) {
            return 0;
        }
        *bits = *bits << 6 | (v - 1u);
    }
    return 1;
}

/* The 1 or 2 bytes of an incomplete last group; NULL when unused bits are set. */
static unsigned char *write_rest(unsigned char *to, apr_uint32_t bits, apr_size_t rest)
{
    if (bits & (rest == 2 ? 0x0f : 0x03)) {
        return NULL;
    }
    bits <<= rest == 2 ? 4 : 6;
    *to++ = (unsigned char)(bits >> (rest == 2 ? 8 : 16));
    if (rest == 3) {
        *to++ = (unsigned char)(bits >> 8);
    }
    return to;
}

apr_status_t base64url_decode(bytes_t *out, const char *in, apr_size_t len, apr_pool_t *p)
{
    unsigned char *data, *to;
    apr_uint32_t bits;
    apr_size_t rest = len % 4;
    const char *last = in + (len - rest);

    if (rest == 1) {
        return APR_EINVAL;
    }
    data = to = apr_palloc(p, len / 4 * 3 + 3);
    for (; in < last; in += 4) {
        if (!read_bits(&bits, in, 4)) {
            return APR_EINVAL;
        }
        *to++ = (unsigned char)(bits >> 16);
        *to++ = (unsigned char)(bits >> 8);
        *to++ = (unsigned char)bits;
    }
    if (rest && (!read_bits(&bits, in, rest) || !(to = write_rest(to, bits, rest)))) {
        return APR_EINVAL;
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
