/* The Authorization header: a token is what stands as second and last word behind an
 * accepted scheme, and nothing else is one. */
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "http/authorization.h"
#include "pool.h"

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The words of a text and how many there are; two of them are kept. */
static int split(const char *words[2], size_t lens[2], const char *text)
{
    int count = 0;
    const char *from;

    while (*text) {
        while (is_blank(*text)) {
            text++;
        }
        for (from = text; *text && !is_blank(*text);) {
            text++;
        }
        if (text > from && count++ < 2) {
            words[count - 1] = from;
            lens[count - 1] = (size_t)(text - from);
        }
    }
    return count;
}

static verdict_t expected(const char *words[2], const size_t lens[2], int count)
{
    if (count == 0 || !((lens[0] == 6 && strncasecmp(words[0], "Bearer", 6) == 0) ||
                        (lens[0] == 3 && strncasecmp(words[0], "JWT", 3) == 0))) {
        return VERDICT_NO_TOKEN;
    }
    return count == 2 ? VERDICT_OK : VERDICT_BAD_HEADER;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    apr_array_header_t *schemes = apr_array_make(p, 2, sizeof(const char *));
    const char *token = "untouched", *why = NULL, *words[2];
    size_t lens[2] = {0, 0};
    char *header = apr_palloc(p, size + 1); /* httpd lets no NUL through */
    verdict_t verdict;
    int count;

    if (size) {
        memcpy(header, data, size);
    }
    header[size] = '\0';
    APR_ARRAY_PUSH(schemes, const char *) = "Bearer";
    APR_ARRAY_PUSH(schemes, const char *) = "JWT";
    count = split(words, lens, header);
    verdict = authorization_token(&token, "X-Token", header, schemes, &why, p);
    CHECK(verdict == expected(words, lens, count));
    if (verdict == VERDICT_OK) {
        CHECK(strlen(token) == lens[1] && memcmp(token, words[1], lens[1]) == 0);
    } else {
        CHECK(why && *why && strcmp(token, "untouched") == 0);
    }
    return pool_end();
}
