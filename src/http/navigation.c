#include "http/navigation.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "http/next.h"

APLOG_USE_MODULE(auth_jwt);

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

static char *without_slash(const char *path, apr_size_t len, apr_pool_t *p)
{
    while (len && path[len - 1] == '/') {
        len--;
    }
    return apr_pstrmemdup(p, path, len);
}

static int is_host(const char *text, apr_size_t len, const char *host)
{
    return host && strlen(host) == len && ap_cstr_casecmpn(text, host, len) == 0;
}

/* The path of a URL of this host as r->uri has it, but without a slash at its end; NULL
 * for another host's. */
static const char *own_path(const request_rec *r, const char *url)
{
    apr_size_t len;
    char *path;

    if (*url != '/') {
        url += strcspn(url, ":") + strlen("://");
        len = strcspn(url, "/?#");
        if (!is_host(url, len, apr_table_get(r->headers_in, "Host")) &&
            !is_host(url, len, r->server->server_hostname)) {
            return NULL;
        }
        url += len;
    }
    path = without_slash(url, strcspn(url, "?#"), r->pool);
    ap_unescape_url(path);
    return path;
}

/* Whether a URL leads to what this request asks for: as it was sent, or as it was
 * rewritten. */
static int leads_here(const request_rec *r, const char *url)
{
    const char *path = own_path(r, url);

    return path &&
           (strcmp(path, without_slash(r->uri, strlen(r->uri), r->pool)) == 0 ||
            (*r->unparsed_uri == '/' && strcmp(path, own_path(r, r->unparsed_uri)) == 0));
}

/* Whether this request was sent to a login, and that one's to another, until one came
 * back here: the way back has the ways back of all of them in its query. */
static int is_in_circle(const request_rec *r)
{
    const char *next = next_of_query(r->args, r->pool);

    while (next && (next = strchr(next, '?')) != NULL) {
        next = next_of_query(next + 1, r->pool);
        if (next_is_safe(next) && leads_here(r, next)) {
            return 1;
        }
    }
    return 0;
}

static int wants_login(const request_rec *r, const config_t *config)
{
    return config->login_url && !r->main && r->method_number == M_GET &&
           navigation_is_page(r);
}

/* A login page that is protected by mistake would send its readers to itself for ever. */
static int is_endless(const request_rec *r, const config_t *config)
{
    return leads_here(r, config->login_url) || is_in_circle(r);
}

const char *navigation_login(request_rec *r, const config_t *config, verdict_t verdict)
{
    const char *url = config->login_url;
    const char *place = next_is_safe(r->unparsed_uri) ? r->unparsed_uri : NULL;

    if (!wants_login(r, config) || is_endless(r, config)) {
        return NULL;
    }
    return next_add(url, place,
                    verdict == VERDICT_LOGIN_TOO_OLD ? verdict_info(verdict)->name : NULL,
                    r->pool);
}

void navigation_explain(request_rec *r, const config_t *config)
{
    if (wants_login(r, config) && is_endless(r, config)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "JWT0125: AuthJWTLoginURL %s leads to a page that asks for a login "
                      "itself, so the answer is 401 in place of redirections without "
                      "end; open that page to everybody: Require all granted, in a "
                      "<Location> of its own",
                      config->login_url);
    }
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
