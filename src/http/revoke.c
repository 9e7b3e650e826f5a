/* Logout differs from SimpleJWT's blacklist view in being content with a token that has
 * expired or was ended before: whoever wants to be logged out is, and a client that asks
 * twice need not tell the two answers apart. What counts is the signature. */
#include "http/revoke.h"

#include <apr_strings.h>
#include <http_log.h>

#include "auth/session.h"
#include "http/body.h"
#include "http/client.h"
#include "http/credential.h"
#include "http/csrf.h"
#include "http/delivery.h"
#include "http/jar.h"
#include "http/navigation.h"
#include "http/response.h"

APLOG_USE_MODULE(auth_jwt);

static int answer_empty(request_rec *r)
{
    return response_json(r, HTTP_OK, json_object());
}

static void set_user(request_rec *r, const identity_t *identity)
{
    if (identity->username) {
        r->user = apr_pstrdup(r->pool, identity->username);
    }
}

/* "session SID", or "token JTI" where there is none, for the log. */
static const char *subject(const identity_t *identity, apr_pool_t *p)
{
    return identity->sid ? apr_pstrcat(p, "session ", identity->sid, NULL)
                         : apr_pstrcat(p, "token ", identity->jti, NULL);
}

/* --- Verify ---------------------------------------------------------------------- */

/* The one refusal of this view that SimpleJWT takes for a fault of the field. */
static int refuse_ended(request_rec *r, const char *why)
{
    json_t *body = json_object(), *texts = json_array();

    json_array_append_new(texts,
                          json_string(verdict_info(VERDICT_SESSION_ENDED)->detail));
    json_object_set_new(body, "non_field_errors", texts);
    return response_verdict_as(r, VERDICT_SESSION_ENDED, why, HTTP_BAD_REQUEST, body);
}

