#include "http/cookie.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* --- What a directive says -------------------------------------------------------- */

/* RFC 6265 section 4.1.1: the token of RFC 9110. */
static int is_name(const char *text)
{
    apr_size_t len = strspn(text, "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return len > 0 && text[len] == '\0';
}

/* Nothing that would end the attribute, or the line. */
static int is_path(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f || *at == ';') {
            return 0;
        }
    }
    return *text == '/';
}

static int is_domain(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (!apr_isalnum(*at) && *at != '-' && *at != '.') {
            return 0;
        }
    }
    return apr_isalnum(*text) && strchr(text, '.');
}

static const char *same_site(const char *value)
{
    static const char *const known[] = {"Strict", "Lax", "None", NULL};
    int i = 0;

    while (known[i] && apr_cstr_casecmp(known[i], value) != 0) {
        i++;
    }
    return known[i];
}

/* One attribute; NULL when it was understood. */
static const char *read_attribute(cookie_t *out, const char *text, apr_pool_t *p)
{
    const char *value = strchr(text, '=');
    apr_size_t len = value ? (apr_size_t)(value - text) : strlen(text);
    const char *name = apr_pstrmemdup(p, text, len);

    value = value ? value + 1 : "";
    if (apr_cstr_casecmp(name, "Path") == 0 && is_path(value)) {
        out->path = value;
    } else if (apr_cstr_casecmp(name, "Domain") == 0 && is_domain(value)) {
        out->domain = value;
    } else if (apr_cstr_casecmp(name, "SameSite") == 0 && same_site(value)) {
        out->same_site = same_site(value);
    } else if (apr_cstr_casecmp(text, "Secure=Off") == 0) {
        out->is_secure = 0;
    } else if (apr_cstr_casecmp(text, "Partitioned") == 0) {
        out->is_partitioned = 1;
    } else {
        return apr_psprintf(
            p,
            "'%s' is no attribute that can be written; these are "
            "Path=/path, Domain=example.com, SameSite=Strict, SameSite=Lax, "
            "SameSite=None, Secure=Off and Partitioned (Secure is set "
            "without a word, HttpOnly always)",
            text);
    }
    return NULL;
}

static int has_prefix(const char *name, const char *prefix)
{
    return apr_cstr_casecmpn(name, prefix, strlen(prefix)) == 0;
}

int cookie_must_be_secure(const char *name)
{
    return has_prefix(name, "__Secure-") || has_prefix(name, "__Host-");
}

/* What browsers would not keep. They compare the prefixes without regard to case. */
static const char *refused(const cookie_t *cookie, apr_pool_t *p)
{
    const char *name = cookie->name;

    if (has_prefix(name, "__Host-") &&
        (strcmp(cookie->path, "/") != 0 || cookie->domain || !cookie->is_secure)) {
        return apr_psprintf(p,
                            "a cookie whose name begins with __Host- has Path=/, Secure "
                            "and no Domain; write another name, such as %s%s",
                            cookie->is_secure ? "__Secure-" : "",
                            name + strlen("__Host-"));
    }
    if (!cookie->is_secure && cookie_must_be_secure(name)) {
        return "a cookie whose name begins with __Secure- is Secure; write a name "
               "without a prefix, or leave Secure=Off away";
    }
    if (!cookie->is_secure &&
        (strcmp(cookie->same_site, "None") == 0 || cookie->is_partitioned)) {
        return "browsers keep a cookie with SameSite=None or Partitioned only if it is "
               "Secure; leave Secure=Off away";
    }
    return NULL;
}

/* Whether an attribute stands in front of itself. */
static int is_repeated(int i, char *const argv[])
{
    apr_size_t len = strcspn(argv[i], "=");
    int j;

    for (j = 1; j < i; j++) {
        if (strcspn(argv[j], "=") == len &&
            apr_cstr_casecmpn(argv[j], argv[i], len) == 0) {
            return 1;
        }
    }
    return 0;
}

