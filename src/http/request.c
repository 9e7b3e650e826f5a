#include "http/request.h"

#include <ap_expr.h>
#include <http_core.h>
#include <http_request.h>

#include "http/authorization.h"

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

int request_is_jwt(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && ap_cstr_casecmp(type, "JWT") == 0;
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

verdict_t request_token(const char **token, request_rec *r, const config_t *config,
                        const char **why)
{
    const char *name = config->header_name;

    return authorization_token(token, name, apr_table_get(r->headers_in, name),
                               config->header_types, why, r->pool);
}
