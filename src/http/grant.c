#include "http/grant.h"

#include <apr_strings.h>
#include <http_log.h>

#include "auth/login.h"
#include "auth/refresh.h"
#include "http/body.h"
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

static verdict_t log_in(issue_tokens_t *tokens, identity_t *identity,
                        const policy_t *policy, const char *username,
                        const char *password, const char **why, apr_pool_t *p)
{
    session_successor_t first;
    verdict_t verdict =
        login_check(identity, policy, username, password, strlen(password), why, p);

    if (verdict == VERDICT_OK) {
        verdict = session_start(&first, identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = issue_tokens(tokens, policy, identity, &first, why, p);
    }
    return verdict;
}

int grant_obtain(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *username, *password, *why = "";
    body_error_t error = {0};
    issue_tokens_t tokens;
    identity_t identity;
    verdict_t verdict;
    json_t *body;

    body = body_read(r, config, &error);
    if (!body) {
        return response_misread(r, error.status, error.body);
    }
    username = body_field(r, body, config->fields->username, 1, &error);
    password = body_field(r, body, config->fields->password, 0, &error);
    if (error.status) {
        return response_misread(r, error.status, error.body);
    }
    verdict = log_in(&tokens, &identity, policy, username, password, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0111: login of the user with the id '%s', access token %s%s",
                  identity.user_id, tokens.access_jti, of_session(&identity, r->pool));
    return answer_tokens(r, &tokens, 1);
}

int grant_refresh(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *token, *why = "";
    body_error_t error = {0};
    issue_tokens_t tokens;
    identity_t identity;
    verdict_t verdict;
    json_t *body;

    body = body_read(r, config, &error);
    if (!body) {
        return response_misread(r, error.status, error.body);
    }
    token = body_field(r, body, "refresh", 1, &error);
    if (error.status) {
        return response_misread(r, error.status, error.body);
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
    return answer_tokens(r, &tokens, 0);
}
