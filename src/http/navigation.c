#include "http/navigation.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "http/next.h"

/* Fetch Metadata where the browser sends it; else what only scripts leave away. */
int navigation_is_page(const request_rec *r)
{
    const char *mode = apr_table_get(r->headers_in, "Sec-Fetch-Mode");
    const char *accept = apr_table_get(r->headers_in, "Accept");

    if (mode) {
        return strcmp(mode, "navigate") == 0;
    }
    return !apr_table_get(r->headers_in, "X-Requested-With") && accept &&
           ap_strcasestr(accept, "text/html");
}

/* A page that is protected by mistake would send its readers to itself for ever. */
static int is_login_page(const request_rec *r, const char *url)
{
    apr_size_t len = strcspn(url, "?#");

    return strncmp(r->uri, url, len) == 0 && r->uri[len] == '\0';
}

const char *navigation_login(request_rec *r, const config_t *config, verdict_t verdict)
{
    const char *url = config->login_url;
    const char *place = next_is_safe(r->unparsed_uri) ? r->unparsed_uri : NULL;

    if (!url || r->main || r->method_number != M_GET || !navigation_is_page(r) ||
        is_login_page(r, url)) {
        return NULL;
    }
    return next_add(url, place,
                    verdict == VERDICT_LOGIN_TOO_OLD ? verdict_info(verdict)->name : NULL,
                    r->pool);
}

const char *navigation_login_again(request_rec *r, const config_t *config,
                                   const char *error, const char *next)
{
    const char *here = ap_escape_uri(r->pool, r->uri);

    /* A pattern can match what a browser would take for another host. */
    if (config->login_url || !next_is_safe(here)) {
        here = config->login_url ? config->login_url : "/";
    }
    return next_add(here, next, error, r->pool);
}

/* The query of the page that sent the form, where that is one of this host's. */
static const char *referring_query(request_rec *r)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *at = referer ? strstr(referer, "://") : NULL, *query;
    apr_size_t len;

    if (!at || !host) {
        return NULL;
    }
    at += strlen("://");
    len = strcspn(at, "/?#");
    query = at + len + strcspn(at + len, "?#");
    return strlen(host) == len && ap_cstr_casecmpn(at, host, len) == 0 && *query == '?'
               ? apr_pstrmemdup(r->pool, query + 1, strcspn(query + 1, "#"))
               : NULL;
}

const char *navigation_next(request_rec *r, const char *field)
{
    const char *places[3];
    int i;

    places[0] = field;
    places[1] = next_of_query(r->args, r->pool);
    places[2] = next_of_query(referring_query(r), r->pool);
    for (i = 0; i < 3; i++) {
        if (next_is_safe(places[i])) {
            return places[i];
        }
    }
    return NULL;
}
