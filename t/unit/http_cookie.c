/* Cookies: what is found in a request's field and what is left of it, what directives may
 * ask for, and that what clears a cookie has the attributes of what set it. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "http/cookie.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool;

/* In memory that ends with the text, so that a read behind it is seen. */
static char *alone(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    strcpy(copy, text);
    return copy;
}

static const cookie_t usual = {"__Host-jwt", "/", NULL, "Lax", 1, 0, 0};

static void test_find(void)
{
    static const struct {
        const char *header, *expect; /* "-": none; "+": several */
    } rows[] = {
        {"__Host-jwt=a.b.c", "a.b.c"},
        {"a=1; __Host-jwt=a.b.c; b=2", "a.b.c"},
        {"a=1;__Host-jwt=a.b.c;b=2", "a.b.c"},
        {" \t__Host-jwt \t=\t a.b.c \t; b=2", "a.b.c"},
        {"__Host-jwt=", ""},
        {"__Host-jwt=a=b==", "a=b=="},
        {"__Host-jwt=\"a.b.c\"", "\"a.b.c\""},
        {"x=\"1; __Host-jwt=a.b.c; y=\"", "a.b.c"},
        {"__host-jwt=a.b.c", "-"},
        {"__Host-jwt2=a.b.c", "-"},
        {"x__Host-jwt=a.b.c", "-"},
        {"__Host-jw=a.b.c", "-"},
        {"=__Host-jwt=a.b.c", "-"},
        {"__Host-jwt", "-"},
        {"%5f_Host-jwt=a.b.c", "-"},
        {"$__Host-jwt=a", "-"},
        {"a=__Host-jwt=b", "-"},
        {"a=1, __Host-jwt=b", "-"},
        {"", "-"},
        {";", "-"},
        {"; ;;", "-"},
        {"=", "-"},
        {"a", "-"},
        {"__Host-jwt=a; __Host-jwt=b", "+"},
        {"__Host-jwt=a; __Host-jwt=a", "+"},
        {"__Host-jwt=a; x=1; __Host-jwt=", "+"},
        {"__Host-jwt=a; =__Host-jwt=b", "a"},
        {"__Host-jwt=a; __Host-jwt", "a"},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        char *header = alone(rows[i].header);
        const char *value = "-";
        cookie_found_t found = cookie_find(&value, header, "__Host-jwt", pool);

        is_str(found == COOKIE_SEVERAL ? "+" : value, rows[i].expect, rows[i].header);
        ok((found == COOKIE_NONE) == (strcmp(rows[i].expect, "-") == 0), "and said so");
        free(header);
    }
    is_int(cookie_find(NULL, NULL, "x", pool), COOKIE_NONE, "no field");
}

static void test_without(void)
{
    static const struct {
        const char *header, *expect; /* NULL: nothing; "=": as it was */
    } rows[] = {
        {"jwt=1", NULL},
        {"jwt=1; jwt2=2", "jwt2=2"},
        {"a=1; jwt=2", "a=1"},
        {"a=1; jwt=2; b=3", "a=1; b=3"},
        {"jwt=0; a=1; jwt=2;  csrf = 3 ; b=3;", "a=1; b=3;"},
        {"a=1;jwt=2;b=3", "a=1;b=3"},
        {" jwt=1 ; ; ", NULL},
        {"a=1", "="},
        {"", "="},
        {"Jwt=1; =jwt=2; jwt", "="},
        {"a=\"x; jwt=1; y\"", "a=\"x; y\""},
        {"a=1, jwt=2", "a=1"},
        {"jwt=2, a=1", "a=1"},
        {"a=1, jwt=2, b=3; c=4", "a=1, b=3; c=4"},
        {"a=x,y; b=1,2", "="},
        {"a=1,jwt =2", "a=1"},
        {"a=1, jwt", "="},
    };
    apr_array_header_t *names = apr_array_make(pool, 2, sizeof(const char *));
    apr_size_t i;

    APR_ARRAY_PUSH(names, const char *) = "jwt";
    APR_ARRAY_PUSH(names, const char *) = "csrf";
    for (i = 0; i < COUNT(rows); i++) {
        char *header = alone(rows[i].header);
        const char *left = cookie_without(header, names, pool);

        if (rows[i].expect && strcmp(rows[i].expect, "=") == 0) {
            ok(left == header, rows[i].header);
        } else {
            is_str(left, rows[i].expect, rows[i].header);
        }
        free(header);
    }
}

/* Twice the length costs twice the time: counted in crumbs, since clocks are not. */
static void test_long(void)
{
    char *header = apr_palloc(pool, 300001);
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    const char *value;
    int i;

    APR_ARRAY_PUSH(names, const char *) = "jwt";
    for (i = 0; i < 100000; i++) {
        memcpy(header + 3 * i, i % 2 ? "a=;" : "; ;", 3);
    }
    header[300000] = '\0';
    is_int(cookie_find(&value, header, "jwt", pool), COOKIE_NONE, "many crumbs");
    ok(cookie_without(header, names, pool) == header, "none of them ours");
}

