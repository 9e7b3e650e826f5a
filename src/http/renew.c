/* Requests that arrive together, such as a page with its images, are each renewed by
 * themselves, but the session is rotated once for all of them: see session_go_on(). */
#include "http/renew.h"

#include <apr_strings.h>
#include <http_log.h>

#include "auth/refresh.h"
#include "http/client.h"
#include "http/csrf.h"
#include "http/dbd.h"
#include "http/delivery.h"
#include "http/extras.h"
#include "http/jar.h"
#include "http/purge.h"
#include "http/request.h"

APLOG_USE_MODULE(auth_jwt);

static const char *refresh_cookie(request_rec *r, const config_t *config)
{
    const char *token;

    return jar_find(&token, r, config->refresh_cookie->name) == COOKIE_ONE && *token
               ? token
               : NULL;
}

int renew_is_due(request_rec *r, const config_t *config, const credential_t *credential,
                 verdict_t verdict)
{
    int is_over = verdict == VERDICT_EXPIRED || verdict == VERDICT_TOO_OLD;

    /* What a sub-request sets is lost, and its answer is not the client's. */
    if (r->main || !client_refreshes_silently(config)) {
        return 0;
    }
    if (credential->token) {
        return is_over && credential->place == CONFIG_COOKIE && refresh_cookie(r, config);
    }
    return verdict == VERDICT_NO_TOKEN && refresh_cookie(r, config);
}

/* Where the refresh cookie is refused the client hears what it would hear without it;
 * only faults, and what somebody should look into, go before. */
static verdict_t blame(verdict_t of_refresh, verdict_t verdict)
{
    return verdict_info(of_refresh)->status == HTTP_SERVICE_UNAVAILABLE ||
                   of_refresh == VERDICT_REUSED || of_refresh == VERDICT_CSRF ||
                   of_refresh == VERDICT_TWO_TOKENS
               ? of_refresh
               : verdict;
}

/* Before anything is spent or set: whose session goes on must be whose page it was. */
static verdict_t check_same(const credential_t *credential, const policy_t *policy,
                            const char *token, const char **why, apr_pool_t *p)
{
    identity_t identity;
    const char *unheeded;

    return check_signed(&identity, policy, token, &unheeded, p) == VERDICT_OK
               ? credential_check_all(credential, &identity, policy, why, p)
               : VERDICT_OK; /* refresh_silently() says what it is */
}

static verdict_t refresh(issue_tokens_t *tokens, identity_t *identity, request_rec *r,
                         const config_t *config, const credential_t *credential,
                         const policy_t *policy, const char **why)
{
    const char *token = refresh_cookie(r, config);
    verdict_t verdict = csrf_check(r, config, policy, token, why);

    if (verdict == VERDICT_OK && !policy->signing_key) {
        *why = "no key signs here; add AuthJWTKey or mend AuthJWTSigningKey";
        verdict = VERDICT_CRYPTO_DOWN;
    }
    if (verdict == VERDICT_OK) {
        verdict = check_same(credential, policy, token, why, r->pool);
    }
    if (verdict == VERDICT_OK) {
        verdict = refresh_silently(tokens, identity, policy, token, why, r->pool);
        request_state(r)->is_refresh_dead =
            verdict != VERDICT_OK && verdict_is_final(verdict);
    }
    return verdict;
}

verdict_t renew_access(const char **token, request_rec *r, const config_t *config,
                       const credential_t *credential, verdict_t verdict,
                       const char **why)
{
    static const client_delivery_t in_cookies = {CONFIG_IN_COOKIE, CONFIG_IN_COOKIE};
    delivery_t delivery;
    issue_tokens_t tokens;
    policy_expressions_t expressions;
    identity_t identity;
    policy_t policy;
    dbd_t dbd;
    verdict_t result;

    config_policy(&policy, config, r->pool);
    policy.client = request_client(r);
    dbd_attach(&policy, &dbd, config, r);
    extras_attach(&policy, &expressions, r);
    result = refresh(&tokens, &identity, r, config, credential, &policy, why);
    if (result == VERDICT_OK) {
        delivery.tokens = &tokens;
        delivery.identity = &identity;
        delivery.is_remembered = session_is_remembered(&identity, &policy);
        result = delivery_set_cookies(r, config, &policy, in_cookies, &delivery, why);
    }
    if (result != VERDICT_OK) {
        *why = apr_pstrcat(
            r->pool, "the access cookie is over, and the refresh cookie: ", *why, NULL);
        return blame(result, verdict);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0117: silent refresh for the user with the id '%s', refresh token "
                  "%s%s, access token %s",
                  identity.user_id, identity.jti,
                  tokens.refresh ? ", which was spent" : "", tokens.access_jti);
    purge_after_refresh(r);
    *token = request_state(r)->renewed = tokens.access;
    return VERDICT_OK;
}
