/* Origins: what is taken for one is written as browsers write it, and nothing of it was
 * invented. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/origin.h"
#include "pool.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* What is behind the host: nothing, or a port without zeros in front that is not the
 * scheme's own. */
static void check_port(const char *origin, const char *text)
{
    char *end;
    long port;

    if (!*text) {
        return;
    }
    CHECK(*text == ':' && text[1] > '0' && text[1] <= '9');
    port = strtol(text + 1, &end, 10);
    CHECK(!*end && port <= 65535);
    CHECK(port != 80 || strncmp(origin, "http:", 5) != 0);
    CHECK(port != 443 || strncmp(origin, "https:", 6) != 0);
}

static void check_origin(const char *origin, const char *text, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 1, sizeof(const char *));
    const char *again = origin_parse(origin, p), *host;
    size_t scheme = strspn(origin, LETTERS DIGITS "+-."), len;

    CHECK(scheme && strncmp(origin + scheme, "://", 3) == 0);
    host = origin + scheme + 3;
    len = *host == '[' ? strcspn(host, "]") + 1 : strspn(host, LETTERS DIGITS "-._");
    CHECK(len && strspn(host, LETTERS DIGITS "-._:[]") == strlen(host));
    check_port(origin, host + len);
    CHECK(strncasecmp(origin, text, (size_t)(host - origin) + len) == 0);
    CHECK(again && strcmp(again, origin) == 0);
    CHECK(!origin_is_in(origin, list));
    APR_ARRAY_PUSH(list, const char *) = again;
    CHECK(origin_is_in(origin, list));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    char *text = apr_palloc(p, size + 1);
    const char *origin;

    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    origin = origin_parse(text, p);
    if (origin) {
        check_origin(origin, text, p);
    }
    return pool_end();
}
