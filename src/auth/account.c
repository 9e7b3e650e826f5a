#include "auth/account.h"

#include <apr_strings.h>

static verdict_t ask(db_row_t *row, const identity_t *identity, const policy_t *policy,
                     const char **why, apr_pool_t *p)
{
    const apr_array_header_t *shown = policy->user_columns;
    apr_array_header_t *names = apr_array_make(p, shown->nelts, sizeof(const char *));
    apr_status_t rv;
    db_t db;
    int i;

    for (i = 0; i < shown->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(shown, i, const policy_claim_t).column;
    }
    if (policy->store->open(&db, why, policy->store->context) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    rv = users_columns(row, policy->users, &db, identity->user_id, names, why, p);
    policy->store->close(policy->store->context);
    if (rv == APR_EGENERAL) {
        *why = apr_psprintf(p,
                            "AuthJWTUserColumns %s: %s; where the users' table has no "
                            "such column add it there, or name another one",
                            apr_array_pstrcat(p, names, ' '), *why);
    }
    return rv == APR_SUCCESS    ? VERDICT_OK
           : rv == APR_NOTFOUND ? VERDICT_USER_NOT_FOUND
                                : VERDICT_STORE_DOWN;
}

/* What is wrong with a column, or NULL. */
static const char *add(added_t *to, const policy_claim_t *shown, const db_row_t *row,
                       const identity_t *identity, apr_pool_t *p)
{
    const char *text, *error;

    if (!db_row_find(&text, row, shown->column)) {
        return apr_psprintf(p,
                            "AuthJWTUserColumns: AuthJWTUserByIdQuery gives no column "
                            "%s; add it",
                            shown->column);
    }
    error = added_text(to, shown->name, shown->type, text, p);
    return error ? apr_psprintf(p,
                                "AuthJWTUserColumns, for the user with the id '%s': the "
                                "column %s %s",
                                identity->user_id, shown->column, error)
                 : NULL;
}

static verdict_t read_columns(added_t *to, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *error = NULL;
    db_row_t row;
    verdict_t verdict = ask(&row, identity, policy, why, p);
    int i;

    for (i = 0; verdict == VERDICT_OK && i < policy->user_columns->nelts && !error; i++) {
        error = add(to, &APR_ARRAY_IDX(policy->user_columns, i, const policy_claim_t),
                    &row, identity, p);
    }
    if (error) {
        *why = error;
        return VERDICT_CLAIMS_FAILED;
    }
    return verdict;
}

verdict_t account_describe(added_t **out, const identity_t *identity,
                           const policy_t *policy, const char **why, apr_pool_t *p)
{
    added_t *made = added_make(p);
    verdict_t verdict = VERDICT_OK;

    if (policy->user_columns && policy->users) {
        verdict = read_columns(made, identity, policy, why, p);
    } else {
        added_text(made, "id", ADDED_STRING, identity->user_id, p);
        added_text(made, "username", ADDED_STRING, identity->username, p);
    }
    if (verdict == VERDICT_OK) {
        *out = made;
    }
    return verdict;
}