static void test_text(void)
{
    static const cookie_t site = {
        "__Secure-r", "/auth", "example.com", "Strict", 1, 1, 0};
    static const cookie_t plain = {"csrf", "/", NULL, "None", 0, 0, 1};

    is_str(cookie_text(&usual, "a.b.c", COOKIE_SESSION, pool),
           "__Host-jwt=a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax", "of the browser");
    is_str(cookie_text(&usual, "a.b.c", 300, pool),
           "__Host-jwt=a.b.c; Path=/; Max-Age=300; Secure; HttpOnly; SameSite=Lax",
           "with an end");
    is_str(cookie_text(&usual, "", 0, pool),
           "__Host-jwt=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax", "cleared");
    is_str(cookie_text(&site, "", 0, pool),
           "__Secure-r=; Path=/auth; Domain=example.com; Max-Age=0; Secure; HttpOnly; "
           "SameSite=Strict; Partitioned",
           "cleared where it was set");
    is_str(cookie_text(&plain, "x", COOKIE_SESSION, pool),
           "csrf=x; Path=/; SameSite=None", "readable");
}

static const char *parsed(const char *words)
{
    cookie_t cookie;
    const char *error;
    char **argv;
    int argc = 0;

    memcpy(&cookie, &usual, sizeof usual); /* with what is between its members */
    apr_tokenize_to_argv(words, &argv, pool);
    while (argv[argc]) {
        argc++;
    }
    error = cookie_parse(&cookie, argc, argv, pool);
    if (error && memcmp(&cookie, &usual, sizeof usual) != 0) {
        return "refused, and changed all the same";
    }
    return error ? error : cookie_text(&cookie, "x", COOKIE_SESSION, pool);
}

static void test_parse(void)
{
    static const struct {
        const char *words, *expect;
    } rows[] = {
        {"__Host-a", "__Host-a=x; Path=/; Secure; HttpOnly; SameSite=Lax"},
        {"__Secure-a path=/a samesite=strict",
         "__Secure-a=x; Path=/a; Secure; HttpOnly; SameSite=Strict"},
        {"a Domain=example.com Partitioned",
         "a=x; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Partitioned"},
        {"a Secure=Off", "a=x; Path=/; HttpOnly; SameSite=Lax"},
        {"a SameSite=None", "a=x; Path=/; Secure; HttpOnly; SameSite=None"},
    };
    static const struct {
        const char *words, *expect;
    } bad[] = {
        {"", "'' is no name of a cookie"},
        {"a;b", "'a;b' is no name of a cookie"},
        {"a=b", "'a=b' is no name of a cookie"},
        {"'a b'", "'a b' is no name of a cookie"},
        {"__Host-a Path=/x", "a cookie whose name begins with __Host- has Path=/, Secure "
                             "and no Domain; write another name, such as __Secure-a"},
        {"__host-a Path=/x", "a cookie whose name begins with __Host-"},
        {"__Host-a Domain=example.com", "a cookie whose name begins with __Host-"},
        {"__Host-a Secure=Off",
         "a cookie whose name begins with __Host- has Path=/, Secure "
         "and no Domain; write another name, such as a"},
        {"__Secure-a Secure=Off", "a cookie whose name begins with __Secure-"},
        {"a SameSite=None Secure=Off", "browsers keep a cookie with SameSite=None"},
        {"a Partitioned Secure=Off",
         "browsers keep a cookie with SameSite=None or Parti"},
        {"a SameSite=Sometimes", "'SameSite=Sometimes' is no attribute"},
        {"a Path=x", "'Path=x' is no attribute"},
        {"a 'Path=/x; Domain=y'", "'Path=/x; Domain=y' is no attribute"},
        {"a Domain=com", "'Domain=com' is no attribute"},
        {"a Domain=.example.com", "'Domain=.example.com' is no attribute"},
        {"a Secure=On", "'Secure=On' is no attribute"},
        {"a HttpOnly=Off", "'HttpOnly=Off' is no attribute"},
        {"a Max-Age=5", "'Max-Age=5' is no attribute"},
        {"a Path=/x Path=/y", "'Path=/y' comes a second time"},
        {"a SameSite=Lax Path=/ samesite=Strict", "'samesite=Strict' comes a second"},
        {"a Partitioned Partitioned", "'Partitioned' comes a second time"},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_str(parsed(rows[i].words), rows[i].expect, rows[i].words);
    }
    for (i = 0; i < COUNT(bad); i++) {
        const char *said = parsed(bad[i].words);

        ok(strncmp(said, bad[i].expect, strlen(bad[i].expect)) == 0,
           apr_psprintf(pool, "refused: %s (%s)", bad[i].words, said));
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_find();
    test_without();
    test_long();
    test_text();
    test_parse();
    apr_pool_destroy(pool);
    return done_testing();
}
