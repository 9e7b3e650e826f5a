/* Origins: one spelling each, and nothing that only looks like one. */
#include <apr_general.h>
#include <apr_strings.h>

#include "http/origin.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

int main(void)
{
    static const struct {
        const char *text, *expect;
    } rows[] = {
        {"https://www.example.com", "https://www.example.com"},
        {"HTTPS://WWW.Example.COM:443", "https://www.example.com"},
        {"http://example.com:80", "http://example.com"},
        {"https://example.com:80", "https://example.com:80"},
        {"http://localhost:3000", "http://localhost:3000"},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
        {"http://[::1]:8080", "http://[::1]:8080"},
        {"https://[2001:DB8::1]", "https://[2001:db8::1]"},
        {"capacitor://localhost", "capacitor://localhost"},
        {"chrome-extension://abcdef", "chrome-extension://abcdef"},
        {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
        {"null", NULL},
        {"*", NULL},
        {"", NULL},
        {"://", NULL},
        {"https://", NULL},
        {"https://*", NULL},
        {"https://*.example.com", NULL},
        {"//example.com", NULL},
        {"example.com", NULL},
        {"https:/example.com", NULL},
        {"https://example.com/", NULL},
        {"https://example.com/path", NULL},
        {"https://example.com?x", NULL},
        {"https://user@example.com", NULL},
        {"https://example.com:", NULL},
        {"https://example.com:0", NULL},
        {"https://example.com:65536", NULL},
        {"https://example.com:99999999999999999999", NULL},
        {"https://example.com:80x", NULL},
        {"https://example.com:-1", NULL},
        {"https://exa mple.com", NULL},
        {"https://b\xc3\xbc"
         "cher.example",
         NULL},
        {"https://[::1", NULL},
        {"https://[]", NULL},
        {"https://[::1]x", NULL},
        {"1https://example.com", NULL},
    };
    apr_array_header_t *list;
    apr_pool_t *pool;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < COUNT(rows); i++) {
        is_str(origin_parse(rows[i].text, pool), rows[i].expect, rows[i].text);
    }
    is_str(origin_make("https", "WWW.example.com", 0, pool), "https://www.example.com",
           "made, the scheme's own port");
    is_str(origin_make("http", "example.com", 8080, pool), "http://example.com:8080",
           "made, another port");
    list = apr_array_make(pool, 1, sizeof(const char *));
    ok(!origin_is_in("https://a.example", NULL), "in no list");
    ok(!origin_is_in("https://a.example", list), "in an empty list");
    APR_ARRAY_PUSH(list, const char *) = "https://a.example";
    ok(origin_is_in("https://a.example", list), "in the list");
    ok(!origin_is_in("https://a.example.org", list), "a longer one is not");
    ok(!origin_is_in("https://a.exampl", list), "nor a shorter one");
    ok(!origin_is_in("http://a.example", list), "nor one of another scheme");
    ok(!origin_is_in("https://A.example", list), "no browser writes it so");
    apr_pool_destroy(pool);
    return done_testing();
}
