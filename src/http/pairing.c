/* What a section sets for itself holds below it alone, and an endpoint is rarely below a
 * place that it serves: what one of them says of cookies the other does not hear. */
#include "http/pairing.h"

#include <apr_strings.h>

#include "http/client.h"
#include "http/lines.h"
#include "http/tree.h"

typedef int relation_t(const sections_place_t *a, const sections_place_t *b);

static const sections_place_t *get(const apr_array_header_t *all, int i)
{
    return &APR_ARRAY_IDX(all, i, const sections_place_t);
}

/* The first place of the same host to which a section has a relation, or NULL. Places of
 * one host stand together. */
static const sections_place_t *find(const sections_place_t *section,
                                    const apr_array_header_t *all, relation_t *relation)
{
    const sections_place_t *place = section;

    while (place > get(all, 0) && place[-1].host == section->host) {
        place--;
    }
    for (; place < get(all, all->nelts) && place->host == section->host; place++) {
        if (relation(section, place)) {
            return place;
        }
    }
    return NULL;
}

/* Whether what is wrong with a section is wrong of none before it: it is told once. */
static int is_first(const sections_place_t *section, const apr_array_header_t *all,
                    relation_t *is_same)
{
    return find(section, all, is_same) == section;
}

static int is_page(const sections_place_t *place)
{
    return sections_is_protected(place) && !sections_is_endpoint(place);
}

/* --- Cookies ------------------------------------------------------------------------ */

static int same_cookie(const cookie_t *a, const cookie_t *b)
{
    return strcmp(a->name, b->name) == 0;
}

static int sets_access(const sections_place_t *place)
{
    return sections_issues(place) &&
           client_delivery(place->config).access & CONFIG_IN_COOKIE;
}

