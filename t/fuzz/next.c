/* Where a login leads: nothing that is held to be safe leaves the site, read by a
 * browser, by a proxy that decodes it or by one that tidies paths; and what is put into a
 * query comes out of it. */
#include <apr_strings.h>
#include <string.h>

#include "http/next.h"
#include "pool.h"

/* As browsers do before they look (WHATWG URL 4.1 and 4.4): control characters and blanks
 * at both ends go, tabs and line ends everywhere, and a backslash is a slash. */
static char *as_browser(const char *place, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, place), *to = text;
    const char *from;
    size_t len = strlen(text);

    while (len && (unsigned char)text[len - 1] <= ' ') {
        text[--len] = '\0';
    }
    for (from = text; *from && (unsigned char)*from <= ' '; from++) {
    }
    for (; *from; from++) {
        if (!strchr("\t\r\n", *from)) {
            *to++ = (char)(*from == '\\' ? '/' : *from);
        }
    }
    *to = '\0';
    return text;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF", *at = c ? strchr(digits, c) : NULL;
    int value = at ? (int)(at - digits) : -1;

    return value > 15 ? value - 6 : value;
}

/* A path decoded once, as proxies and file systems see it; it ends at its query. */
static char *decoded(const char *place, apr_pool_t *p)
{
    char *text = apr_pstrmemdup(p, place, strcspn(place, "?#")), *to = text;
    const char *from;

    for (from = text; *from; from++) {
        if (*from == '%' && digit(from[1]) >= 0 && digit(from[2]) >= 0) {
            *to++ = (char)(16 * digit(from[1]) + digit(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

/* RFC 3986 section 5.2.4, from the left; what is left of a path. */
static char *without_dots(const char *path, apr_pool_t *p)
{
    char *out = apr_pcalloc(p, strlen(path) + 1), *end = out;

    while (*path == '/') {
        size_t len = strcspn(path + 1, "/");

        if (len == 2 && strncmp(path + 1, "..", 2) == 0) {
            while (end > out && *--end != '/') {
            }
        } else if (!(len == 1 && path[1] == '.')) {
            memcpy(end, path, len + 1);
            end += len + 1;
        }
        path += len + 1;
    }
    *end = '\0';
    return out;
}

/* Whether somebody who reads this as the target of a link goes to another host. */
static int leaves(const char *place, apr_pool_t *p)
{
    const char *text = as_browser(place, p);

    return *text != '/' || text[1] == '/';
}

static void check_place(const char *place, apr_pool_t *p)
{
    const char *at, *path = decoded(place, p), *tidy = without_dots(path, p);

    if (!next_is_safe(place)) {
        return;
    }
    CHECK(strlen(place) <= NEXT_MAX_LENGTH);
    for (at = place; *at; at++) {
        CHECK(*at > ' ' && *at < 0x7f && *at != '\\');
    }
    CHECK(!leaves(place, p) && !leaves(path, p));
    CHECK(!*tidy || !leaves(tidy, p));
}

/* What is added is text of a query, whatever the place was, and is read as that place. */
static void check_add(const char *url, const char *place, apr_pool_t *p)
{
    const char *added = next_add(url, place, "login_failed", p), *at, *found;
    size_t base = strcspn(url, "#");

    CHECK(strncmp(added, url, base) == 0);
    for (at = added + base; *at; at++) {
        CHECK(*at > ' ' && *at < 0x7f && !strchr("#\"'<>\\/", *at));
    }
    found = next_of_query(added + base + 1, p);
    CHECK(found && strcmp(found, place) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    char *text = apr_palloc(p, size + 1);
    const char *found;

    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    check_place(text, p);
    found = next_of_query(text, p);
    if (found) {
        CHECK(strlen(found) <= strlen(text));
        check_place(found, p);
    }
    check_add("/login", text, p);
    check_add(text, "/x", p);
    return pool_end();
}