int revoke_verify(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *why = "", *token;
    identity_t identity;
    verdict_t verdict;
    int status = OK;

    token = body_read_field(r, config, "token", &status);
    if (!token) {
        return status;
    }
    verdict =
        check_token(&identity, policy, token,
                    config->token_types ? config->token_types : CHECK_ANY, &why, r->pool);
    if (verdict == VERDICT_OK) {
        verdict = session_check_unspent(&identity, policy, &why, r->pool);
    }
    if (verdict == VERDICT_SESSION_ENDED) {
        return refuse_ended(r, why);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    set_user(r, &identity);
    return answer_empty(r);
}

/* --- Blacklist ------------------------------------------------------------------- */

/* A refresh token that is good, or was until its user was shut out: such a user may be
 * let in again, and what was ended stays so. */
static verdict_t find_refresh(identity_t *identity, const policy_t *policy,
                              const char *token, const char **why, apr_pool_t *p)
{
    verdict_t verdict = check_token(identity, policy, token, CHECK_REFRESH, why, p);

    return verdict == VERDICT_USER_NOT_FOUND || verdict == VERDICT_USER_INACTIVE ||
                   verdict == VERDICT_PASSWORD_CHANGED
               ? check_signed(identity, policy, token, why, p)
               : verdict;
}

static verdict_t blacklist(identity_t *identity, const policy_t *policy,
                           const char *token, const char **why, apr_pool_t *p)
{
    int ended;
    verdict_t verdict = find_refresh(identity, policy, token, why, p);

    if (verdict == VERDICT_OK && !session_can_end(identity, policy)) {
        *why = "AuthJWTSessions Off keeps nothing that could be ended";
        return VERDICT_NOT_HERE;
    }
    if (verdict == VERDICT_OK) {
        verdict = session_end(&ended, identity, policy, why, p);
    }
    if (verdict == VERDICT_OK && !ended) {
        *why = "it was ended at the same time by somebody else";
        return VERDICT_SESSION_ENDED;
    }
    return verdict;
}

int revoke_blacklist(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *why = "", *token;
    identity_t identity;
    verdict_t verdict;
    int status = OK;

    token = body_read_field(r, config, "refresh", &status);
    if (!token) {
        return status;
    }
    verdict = blacklist(&identity, policy, token, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    set_user(r, &identity);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0113: the user with the id '%s' ended the %s", identity.user_id,
                  subject(&identity, r->pool));
    return answer_empty(r);
}

/* --- Logout ---------------------------------------------------------------------- */

/* What a client asks for. */
typedef struct {
    const char *token;
    int is_cookie; /* nothing but a cookie says who asks */
    int everywhere;
} logout_t;

/* The token of a cookie, or NULL: one that stands there twice is no token. */
static const char *cookie_token(request_rec *r, const cookie_t *cookie)
{
    const char *token;

    return jar_find(&token, r, cookie->name) == COOKIE_ONE && *token ? token : NULL;
}

/* The refresh token of the body, else of the cookie, else an access token. */
static verdict_t read_logout(logout_t *out, request_rec *r, const config_t *config,
                             body_error_t *error, const char **why)
{
    json_t *body = body_read(r, config, error);
    credential_t credential;
    verdict_t verdict;

    if (!body) {
        return VERDICT_OK;
    }
    out->everywhere = body_flag(body, "everywhere");
    if (json_object_get(body, "refresh")) {
        out->token = body_field(r, body, "refresh", 1, error);
        return VERDICT_OK;
    }
    verdict = credential_find(&credential, r, config, why);
    if (verdict == VERDICT_BAD_HEADER ||
        (verdict == VERDICT_OK && credential.place == CONFIG_HEADER)) {
        out->token = credential.token;
        return verdict;
    }
    out->is_cookie = 1;
    if (client_has_cookies(config)) {
        out->token = cookie_token(r, config->refresh_cookie);
    }
    if (!out->token) {
        out->token = credential.token;
        out->is_cookie = !credential.token || credential.place == CONFIG_COOKIE;
    }
    return out->token ? VERDICT_OK : verdict;
}

/* Whoever ends what others hold must hold a token that is good now. */
static verdict_t end_everywhere(identity_t *identity, const policy_t *policy,
                                const char *token, const char **why, apr_pool_t *p)
{
    int ended;
    verdict_t verdict = check_token(identity, policy, token, CHECK_ANY, why, p);

    if (verdict == VERDICT_OK) {
        verdict = session_check_unspent(identity, policy, why, p);
    }
    if (verdict == VERDICT_OK && !identity->session) {
        *why = "the token has no session, so that nobody knows of others";
        return VERDICT_NOT_HERE;
    }
    return verdict == VERDICT_OK ? session_end_all(&ended, identity, "", policy, why, p)
                                 : verdict;
}

static verdict_t end_this(identity_t *identity, const policy_t *policy, const char *token,
                          const char **why, apr_pool_t *p)
{
    int ended;
    verdict_t verdict = check_signed(identity, policy, token, why, p);

    if (verdict == VERDICT_OK && !session_can_end(identity, policy)) {
        *why = "the token has no session that could be ended";
        return VERDICT_NOT_HERE;
    }
    return verdict == VERDICT_OK ? session_end(&ended, identity, policy, why, p)
                                 : verdict;
}

static verdict_t log_out(const logout_t *logout, request_rec *r, const policy_t *policy,
                         const char **why)
{
    identity_t identity = {0};
    verdict_t verdict = (logout->everywhere ? end_everywhere : end_this)(
        &identity, policy, logout->token, why, r->pool);

    if (verdict == VERDICT_OK) {
        set_user(r, &identity);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "JWT0114: logout of the user with the id '%s', %s%s",
                      identity.user_id,
                      logout->everywhere ? "everywhere, asked for by " : "",
                      subject(&identity, r->pool));
    }
    return verdict;
}

/* A person is logged out once there is no cookie any more, whatever became of the token;
 * a fault is told, as the token may still be good. */
static int answer_logout(request_rec *r, const config_t *config, verdict_t verdict,
                         const char *why)
{
    const char *url = config->after_logout ? config->after_logout : config->login_url;
    int is_fault = verdict_info(verdict)->status == HTTP_SERVICE_UNAVAILABLE;

    if (client_has_cookies(config)) {
        delivery_clear_cookies(r, config);
    }
    if (client_has_cookies(config) && !is_fault && navigation_is_page(r)) {
        if (verdict != VERDICT_OK) {
            response_log(r, verdict, why);
        }
        return response_redirect(r, url ? url : "/");
    }
    return verdict == VERDICT_OK ? answer_empty(r) : response_verdict(r, verdict, why);
}

