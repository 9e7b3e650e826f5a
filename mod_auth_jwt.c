/*
 * mod_auth_jwt: the whole life of a JSON Web Token inside httpd.
 *
 * A request on its way through this module:
 *
 *   POST /auth/token                         GET /members/
 *   translate    endpoints_translate         check_authn   authn_check
 *   type         endpoints_type                http/request    the token
 *   handler      endpoints_handle              http/config     policy
 *     http/body      credentials               auth/check      verify it
 *     http/config    policy                      jose/jws      signature
 *     auth/login     check them                  jose/claims   claims
 *       store/users    the row                   store/users   still active?
 *       store/password the hash              auth_checker  authz_check
 *     auth/issue     make tokens             fixups        authn_fixups
 *     http/response  answer                  filters       private_insert
 *
 * Floors, from top to bottom: this file, http, auth, and side by side jose and store.
 * Only this file and http know httpd; see build/layers.sh.
 */
#include <httpd.h>

#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

/* Behind httpd's own headers. */
#include <ap_expr.h>

#include "http/authn.h"
#include "http/authz.h"
#include "http/body.h"
#include "http/config.h"
#include "http/configtest.h"
#include "http/cors.h"
#include "http/dbd.h"
#include "http/directives.h"
#include "http/endpoints.h"
#include "http/export.h"
#include "http/expression.h"
#include "http/jar.h"
#include "http/private.h"
#include "http/purge.h"
#include "http/query.h"
#include "http/require.h"
#include "http/sources.h"

/* The configuration is read twice at start, and the module may stay loaded between. */
static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    config_reset(pconf);
    export_reset(pconf);
    return OK;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    int status;

    (void)plog;
    (void)ptemp;
    /* The first reading is thrown away: nothing is made for it. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    config_finish(pconf, s);
    endpoints_prepare(pconf);
    status = dbd_post_config(s);
    if (status == OK) {
        purge_post_config(pconf, s);
    }
    return status;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    body_child_init(pchild);
    endpoints_child_init(pchild, s);
    dbd_child_init(pchild, s, sources_all());
    purge_child_init(pchild, s, sources_all());
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const before_proxy[] = {"mod_proxy.c", NULL};
    static const char *const before_rewrite[] = {"mod_rewrite.c", NULL};
    static const char *const after_dbd[] = {"mod_dbd.c", NULL};

    private_register();
    cors_register();
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(configtest_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* mod_dbd makes its pools there, and the statements are tried on them. */
    ap_hook_child_init(child_init, after_dbd, NULL, APR_HOOK_LAST);

    /* Before SetEnvIf and "RequestHeader early", which look at header fields. */
    ap_hook_post_read_request(jar_take, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(export_scrub, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(query_take, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(query_take_late, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* Before all who map URLs: no ProxyPass or rewrite may send a password away. */
    ap_hook_pre_translate_name(endpoints_pre_translate, NULL, before_proxy,
                               APR_HOOK_REALLY_FIRST);
    ap_hook_translate_name(endpoints_translate, NULL, before_proxy,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(endpoints_map_to_storage, NULL, before_proxy,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_type_checker(endpoints_type, NULL, NULL, APR_HOOK_REALLY_FIRST);

    /* PER_CONF throughout: one module without it makes httpd authenticate every
     * sub-request of the server anew. */
    ap_hook_check_authn(authn_check, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    /* AuthJWTOptional: asked where access is granted without a user. */
    ap_hook_force_authn(authn_force, NULL, NULL, APR_HOOK_MIDDLE);
    /* It calls all others, so it comes first. */
    ap_hook_check_authz(authz_check, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    require_register(p);
    ap_hook_expr_lookup(expression_lookup, NULL, NULL, APR_HOOK_MIDDLE);
    /* Rewrites in directory context look at the environment in their fixups. */
    ap_hook_fixups(authn_fixups, NULL, before_rewrite, APR_HOOK_REALLY_FIRST);
    /* It answers preflights, so it comes before all who would redirect them. */
    ap_hook_fixups(endpoints_fixups, NULL, before_rewrite, APR_HOOK_REALLY_FIRST);

    ap_hook_insert_filter(cors_insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(cors_insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_filter(private_insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(private_insert, NULL, NULL, APR_HOOK_LAST);
    /* mod_proxy's handler is FIRST and never looks whether the request is meant for it.
     */
    ap_hook_handler(endpoints_handle, NULL, before_proxy, APR_HOOK_REALLY_FIRST);
}

__attribute__((visibility("default"))) module AP_MODULE_DECLARE_DATA auth_jwt_module = {
    STANDARD20_MODULE_STUFF,
    config_create, /* create per-directory config */
    config_merge,  /* merge per-directory config */
    NULL,          /* server config: all settings are per-directory, see http/config.h */
    NULL,          /* merge server config */
    directives_table,
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE,
#endif
};
