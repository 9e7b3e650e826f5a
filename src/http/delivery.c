#include "http/delivery.h"

#include <apr_strings.h>

#include "http/csrf.h"
#include "http/jar.h"

/* A script of the page sends it back, so it can read it; it opens nothing by itself. */
static cookie_t csrf_cookie(const config_t *config)
{
    cookie_t cookie = {config->csrf_cookie, "/", NULL, "Lax", 1, 0, 1};

    cookie.same_site = config->refresh_cookie->same_site;
    cookie.is_secure = config->refresh_cookie->is_secure;
    return cookie;
}

/* Session cookies of browsers that restore their windows do not end; the tokens do. */
static int max_age(const delivery_t *what, apr_int64_t until, const policy_t *policy)
{
    apr_int64_t left = until - policy->now;

    return !what->is_remembered ? COOKIE_SESSION : left < 1 ? 1 : (int)left;
}

static verdict_t check_length(const cookie_t *cookie, const char *value, const char **why,
                              apr_pool_t *p)
{
    apr_size_t len = strlen(cookie->name) + strlen(value);

    if (len <= COOKIE_MAX_LENGTH) {
        return VERDICT_OK;
    }
    *why = apr_psprintf(p,
                        "the cookie %s would have %" APR_SIZE_T_FMT
                        " bytes, and browsers keep %d; put less into the token, or "
                        "deliver it in the body",
                        cookie->name, len, COOKIE_MAX_LENGTH);
    return VERDICT_UNDELIVERED;
}

/* The access cookie stays as long as there is a refresh cookie to renew it with. */
static apr_int64_t access_until(const delivery_t *what, client_delivery_t where)
{
    return where.refresh & CONFIG_IN_COOKIE ? what->tokens->refresh_exp
                                            : what->tokens->access_exp;
}

verdict_t delivery_set_cookies(request_rec *r, const config_t *config,
                               const policy_t *policy, client_delivery_t where,
                               const delivery_t *what, const char **why)
{
    const issue_tokens_t *tokens = what->tokens;
    const char *access = where.access & CONFIG_IN_COOKIE ? tokens->access : NULL;
    const char *refresh = where.refresh & CONFIG_IN_COOKIE ? tokens->refresh : NULL;
    const cookie_t csrf = csrf_cookie(config);
    const char *token = csrf_token(policy->signing_key, what->identity->user_id,
                                   what->identity->sid, r->pool);
    verdict_t verdict = VERDICT_OK;

    if (!access && !refresh) {
        return VERDICT_OK;
    }
    if (!token) {
        *why = "OpenSSL could not compute HMAC-SHA256";
        return VERDICT_CRYPTO_DOWN;
    }
    if (access) {
        verdict = check_length(config->access_cookie, access, why, r->pool);
    }
    if (refresh && verdict == VERDICT_OK) {
        verdict = check_length(config->refresh_cookie, refresh, why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (access) {
        jar_set(r, config->access_cookie, access,
                max_age(what, access_until(what, where), policy));
    }
    if (refresh) {
        jar_set(r, config->refresh_cookie, refresh,
                max_age(what, tokens->refresh_exp, policy));
    }
    jar_set(r, &csrf, token, max_age(what, tokens->refresh_exp, policy));
    return VERDICT_OK;
}

void delivery_clear_cookies(request_rec *r, const config_t *config)
{
    const cookie_t csrf = csrf_cookie(config);

    jar_clear(r, config->access_cookie);
    jar_clear(r, config->refresh_cookie);
    jar_clear(r, &csrf);
}

const char *delivery_csrf(request_rec *r, const config_t *config, const policy_t *policy,
                          const identity_t *identity)
{
    return client_has_cookies(config) && policy->signing_key
               ? csrf_token(policy->signing_key, identity->user_id, identity->sid,
                            r->pool)
               : NULL;
}

void delivery_body(flat_t *out, request_rec *r, const config_t *config,
                   const policy_t *policy, const delivery_t *what, int refresh_first)
{
    client_delivery_t where = client_delivery(config);
    const issue_tokens_t *tokens = what->tokens;
    const char *refresh = where.refresh & CONFIG_IN_BODY ? tokens->refresh : NULL;
    const char *csrf = delivery_csrf(r, config, policy, what->identity);

    if (refresh && refresh_first) {
        flat_add_text(out, "refresh", refresh);
    }
    if (where.access & CONFIG_IN_BODY) {
        flat_add_text(out, "access", tokens->access);
    }
    if (refresh && !refresh_first) {
        flat_add_text(out, "refresh", refresh);
    }
    if (csrf) {
        flat_add_text(out, "csrf_token", csrf);
    }
}