int revoke_logout(request_rec *r, const config_t *config, const policy_t *policy)
{
    body_error_t error = {0};
    logout_t logout = {NULL, 0, 0};
    const char *why = "";
    verdict_t verdict;

    verdict = read_logout(&logout, r, config, &error, &why);
    if (error.status) {
        return response_misread(r, error.status, error.body);
    }
    if (logout.is_cookie || client_has_cookies(config)) {
        const char *cookie = logout.is_cookie ? logout.token : NULL, *foreign;

        if (csrf_check(r, config, policy, cookie, &foreign) != VERDICT_OK) {
            return response_verdict(r, VERDICT_CSRF, foreign);
        }
    }
    if (verdict == VERDICT_OK) {
        verdict = log_out(&logout, r, policy, &why);
    }
    return answer_logout(r, config, verdict, why);
}

/* --- Sessions -------------------------------------------------------------------- */

static json_t *describe(const session_t *session, const identity_t *identity)
{
    json_t *out = json_object();
    apr_int64_t used =
        session->refreshed_at ? session->refreshed_at : session->created_at;

    json_object_set_new(out, "id", json_string(session->sid));
    json_object_set_new(out, "created", json_integer(session->created_at));
    json_object_set_new(out, "last_used", json_integer(used));
    json_object_set_new(out, "expires", json_integer(session->expires_at));
    json_object_set_new(out, "address", json_string(session->address));
    json_object_set_new(out, "user_agent", json_string(session->user_agent));
    json_object_set_new(out, "current",
                        json_boolean(strcmp(session->sid, identity->sid) == 0));
    return out;
}

static int list(request_rec *r, const identity_t *identity, const policy_t *policy)
{
    const apr_array_header_t *sessions;
    json_t *body, *array;
    const char *why = "";
    verdict_t verdict;
    int i;

    verdict = session_list(&sessions, identity, policy, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    array = json_array();
    for (i = 0; i < sessions->nelts; i++) {
        json_array_append_new(
            array, describe(&APR_ARRAY_IDX(sessions, i, const session_t), identity));
    }
    body = json_object();
    json_object_set_new(body, "sessions", array);
    return response_json(r, HTTP_OK, body);
}

/* What stands behind the last slash of the URL. */
static const char *last_part(const request_rec *r)
{
    const char *slash;
    char *path = apr_pstrdup(r->pool, r->uri);
    apr_size_t len = strlen(path);

    if (len && path[len - 1] == '/') {
        path[len - 1] = '\0';
    }
    slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int no_such_session(request_rec *r)
{
    return response_json(r, HTTP_NOT_FOUND, response_detail("Not found."));
}

static int end(request_rec *r, const identity_t *identity, const policy_t *policy)
{
    int ended, all = r->args && strcmp(r->args, "all") == 0;
    const char *id = last_part(r), *why = "";
    verdict_t verdict;

    if (!all && !sessions_is_sid(id)) {
        return response_misread(
            r, HTTP_BAD_REQUEST,
            response_detail("Name a session, as in sessions/ID, or all others by ?all."));
    }
    verdict =
        all ? session_end_all(&ended, identity, identity->sid, policy, &why, r->pool)
            : session_end_by_id(&ended, id, identity, policy, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    if (!all && !ended) {
        return no_such_session(r);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0115: the user with the id '%s' ended %s", identity->user_id,
                  all ? "all sessions but one" : id);
    return answer_empty(r);
}

int revoke_sessions(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *why = "";
    identity_t identity;
    verdict_t verdict = credential_check(&identity, r, config, policy, &why);

    if (verdict == VERDICT_OK && !identity.session) {
        why = "the token has no session";
        verdict = VERDICT_NOT_HERE;
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    set_user(r, &identity);
    return (r->method_number == M_GET ? list : end)(r, &identity, policy);
}
