/* A request that was let through authentication as an endpoint is answered by that
 * endpoint and by nothing else, whatever a later phase made of r->handler: otherwise
 * a rewrite could turn "needs no token" into somebody else's content. */
#include "http/endpoints.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "auth/login.h"
#include "auth/refresh.h"
#include "http/body.h"
#include "http/dbd.h"
#include "http/request.h"
#include "http/response.h"
#include "http/seats.h"

APLOG_USE_MODULE(auth_jwt);

/* --- Mounting ------------------------------------------------------------------ */

/* Whether an endpoint is mounted at a decoded path; remembered for the later hooks. */
static int is_mounted_at(request_rec *r, const char *path)
{
    const mount_t *mount = config_of_server(r->server)->mount;
    const char *handler = mount && path ? mount_find(mount, path) : NULL;

    if (handler) {
        request_state(r)->mounted = handler;
    }
    return handler != NULL;
}

static int is_mounted(request_rec *r)
{
    const request_state_t *state = request_find_state(r);

    return (state && state->mounted) || is_mounted_at(r, r->uri);
}

/* The path is not decoded yet where "ProxyPass … mapping=encoded" looks at it. */
int endpoints_pre_translate(request_rec *r)
{
    char *path;

    if (!config_of_server(r->server)->mount || !r->uri) {
        return DECLINED;
    }
    path = apr_pstrdup(r->pool, r->uri);
    return ap_unescape_url(path) == OK && is_mounted_at(r, path) ? DONE : DECLINED;
}

int endpoints_translate(request_rec *r)
{
    if (!is_mounted(r)) {
        return DECLINED;
    }
    /* Not a path: nothing below the document root may be meant by it. */
    r->filename = apr_pstrdup(r->pool, "auth_jwt:endpoint");
    return OK;
}

int endpoints_map_to_storage(request_rec *r)
{
    return is_mounted(r) ? OK : DECLINED;
}

int endpoints_type(request_rec *r)
{
    const request_state_t *state = request_find_state(r);

    if (!state || !state->mounted) {
        return DECLINED;
    }
    r->handler = state->mounted;
    return OK;
}

/* --- Seats ---------------------------------------------------------------------- */

/* Of this process; made before its threads are. */
static seats_t *seats;

static apr_status_t take_seat(const char **why, void *context)
{
    apr_status_t rv = seats ? seats_take(seats) : APR_EGENERAL;

    (void)context;
    if (rv != APR_SUCCESS) {
        *why = APR_STATUS_IS_EBUSY(rv)
                   ? "as many logins wait as hashes may be computed at once; see "
                     "AuthJWTHashConcurrency"
               : APR_STATUS_IS_TIMEUP(rv)
                   ? "a login has waited for a second while other hashes were computed; "
                     "see AuthJWTHashConcurrency"
                   : "this child cannot count hashes, as JWT0014 said when it started";
    }
    return rv;
}

static void leave_seat(void *context)
{
    (void)context;
    seats_leave(seats);
}

static const policy_seats_t policy_seats = {take_seat, leave_seat, NULL};

void endpoints_child_init(apr_pool_t *pchild, server_rec *s)
{
    int count = config_of_server(s)->hash_concurrency;
    apr_status_t rv = seats_make(&seats, count ? count : seats_processors(), pchild);

    if (rv != APR_SUCCESS) {
        seats = NULL;
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "JWT0014: no lock to count password hashes with; logins at this "
                     "child answer 503");
    }
}

/* --- Answering ------------------------------------------------------------------ */

static int refuse_body(request_rec *r, const body_error_t *error)
{
    char *text;

    if (!error->body) {
        return error->status;
    }
    text = json_dumps(error->body, JSON_COMPACT);
    apr_table_setn(r->subprocess_env, "AUTH_JWT_ERROR", "malformed");
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0102: the request was not understood (%d): %.200s", error->status,
                  text ? text : "");
    free(text);
    return response_json(r, error->status, error->body);
}

static int answer_tokens(request_rec *r, const issue_tokens_t *tokens)
{
    json_t *body = json_object();

    if (tokens->refresh) {
        json_object_set_new(body, "refresh", json_string(tokens->refresh));
    }
    json_object_set_new(body, "access", json_string(tokens->access));
    return response_json(r, HTTP_OK, body);
}

