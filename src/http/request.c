#include "http/request.h"

#include <apr_strings.h>
#include <ap_expr.h>
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

static int is_accepted(const char *scheme, const config_t *config)
{
    int i;

    for (i = 0; i < config->header_types->nelts; i++) {
        if (ap_cstr_casecmp(scheme, APR_ARRAY_IDX(config->header_types, i, char *)) ==
            0) {
            return 1;
        }
    }
    return 0;
}

#define BLANKS " \t\n\v\f\r"

/* Cut the next word off *text; NULL at its end. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, BLANKS);

    *text = word + strcspn(word, BLANKS);
    if (**text) {
        *(*text)++ = '\0';
    }
    return *word ? word : NULL;
}

verdict_t request_token(const char **token, request_rec *r, const config_t *config,
                        const char **why)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    char *rest = apr_pstrdup(r->pool, header ? header : ""), *scheme, *value;

    scheme = next_word(&rest);
    if (!scheme || !is_accepted(scheme, config)) {
        *why = scheme ? "the Authorization header has another scheme"
                      : "no Authorization header";
        return VERDICT_NO_TOKEN;
    }
    value = next_word(&rest);
    /* Two header fields arrive here as one, joined by a comma. */
    if (!value || next_word(&rest)) {
        *why = "the Authorization header is not a scheme and one token";
        return VERDICT_BAD_HEADER;
    }
    *token = value;
    return VERDICT_OK;
}
