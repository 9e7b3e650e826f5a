#include "http/grant.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "auth/addition.h"
#include "auth/login.h"
#include "auth/refresh.h"
#include "http/client.h"
#include "http/csrf.h"
#include "http/jar.h"
#include "http/profile.h"
#include "http/purge.h"
#include "http/response.h"

APLOG_USE_MODULE(auth_jwt);

/* " of session SID" for the log, or nothing. */
static const char *of_session(const identity_t *identity, apr_pool_t *p)
{
    return identity->session ? apr_pstrcat(p, ", session ", identity->sid, NULL) : "";
}

/* --- Logins ---------------------------------------------------------------------- */

int grant_read(grant_login_t *out, request_rec *r, const config_t *config,
               const policy_t *policy, const json_t *body, body_error_t *error)
{
    const config_fields_t *fields = config->fields;

    memset(out, 0, sizeof *out);
    out->username = body_field(r, body, fields->username, 1, error);
    out->password = body_field(r, body, fields->password, 0, error);
    out->policy = *policy;
    out->policy.client.remember =
        policy->remember_lifetime && body_flag(body, fields->remember_me);
    return !error->status;
}

/* The same from the request; 0 with the answer when it cannot be used. */
static int read_login(grant_login_t *out, request_rec *r, const config_t *config,
                      const policy_t *policy, int *status)
{
    body_error_t error = {0};
    json_t *body = body_read(r, config, &error);

    if (body) {
        grant_read(out, r, config, policy, body, &error);
    }
    if (error.status) {
        *status = response_misread(r, error.status, error.body);
    }
    return !error.status;
}

static verdict_t begin(session_successor_t *first, grant_login_t *login, apr_int64_t idle,
                       const char **why, apr_pool_t *p)
{
    verdict_t verdict = login_check(&login->identity, &login->policy, login->username,
                                    login->password, strlen(login->password), why, p);

    if (verdict == VERDICT_OK) {
        verdict = addition_make(&login->identity, &login->policy, why, p);
    }
    return verdict == VERDICT_OK
               ? session_start(first, &login->identity, &login->policy, idle, why, p)
               : verdict;
}

static void log_login(request_rec *r, const identity_t *identity, const char *type,
                      const char *jti)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0111: login of the user with the id '%s', %s token %s%s",
                  identity->user_id, type, jti, of_session(identity, r->pool));
}

verdict_t grant_log_in(grant_login_t *login, request_rec *r, const char **why)
{
    const policy_t *policy = &login->policy;
    session_successor_t first;
    verdict_t verdict;

    verdict = begin(&first, login,
                    policy->client.remember ? policy->remember_lifetime
                                            : policy->refresh_lifetime,
                    why, r->pool);
    if (verdict == VERDICT_OK) {
        verdict =
            issue_tokens(&login->tokens, policy, &login->identity, &first, why, r->pool);
    }
    if (verdict == VERDICT_OK) {
        login->delivery.tokens = &login->tokens;
        login->delivery.identity = &login->identity;
        login->delivery.is_remembered = session_is_remembered(&login->identity, policy);
        log_login(r, &login->identity, "access", login->tokens.access_jti);
    }
    return verdict;
}

void grant_note_login(request_rec *r, const grant_login_t *login)
{
    const char *user_id = login->identity.user_id, *why = "";

    if (!login->policy.last_login) {
        return;
    }
    ap_rflush(r);
    if (login_note(&login->policy, user_id, &why, r->pool) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "JWT0203: AuthJWTLastLoginQuery failed for the user with the id "
                      "'%s', who is logged in all the same: %s",
                      user_id, why);
    }
}

/* Whether the answer sets cookies: then a page of somebody else must not ask for it. */
static int sets_cookies(const config_t *config)
{
    client_delivery_t where = client_delivery(config);

    return ((where.access | where.refresh) & CONFIG_IN_COOKIE) != 0;
}

