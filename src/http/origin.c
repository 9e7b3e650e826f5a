#include "http/origin.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *scheme;
    int port;
} own_ports[] = {{"http", 80}, {"https", 443}};

static int own_port(const char *scheme)
{
    apr_size_t i;

    for (i = 0; i < sizeof own_ports / sizeof *own_ports; i++) {
        if (strcmp(own_ports[i].scheme, scheme) == 0) {
            return own_ports[i].port;
        }
    }
    return 0;
}

static char *lower(const char *text, apr_size_t len, apr_pool_t *p)
{
    char *copy = apr_pstrmemdup(p, text, len), *at;

    for (at = copy; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    return copy;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* Of lower-case letters by now. Apps have origins with schemes of their own. */
static int is_scheme(const char *text)
{
    return apr_isalpha(*text) && strspn(text, LETTERS DIGITS "+-.") == strlen(text);
}

static int is_host(const char *text)
{
    apr_size_t len = strlen(text);

    if (*text == '[') {
        return len > 3 && strspn(text + 1, DIGITS "abcdef:.") == len - 2 &&
               text[len - 1] == ']';
    }
    return len && strspn(text, LETTERS DIGITS "-._") == len;
}

/* 0 when there is none; -1 for what is no port. */
static int read_port(const char *text)
{
    apr_size_t len = strlen(text);
    int port;

    if (!len) {
        return 0;
    }
    if (*text != ':' || len < 2 || len > 6 || strspn(text + 1, DIGITS) != len - 1) {
        return -1;
    }
    port = (int)strtol(text + 1, NULL, 10);
    return port >= 1 && port <= 65535 ? port : -1;
}

const char *origin_make(const char *scheme, const char *host, int port, apr_pool_t *p)
{
    const char *s = lower(scheme, strlen(scheme), p);
    const char *h = lower(host, strlen(host), p);

    return port == 0 || port == own_port(s) ? apr_pstrcat(p, s, "://", h, NULL)
                                            : apr_psprintf(p, "%s://%s:%d", s, h, port);
}

const char *origin_parse(const char *text, apr_pool_t *p)
{
    const char *colon = strstr(text, "://"), *scheme, *host;
    apr_size_t len;
    int port;

    if (!colon) {
        return NULL;
    }
    scheme = lower(text, (apr_size_t)(colon - text), p);
    text = colon + strlen("://");
    len = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":/?#@");
    len = len < strlen(text) ? len : strlen(text);
    host = lower(text, len, p);
    port = read_port(text + len);
    return is_scheme(scheme) && is_host(host) && port >= 0
               ? origin_make(scheme, host, port, p)
               : NULL;
}

int origin_is_in(const char *origin, const apr_array_header_t *list)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (strcmp(origin, APR_ARRAY_IDX(list, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}
