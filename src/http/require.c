/* httpd asks every line once before there is a user: whoever says "denied" then, and not
 * "a user is needed", denies those with a good token as well. Negated, that answer
 * decides nothing, so that a line which is negated needs another one beside it.
 *
 * A line knows whether it is negated, and where it cannot say yes or no, as for a user of
 * another AuthType, it gives the answer that refuses. */
#include "http/require.h"

#include <ap_provider.h>
#include <ap_regex.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>

#include "auth/requirement.h"
#include "http/lines.h"
#include "http/request.h"

APLOG_USE_MODULE(auth_jwt);

typedef struct {
    requirement_t requirement;
    const char *text;  /* as it stands in the configuration */
    const char *scope; /* of the challenge; NULL: none */
    int is_negated;
} line_t;

/* --- Regular expressions ---------------------------------------------------------- */

/* PCRE takes limits in front of an expression, and the lower of two. What they stop has
 * taken some milliseconds, and some hundred kilobytes. */
#define LIMITS "(*LIMIT_MATCH=100000)(*LIMIT_RECURSION=5000)"

static const void *compile(const char *text, apr_pool_t *p)
{
    return ap_pregcomp(p, apr_pstrcat(p, LIMITS, text, NULL),
                       AP_REG_NO_DEFAULT | AP_REG_DEFAULT);
}

static requirement_result_t match(const void *compiled, const char *text, apr_size_t len)
{
    switch (ap_regexec_len(compiled, text, len, 0, NULL, 0)) {
    case 0:
        return REQUIREMENT_MET;
    case AP_REG_NOMATCH:
        return REQUIREMENT_UNMET;
    default:
        return REQUIREMENT_GAVE_UP;
    }
}

static const requirement_regex_t regex = {compile, match};

/* --- At configuration time --------------------------------------------------------- */

static const apr_array_header_t *split(const char *args, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(requirement_word_t));

    for (;;) {
        requirement_word_t word;

        while (apr_isspace(*args)) {
            args++;
        }
        if (!*args) {
            return words;
        }
        word.is_quoted = *args == '"' || *args == '\'';
        word.text = ap_getword_conf(p, &args);
        APR_ARRAY_PUSH(words, requirement_word_t) = word;
    }
}

/* What httpd keeps of a line, and what it says of one that is wrong. */
static const char *finish(const void **parsed, line_t *line, const char *name,
                          const char *args, const char *error, cmd_parms *cmd)
{
    const char *misplaced = lines_check(cmd->directive, cmd->pool);

    line->text = apr_pstrcat(cmd->pool, name, " ", args, NULL);
    line->is_negated = lines_is_negated(cmd->directive, cmd->pool);
    *parsed = line;
    return misplaced || !error
               ? misplaced
               : apr_pstrcat(cmd->pool, "Require ", name, ": ", error, NULL);
}

static const char *parse_claim(cmd_parms *cmd, const char *args, const void **parsed)
{
    line_t *line = apr_pcalloc(cmd->pool, sizeof *line);
    const char *error = requirement_parse_claim(
        &line->requirement, split(args, cmd->pool), &regex, cmd->pool);

    return finish(parsed, line, "jwt-claim", args, error, cmd);
}

static const char *join(const apr_array_header_t *names, apr_pool_t *p)
{
    const char *list = "";
    int i;

    for (i = 0; i < names->nelts; i++) {
        list = apr_pstrcat(p, list, i ? " " : "",
                           APR_ARRAY_IDX(names, i, const value_t).text, NULL);
    }
    return list;
}

static const char *parse_scope(cmd_parms *cmd, const char *args, const void **parsed)
{
    line_t *line = apr_pcalloc(cmd->pool, sizeof *line);
    const char *error =
        requirement_parse_scope(&line->requirement, split(args, cmd->pool), cmd->pool);

    line->scope = error ? NULL : join(line->requirement.values, cmd->pool);
    return finish(parsed, line, "jwt-scope", args, error, cmd);
}

/* --- At a request ------------------------------------------------------------------ */

static requirement_result_t ask(request_rec *r, const line_t *line)
{
    const identity_t *identity = request_identity(r);
    requirement_result_t result;

    if (!identity) {
        return REQUIREMENT_GAVE_UP;
    }
    result = requirement_test(&line->requirement, &identity->claims);
    if (result == REQUIREMENT_GAVE_UP) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "JWT0122: '%s' took too long over a claim of the user with the id "
                      "'%s', and refuses; write an expression that tries less, or let "
                      "less into the claim",
                      line->text, identity->user_id);
    }
    return result;
}

static authz_status check(request_rec *r, const char *args, const void *parsed)
{
    const line_t *line = parsed;
    requirement_result_t result;
    int is_good;

    (void)args;
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    result = ask(r, line);
    is_good = line->is_negated ? result == REQUIREMENT_UNMET : result == REQUIREMENT_MET;
    if (!is_good) {
        request_note_refusal(r,
                             line->is_negated
                                 ? apr_pstrcat(r->pool, "not ", line->text, NULL)
                                 : line->text,
                             line->is_negated ? NULL : line->scope);
    }
    return is_good != line->is_negated ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

void require_register(apr_pool_t *p)
{
    static const authz_provider claim = {check, parse_claim},
                                scope = {check, parse_scope};

    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "jwt-claim",
                              AUTHZ_PROVIDER_VERSION, &claim, AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "jwt-scope",
                              AUTHZ_PROVIDER_VERSION, &scope, AP_AUTH_INTERNAL_PER_CONF);
}
