/* base64url: every value has one spelling, and each text that is no such spelling is
 * refused. The input is a value as well as a text. */
#include <apr_errno.h>
#include <string.h>

#include "jose/base64url.h"
#include "pool.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648 section 5, read anew. */
static int is_canonical(const char *text, size_t len)
{
    static const int unused[] = {0, 0, 0x0f, 0x03};
    const char *at = NULL;
    size_t i;

    for (i = 0; i < len; i++) {
        at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at) {
            return 0;
        }
    }
    return len % 4 != 1 && (len == 0 || ((at - alphabet) & unused[len % 4]) == 0);
}

static void check_text(const char *text, size_t len, apr_pool_t *p)
{
    static const bytes_t none = {NULL, 4711};
    bytes_t bytes = none;

    if (base64url_decode(&bytes, text, len, p) == APR_SUCCESS) {
        const char *again = base64url_encode(bytes.data, bytes.len, p);

        CHECK(is_canonical(text, len));
        CHECK(bytes.data[bytes.len] == '\0');
        CHECK(strlen(again) == len && memcmp(again, text, len) == 0);
    } else {
        CHECK(!is_canonical(text, len));
        CHECK(bytes.data == none.data && bytes.len == none.len);
    }
}

static void check_value(const uint8_t *value, size_t len, apr_pool_t *p)
{
    const char *text = base64url_encode(value, len, p);
    bytes_t bytes;

    CHECK(strlen(text) == (len * 8 + 5) / 6);
    CHECK(base64url_decode(&bytes, text, strlen(text), p) == APR_SUCCESS);
    CHECK(bytes.len == len && (!len || memcmp(bytes.data, value, len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();

    check_value(data, size, p);
    check_text((const char *)data, size, p);
    return pool_end();
}
