#include "http/browsercheck.h"

#include <apr_strings.h>

#include "http/client.h"
#include "http/tree.h"

/* One name for two cookies: the second would overwrite the first. */
const char *browsercheck_cookies(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const struct {
        const char *directive, *name;
    } cookies[] = {
        {"AuthJWTAccessCookie", config->access_cookie->name},
        {"AuthJWTRefreshCookie", config->refresh_cookie->name},
        {"AuthJWTCSRFCookie", config->csrf_cookie},
    };
    apr_size_t i, j;

    for (i = 1; i < sizeof cookies / sizeof *cookies; i++) {
        for (j = 0; j < i; j++) {
            if (strcmp(cookies[i].name, cookies[j].name) == 0) {
                return apr_psprintf(
                    p, "%s: '%s' is the cookie of %s, too; write another name",
                    cookies[i].directive, cookies[i].name, cookies[j].directive);
            }
        }
    }
    return NULL;
}

/* What delivery_set_cookies() would send and no browser keep. */
const char *browsercheck_csrf_cookie(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    return !config->refresh_cookie->is_secure &&
                   cookie_must_be_secure(config->csrf_cookie)
               ? apr_psprintf(
                     p,
                     "AuthJWTCSRFCookie: '%s' is as little Secure as that of "
                     "AuthJWTRefreshCookie with its Secure=Off, and browsers drop such "
                     "a cookie by its prefix; write a name without one, such as "
                     "csrftoken",
                     config->csrf_cookie)
               : NULL;
}

/* Seconds. */
#define OLDEST_QUERY_TOKEN 300

/* A query is kept in histories, bookmarks and the logs of others. */
const char *browsercheck_query(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    (void)p;
    return client_looks_in(config, CONFIG_QUERY) &&
                   (!config->max_token_age || config->max_token_age > OLDEST_QUERY_TOKEN)
               ? "AuthJWTTokenSource: tokens in queries are written down in many places, "
                 "so they must be young; add AuthJWTMaxTokenAge 5min, or less"
               : NULL;
}

const char *browsercheck_remember(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    policy_t policy;

    if (!config->remember_lifetime || !sections_issues(section)) {
        return NULL;
    }
    config_policy(&policy, config, p);
    if (config->remember_lifetime < config->access_lifetime) {
        return "AuthJWTRememberLifetime: is shorter than AuthJWTAccessLifetime, so a "
               "refresh token would end before what it renews; make it the longer one";
    }
    return policy.session_lifetime &&
                   config->remember_lifetime > policy.session_lifetime &&
                   (config->sessions == POLICY_SESSIONS_ON ||
                    config->sessions == POLICY_SESSIONS_MIGRATE)
               ? "AuthJWTRememberLifetime: is longer than AuthJWTSessionLifetime (30d, "
                 "if "
                 "nothing is written; 12h with AuthJWTProvider alone), which ends every "
                 "session; make it the shorter one"
               : NULL;
}

/* Whether browsers send a cookie along with requests for a place, as far as its URL is
 * known: the path of a directory is none. */
static int reaches(const cookie_t *cookie, const sections_place_t *section)
{
    apr_size_t len = strlen(cookie->path);

    if (!section->path || !section->where || !tree_is(section->where, "<Location")) {
        return 1;
    }
    while (len && cookie->path[len - 1] == '/') {
        len--;
    }
    return sections_is_below(section->path, cookie->path, len);
}

const char *browsercheck_silent(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const cookie_t *cookie = config->refresh_cookie;
    int tells = section->own && config_is_set(section->own, CONFIG_SILENT_REFRESH);

    if (!client_refreshes_silently(config) ||
        (!tells && !sections_is_protected(section))) {
        return NULL;
    }
    if (!client_looks_in_own_cookie(config)) {
        return "AuthJWTSilentRefresh: renews the access cookie, and tokens are not "
               "looked "
               "for in it here; add AuthJWTTokenSource header cookie, or AuthJWTClient "
               "browser";
    }
    if (strcmp(cookie->same_site, "Strict") == 0) {
        return "AuthJWTSilentRefresh: a refresh cookie with SameSite=Strict does not "
               "come along when somebody follows a link to this site; write "
               "SameSite=Lax, or "
               "AuthJWTSilentRefresh Off";
    }
    if (!reaches(cookie, section)) {
        return apr_psprintf(p,
                            "AuthJWTSilentRefresh: browsers do not send a refresh cookie "
                            "with Path=%s to %s; give it a path around both, or write "
                            "AuthJWTSilentRefresh Off",
                            cookie->path, section->path);
    }
    if (config->rotate_refresh && !config->reuse_grace &&
        config->sessions != POLICY_SESSIONS_OFF) {
        return "AuthJWTReuseGrace: with 0 the images of one page, which ask at once, "
               "would end its session; write a grace such as 30s, or "
               "AuthJWTSilentRefresh Off";
    }
    return NULL;
}
