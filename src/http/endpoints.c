/* A request that was let through authentication as an endpoint is answered by that
 * endpoint and by nothing else, whatever a later phase made of r->handler: otherwise
 * a rewrite could turn "needs no token" into somebody else's content. */
#include "http/endpoints.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "auth/login.h"
#include "http/cors.h"
#include "http/dbd.h"
#include "http/extras.h"
#include "http/grant.h"
#include "http/profile.h"
#include "http/provider.h"
#include "http/request.h"
#include "http/response.h"
#include "http/revoke.h"
#include "http/seats.h"
#include "http/signin.h"

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

/* --- The keys -------------------------------------------------------------------- */

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
    apr_int64_t methods; /* bits of those that it answers, beside OPTIONS */
    const char *allow;
    int needs_key; /* one that signs */
    int (*answer)(request_rec *r, const config_t *config, const policy_t *policy);
} endpoint_t;

#define GET    (AP_METHOD_BIT << M_GET)
#define POST   (AP_METHOD_BIT << M_POST)
#define DELETE (AP_METHOD_BIT << M_DELETE)

static const endpoint_t table[] = {
    {"jwt-obtain", POST, "POST, OPTIONS", 1, grant_obtain},
    {"jwt-refresh", POST, "POST, OPTIONS", 1, grant_refresh},
    {"jwt-obtain-sliding", POST, "POST, OPTIONS", 1, grant_obtain_sliding},
    {"jwt-refresh-sliding", POST, "POST, OPTIONS", 1, grant_refresh_sliding},
    {"jwt-verify", POST, "POST, OPTIONS", 0, revoke_verify},
    {"jwt-blacklist", POST, "POST, OPTIONS", 0, revoke_blacklist},
    {"jwt-logout", POST, "POST, OPTIONS", 0, revoke_logout},
    {"jwt-sessions", GET | DELETE, "GET, HEAD, DELETE, OPTIONS", 0, revoke_sessions},
    {"jwt-user", GET, "GET, HEAD, OPTIONS", 0, profile_answer},
    {"jwt-login", GET | POST, "GET, HEAD, POST, OPTIONS", 1, signin_answer},
    {"jwt-jwks", GET, "GET, HEAD, OPTIONS", 0, show_keys},
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
    r->allowed |= endpoint->methods;
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

/* Before anybody else would answer it, whether a token was asked for or not. */
static int is_preflight(request_rec *r, const endpoint_t *endpoint)
{
    const request_state_t *state = request_find_state(r);

    return (state && state->is_preflight) ||
           (cors_is_preflight(r, config_of_request(r)) &&
            (endpoint || request_is_jwt(r)));
}

/* Whoever would redirect, such as mod_dir where the slash is missing behind a directory,
 * does it in its fixups, and a browser takes a redirected preflight for a refusal. */
int endpoints_fixups(request_rec *r)
{
    const endpoint_t *endpoint;
    int rv;

    if (r->main || r->method_number != M_OPTIONS) {
        return DECLINED;
    }
    endpoint = find_endpoint(r);
    if (!is_preflight(r, endpoint)) {
        return DECLINED;
    }
    rv = ap_discard_request_body(r);
    if (rv != OK) {
        return rv;
    }
    /* No handler runs, but Header directives must still apply. */
    ap_run_insert_filter(r);
    cors_answer_preflight(r, config_of_request(r), endpoint ? endpoint->allow : NULL);
    return DONE;
}

int endpoints_handle(request_rec *r)
{
    const endpoint_t *endpoint = find_endpoint(r);
    const config_t *config;
    policy_expressions_t expressions;
    provider_t provider;
    policy_t policy;
    dbd_t dbd;

    /* Of a sub-request, which has no answer of its own: it was let through all the same,
     * and nobody else may answer it. */
    if (is_preflight(r, endpoint)) {
        cors_answer_preflight(r, config_of_request(r), endpoint ? endpoint->allow : NULL);
        return OK;
    }
    if (!endpoint) {
        return DECLINED;
    }
    response_no_store(r);
    apr_table_setn(r->headers_out, "Allow", endpoint->allow);
    if (!(endpoint->methods & AP_METHOD_BIT << r->method_number)) {
        return wrong_method(r, endpoint);
    }
    config = config_of_request(r);
    config_policy(&policy, config, r->pool);
    if (endpoint->needs_key && (!policy.signing_key || !policy.refresh_signing_key)) {
        return no_key(r);
    }
    dbd_attach(&policy, &dbd, config, r);
    provider_attach(&policy, &provider, r);
    extras_attach(&policy, &expressions, r);
    policy.seats = &policy_seats;
    policy.client = request_client(r);
    return endpoint->answer(r, config, &policy);
}

void endpoints_prepare(apr_pool_t *pconf)
{
    login_prepare(pconf);
}
