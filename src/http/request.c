#include "http/request.h"

#include <ap_expr.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

extern module AP_MODULE_DECLARE_DATA auth_jwt_module;

const request_state_t *request_find_state(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_jwt_module);
}

request_state_t *request_state(request_rec *r)
{
    request_state_t *state = ap_get_module_config(r->request_config, &auth_jwt_module);

    if (!state) {
        state = apr_pcalloc(r->pool, sizeof *state);
        ap_set_module_config(r->request_config, &auth_jwt_module, state);
    }
    return state;
}

/* Whoever changed r->user since has another user in mind. */
const identity_t *request_identity(const request_rec *r)
{
    const request_state_t *state = request_find_state(r);

    return state && state->identity && r->user && r->ap_auth_type &&
                   strcmp(r->ap_auth_type, REQUEST_AUTH_TYPE) == 0 &&
                   strcmp(r->user, state->remote_user) == 0
               ? state->identity
               : NULL;
}

void request_note_refusal(request_rec *r, const char *line, const char *scope)
{
    request_state_t *state = request_state(r);

    state->refused_by = state->refused_by ? state->refused_by : line;
    state->scope = state->scope ? state->scope : scope;
}

int request_is_jwt(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && ap_cstr_casecmp(type, REQUEST_AUTH_TYPE) == 0;
}

/* SetHandler's argument, which httpd makes r->handler only after authentication. */
static const char *set_handler(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *handler = core->handler, *error = NULL;

    if (core->expr_handler) {
        handler = ap_expr_str_exec(r, core->expr_handler, &error);
    }
    return error ? NULL : handler;
}

const char *request_endpoint(request_rec *r)
{
    const request_state_t *state = request_find_state(r);
    const char *handler;

    if (state && state->mounted) {
        return state->mounted;
    }
    handler = set_handler(r);
    return handler && mount_has_handler(handler) ? handler : NULL;
}

const request_rec *request_origin(const request_rec *r)
{
    return r->prev ? r->prev : r->main;
}

const char *request_inherited(const request_rec *r, apr_size_t offset)
{
    const request_state_t *state;
    const char *text = NULL;

    for (; r && !text; r = request_origin(r)) {
        state = request_find_state(r);
        text = state ? *(const char *const *)((const char *)state + offset) : NULL;
    }
    return text;
}

/* A stream of HTTP/2 has a connection of its own, which no other request follows. */
recent_t *request_recent(const request_rec *r)
{
    conn_rec *c = r->connection;
    recent_t *recent = ap_get_module_config(c->conn_config, &auth_jwt_module);

    if (!recent && !c->master) {
        recent = recent_make(c->pool);
        ap_set_module_config(c->conn_config, &auth_jwt_module, recent);
    }
    return recent;
}

policy_client_t request_client(request_rec *r)
{
    const char *agent = apr_table_get(r->headers_in, "User-Agent");
    policy_client_t client = {r->useragent_ip, agent, 0};
    char *copy, *at;

    if (agent) {
        client.user_agent = copy = apr_pstrdup(r->pool, agent);
        for (at = copy; *at; at++) {
            *at = *at >= ' ' && *at <= '~' ? *at : '?';
        }
    }
    return client;
}
