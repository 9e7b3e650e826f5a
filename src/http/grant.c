#include "http/grant.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "auth/login.h"
#include "auth/refresh.h"
#include "http/body.h"
#include "http/purge.h"
#include "http/response.h"

APLOG_USE_MODULE(auth_jwt);

static int answer_tokens(request_rec *r, const issue_tokens_t *tokens, int refresh_first)
{
    json_t *body = json_object();

    if (tokens->refresh && refresh_first) {
        json_object_set_new(body, "refresh", json_string(tokens->refresh));
    }
    json_object_set_new(body, "access", json_string(tokens->access));
    if (tokens->refresh && !refresh_first) {
        json_object_set_new(body, "refresh", json_string(tokens->refresh));
    }
    return response_json(r, HTTP_OK, body);
}

/* " of session SID" for the log, or nothing. */
static const char *of_session(const identity_t *identity, apr_pool_t *p)
{
    return identity->session ? apr_pstrcat(p, ", session ", identity->sid, NULL) : "";
}

/* What a client that logs in has sent; 0 with the answer when it cannot be used. */
typedef struct {
    const char *username, *password;
} credentials_t;

static int read_credentials(credentials_t *out, request_rec *r, const config_t *config,
                            int *status)
{
    body_error_t error = {0};
    json_t *body = body_read(r, config, &error);

    if (body) {
        out->username = body_field(r, body, config->fields->username, 1, &error);
        out->password = body_field(r, body, config->fields->password, 0, &error);
    }
    if (error.status) {
        *status = response_misread(r, error.status, error.body);
    }
    return !error.status;
}

static verdict_t log_in(session_successor_t *first, identity_t *identity,
                        const policy_t *policy, apr_int64_t idle,
                        const credentials_t *credentials, const char **why, apr_pool_t *p)
{
    verdict_t verdict =
        login_check(identity, policy, credentials->username, credentials->password,
                    strlen(credentials->password), why, p);

    return verdict == VERDICT_OK ? session_start(first, identity, policy, idle, why, p)
                                 : verdict;
}

static void log_login(request_rec *r, const identity_t *identity, const char *type,
                      const char *jti)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0111: login of the user with the id '%s', %s token %s%s",
                  identity->user_id, type, jti, of_session(identity, r->pool));
}

/* After the answer has left: nobody's login waits for it, or fails by it. */
static void note_login(request_rec *r, const policy_t *policy, const char *user_id)
{
    const char *why = "";

    if (!policy->last_login) {
        return;
    }
    ap_rflush(r);
    if (login_note(policy, user_id, &why, r->pool) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "JWT0203: AuthJWTLastLoginQuery failed for the user with the id "
                      "'%s', who is logged in all the same: %s",
                      user_id, why);
    }
}

int grant_obtain(request_rec *r, const config_t *config, const policy_t *policy)
{
    credentials_t credentials;
    session_successor_t first;
    issue_tokens_t tokens;
    identity_t identity;
    const char *why = "";
    verdict_t verdict;
    int status;

    if (!read_credentials(&credentials, r, config, &status)) {
        return status;
    }
    verdict = log_in(&first, &identity, policy, policy->refresh_lifetime, &credentials,
                     &why, r->pool);
    if (verdict == VERDICT_OK) {
        verdict = issue_tokens(&tokens, policy, &identity, &first, &why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    log_login(r, &identity, "access", tokens.access_jti);
    status = answer_tokens(r, &tokens, 1);
    note_login(r, policy, identity.user_id);
    return status;
}

int grant_refresh(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *token, *why = "";
    issue_tokens_t tokens;
    identity_t identity;
    verdict_t verdict;
    int status;

    token = body_read_field(r, config, "refresh", &status);
    if (!token) {
        return status;
    }
    verdict = refresh_token(&tokens, &identity, policy, token, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0112: refresh for the user with the id '%s', refresh token %s, "
                  "access token %s%s",
                  identity.user_id, identity.jti, tokens.access_jti,
                  of_session(&identity, r->pool));
    status = answer_tokens(r, &tokens, 0);
    purge_after_refresh(r);
    return status;
}

/* --- Sliding tokens -------------------------------------------------------------- */

static int answer_sliding(request_rec *r, const char *token)
{
    json_t *body = json_object();

    json_object_set_new(body, "token", json_string(token));
    return response_json(r, HTTP_OK, body);
}

int grant_obtain_sliding(request_rec *r, const config_t *config, const policy_t *policy)
{
    credentials_t credentials;
    const char *token, *why = "";
    session_successor_t first;
    identity_t identity;
    verdict_t verdict;
    int status;

    if (!read_credentials(&credentials, r, config, &status)) {
        return status;
    }
    verdict = log_in(&first, &identity, policy, policy->sliding_refresh_lifetime,
                     &credentials, &why, r->pool);
    if (verdict == VERDICT_OK) {
        verdict =
            issue_sliding(&token, policy, &identity, first.jti, first.exp, &why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    log_login(r, &identity, "sliding", first.jti);
    status = answer_sliding(r, token);
    note_login(r, policy, identity.user_id);
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
