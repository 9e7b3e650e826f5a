/* Applications take "-" and "_" of a field's name for the same, and any spelling of it;
 * some (PHP, lighttpd) take "." or any other sign for "_", too. So all of these are taken
 * out of each request as it is read, whether the place is protected or not: nothing that
 * a client sends is ever left under a name that some section of this server uses. */
#include "http/export.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>

#include "http/setters.h"
#include "http/tree.h"
#include "jose/path.h"

APLOG_USE_MODULE(auth_jwt);

#define PREFIX "AUTH_JWT_"

typedef struct {
    path_t path;
    const char *claim; /* as it was written */
    const char *name;
} export_t;

/* Of the whole server; export_reset() makes them anew for each reading. */
static apr_array_header_t *env_names, *header_names;

void export_reset(apr_pool_t *pconf)
{
    env_names = apr_array_make(pconf, 4, sizeof(const char *));
    header_names = apr_array_make(pconf, 4, sizeof(const char *));
}

/* --- Names ------------------------------------------------------------------------- */

static char folded(char c)
{
    return apr_isalnum(c) ? (char)apr_toupper(c) : '_';
}

/* Whether two names are one to an application, up to the end of the first. */
static int begins_as(const char *prefix, const char *name)
{
    while (*prefix && folded(*prefix) == folded(*name)) {
        prefix++;
        name++;
    }
    return *prefix == '\0';
}

static int is_same(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && begins_as(a, b);
}

