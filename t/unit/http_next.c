/* Where a login leads: into this site, whoever reads the place. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

#include "http/next.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *const good[] = {
    "/",
    "/members/",
    "/members/page.html?a=b&c=d%20e#part",
    "/a%20b",
    "/a:b@c",
    "/x?url=http://example.com/",
    "/x?url=//example.com",
    "/x#//example.com",
    "/.well-known/x",
    "/..a",
    "/a.b/c..d",
    "/%E2%82%AC",
    "/x?a=%5c%0a",
    "/...x/",
    "/a;b=1/c",
};

static const char *const bad[] = {
    "",
    "x",
    "members/",
    "http://example.com/",
    "https://example.com",
    "//example.com",
    "///example.com",
    "////example.com/",
    "/\\example.com",
    "\\/example.com",
    "\\\\example.com",
    "/\\/example.com",
    "\\example.com",
    "http:example.com",
    "http:/example.com",
    "https:\\example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\texample.com",
    "/\t/example.com",
    "\t//example.com",
    " //example.com",
    " /x",
    "/ /example.com",
    "/\n/example.com",
    "/\r\nSet-Cookie: x=y",
    "/x\r\ny",
    "/\x01/example.com",
    "/x\x7f",
    "/\v/example.com",
    "/\f/example.com",
    "/a//b",
    "/a///example.com",
    "/.//example.com",
    "/..//example.com",
    "/./",
    "/../x",
    "/a/../b",
    "/a/..",
    "/a/.",
    "/.",
    "/..",
    "/x/../../example.com",
    "/%2e%2e//example.com",
    "/%2e/",
    "/%2E%2e/x",
    "/.%2e/x",
    "/a/%2e?x",
    "/a/..;",
    "/a/..#x",
    "/%2fexample.com",
    "/%2F/example.com",
    "/%2f%2fexample.com",
    "/%5cexample.com",
    "/%5C%5cexample.com",
    "/a%5c",
    "/a%2fb",
    "/%09/example.com",
    "/%0a/example.com",
    "/%0d%0aLocation:%20x",
    "/%00x",
    "/%7f",
    "/%",
    "/%x",
    "/%2",
    "/%zz",
    "/%%",
    "/x?%",
    "@example.com",
    "/\xe2\x80\xae",
    "/\xef\xbc\x8f\xef\xbc\x8f"
    "example.com",
    "/\xc0\xaf"
    "example.com",
    "\xe3\x80\x82",
    "?next=/x",
    "#x",
    ".",
    "..",
    "./x",
    "../x",
    ":",
    "//",
    "///",
    "/\\",
    "\\",
    "//example.com/%2f..",
    "//[::1]/",
    "//user@example.com",
    "http://localhost@example.com",
    "/x?a\\b",
    "/x#\\",
    "/x y",
    "ftp://example.com",
    "file:///etc/passwd",
    "x:y",
};

int main(void)
{
    apr_pool_t *pool;
    apr_size_t i;
    char *place;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(good); i++) {
        ok(next_is_safe(good[i]), apr_pstrcat(pool, "gone to: ", good[i], NULL));
    }
    for (i = 0; i < COUNT(bad); i++) {
        place = malloc(strlen(bad[i]) + 1);
        strcpy(place, bad[i]);
        ok(!next_is_safe(place), apr_psprintf(pool, "not gone to: row %d", (int)i));
        free(place);
    }
    ok(!next_is_safe(NULL), "no place");
    place = apr_palloc(pool, NEXT_MAX_LENGTH + 2);
    memset(place, 'x', NEXT_MAX_LENGTH + 1);
    place[0] = '/';
    place[NEXT_MAX_LENGTH] = '\0';
    ok(next_is_safe(place), "as long as may be");
    place[NEXT_MAX_LENGTH] = 'x';
    place[NEXT_MAX_LENGTH + 1] = '\0';
    ok(!next_is_safe(place), "longer");

    is_str(next_of_query("a=1&next=%2Fx%3Fy%3Dz&b", pool), "/x?y=z", "of a query");
    is_str(next_of_query("next=", pool), "", "empty");
    is_str(next_of_query("Next=/x", pool), NULL, "another name");
    is_str(next_of_query("next=/x&next=/y", pool), NULL, "two are none");
    is_str(next_of_query("next=/x%00y", pool), NULL, "a NUL");
    is_str(next_of_query(NULL, pool), NULL, "no query");
    is_str(next_add("/login", "/a b?c=d&e", NULL, pool), "/login?next=%2fa+b%3fc%3dd%26e",
           "to a URL");
    is_str(next_add("/login?x=1#y", "/a", "login_failed", pool),
           "/login?x=1&error=login_failed&next=%2fa", "to a query, without the fragment");
    is_str(next_add("/login", NULL, "x", pool), "/login?error=x", "a code alone");
    is_str(next_add("/login", NULL, NULL, pool), "/login", "neither");
    is_str(next_of_query("next=%2fa+b%3fc%3dd%26e", pool), "/a b?c=d&e", "and back");
    apr_pool_destroy(pool);
    return done_testing();
}