static int obtain(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *username, *password, *why = "";
    body_error_t error = {0};
    issue_tokens_t tokens;
    identity_t identity;
    verdict_t verdict;
    json_t *body;

    body = body_read(r, config, &error);
    if (!body) {
        return refuse_body(r, &error);
    }
    username = body_field(r, body, config->fields->username, 1, &error);
    password = body_field(r, body, config->fields->password, 0, &error);
    if (error.status) {
        return refuse_body(r, &error);
    }
    verdict = login_check(&identity, policy, username, password, strlen(password), &why,
                          r->pool);
    if (verdict == VERDICT_OK) {
        verdict = issue_pair(&tokens, policy, &identity, &why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0111: login of the user with the id "
                  "'%s', access token %s",
                  identity.user_id, tokens.access_jti);
    return answer_tokens(r, &tokens);
}

static int refresh(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *token, *why = "";
    body_error_t error = {0};
    issue_tokens_t tokens;
    identity_t identity;
    verdict_t verdict;
    json_t *body;

    body = body_read(r, config, &error);
    if (!body) {
        return refuse_body(r, &error);
    }
    token = body_field(r, body, "refresh", 1, &error);
    if (error.status) {
        return refuse_body(r, &error);
    }
    verdict = refresh_token(&tokens, &identity, policy, token, &why, r->pool);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0112: refresh for the user with the id "
                  "'%s', refresh token %s, access token %s",
                  identity.user_id, identity.jti, tokens.access_jti);
    return answer_tokens(r, &tokens);
}

/* Whoever verifies may keep the keys for a while; the README tells how long to wait when
 * keys change. */
#define JWKS_CACHE_CONTROL "public, max-age=300"

static int show_keys(request_rec *r, const config_t *config, const policy_t *policy)
{
    (void)config;
    apr_table_unset(r->err_headers_out, "Cache-Control");
    apr_table_unset(r->err_headers_out, "Pragma");
    /* Not err_headers_out: a 412 that a stranger asks for must not be kept. */
    apr_table_setn(r->headers_out, "Cache-Control", JWKS_CACHE_CONTROL);
    return response_public(r, jwk_public_set(policy->keys, r->pool));
}

/* --- The table ------------------------------------------------------------------- */

typedef struct {
    const char *handler;
    int method; /* the one that it answers, beside OPTIONS */
    const char *allow;
    int needs_key; /* one that signs */
    int (*answer)(request_rec *r, const config_t *config, const policy_t *policy);
} endpoint_t;

static const endpoint_t table[] = {
    {"jwt-obtain", M_POST, "POST, OPTIONS", 1, obtain},
    {"jwt-refresh", M_POST, "POST, OPTIONS", 1, refresh},
    {"jwt-jwks", M_GET, "GET, HEAD, OPTIONS", 0, show_keys},
};

static const endpoint_t *find_endpoint(const request_rec *r)
{
    const request_state_t *state = request_find_state(r);
    const char *handler = r->handler;
    apr_size_t i;

    if (state && (state->endpoint || state->mounted)) {
        handler = state->endpoint ? state->endpoint : state->mounted;
    }
    for (i = 0; handler && i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].handler, handler) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static int wrong_method(request_rec *r, const endpoint_t *endpoint)
{
    r->allowed |= AP_METHOD_BIT << endpoint->method;
    if (r->method_number == M_OPTIONS) {
        return response_json(r, HTTP_OK, json_object());
    }
    return response_json(
        r, HTTP_METHOD_NOT_ALLOWED,
        response_detail(apr_psprintf(r->pool, "Method \"%s\" not allowed.", r->method)));
}

/* A section that lost its key to a dynamic AuthType or the like: configtest cannot
 * see everything. */
static int no_key(request_rec *r)
{
    return response_verdict(
        r, VERDICT_CRYPTO_DOWN,
        "no key signs here; add AuthJWTKey or mend AuthJWTSigningKey");
}

int endpoints_handle(request_rec *r)
{
    const endpoint_t *endpoint = find_endpoint(r);
    const config_t *config;
    policy_t policy;
    dbd_t dbd;

    if (!endpoint) {
        return DECLINED;
    }
    response_no_store(r);
    apr_table_setn(r->headers_out, "Allow", endpoint->allow);
    if (r->method_number != endpoint->method) {
        return wrong_method(r, endpoint);
    }
    config = config_of_request(r);
    config_policy(&policy, config, r->pool);
    if (endpoint->needs_key && (!policy.signing_key || !policy.refresh_signing_key)) {
        return no_key(r);
    }
    dbd_attach(&policy, &dbd, config, r);
    policy.seats = &policy_seats;
    return endpoint->answer(r, config, &policy);
}

void endpoints_prepare(void)
{
    login_prepare();
}
