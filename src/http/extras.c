#include "http/extras.h"

#include <ap_expr.h>
#include <apr_strings.h>
#include <http_log.h>

#include "http/setters.h"

APLOG_USE_MODULE(auth_jwt);

#define ROLES  "roles"
#define COLUMN "column:"

/* --- Directives ------------------------------------------------------------------- */

static int find_type(added_type_t *out, const char *name)
{
    int i;

    for (i = 0; i < ADDED_TYPES; i++) {
        if (ap_cstr_casecmp(name, added_type_names[i]) == 0) {
            *out = (added_type_t)i;
            return 1;
        }
    }
    return 0;
}

/* COLUMN[:TYPE] */
static const char *read_column(policy_claim_t *claim, cmd_parms *cmd, const char *text)
{
    const char *colon = strchr(text, ':');

    claim->column =
        colon ? apr_pstrmemdup(cmd->pool, text, (apr_size_t)(colon - text)) : text;
    if (!users_is_column(claim->column)) {
        return setters_refuse(cmd,
                              "'%s' is no plain column name; write one, and \"AS\" it in "
                              "AuthJWTUserByIdQuery where the table has another",
                              claim->column);
    }
    if (ap_cstr_casecmp(claim->column, users_column_names[USERS_PASSWORD]) == 0) {
        return setters_refuse(cmd,
                              "a password's hash is nothing that leaves this server; "
                              "name another column");
    }
    if (colon && !find_type(&claim->type, colon + 1)) {
        return setters_refuse(
            cmd, "'%s' is no type; write string, int, bool, list or json", colon + 1);
    }
    return NULL;
}

static const char *read_expression(policy_claim_t *claim, cmd_parms *cmd,
                                   const char *text)
{
    const char *error = NULL;

    claim->expression = ap_expr_parse_cmd(
        cmd, text, AP_EXPR_FLAG_STRING_RESULT | AP_EXPR_FLAG_DONT_VARY, &error, NULL);
    return error ? setters_refuse(cmd, "'%s' is no expression: %s", text, error) : NULL;
}

static const char *check_new(const apr_array_header_t *claims, cmd_parms *cmd,
                             const char *name)
{
    int i;

    for (i = 0; i < claims->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(claims, i, const policy_claim_t).name, name) == 0) {
            return setters_refuse(cmd, "'%s' is here twice; keep one of them", name);
        }
    }
    return setters_check_claim(cmd, CONFIG_CLAIMS, name);
}

/* What an expression cannot mean to be: a column with a slip in its first word, which
 * would be the same text for every user, and a claim, which no request has before its
 * login. */
static const char *check_source(cmd_parms *cmd, const char *from)
{
    apr_size_t len = strcspn(from, ":");

    if (len <= strlen(COLUMN "s") && from[len] && !ap_cstr_casecmpn(from, "col", 3)) {
        return setters_refuse(cmd,
                              "'%s' would be the same text for every user; write "
                              "column:%s",
                              from, from + len + 1);
    }
    return ap_strstr_c(from, "%{JWT:") || ap_strstr_c(from, "jwt(")
               ? setters_refuse(cmd,
                                "'%s' asks for a claim, and there is no token yet "
                                "where one is made; write column:NAME",
                                from)
               : NULL;
}

const char *extras_add_claim(cmd_parms *cmd, void *dir, const char *name,
                             const char *from)
{
    policy_claim_t claim = {name, NULL, ADDED_STRING, NULL};
    config_t *config = dir;
    apr_array_header_t *claims = (apr_array_header_t *)(apr_uintptr_t)config->claims;
    const char *error;

    if (!from && ap_cstr_casecmp(name, "none") != 0) {
        return setters_refuse(cmd, "takes a name and where it comes from, such as: email "
                                   "column:email");
    }
    if (!config_is_set(config, CONFIG_CLAIMS) || !claims) {
        claims = apr_array_make(cmd->pool, 4, sizeof(policy_claim_t));
    }
    config_mark(config, CONFIG_CLAIMS, cmd);
    config->claims = from ? claims : NULL;
    if (!from) {
        return NULL;
    }
    error = check_new(claims, cmd, name);
    if (!error && strncmp(from, COLUMN, strlen(COLUMN)) == 0) {
        error = read_column(&claim, cmd, from + strlen(COLUMN));
    } else if (!error) {
        error = check_source(cmd, from);
        error = error ? error : read_expression(&claim, cmd, from);
    }
    APR_ARRAY_PUSH(claims, policy_claim_t) = claim;
    return error;
}

