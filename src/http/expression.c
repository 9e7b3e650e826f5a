/* What an expression makes of a claim ends in headers, log lines and rewritten paths,
 * where a line break would begin another one: a text with a control character is none. */
#include "http/expression.h"

#include <apr_strings.h>

#include "http/request.h"
#include "jose/path.h"
#include "store/users.h"

/* A path that is not known before the request has @p made NULL. */
static value_t find(ap_expr_eval_ctx_t *ctx, const path_t *made, const char *text)
{
    const identity_t *identity = ctx->r ? request_identity(ctx->r) : NULL;
    path_t path;

    if (!identity || (!made && path_parse(&path, text, ctx->p) != NULL)) {
        return value_of_json(NULL);
    }
    return path_find(made ? made : &path, &identity->claims);
}

static const char *text_of(const value_t *value, apr_pool_t *p)
{
    const char *text = value_text(value, p);

    return users_is_printable(text) ? text : "";
}

static const char *as_text(ap_expr_eval_ctx_t *ctx, const void *data, const char *arg)
{
    value_t value = find(ctx, data, arg);

    return text_of(&value, ctx->p);
}

/* The caller takes the elements out of the array. */
static apr_array_header_t *as_list(ap_expr_eval_ctx_t *ctx, const void *data,
                                   const char *arg)
{
    apr_array_header_t *list = apr_array_make(ctx->p, 4, sizeof(const char *));
    value_t value = find(ctx, data, arg), element;
    apr_size_t i;

    if (value.type != VALUE_ARRAY) {
        if (value.type != VALUE_ABSENT && value.type != VALUE_OBJECT) {
            APR_ARRAY_PUSH(list, const char *) = text_of(&value, ctx->p);
        }
        return list;
    }
    for (i = 0; (element = value_element(&value, i)).type != VALUE_ABSENT; i++) {
        APR_ARRAY_PUSH(list, const char *) = text_of(&element, ctx->p);
    }
    return list;
}

int expression_lookup(ap_expr_lookup_parms *parms)
{
    path_t *path = NULL;
    const char *error;

    if (ap_cstr_casecmp(parms->name, "JWT") != 0 ||
        (parms->type != AP_EXPR_FUNC_STRING && parms->type != AP_EXPR_FUNC_LIST)) {
        return DECLINED;
    }
    if (parms->arg) {
        path = apr_palloc(parms->pool, sizeof *path);
        error = path_parse(path, parms->arg, parms->pool);
        if (error) {
            *parms->err = apr_pstrcat(parms->pool, "JWT: ", error, NULL);
            return !OK;
        }
    }
    *parms->data = path;
    *parms->func = parms->type == AP_EXPR_FUNC_STRING ? (const void *)as_text
                                                      : (const void *)as_list;
    return OK;
}
