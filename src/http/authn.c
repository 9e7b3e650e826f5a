/* r->user and the environment are set after the last check, never before.
 *
 * Where access is granted anyway (AuthJWTOptional) a cookie that is no good is not held
 * against who asks: browsers send it along unasked, and a public page must stay open to
 * who logged out elsewhere, to a form of another site, and while the database is away.
 * None of these is given an identity. What somebody put into a header field or a query
 * was meant, and is refused as everywhere. */
#include "http/authn.h"

#include <apr_strings.h>
#include <http_log.h>

#include "http/client.h"
#include "http/cors.h"
#include "http/credential.h"
#include "http/csrf.h"
#include "http/dbd.h"
#include "http/delivery.h"
#include "http/export.h"
#include "http/jar.h"
#include "http/navigation.h"
#include "http/renew.h"
#include "http/request.h"
#include "http/response.h"

APLOG_USE_MODULE(auth_jwt);

/* Whatever SetEnvIf or a parent request left there is not ours. */
static void clear_user(request_rec *r)
{
    apr_table_unset(r->subprocess_env, "AUTH_JWT_USER_ID");
    apr_table_unset(r->subprocess_env, "AUTH_JWT_SID");
    apr_table_unset(r->subprocess_env, "AUTH_JWT_JTI");
    export_clear(r);
}

/* mod_include hands on what programs are told of the page's user, who may be one of
 * another AuthType; httpd itself says later who the user of this request is. */
static void clear_env(request_rec *r)
{
    clear_user(r);
    apr_table_unset(r->subprocess_env, "AUTH_JWT_ERROR");
    apr_table_unset(r->subprocess_env, "REMOTE_USER");
    apr_table_unset(r->subprocess_env, "AUTH_TYPE");
}

static void set_env(request_rec *r, const identity_t *identity)
{
    apr_table_setn(r->subprocess_env, "AUTH_JWT_USER_ID", identity->user_id);
    apr_table_setn(r->subprocess_env, "AUTH_JWT_JTI", identity->jti);
    if (identity->sid) {
        apr_table_setn(r->subprocess_env, "AUTH_JWT_SID", identity->sid);
    }
    export_set(r, identity);
}

static const char *remote_user(const config_t *config, const identity_t *identity)
{
    switch (config->remote_user) {
    case CONFIG_USER_ID:
        return identity->user_id;
    case CONFIG_CLAIM:
        return claims_string(&identity->claims, config->remote_user_claim);
    case CONFIG_USERNAME:
        break;
    }
    return identity->username;
}

/* Verify a token by the rules of a page. */
static verdict_t check_page(identity_t *identity, policy_t *policy, dbd_t *dbd,
                            const char *token, request_rec *r, const config_t *config,
                            const char **why)
{
    config_policy(policy, config, r->pool);
    policy->only_judges = 1;
    policy->recent = request_recent(r);
    if (config->check_user && config_asks_database(config)) {
        dbd_attach(policy, dbd, config, r);
        if (config->answer_age) {
            dbd_remember(policy, dbd, apr_time_from_sec(config->answer_age));
        }
    }
    return check_token(identity, policy, token, config_page_types(config), why, r->pool);
}

static verdict_t identify(identity_t *identity, credential_t *credential, request_rec *r,
                          const config_t *config, const char **why)
{
    verdict_t verdict = credential_find(credential, r, config, why);
    const char *token = credential->token;
    int is_renewed = 0;
    policy_t policy;
    dbd_t dbd;

    if (verdict == VERDICT_OK) {
        verdict = check_page(identity, &policy, &dbd, token, r, config, why);
    }
    if (renew_is_due(r, config, credential, verdict)) {
        credential->opened_by = config_header_name(CONFIG_COOKIE_FIELD);
        verdict = renew_access(&token, r, config, credential, verdict, why);
        is_renewed = verdict == VERDICT_OK;
    }
    if (is_renewed) {
        return check_page(identity, &policy, &dbd, token, r, config, why);
    }
    if (verdict == VERDICT_OK) {
        verdict = credential_check_others(credential, identity, &policy, why, r->pool);
    }
    if (verdict == VERDICT_OK && credential->place == CONFIG_COOKIE) {
        verdict = csrf_check(r, config, &policy, token, why);
    }
    return verdict;
}

/* DirectoryIndex answers with what a sub-request was admitted to. */
static void mark_outer(request_rec *r, const char *opened_by)
{
    for (r = r->main; r; r = r->main) {
        request_state(r)->opened_by = opened_by;
    }
}

static int admit(request_rec *r, const identity_t *identity, const char *name,
                 const char *opened_by)
{
    request_state_t *state = request_state(r);

    state->identity = identity;
    state->remote_user = name;
    state->opened_by = opened_by;
    r->user = apr_pstrdup(r->pool, name);
    r->ap_auth_type = apr_pstrdup(r->pool, REQUEST_AUTH_TYPE);
    set_env(r, identity);
    mark_outer(r, state->opened_by);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "JWT0121: admitted the user with the id "
                  "'%s', token %s",
                  identity->user_id, identity->jti);
    return OK;
}

/* Each cookie that was tried and is good nowhere: a link to a place where they are not
 * good, or that brings a bad token along, must not log anybody out. Of a sub-request's
 * fields, and of those of a request that was redirected, the answer has enough. */