static int looks_in(const config_t *config, const char *name)
{
    const apr_array_header_t *sources = client_token_sources(config);
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const config_source_t *source = &APR_ARRAY_IDX(sources, i, config_source_t);

        if (source->place == CONFIG_COOKIE &&
            strcmp(client_source_name(config, source), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Relations of an endpoint. */

static int sets_the_same(const sections_place_t *a, const sections_place_t *b)
{
    return sets_access(b) &&
           same_cookie(a->config->access_cookie, b->config->access_cookie);
}

static int has_page(const sections_place_t *a, const sections_place_t *b)
{
    (void)a;
    return is_page(b);
}

static int is_looked_for(const sections_place_t *a, const sections_place_t *b)
{
    return is_page(b) && looks_in(b->config, a->config->access_cookie->name);
}

static int is_below(const char *path, const char *top)
{
    apr_size_t len = strlen(top);

    while (len && top[len - 1] == '/') {
        len--;
    }
    return sections_is_below(path, top, len);
}

/* As far as it can be told: only the URLs of a plain <Location> are known, and parts of
 * what is below it may be below the cookie's path. */
static int may_come_along(const sections_place_t *a, const sections_place_t *b)
{
    const char *path = a->config->access_cookie->path;

    return is_looked_for(a, b) &&
           (!b->path || !b->where || !tree_is(b->where, "<Location") ||
            is_below(b->path, path) || is_below(path, b->path));
}

const char *pairing_set(const sections_place_t *section, const apr_array_header_t *all,
                        apr_pool_t *p)
{
    const cookie_t *cookie = section->config->access_cookie;
    const sections_place_t *page;

    if (!sets_access(section) || !find(section, all, has_page) ||
        !is_first(section, all, sets_the_same)) {
        return NULL;
    }
    page = find(section, all, is_looked_for);
    if (page) {
        return find(section, all, may_come_along)
                   ? NULL
                   : apr_psprintf(p,
                                  "AuthJWTAccessCookie %s: with Path=%s browsers send it "
                                  "to no place under AuthType JWT that looks for it, "
                                  "such as %s; give it a path around these",
                                  cookie->name, cookie->path, page->path);
    }
    /* A token that the body has as well goes its own way. */
    if (client_delivery(section->config).access & CONFIG_IN_BODY) {
        return NULL;
    }
    return apr_psprintf(p,
                        "%s: the access token goes into the cookie %s here, and no place "
                        "under AuthType JWT looks for it; write AuthJWTClient browser "
                        "outside of sections, or AuthJWTTokenSource header cookie there",
                        section->config->access_delivery ? "AuthJWTAccessDelivery cookie"
                                                         : "AuthJWTClient browser",
                        cookie->name);
}

/* Relations of a page. */

static int is_issued(const sections_place_t *a, const sections_place_t *b)
{
    (void)a;
    return sections_issues(b);
}

/* Also by way of a refresh cookie. */
static int is_served(const sections_place_t *a, const sections_place_t *b)
{
    const config_t *config = a->config;

    return sets_the_same(a, b) ||
           (sections_issues(b) && client_refreshes_silently(config) &&
            client_delivery(b->config).refresh & CONFIG_IN_COOKIE &&
            same_cookie(config->refresh_cookie, b->config->refresh_cookie));
}

static int keeps_refresh(const sections_place_t *a, const sections_place_t *b)
{
    (void)a;
    return sections_issues(b) && client_delivery(b->config).refresh & CONFIG_IN_COOKIE;
}

const char *pairing_looked_for(const sections_place_t *section,
                               const apr_array_header_t *all, apr_pool_t *p)
{
    const config_t *config = section->config;

    if (!is_page(section) || !section->own ||
        !config_is_set(section->own, CONFIG_CLIENT) || config->token_sources ||
        !find(section, all, is_issued)) {
        return NULL;
    }
    if (config->client == CONFIG_BROWSER && !find(section, all, is_served)) {
        return apr_psprintf(p,
                            "AuthJWTClient browser: tokens are looked for in the cookie "
                            "%s here, and no endpoint puts one there; write it outside "
                            "of sections, where endpoints hear it, too",
                            config->access_cookie->name);
    }
    return config->client == CONFIG_SPA && !find(section, all, keeps_refresh)
               ? "AuthJWTClient spa: says where endpoints put refresh tokens, and none "
                 "of "
                 "them hears it here; write it outside of sections"
               : NULL;
}

/* --- Domains ------------------------------------------------------------------------ */

static int is_within(const char *name, const char *domain)
{
    apr_size_t name_len, len = strlen(domain);

    name += strspn(name, "*.");
    name_len = strlen(name);
    return name_len >= len && ap_cstr_casecmp(name + name_len - len, domain) == 0 &&
           (name_len == len || name[name_len - len - 1] == '.');
}

static int some_within(const apr_array_header_t *names, const char *domain)
{
    int i;

    for (i = 0; names && i < names->nelts; i++) {
        if (is_within(APR_ARRAY_IDX(names, i, const char *), domain)) {
            return 1;
        }
    }
    return 0;
}

static int some_origin_within(const apr_array_header_t *origins, const char *domain,
                              apr_pool_t *p)
{
    int i;

    for (i = 0; origins && i < origins->nelts; i++) {
        const char *host = strstr(APR_ARRAY_IDX(origins, i, const char *), "://") + 3;

        if (is_within(apr_pstrmemdup(p, host, strcspn(host, ":")), domain)) {
            return 1;
        }
    }
    return 0;
}

/* What the server says may be meant for one of its virtual hosts, also for those that say
 * nothing themselves. Without a ServerName nobody knows. */
static int is_of_host(const sections_host_t *host, const char *domain, apr_pool_t *p)
{
    const server_rec *s;

    for (s = host->server; s; s = host->where ? NULL : s->next) {
        if (is_within(s->server_hostname ? s->server_hostname : domain, domain) ||
            some_within(s->names, domain) || some_within(s->wild_names, domain)) {
            return 1;
        }
    }
    return some_origin_within(host->config->origins, domain, p) ||
           !tree_find(host->where ? host->where->first_child : ap_conftree, "ServerName");
}

static int has_cookie(const sections_place_t *place, const cookie_t *cookie)
{
    return (sections_issues(place) || is_page(place)) &&
           client_has_cookies(place->config) &&
           (place->config->access_cookie == cookie ||
            place->config->refresh_cookie == cookie);
}

/* Told once, and not where it is right in one host of several. */
static const char *check_domain(const char *directive, const cookie_t *cookie,
                                const sections_place_t *section,
                                const apr_array_header_t *all, apr_pool_t *p)
{
    int i;

    if (!cookie->domain || !has_cookie(section, cookie)) {
        return NULL;
    }
    for (i = 0; i < all->nelts; i++) {
        const sections_place_t *place = get(all, i);

        if (has_cookie(place, cookie) &&
            (place < section || is_of_host(place->host, cookie->domain, p))) {
            return NULL;
        }
    }
    return apr_psprintf(
        p,
        "%s %s: browsers drop a cookie with Domain=%s of this site, which "
        "is %s; name that or a domain around it, or leave Domain away",
        directive, cookie->name, cookie->domain, section->host->server->server_hostname);
}

const char *pairing_domain(const sections_place_t *section, const apr_array_header_t *all,
                           apr_pool_t *p)
{
    const config_t *config = section->config;
    const char *text =
        check_domain("AuthJWTAccessCookie", config->access_cookie, section, all, p);

    return text ? text
                : check_domain("AuthJWTRefreshCookie", config->refresh_cookie, section,
                               all, p);
}

/* --- Claims ------------------------------------------------------------------------- */

static int has_claim(const apr_array_header_t *claims, const char *name)
{
    int i;

    for (i = 0; claims && i < claims->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(claims, i, const policy_claim_t).name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A claim of the one that the other has not, or NULL. */
static const char *missing_claim(const config_t *has, const config_t *lacks)
{
    int i;

    for (i = 0; has->claims != lacks->claims && has->claims && i < has->claims->nelts;
         i++) {
        const char *name = APR_ARRAY_IDX(has->claims, i, const policy_claim_t).name;

        if (!has_claim(lacks->claims, name)) {
            return name;
        }
    }
    return NULL;
}

/* Whether tokens of b come to a, and have more than a's own would. */
static int has_more(const sections_place_t *a, const sections_place_t *b)
{
    return sets_the_same(a, b) && ((b->config->roles && !a->config->roles) ||
                                   missing_claim(b->config, a->config));
}

const char *pairing_claims(const sections_place_t *section, const apr_array_header_t *all,
                           apr_pool_t *p)
{
    const sections_place_t *other;
    const char *claim;

    if (!is_page(section) || !client_refreshes_silently(section->config)) {
        return NULL;
    }
    other = find(section, all, has_more);
    if (!other) {
        return NULL;
    }
    claim = missing_claim(other->config, section->config);
    return apr_psprintf(p,
                        "%s%s: stands where tokens are issued, and not here, where "
                        "AuthJWTSilentRefresh makes them without it; write it outside of "
                        "sections, or here as well",
                        claim ? "AuthJWTClaim " : "AuthJWTRolesQuery",
                        claim ? claim : "");
}

/* --- The login page ----------------------------------------------------------------- */

static int has_login_url(const sections_place_t *a, const sections_place_t *b)
{
    return is_page(b) && a->config->login_url == b->config->login_url;
}

/* What the last section with a Require says, where that is a <Location>: nothing but a
 * pattern or an <If> comes behind those. */
static int is_shut(const sections_place_t *place, apr_pool_t *p)
{
    const sections_layer_t *layer;

    for (layer = place->layers; layer && layer->section; layer = layer->below) {
        if (lines_has_require(layer->section->first_child)) {
            return tree_is(layer->section, "<Location") &&
                   lines_shut_out(layer->section->first_child, p);
        }
    }
    return 0;
}

const char *pairing_login(const sections_place_t *section, const apr_array_header_t *all,
                          apr_pool_t *p)
{
    const char *url = section->config->login_url;
    sections_place_t page;

    if (!url || *url != '/' || !is_page(section) ||
        !is_first(section, all, has_login_url)) {
        return NULL;
    }
    sections_at(&page, section->host, apr_pstrmemdup(p, url, strcspn(url, "?#")), p);
    return is_page(&page) && is_shut(&page, p)
               ? apr_psprintf(
                     p,
                     "AuthJWTLoginURL %s: the page is under AuthType JWT itself, "
                     "so nobody sees it who is not logged in; add <Location "
                     "\"%s\"> with: Require all granted",
                     url, page.path)
               : NULL;
}