int grant_obtain(request_rec *r, const config_t *config, const policy_t *policy)
{
    verdict_t verdict = VERDICT_OK;
    added_t *user = NULL;
    grant_login_t login;
    const char *why = "";
    flat_t body = {0};
    int status;

    if (sets_cookies(config)) {
        verdict = csrf_check(r, config, policy, NULL, &why);
    }
    if (verdict == VERDICT_OK && !read_login(&login, r, config, policy, &status)) {
        return status;
    }
    if (verdict == VERDICT_OK) {
        verdict = grant_log_in(&login, r, &why);
    }
    if (verdict == VERDICT_OK && config->user_columns) {
        verdict = account_describe(&user, &login.identity, policy, &why, r->pool);
    }
    if (verdict == VERDICT_OK) {
        verdict = delivery_set_cookies(r, config, &login.policy, client_delivery(config),
                                       &login.delivery, &why);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    delivery_body(&body, r, config, &login.policy, &login.delivery, 1);
    status = user ? profile_add(r, &body, user) : response_flat(r, HTTP_OK, &body);
    grant_note_login(r, &login);
    return status;
}

/* --- Refresh --------------------------------------------------------------------- */

/* What a client that refreshes has sent. */
typedef struct {
    const char *token; /* NULL: none, where there could have been a cookie */
    int is_cookie;
} refresh_t;

static int is_other(const char *token, cookie_found_t found, const char *cookie)
{
    return found == COOKIE_SEVERAL ||
           (found == COOKIE_ONE && *cookie && strcmp(token, cookie) != 0);
}

/* The refresh token of the body, else that of the cookie; 0 with the answer. */
static int read_refresh(refresh_t *out, request_rec *r, const config_t *config,
                        int *status)
{
    int has_cookies = client_delivery(config).refresh & CONFIG_IN_COOKIE;
    const char *cookie = NULL;
    cookie_found_t found =
        has_cookies ? jar_find(&cookie, r, config->refresh_cookie->name) : COOKIE_NONE;
    body_error_t error = {0};
    json_t *body = body_read(r, config, &error);

    memset(out, 0, sizeof *out);
    if (body && has_cookies && !json_object_get(body, "refresh")) {
        out->is_cookie = 1;
        out->token = found == COOKIE_ONE && *cookie ? cookie : NULL;
    } else if (body) {
        out->token = body_field(r, body, "refresh", 1, &error);
    }
    if (out->token && is_other(out->token, found, cookie)) {
        error.status = HTTP_BAD_REQUEST;
        error.body = response_detail("The request has two different refresh tokens.");
    }
    if (error.status) {
        *status = response_misread(r, error.status, error.body);
    }
    return !error.status;
}

static verdict_t refresh(delivery_t *out, issue_tokens_t *tokens, identity_t *identity,
                         const char *token, const policy_t *policy, request_rec *r,
                         const char **why)
{
    verdict_t verdict = refresh_token(tokens, identity, policy, token, why, r->pool);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    out->tokens = tokens;
    out->identity = identity;
    out->is_remembered = session_is_remembered(identity, policy);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0112: refresh for the user with the id '%s', refresh token %s, "
                  "access token %s%s",
                  identity->user_id, identity->jti, tokens->access_jti,
                  of_session(identity, r->pool));
    return VERDICT_OK;
}

int grant_refresh(request_rec *r, const config_t *config, const policy_t *policy)
{
    verdict_t verdict = VERDICT_OK;
    const char *why = "no refresh token in the body, and no refresh cookie";
    issue_tokens_t tokens;
    delivery_t delivery;
    identity_t identity;
    flat_t body = {0};
    refresh_t sent;
    int status;

    if (!read_refresh(&sent, r, config, &status)) {
        return status;
    }
    if (!sent.token) {
        return response_verdict(r, VERDICT_NO_TOKEN, why);
    }
    if (sent.is_cookie || sets_cookies(config)) {
        verdict = csrf_check(r, config, policy, sent.is_cookie ? sent.token : NULL, &why);
    }
    if (verdict == VERDICT_OK) {
        verdict = refresh(&delivery, &tokens, &identity, sent.token, policy, r, &why);
    }
    if (verdict == VERDICT_OK) {
        verdict = delivery_set_cookies(r, config, policy, client_delivery(config),
                                       &delivery, &why);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    delivery_body(&body, r, config, policy, &delivery, 0);
    status = response_flat(r, HTTP_OK, &body);
    purge_after_refresh(r);
    return status;
}

/* --- Sliding tokens -------------------------------------------------------------- */

static int answer_sliding(request_rec *r, const char *token)
{
    flat_t body = {0};

    flat_add_text(&body, "token", token);
    return response_flat(r, HTTP_OK, &body);
}

int grant_obtain_sliding(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *token, *why = "";
    session_successor_t first;
    grant_login_t login;
    verdict_t verdict;
    int status;

    if (!read_login(&login, r, config, policy, &status)) {
        return status;
    }
    verdict = begin(&first, &login, policy->sliding_refresh_lifetime, &why, r->pool);
    if (verdict == VERDICT_OK) {
        verdict = issue_sliding(&token, policy, &login.identity, first.jti, first.exp,
                                &why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    log_login(r, &login.identity, "sliding", first.jti);
    status = answer_sliding(r, token);
    grant_note_login(r, &login);
    return status;
}

int grant_refresh_sliding(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *token, *why = "";
    identity_t identity;
    verdict_t verdict;
    int status;

    token = body_read_field(r, config, "token", &status);
    if (!token) {
        return status;
    }
    verdict = refresh_sliding(&token, &identity, policy, token, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0116: the sliding token %s of the user with the id '%s' slid on%s",
                  identity.jti, identity.user_id, of_session(&identity, r->pool));
    status = answer_sliding(r, token);
    purge_after_refresh(r);
    return status;
}