const char *cookie_parse(cookie_t *out, int argc, char *const argv[], apr_pool_t *p)
{
    const char *error = NULL;
    cookie_t made = *out;
    int i;

    if (argc < 1 || !is_name(argv[0])) {
        return apr_psprintf(p,
                            "'%s' is no name of a cookie; write one such as __Host-jwt",
                            argc ? argv[0] : "");
    }
    made.name = argv[0];
    for (i = 1; i < argc && !error; i++) {
        error =
            is_repeated(i, argv)
                ? apr_psprintf(p, "'%s' comes a second time; write each attribute once",
                               argv[i])
                : read_attribute(&made, argv[i], p);
    }
    if (!error) {
        error = refused(&made, p);
    }
    if (!error) {
        *out = made;
    }
    return error;
}

/* --- What we send ----------------------------------------------------------------- */

const char *cookie_text(const cookie_t *cookie, const char *value, int max_age,
                        apr_pool_t *p)
{
    return apr_pstrcat(
        p, cookie->name, "=", value, "; Path=", cookie->path,
        cookie->domain ? apr_pstrcat(p, "; Domain=", cookie->domain, NULL) : "",
        max_age == COOKIE_SESSION ? "" : apr_psprintf(p, "; Max-Age=%d", max_age),
        cookie->is_secure ? "; Secure" : "", cookie->is_readable ? "" : "; HttpOnly",
        "; SameSite=", cookie->same_site, cookie->is_partitioned ? "; Partitioned" : "",
        NULL);
}

/* --- What browsers send ------------------------------------------------------------- */

typedef struct {
    const char *name, *value;
    apr_size_t name_len, value_len;
} crumb_t;

#define BLANKS " \t"

static void trim(const char **text, apr_size_t *len)
{
    apr_size_t blanks = strspn(*text, BLANKS);

    blanks = blanks < *len ? blanks : *len;
    *text += blanks;
    *len -= blanks;
    while (*len && strchr(BLANKS, (*text)[*len - 1])) {
        --*len;
    }
}

/* The crumb at @p header; returns the place behind it, or NULL at the end. */
static const char *next_crumb(crumb_t *out, const char *header, const char *separators)
{
    apr_size_t len = strcspn(header, separators);
    const char *equals = memchr(header, '=', len);

    out->name = header;
    out->name_len = equals ? (apr_size_t)(equals - header) : 0;
    out->value = equals ? equals + 1 : header;
    out->value_len = equals ? len - out->name_len - 1 : len;
    trim(&out->name, &out->name_len);
    trim(&out->value, &out->value_len);
    return header[len] ? header + len + 1 : NULL;
}

static int is_called(const crumb_t *crumb, const char *name)
{
    return crumb->name_len == strlen(name) &&
           memcmp(crumb->name, name, crumb->name_len) == 0;
}

cookie_found_t cookie_find(const char **value, const char *header, const char *name,
                           apr_pool_t *p)
{
    crumb_t crumb, found = {0};
    int count = 0;

    while (header) {
        header = next_crumb(&crumb, header, ";");
        if (is_called(&crumb, name)) {
            found = crumb;
            count++;
        }
    }
    if (count == 1) {
        *value = apr_pstrmemdup(p, found.value, found.value_len);
    }
    return count == 0 ? COOKIE_NONE : count == 1 ? COOKIE_ONE : COOKIE_SEVERAL;
}

static int is_one_of(const crumb_t *crumb, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (is_called(crumb, APR_ARRAY_IDX(names, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* A comma separates here, too: httpd joins two Cookie fields by it, as a proxy may make
 * of the crumbs of HTTP/2. Nobody is let in by such a cookie, but nobody sees it. */
#define SEPARATORS ";,"

const char *cookie_without(const char *header, const apr_array_header_t *names,
                           apr_pool_t *p)
{
    char *left = apr_palloc(p, strlen(header) + 1), *end = left;
    const char *at = header, *next;
    int dropped = 0;
    crumb_t crumb;

    for (; at; at = next) {
        apr_size_t len = strcspn(at, SEPARATORS);

        next = next_crumb(&crumb, at, SEPARATORS);
        if (is_one_of(&crumb, names)) {
            dropped = 1;
            continue;
        }
        if (end != left) {
            *end++ = at[-1];
        } else {
            /* What was behind one that is gone begins with a blank. */
            apr_size_t blanks = dropped ? strspn(at, BLANKS) : 0;

            at += blanks;
            len -= blanks;
        }
        memcpy(end, at, len);
        end += len;
    }
    *end = '\0';
    return !dropped ? header : left[strspn(left, BLANKS SEPARATORS)] ? left : NULL;
}
