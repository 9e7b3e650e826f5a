/* Whoever relies on a claim must not be given tokens without it, so what cannot be made
 * fails the login or refresh as a database that is down does. */
#include "auth/addition.h"

#include <apr_strings.h>

#define ROLES "roles"

/* What the database says of a user. */
typedef struct {
    db_row_t row;
    const apr_array_header_t *roles; /* const char * */
} facts_t;

/* --- Reading ------------------------------------------------------------------------ */

static const apr_array_header_t *columns_of(const policy_t *policy, apr_pool_t *p)
{
    apr_array_header_t *columns = apr_array_make(p, 4, sizeof(const char *));
    int i;

    for (i = 0; policy->claims && i < policy->claims->nelts; i++) {
        const policy_claim_t *claim =
            &APR_ARRAY_IDX(policy->claims, i, const policy_claim_t);

        if (claim->column) {
            APR_ARRAY_PUSH(columns, const char *) = claim->column;
        }
    }
    return columns;
}

static apr_status_t read_columns(facts_t *facts, const policy_t *policy, db_t *db,
                                 const char *id, const apr_array_header_t *columns,
                                 const char **why, apr_pool_t *p)
{
    apr_status_t rv = users_columns(&facts->row, policy->users, db, id, columns, why, p);

    if (rv == APR_EGENERAL) {
        *why = apr_psprintf(p,
                            "AuthJWTClaim, by the columns %s: %s; where the users' table "
                            "has no such column add it there, or name another one in "
                            "AuthJWTClaim",
                            apr_array_pstrcat(p, columns, ' '), *why);
    }
    return rv;
}

static apr_status_t read_roles(facts_t *facts, const policy_t *policy, db_t *db,
                               const char *id, const char **why, apr_pool_t *p)
{
    apr_array_header_t *roles = apr_array_make(p, 4, sizeof(const char *));
    const apr_array_header_t *rows;
    apr_status_t rv;
    int i;

    rv = db_get_rows(&rows, ADDED_MAX_VALUES + 1, db, policy->roles, &id, why, p);
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const db_row_t *row = &APR_ARRAY_IDX(rows, i, const db_row_t);

        if (row->columns && row->values[0]) {
            APR_ARRAY_PUSH(roles, const char *) = row->values[0];
        }
    }
    facts->roles = roles;
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(p, "AuthJWTRolesQuery: %s", *why);
    }
    return rv;
}

static apr_status_t ask(facts_t *facts, const policy_t *policy, const char *id,
                        const char **why, apr_pool_t *p)
{
    const apr_array_header_t *columns = columns_of(policy, p);
    apr_status_t rv = APR_SUCCESS;
    db_t db;

    if (!columns->nelts && !policy->roles) {
        return APR_SUCCESS;
    }
    if (policy->store->open(&db, why, policy->store->context) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    if (columns->nelts) {
        rv = read_columns(facts, policy, &db, id, columns, why, p);
    }
    if (rv == APR_SUCCESS && policy->roles) {
        rv = read_roles(facts, policy, &db, id, why, p);
    }
    policy->store->close(policy->store->context);
    return rv;
}

static verdict_t read_facts(facts_t *facts, const policy_t *policy, const char *id,
                            const char **why, apr_pool_t *p)
{
    switch (ask(facts, policy, id, why, p)) {
    case APR_SUCCESS:
        return VERDICT_OK;
    case APR_NOTFOUND:
        *why = apr_psprintf(p, "the user with the id '%s' was deleted just now", id);
        return VERDICT_NO_ACCOUNT;
    default:
        return VERDICT_STORE_DOWN;
    }
}

/* --- Making ---------------------------------------------------------------------------
 */

/* The text of one claim; NULL where it has no value. Or what is wrong. */
static const char *get_text(const char **text, const policy_claim_t *claim,
                            const facts_t *facts, const policy_t *policy,
                            const identity_t *identity, apr_pool_t *p)
{
    const policy_expressions_t *expressions = policy->expressions;

    if (!claim->column) {
        return expressions->evaluate(text, claim->expression, identity->username,
                                     expressions->context);
    }
    return db_row_find(text, &facts->row, claim->column)
               ? NULL
               : apr_psprintf(p, "AuthJWTUserByIdQuery gives no column %s; add it",
                              claim->column);
}

static const char *add_claim(added_t *to, const policy_claim_t *claim,
                             const facts_t *facts, const policy_t *policy,
                             const identity_t *identity, apr_pool_t *p)
{
    const char *text, *error = get_text(&text, claim, facts, policy, identity, p);

    if (!error) {
        error = added_text(to, claim->name, claim->type, text, p);
        error = error && claim->column
                    ? apr_pstrcat(p, "the column ", claim->column, " ", error, NULL)
                : error ? apr_pstrcat(p, "the expression's text ", error, NULL)
                        : NULL;
    }
    return error ? apr_psprintf(p, "AuthJWTClaim %s, for the user with the id '%s': %s",
                                claim->name, identity->user_id, error)
                 : NULL;
}

static const char *add_roles(added_t *to, const facts_t *facts,
                             const identity_t *identity, apr_pool_t *p)
{
    const char *error = facts->roles ? added_texts(to, ROLES, facts->roles) : NULL;

    return error
               ? apr_psprintf(p,
                              "AuthJWTRolesQuery, for the user with the id '%s': a role "
                              "%s",
                              identity->user_id, error)
               : NULL;
}

static const char *add_all(added_t *to, const facts_t *facts, const policy_t *policy,
                           const identity_t *identity, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    for (i = 0; policy->claims && i < policy->claims->nelts && !error; i++) {
        error = add_claim(to, &APR_ARRAY_IDX(policy->claims, i, const policy_claim_t),
                          facts, policy, identity, p);
    }
    if (!error) {
        error = add_roles(to, facts, identity, p);
    }
    if (!error) {
        error = added_check(to, policy->max_token_length / 2, p);
        error = error ? apr_psprintf(p,
                                     "the claims of AuthJWTClaim and AuthJWTRolesQuery "
                                     "for the user with the id '%s' %s",
                                     identity->user_id, error)
                      : NULL;
    }
    return error;
}

verdict_t addition_make(identity_t *identity, const policy_t *policy, const char **why,
                        apr_pool_t *p)
{
    facts_t facts = {{0}};
    verdict_t verdict;
    const char *error;
    added_t *added;

    if (!policy->claims && !policy->roles) {
        return VERDICT_OK;
    }
    verdict = read_facts(&facts, policy, identity->user_id, why, p);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    added = added_make(p);
    error = add_all(added, &facts, policy, identity, p);
    if (error) {
        *why = error;
        return VERDICT_CLAIMS_FAILED;
    }
    identity->added = added;
    return VERDICT_OK;
}