static int is_listed(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (is_same(APR_ARRAY_IDX(names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

/* What is in the list as NAME*, or as a whole name. */
static int is_taken(const char *const *taken, const char *name)
{
    for (; *taken; taken++) {
        apr_size_t len = strlen(*taken) - 1;

        if ((*taken)[len] == '*' ? ap_cstr_casecmpn(*taken, name, len) == 0
                                 : ap_cstr_casecmp(*taken, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Variables of CGI (RFC 3875 section 4.1), of httpd, and of whatever starts programs. */
static const char *const taken_envs[] = {
    "AUTH_TYPE",    "CONTENT_*",      "DOCUMENT_*", "GATEWAY_INTERFACE", "HTTP_*",
    "HTTPS",        "LD_*",           "PATH*",      "QUERY_STRING",      "REDIRECT_*",
    "REMOTE_*",     "REQUEST_*",      "SCRIPT_*",   "SERVER_*",          "SSL_*",
    "UNIQUE_ID",    "PHP_*",          "CONTEXT_*",  "AUTH_JWT_USER_ID",  "AUTH_JWT_SID",
    "AUTH_JWT_JTI", "AUTH_JWT_ERROR", NULL};

/* Fields with a meaning for httpd, proxies or clients. */
static const char *const taken_headers[] = {"Accept*",
                                            "Authorization",
                                            "Cache-Control",
                                            "Connection",
                                            "Content-*",
                                            "Cookie",
                                            "Date",
                                            "Expect",
                                            "Forwarded",
                                            "Host",
                                            "If-*",
                                            "Keep-Alive",
                                            "Max-Forwards",
                                            "Origin",
                                            "Pragma",
                                            "Proxy-*",
                                            "Range",
                                            "Referer",
                                            "Sec-*",
                                            "TE",
                                            "Trailer",
                                            "Transfer-Encoding",
                                            "Upgrade",
                                            "User-Agent",
                                            "Via",
                                            "X-CSRF*",
                                            "X-Forwarded-*",
                                            "Access-*",
                                            NULL};

static int is_variable(const char *name)
{
    const char *at = name;

    while (apr_isalnum(*at) || *at == '_') {
        at++;
    }
    return *name && *at == '\0' && !apr_isdigit(*name);
}

/* Letters, digits and "-": nothing else is sure to reach applications. */
static int is_field(const char *name)
{
    const char *at = name;

    while (apr_isalnum(*at) || *at == '-') {
        at++;
    }
    return *at == '\0' && apr_isalpha(*name);
}

/* "AUTH_JWT_CLAIM_" and "org.plan" to "AUTH_JWT_CLAIM_ORG_PLAN". */
static const char *variable_of(const char *prefix, const char *text, apr_pool_t *p)
{
    char *name = apr_pstrcat(p, prefix, text, NULL), *at;

    for (at = name; *at; at++) {
        *at = apr_isalnum(*at) ? (char)apr_toupper(*at) : '_';
    }
    return name;
}

/* --- Directives -------------------------------------------------------------------- */

static const char *check_env(cmd_parms *cmd, const char *name)
{
    if (!is_variable(name)) {
        return setters_refuse(cmd,
                              "'%s' is no name of a variable; write one of letters, "
                              "digits and _, such as ROLES",
                              name);
    }
    return is_taken(taken_envs, name)
               ? setters_refuse(
                     cmd,
                     "'%s' has a meaning of its own for programs; write another "
                     "name, such as ROLES",
                     name)
               : NULL;
}

static const char *check_header(cmd_parms *cmd, const char *name)
{
    if (!is_field(name)) {
        return setters_refuse(cmd,
                              "'%s' is no name of a header field that reaches every "
                              "application; write one of letters, digits and -, such as "
                              "X-Roles",
                              name);
    }
    return is_taken(taken_headers, name)
               ? setters_refuse(cmd,
                                "'%s' has a meaning of its own in a request; write "
                                "another name, such as X-Roles",
                                name)
               : NULL;
}

static int has_name(const apr_array_header_t *exports, const char *name)
{
    int i;

    for (i = 0; i < exports->nelts; i++) {
        if (is_same(APR_ARRAY_IDX(exports, i, const export_t).name, name)) {
            return 1;
        }
    }
    return 0;
}

/* The list that a section is building; NULL for "none". */
static apr_array_header_t *own_list(cmd_parms *cmd, config_t *config, int is_none)
{
    config_row_t row = setters_row(cmd);
    apr_array_header_t **list = config_member(config, row);

    if (!config_is_set(config, row) || !*list) {
        *list = apr_array_make(cmd->pool, 4, sizeof(export_t));
    }
    config_mark(config, row, cmd);
    if (is_none) {
        *list = NULL;
    }
    return *list;
}

static void note(apr_array_header_t *names, const char *name)
{
    if (!is_listed(names, name)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
}

static const char *add(cmd_parms *cmd, apr_array_header_t *list,
                       apr_array_header_t *names, const char *claim, const char *name)
{
    export_t made = {.claim = claim, .name = name};
    const char *error = path_parse(&made.path, claim, cmd->pool);

    if (error) {
        return setters_refuse(cmd, "%s", error);
    }
    if (has_name(list, name)) {
        return setters_refuse(cmd, "'%s' is here twice; keep one of them", name);
    }
    APR_ARRAY_PUSH(list, export_t) = made;
    note(names, name);
    return NULL;
}

const char *export_add_env(cmd_parms *cmd, void *dir, const char *claim, const char *name)
{
    int is_none = !name && ap_cstr_casecmp(claim, "none") == 0;
    apr_array_header_t *list = own_list(cmd, dir, is_none);
    const char *error;

    if (is_none) {
        return NULL;
    }
    if (!name) {
        name = variable_of(PREFIX "CLAIM_", claim, cmd->pool);
    }
    error = check_env(cmd, name);
    return error ? error : add(cmd, list, env_names, claim, name);
}

const char *export_add_header(cmd_parms *cmd, void *dir, const char *claim,
                              const char *name)
{
    int is_none = !name && ap_cstr_casecmp(claim, "none") == 0;
    apr_array_header_t *list = own_list(cmd, dir, is_none);
    const char *error;

    if (is_none) {
        return NULL;
    }
    if (!name) {
        return setters_refuse(cmd, "takes a claim and the field's name, such as: roles "
                                   "X-Roles");
    }
    error = check_header(cmd, name);
    /* A page hands on the variables of its own fields to what it includes. */
    note(env_names, variable_of("HTTP_", name, cmd->pool));
    return error ? error : add(cmd, list, header_names, claim, name);
}

/* A field that the token is in would be taken out before anybody looks at it. */
static const char *check_token_field(apr_pool_t *p)
{
    const apr_array_header_t *fields = config_header_names();
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const char *field = APR_ARRAY_IDX(fields, i, const char *);

        if (begins_as(PREFIX, field) || is_listed(header_names, field)) {
            return apr_psprintf(p,
                                "AuthJWTHeaderName: '%s' is taken out of each request, "
                                "as %s; write another name",
                                field,
                                begins_as(PREFIX, field)
                                    ? "applications take it for a variable of ours"
                                    : "AuthJWTClaimHeader sets it");
        }
    }
    return NULL;
}

static const ap_directive_t *find_merged_trailers(const ap_directive_t *first,
                                                  apr_pool_t *p)
{
    const ap_directive_t *node, *found;

    for (node = first; node; node = node->next) {
        found = tree_is(node, "MergeTrailers") &&
                        ap_cstr_casecmp(tree_word(node, p), "On") == 0
                    ? node
                    : find_merged_trailers(node->first_child, p);
        if (found) {
            return found;
        }
    }
    return NULL;
}

/* They come with the end of the body: php-fpm is told of the fields after that. */
static const char *check_trailers(apr_pool_t *p)
{
    const ap_directive_t *line =
        header_names->nelts ? find_merged_trailers(ap_conftree, p) : NULL;

    return line ? apr_psprintf(p,
                               "MergeTrailers: 'On' puts fields from behind a request's "
                               "body among the others, when those of AuthJWTClaimHeader "
                               "are no longer taken out; write: MergeTrailers Off (in "
                               "%s)",
                               tree_text(line, p))
                : NULL;
}

const char *export_check(apr_pool_t *p)
{
    const char *error = check_token_field(p);

    return error ? error : check_trailers(p);
}

/* --- At a request --------------------------------------------------------------------
 */

static void unset_headers(request_rec *r, int all_of_ours)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_in);
    const char *found[16];
    int i, n;

    /* Not while the table is walked over; several rounds, if there are many. */
    do {
        const apr_table_entry_t *field = (const apr_table_entry_t *)fields->elts;

        for (i = n = 0; i < fields->nelts && n < 16; i++) {
            if ((all_of_ours && begins_as(PREFIX, field[i].key)) ||
                is_listed(header_names, field[i].key)) {
                found[n++] = field[i].key;
            }
        }
        for (i = 0; i < n; i++) {
            apr_table_unset(r->headers_in, found[i]);
        }
    } while (n == 16);
}

/* Of a field's name (RFC 9110 section 5.6.2). */
static int is_token_char(char c)
{
    return apr_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* mod_proxy takes out every field that Connection names (RFC 9110 section 7.6.1), so a
 * client could take ours away from an application behind it. What separates two names is
 * not the same to all who read them: whatever looks like one of ours becomes blanks. */
static void protect_headers(request_rec *r)
{
    const char *sent = apr_table_get(r->headers_in, "Connection");
    char *names, *end, separator;

    if (!sent || !header_names->nelts) {
        return;
    }
    names = apr_pstrdup(r->pool, sent);
    apr_table_setn(r->headers_in, "Connection", names);
    for (; *names; names = *end ? end + 1 : end) {
        for (end = names; is_token_char(*end); end++) {
        }
        separator = *end;
        *end = '\0';
        if (is_listed(header_names, names)) {
            memset(names, ' ', (apr_size_t)(end - names));
        }
        *end = separator;
    }
}

int export_scrub(request_rec *r)
{
    unset_headers(r, 1);
    protect_headers(r);
    return DECLINED;
}

void export_clear(request_rec *r)
{
    int i;

    if (header_names->nelts) {
        unset_headers(r, 0);
    }
    for (i = 0; i < env_names->nelts; i++) {
        apr_table_unset(r->subprocess_env, APR_ARRAY_IDX(env_names, i, const char *));
    }
}

/* What cannot be handed on as it is, or NULL: a control character would begin another
 * field, and blanks around a field's text are dropped by who reads it (RFC 9110 section
 * 5.5), so that an application would see what no Require line has seen. */
static const char *fault_of(const char *text, int is_field)
{
    apr_size_t len = strlen(text);

    return !users_is_printable(text) ? "a control character"
           : is_field && len && (*text == ' ' || text[len - 1] == ' ')
               ? "a blank at an end"
               : NULL;
}

/* Each claim that is there. */
static void set(apr_table_t *table, const apr_array_header_t *exports, int are_fields,
                const identity_t *identity, request_rec *r)
{
    const char *fault;
    int i;

    for (i = 0; exports && i < exports->nelts; i++) {
        const export_t *export = &APR_ARRAY_IDX(exports, i, const export_t);
        value_t value = path_find(&export->path, &identity->claims);
        const char *text = value_text(&value, r->pool);

        if (value.type == VALUE_ABSENT) {
            continue;
        }
        fault = fault_of(text, are_fields);
        if (fault) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                          "JWT0123: the claim %s of the user with the id '%s' has %s, so "
                          "%s is not set",
                          export->claim, identity->user_id, fault, export->name);
            continue;
        }
        apr_table_setn(table, export->name, text);
    }
}

void export_set(request_rec *r, const identity_t *identity)
{
    const config_t *config = config_of_request(r);

    set(r->subprocess_env, config->claim_envs, 0, identity, r);
    set(r->headers_in, config->claim_headers, 1, identity, r);
}