static void clear_cookies(request_rec *r, const config_t *config, verdict_t verdict)
{
    const request_state_t *state = request_find_state(r);
    const request_state_t *before = r->prev ? request_find_state(r->prev) : NULL;

    if (r->main || (before && before->is_anonymous)) {
        return;
    }
    if (state && state->is_refresh_dead) {
        delivery_clear_cookies(r, config);
    } else if (verdict_is_final(verdict) && client_looks_in_own_cookie(config)) {
        jar_clear(r, config->access_cookie);
    }
}

/* Whether nothing but cookies says who asks, which browsers send along unasked. */
static int has_cookies_alone(request_rec *r, const config_t *config)
{
    return !credential_is_in(r, config, CONFIG_HEADER) &&
           !credential_is_in(r, config, CONFIG_QUERY);
}

/* Let through without a token, by authz_check(), which takes the user away again: NULL
 * is what httpd takes for a module that forgot its work. */
static int let_through(request_rec *r)
{
    r->user = apr_pstrdup(r->pool, "");
    return OK;
}

/* What is shown is everybody's, but no cache may keep that a cookie was cleared. */
static int go_on_anonymously(request_rec *r, const config_t *config, verdict_t verdict,
                             const char *why)
{
    request_state_t *state = request_state(r);

    state->is_anonymous = 1;
    state->opened_by = config_header_name(CONFIG_COOKIE_FIELD);
    mark_outer(r, state->opened_by);
    response_overlook(r, verdict, why);
    clear_cookies(r, config, verdict);
    return let_through(r);
}

static int is_proxied(request_rec *r)
{
    if (r->proxyreq != PROXYREQ_PROXY) {
        return 0;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "JWT0202: AuthType JWT is not for a forward proxy, which would hand "
                  "tokens to foreign servers; use another AuthType in <Proxy>");
    return 1;
}

static int admit_or_refuse(request_rec *r, const config_t *config)
{
    identity_t *identity = apr_palloc(r->pool, sizeof *identity);
    const char *name = NULL, *why = "";
    credential_t credential;
    verdict_t verdict = identify(identity, &credential, r, config, &why);

    if (verdict == VERDICT_OK) {
        name = remote_user(config, identity);
        if (!name || !*name || !users_is_printable(name)) {
            verdict = VERDICT_CLAIM_REFUSED;
            why = "the token has nothing usable for AuthJWTRemoteUser";
        }
    }
    if (verdict == VERDICT_OK) {
        return admit(r, identity, name, credential.opened_by);
    }
    if (has_cookies_alone(r, config)) {
        if (request_state(r)->is_granted) {
            return go_on_anonymously(r, config, verdict, why);
        }
        if (navigation_login(r, config, verdict)) {
            clear_cookies(r, config, verdict);
        }
    }
    return response_refuse(r, verdict, why);
}

int authn_check(request_rec *r)
{
    const char *endpoint;
    const config_t *config;

    if (!request_is_jwt(r)) {
        return DECLINED;
    }
    if (is_proxied(r)) {
        return HTTP_FORBIDDEN;
    }
    clear_env(r);
    endpoint = request_endpoint(r);
    if (endpoint) {
        request_state(r)->endpoint = endpoint;
        return let_through(r);
    }
    config = config_of_request(r);
    if (cors_is_preflight(r, config)) {
        request_state(r)->is_preflight = 1;
        return let_through(r);
    }
    return admit_or_refuse(r, config);
}

/* Where a refresh cookie alone would make a token, too. */
static int carries_token(request_rec *r, const config_t *config)
{
    static const credential_t none = {0};

    return credential_is_in(r, config, CONFIG_HEADER) ||
           credential_is_in(r, config, CONFIG_COOKIE) ||
           credential_is_in(r, config, CONFIG_QUERY) ||
           renew_is_due(r, config, &none, VERDICT_NO_TOKEN);
}

int authn_force(request_rec *r)
{
    const config_t *config;

    if (!request_is_jwt(r) || r->proxyreq == PROXYREQ_PROXY || request_endpoint(r)) {
        return DECLINED;
    }
    config = config_of_request(r);
    if (!config->optional) {
        return DECLINED;
    }
    clear_env(r);
    if (!carries_token(r, config) && !cors_is_preflight(r, config)) {
        return DECLINED;
    }
    request_state(r)->is_granted = 1;
    return OK;
}

/* What an origin found out about the user whom httpd has given this request as well. */
static const request_state_t *inherited(const request_rec *r)
{
    const request_state_t *state;
    const request_rec *from;

    if (!r->user || !r->ap_auth_type || strcmp(r->ap_auth_type, REQUEST_AUTH_TYPE) != 0) {
        return NULL;
    }
    for (from = request_origin(r); from; from = request_origin(from)) {
        state = request_find_state(from);
        if (state && state->identity && strcmp(state->remote_user, r->user) == 0) {
            return state;
        }
    }
    return NULL;
}

int authn_fixups(request_rec *r)
{
    const request_state_t *state = request_find_state(r);

    if ((state && state->identity) || !request_origin(r)) {
        return DECLINED;
    }
    state = inherited(r);
    if (!state) {
        /* The origin's user and claims, in what it hands on, are not for this place. */
        clear_user(r);
        return DECLINED;
    }
    request_state(r)->identity = state->identity;
    request_state(r)->remote_user = state->remote_user;
    request_state(r)->opened_by = state->opened_by;
    clear_env(r);
    set_env(r, state->identity);
    return DECLINED;
}
