#include "http/browsercheck.h"

#include <apr_strings.h>

#include "http/client.h"

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
    policy_t policy;

    config_policy(&policy, section->config, p);
    return policy.session_lifetime && policy.remember_lifetime > policy.session_lifetime
               ? "AuthJWTRememberLifetime: is longer than AuthJWTSessionLifetime (30d, "
                 "if "
                 "nothing is written; 12h with AuthJWTProvider alone), which ends every "
                 "session; make the first the shorter one"
               : NULL;
}

/* Whether browsers send a cookie of this path along with requests below another. */
static int reaches(const cookie_t *cookie, const char *path)
{
    apr_size_t len = strlen(cookie->path);

    while (len && cookie->path[len - 1] == '/') {
        len--;
    }
    return sections_is_below(path, cookie->path, len);
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
        return "AuthJWTSilentRefresh: renews the access cookie, and tokens are not looked "
               "for in it here; add AuthJWTTokenSource header cookie, or AuthJWTClient "
               "browser";
    }
    if (strcmp(cookie->same_site, "Strict") == 0) {
        return "AuthJWTSilentRefresh: a refresh cookie with SameSite=Strict does not "
               "come "
               "along when somebody follows a link to this site; write SameSite=Lax, or "
               "AuthJWTSilentRefresh Off";
    }
    if (strcmp(cookie->path, "/") != 0 && section->path &&
        !reaches(cookie, section->path)) {
        return apr_psprintf(p,
                            "AuthJWTSilentRefresh: browsers do not send a refresh cookie "
                            "with Path=%s to %s; give it a path around both, or write "
                            "AuthJWTSilentRefresh Off",
                            cookie->path, section->path);
    }
    if (config->rotate_refresh && !config->reuse_grace &&
        config->sessions != POLICY_SESSIONS_OFF) {
        return "AuthJWTReuseGrace: with 0 the images of one page, which ask at once, "
               "would "
               "end its session; write a grace such as 30s, or AuthJWTSilentRefresh Off";
    }
    return NULL;
}