const char *extras_add_column(cmd_parms *cmd, void *dir, const char *arg)
{
    policy_claim_t column = {NULL, NULL, ADDED_STRING, NULL};
    config_t *config = dir;
    apr_array_header_t *columns =
        (apr_array_header_t *)(apr_uintptr_t)config->user_columns;
    int is_none = ap_cstr_casecmp(arg, "none") == 0, i;
    const char *error = is_none ? NULL : read_column(&column, cmd, arg);

    if (!config_is_set(config, CONFIG_USER_COLUMNS) || !columns) {
        columns = apr_array_make(cmd->pool, 4, sizeof(policy_claim_t));
    }
    config_mark(config, CONFIG_USER_COLUMNS, cmd);
    config->user_columns = is_none ? NULL : columns;
    column.name = column.column;
    for (i = 0; !is_none && !error && i < columns->nelts; i++) {
        if (!ap_cstr_casecmp(APR_ARRAY_IDX(columns, i, policy_claim_t).name,
                             column.name)) {
            error = setters_refuse(cmd, "'%s' is here twice; keep one of them", arg);
        }
    }
    if (!is_none && !error) {
        APR_ARRAY_PUSH(columns, policy_claim_t) = column;
    }
    return error;
}

const char *extras_set_roles(cmd_parms *cmd, void *dir, const char *arg)
{
    config_t *config = dir;
    const db_query_t *query = NULL;
    const char *error = NULL;

    if (ap_cstr_casecmp(arg, "none") != 0) {
        error = users_query(&query, arg, cmd->pool);
    }
    config_mark(config, CONFIG_ROLES, cmd);
    config->roles = query;
    return error ? setters_refuse(cmd, "the SQL %s", error) : NULL;
}

/* --- With the other settings -------------------------------------------------------- */

/* The directive that has a claim's name for itself, or NULL. */
static const char *taken_by(const config_t *config, const char *name)
{
    return strcmp(name, config->user_id_claim) == 0      ? "AuthJWTUserIdClaim"
           : strcmp(name, config->jti_claim) == 0        ? "AuthJWTJtiClaim"
           : strcmp(name, config->token_type_claim) == 0 ? "AuthJWTTokenTypeClaim"
           : config->revoke_claim && !strcmp(name, config->revoke_claim)
               ? "AuthJWTEndOnPasswordChange"
           : config->roles && strcmp(name, ROLES) == 0 ? "AuthJWTRolesQuery"
                                                       : NULL;
}

/* @param directive  that names the column */
static const char *check_column(const config_t *config, const char *directive,
                                const policy_claim_t *claim, apr_pool_t *p)
{
    const char *password = config_users(config)->queries.columns[USERS_PASSWORD];

    if (!config_has_users(config)) {
        return apr_psprintf(p,
                            "%s: '%s' comes from a column, and users of AuthJWTProvider "
                            "alone have no row; %s",
                            directive, claim->name,
                            strcmp(directive, "AuthJWTClaim") == 0 ? "write an expression"
                                                                   : "leave it away");
    }
    return password && ap_cstr_casecmp(claim->column, password) == 0
               ? apr_psprintf(p,
                              "%s: '%s' is the column of the password, whose hash is "
                              "nothing that leaves this server; name another column",
                              directive, claim->column)
               : NULL;
}

static const char *check_name(const config_t *config, const char *name, apr_pool_t *p)
{
    const char *other = taken_by(config, name);

    return other ? apr_psprintf(p,
                                "AuthJWTClaim: '%s' is the claim of %s, too; write "
                                "another name",
                                name, other)
                 : NULL;
}

const char *extras_check(const config_t *config, int is_issuing, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    for (i = 0; config->claims && i < config->claims->nelts && !error; i++) {
        const policy_claim_t *claim =
            &APR_ARRAY_IDX(config->claims, i, const policy_claim_t);

        error = check_name(config, claim->name, p);
        if (!error && claim->column && is_issuing) {
            error = check_column(config, "AuthJWTClaim", claim, p);
        }
    }
    for (i = 0; config->user_columns && i < config->user_columns->nelts && !error; i++) {
        error = check_column(
            config, "AuthJWTUserColumns",
            &APR_ARRAY_IDX(config->user_columns, i, const policy_claim_t), p);
    }
    return error;
}

/* --- At a request ---------------------------------------------------------------------
 */

static const char *evaluate(const char **text, const void *expression,
                            const char *username, void *context)
{
    request_rec *r = context;
    char *user = r->user;
    const char *error = NULL, *found;

    r->user = apr_pstrdup(r->pool, username);
    found = ap_expr_str_exec(r, expression, &error);
    r->user = user;
    if (error || !found) {
        return apr_psprintf(r->pool, "the expression failed: %s", error ? error : "");
    }
    *text = *found ? found : NULL;
    return NULL;
}

void extras_attach(policy_t *policy, policy_expressions_t *expressions, request_rec *r)
{
    *expressions = (policy_expressions_t){evaluate, r};
    policy->expressions = expressions;
}
