/* r->user and the environment are set after the last check, never before. */
#include "http/authn.h"

#include <apr_strings.h>
#include <http_log.h>

#include "http/cors.h"
#include "http/credential.h"
#include "http/csrf.h"
#include "http/dbd.h"
#include "http/export.h"
#include "http/renew.h"
#include "http/request.h"
#include "http/response.h"

APLOG_USE_MODULE(auth_jwt);

/* Whatever SetEnvIf or a parent request left there is not ours. */
static void clear_env(request_rec *r)
{
    static const char *const names[] = {"AUTH_JWT_USER_ID", "AUTH_JWT_SID",
                                        "AUTH_JWT_JTI", "AUTH_JWT_ERROR", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        apr_table_unset(r->subprocess_env, names[i]);
    }
    export_clear(r);
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
        verdict = renew_access(&token, r, config, verdict, why);
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

int authn_check(request_rec *r)
{
    const char *endpoint, *name, *why = "";
    credential_t credential;
    const config_t *config;
    identity_t *identity;
    verdict_t verdict;

    if (!request_is_jwt(r)) {
        return DECLINED;
    }
    if (r->proxyreq == PROXYREQ_PROXY) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "JWT0202: AuthType JWT is not for a forward proxy, which would hand "
            "tokens to foreign servers; use another AuthType in <Proxy>");
        return HTTP_FORBIDDEN;
    }
    clear_env(r);
    endpoint = request_endpoint(r);
    if (endpoint) {
        /* Not NULL, which httpd takes for a module that forgot its work; authz_check()
         * takes it away again. */
        request_state(r)->endpoint = endpoint;
        r->user = apr_pstrdup(r->pool, "");
        return OK;
    }
    config = config_of_request(r);
    if (cors_is_preflight(r, config)) {
        request_state(r)->is_preflight = 1;
        r->user = apr_pstrdup(r->pool, "");
        return OK;
    }
    identity = apr_palloc(r->pool, sizeof *identity);
    verdict = identify(identity, &credential, r, config, &why);
    if (verdict != VERDICT_OK) {
        return response_refuse(r, verdict, why);
    }
    name = remote_user(config, identity);
    if (!name || !*name || !users_is_printable(name)) {
        return response_refuse(r, VERDICT_CLAIM_REFUSED,
                               "the token has nothing usable for AuthJWTRemoteUser");
    }
    return admit(r, identity, name, credential.opened_by);
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
        /* The origin's claims, in what it hands on, are not for this place. */
        export_clear(r);
        return DECLINED;
    }
    request_state(r)->identity = state->identity;
    request_state(r)->remote_user = state->remote_user;
    request_state(r)->opened_by = state->opened_by;
    clear_env(r);
    set_env(r, state->identity);
    return DECLINED;
}
