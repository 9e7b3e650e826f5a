/* The Cookie field: a cookie is found where one crumb has its name, and taking cookies
 * out leaves every other one as it was and where it was. */
#include <apr_strings.h>
#include <string.h>

#include "http/cookie.h"
#include "pool.h"

static const char *const ours[] = {"__Host-jwt", "b", NULL};

typedef struct {
    const char *text;
    size_t len;
    size_t name_len; /* 0: it has none */
} crumb_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static crumb_t trimmed(const char *text, size_t len)
{
    crumb_t crumb = {text, len, 0};

    while (crumb.len && is_blank(*crumb.text)) {
        crumb.text++;
        crumb.len--;
    }
    while (crumb.len && is_blank(crumb.text[crumb.len - 1])) {
        crumb.len--;
    }
    return crumb;
}

/* What is between separators, without what is blank; of each the name in front of '='. */
static apr_array_header_t *split(const char *header, const char *separators,
                                 apr_pool_t *p)
{
    apr_array_header_t *crumbs = apr_array_make(p, 8, sizeof(crumb_t));
    const char *from = header, *at;

    for (at = header;; at++) {
        if (!*at || strchr(separators, *at)) {
            crumb_t crumb = trimmed(from, (size_t)(at - from));
            const char *equals = memchr(crumb.text, '=', crumb.len);

            if (equals) {
                crumb.name_len = trimmed(crumb.text, (size_t)(equals - crumb.text)).len;
            }
            if (crumb.len) {
                APR_ARRAY_PUSH(crumbs, crumb_t) = crumb;
            }
            from = at + 1;
        }
        if (!*at) {
            return crumbs;
        }
    }
}

static int is_called(const crumb_t *crumb, const char *name)
{
    return crumb->name_len == strlen(name) &&
           strncmp(crumb->text, name, crumb->name_len) == 0;
}

static int is_ours(const crumb_t *crumb)
{
    int i;

    for (i = 0; ours[i] && !is_called(crumb, ours[i]); i++) {
    }
    return ours[i] != NULL;
}

static void check_find(const char *header, const apr_array_header_t *crumbs,
                       const char *name, apr_pool_t *p)
{
    const char *value = "untouched", *equals;
    cookie_found_t found = cookie_find(&value, header, name, p);
    const crumb_t *last = NULL;
    int i, count = 0;
    crumb_t expected;

    for (i = 0; i < crumbs->nelts; i++) {
        const crumb_t *crumb = &APR_ARRAY_IDX(crumbs, i, crumb_t);

        if (is_called(crumb, name)) {
            last = crumb;
            count++;
        }
    }
    CHECK(found == (count == 0 ? COOKIE_NONE : count == 1 ? COOKIE_ONE : COOKIE_SEVERAL));
    if (count != 1) {
        CHECK(strcmp(value, "untouched") == 0);
        return;
    }
    equals = memchr(last->text, '=', last->len);
    expected = trimmed(equals + 1, (size_t)(last->text + last->len - equals - 1));
    CHECK(strlen(value) == expected.len &&
          strncmp(value, expected.text, expected.len) == 0);
}

static void check_without(const char *header, const apr_array_header_t *before,
                          apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *)), *after;
    const char *left;
    int i, kept = 0;

    for (i = 0; ours[i]; i++) {
        APR_ARRAY_PUSH(names, const char *) = ours[i];
    }
    left = cookie_without(header, names, p);
    CHECK(!left ||
          (strlen(left) <= strlen(header) && cookie_without(left, names, p) == left));
    after = split(left ? left : "", ";,", p);
    for (i = 0; i < before->nelts; i++) {
        const crumb_t *crumb = &APR_ARRAY_IDX(before, i, crumb_t), *same;

        if (is_ours(crumb)) {
            continue;
        }
        CHECK(kept < after->nelts);
        same = &APR_ARRAY_IDX(after, kept++, crumb_t);
        CHECK(same->len == crumb->len &&
              strncmp(same->text, crumb->text, crumb->len) == 0);
    }
    CHECK(kept == after->nelts);
    CHECK((kept == before->nelts) == (left == header) || (!kept && !before->nelts));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    char *header = apr_palloc(p, size + 1); /* httpd lets no NUL through */
    const apr_array_header_t *crumbs;
    int i;

    if (size) {
        memcpy(header, data, size);
    }
    header[size] = '\0';
    crumbs = split(header, ";", p);
    for (i = 0; ours[i]; i++) {
        check_find(header, crumbs, ours[i], p);
    }
    check_without(header, split(header, ";,", p), p);
    return pool_end();
}
