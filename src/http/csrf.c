#include "http/csrf.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "http/cors.h"
#include "http/origin.h"

static int is_websocket(const request_rec *r)
{
    const char *upgrade = apr_table_get(r->headers_in, "Upgrade");

    return upgrade && ap_find_token(r->pool, upgrade, "websocket");
}

static int is_safe(const request_rec *r)
{
    return (r->method_number == M_GET || r->method_number == M_OPTIONS) &&
           !is_websocket(r);
}

/* A ServerName with a scheme is what others see of a server behind a proxy, which listens
 * somewhere else. */
static const char *server_origin(request_rec *r)
{
    int port = r->server->port;

    if (!port && !r->server->server_scheme) {
        port = r->connection->local_addr->port;
    }
    return origin_make(ap_http_scheme(r), r->server->server_hostname, port, r->pool);
}

static int is_ours(request_rec *r, const config_t *config, const char *origin)
{
    return config->origins ? origin_is_in(origin, config->origins)
                           : strcmp(origin, server_origin(r)) == 0;
}

/* The token can be of each key that signs somewhere here. */
static int is_token_of(const char *sent, const identity_t *identity,
                       const policy_t *policy, apr_pool_t *p)
{
    const char *token;
    int i;

    for (i = 0; i < policy->keys->nelts; i++) {
        token = csrf_token(APR_ARRAY_IDX(policy->keys, i, const jwk_t *),
                           identity->user_id, identity->claims.sid, p);
        if (token && jwk_is_mark(sent, token)) {
            return 1;
        }
    }
    return 0;
}

static verdict_t check_sent_token(request_rec *r, const config_t *config,
                                  const policy_t *policy, const char *cookie,
                                  const char **why)
{
    const char *sent = apr_table_get(r->headers_in, config->csrf_header), *unheeded;
    identity_t identity;

    if (!sent) {
        *why = apr_psprintf(r->pool,
                            "the cookie's request has none of Sec-Fetch-Site, Origin and "
                            "%s",
                            config->csrf_header);
        return VERDICT_CSRF;
    }
    if (check_signed(&identity, policy, cookie, &unheeded, r->pool) == VERDICT_OK &&
        is_token_of(sent, &identity, policy, r->pool)) {
        return VERDICT_OK;
    }
    *why = apr_psprintf(r->pool, "%s is not the token that goes with the cookie",
                        config->csrf_header);
    return VERDICT_CSRF;
}

/* What browsers say of where a request comes from (Fetch Metadata; RFC 6454 7.3). */
static verdict_t check_browser(request_rec *r, const config_t *config, const char *site,
                               const char *origin, const char **why)
{
    if (site) {
        *why = apr_psprintf(r->pool,
                            "Sec-Fetch-Site is '%s'; a front end of another origin needs "
                            "AuthJWTCORSOrigin",
                            site);
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0
                   ? VERDICT_OK
                   : VERDICT_CSRF;
    }
    *why =
        apr_psprintf(r->pool,
                     "Origin is '%s', and this site is '%s'; where a server in front "
                     "has the TLS write ServerName https://NAME, and a site of further "
                     "names needs AuthJWTOrigin",
                     origin,
                     config->origins ? apr_array_pstrcat(r->pool, config->origins, ' ')
                                     : server_origin(r));
    return is_ours(r, config, origin) ? VERDICT_OK : VERDICT_CSRF;
}

verdict_t csrf_check(request_rec *r, const config_t *config, const policy_t *policy,
                     const char *cookie, const char **why)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");

    if (!config->csrf || is_safe(r) || cors_origin(r, config)) {
        return VERDICT_OK;
    }
    if (site || origin) {
        return check_browser(r, config, site, origin, why);
    }
    return cookie ? check_sent_token(r, config, policy, cookie, why) : VERDICT_OK;
}

const char *csrf_token(const jwk_t *key, const char *user_id, const char *sid,
                       apr_pool_t *p)
{
    char *token = apr_palloc(p, MARK_SIZE);

    return jwk_mark(token, key, MARK_CSRF, user_id, sid ? sid : "", p) == APR_SUCCESS
               ? token
               : NULL;
}
