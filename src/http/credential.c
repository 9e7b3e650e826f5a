#include "http/credential.h"

#include <apr_strings.h>
#include <stddef.h>

#include "http/authorization.h"
#include "http/client.h"
#include "http/csrf.h"
#include "http/jar.h"
#include "http/query.h"
#include "http/request.h"

static verdict_t in_header(const char **token, request_rec *r, const config_t *config,
                           const char **why)
{
    const char *name = config->header_name;

    return authorization_token(token, name, apr_table_get(r->headers_in, name),
                               config->header_types, why, r->pool);
}

static verdict_t in_cookie(const char **token, request_rec *r, const char *name,
                           const char **why)
{
    const char *fresh = request_inherited(r, offsetof(request_state_t, renewed)), *value;

    /* What the answer sets in place of what was sent counts from then on. */
    if (fresh) {
        *token = fresh;
        return VERDICT_OK;
    }
    switch (jar_find(&value, r, name)) {
    case COOKIE_ONE:
        *token = value;
        *why = apr_psprintf(r->pool, "the cookie %s is empty", name);
        return *value ? VERDICT_OK : VERDICT_NO_TOKEN;
    case COOKIE_SEVERAL:
        *why = apr_psprintf(r->pool, "several cookies are called %s", name);
        return VERDICT_TWO_TOKENS;
    default:
        *why = apr_psprintf(r->pool, "no cookie %s", name);
        return VERDICT_NO_TOKEN;
    }
}

static verdict_t in_query(const char **token, request_rec *r, const char *name,
                          const char **why)
{
    switch (query_find(token, r, name)) {
    case COOKIE_ONE:
        return VERDICT_OK;
    case COOKIE_SEVERAL:
        *why = apr_psprintf(r->pool, "the query has several %s", name);
        return VERDICT_TWO_TOKENS;
    default:
        *why = apr_psprintf(r->pool, "the query has no %s", name);
        return VERDICT_NO_TOKEN;
    }
}

static verdict_t in_place(const char **token, request_rec *r, const config_t *config,
                          const config_source_t *source, const char **why)
{
    switch (source->place) {
    case CONFIG_COOKIE:
        return in_cookie(token, r, client_source_name(config, source), why);
    case CONFIG_QUERY:
        return in_query(token, r, source->name, why);
    case CONFIG_HEADER:
        break;
    }
    return in_header(token, r, config, why);
}

static void add(credential_t *credential, const char *token, config_place_t place,
                const config_t *config, apr_pool_t *p)
{
    if (!credential->token) {
        credential->token = token;
        credential->place = place;
        credential->opened_by = place == CONFIG_COOKIE
                                    ? config_header_name(CONFIG_COOKIE_FIELD)
                                    : config->header_name;
    } else if (strcmp(credential->token, token) != 0) {
        if (!credential->others) {
            credential->others = apr_array_make(p, 2, sizeof(const char *));
        }
        APR_ARRAY_PUSH(credential->others, const char *) = token;
    }
}

verdict_t credential_find(credential_t *out, request_rec *r, const config_t *config,
                          const char **why)
{
    const apr_array_header_t *sources = client_token_sources(config);
    credential_t found = {0};
    const char *token, *absent = NULL, *reason;
    verdict_t verdict;
    int i;

    memset(out, 0, sizeof *out);
    for (i = 0; i < sources->nelts; i++) {
        const config_source_t *source = &APR_ARRAY_IDX(sources, i, config_source_t);

        verdict = in_place(&token, r, config, source, &reason);
        if (verdict == VERDICT_OK) {
            add(&found, token, source->place, config, r->pool);
        } else if (verdict == VERDICT_NO_TOKEN) {
            absent = absent ? apr_pstrcat(r->pool, absent, "; ", reason, NULL) : reason;
        } else {
            *why = reason;
            return verdict;
        }
    }
    *why = absent;
    if (!found.token && !client_looks_in(config, CONFIG_COOKIE) &&
        request_inherited(r, offsetof(request_state_t, cookies))) {
        *why = apr_pstrcat(r->pool, absent,
                           "; cookies of this module came along, and are not looked at "
                           "here: see AuthJWTTokenSource, or write AuthJWTClient browser "
                           "for the whole server",
                           NULL);
    }
    *out = found;
    return found.token ? VERDICT_OK : VERDICT_NO_TOKEN;
}

int credential_is_in(request_rec *r, const config_t *config, config_place_t place)
{
    const apr_array_header_t *sources = client_token_sources(config);
    const char *token, *unheeded;
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const config_source_t *source = &APR_ARRAY_IDX(sources, i, config_source_t);

        if (source->place == place &&
            in_place(&token, r, config, source, &unheeded) != VERDICT_NO_TOKEN) {
            return 1;
        }
    }
    return 0;
}

static int is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A fault leaves it unknown whose the token is. */
static verdict_t compare(const char *token, const identity_t *identity,
                         const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *reason;
    identity_t other;
    verdict_t verdict = check_signed(&other, policy, token, &reason, p);

    if (verdict_info(verdict)->status == HTTP_SERVICE_UNAVAILABLE) {
        *why = reason;
        return verdict;
    }
    if (verdict != VERDICT_OK || (strcmp(other.user_id, identity->user_id) == 0 &&
                                  is_same(other.claims.sid, identity->claims.sid))) {
        return VERDICT_OK;
    }
    *why = apr_psprintf(p,
                        "the request has tokens of the users '%s' and '%s', or of two "
                        "sessions: %s and %s",
                        identity->user_id, other.user_id, identity->jti, other.jti);
    return VERDICT_TWO_TOKENS;
}

verdict_t credential_check_others(const credential_t *credential,
                                  const identity_t *identity, const policy_t *policy,
                                  const char **why, apr_pool_t *p)
{
    const apr_array_header_t *others = credential->others;
    verdict_t verdict = VERDICT_OK;
    int i;

    for (i = 0; others && i < others->nelts && verdict == VERDICT_OK; i++) {
        verdict =
            compare(APR_ARRAY_IDX(others, i, const char *), identity, policy, why, p);
    }
    return verdict;
}

verdict_t credential_check_all(const credential_t *credential, const identity_t *identity,
                               const policy_t *policy, const char **why, apr_pool_t *p)
{
    verdict_t verdict = credential->token
                            ? compare(credential->token, identity, policy, why, p)
                            : VERDICT_OK;

    return verdict == VERDICT_OK
               ? credential_check_others(credential, identity, policy, why, p)
               : verdict;
}

verdict_t credential_check(identity_t *out, request_rec *r, const config_t *config,
                           const policy_t *policy, const char **why)
{
    credential_t credential;
    verdict_t verdict = credential_find(&credential, r, config, why);

    if (verdict == VERDICT_OK) {
        verdict = check_token(out, policy, credential.token, config_page_types(config),
                              why, r->pool);
    }
    if (verdict == VERDICT_OK) {
        verdict = credential_check_others(&credential, out, policy, why, r->pool);
    }
    if (verdict == VERDICT_OK && credential.place == CONFIG_COOKIE) {
        verdict = csrf_check(r, config, policy, credential.token, why);
    }
    return verdict;
}
