#include "store/trial.h"

#include <apr_strings.h>

/* A cast of a site's own SQL takes one of nobody's ids and not the other. What cannot be
 * prepared is told by the first one. */
static apr_status_t try_roles(const db_query_t *roles, db_t *db, const char **why,
                              apr_pool_t *p)
{
    const apr_array_header_t *rows;
    const char *unheeded, *id;
    apr_status_t rv = APR_EGENERAL;
    int i;

    for (i = 0; i < BYID_NOBODIES && rv != APR_SUCCESS; i++) {
        id = byid_nobodies[i];
        rv = db_get_rows(&rows, 1, db, roles, &id, i ? &unheeded : why, p);
    }
    return rv;
}

/* Only ids that are values of the column's type are asked for. */
static apr_status_t try_table(const trial_t *trial, db_t *db, const char **why,
                              apr_pool_t *p)
{
    apr_array_header_t *columns = apr_array_make(p, 1, sizeof(const char *));
    apr_status_t rv = APR_SUCCESS;
    db_row_t row;
    int i;

    APR_ARRAY_PUSH(columns, const char *) = trial->column;
    for (i = 0; i < BYID_NOBODIES && rv != APR_EGENERAL; i++) {
        rv = users_columns(&row, trial->users, db, byid_nobodies[i], columns, why, p);
    }
    return rv == APR_EGENERAL ? rv : APR_SUCCESS;
}

/* Whether the database takes a question about the answers of own SQL. */
static apr_status_t try_answers(const trial_t *trial, const char *column, db_t *db,
                                const char **why, apr_pool_t *p)
{
    const char *sql = apr_pstrcat(p, "SELECT ", column, " FROM (",
                                  trial->users->by_id->sql, ") auth_jwt", NULL);

    return db_try(db, db_query_make(sql, p), why, p);
}

/* Without a row drivers tell no names of columns. SQL that cannot stand in other SQL,
 * such as with a semicolon behind it, is let be. */
static apr_status_t try_own(const trial_t *trial, db_t *db, const char **why,
                            apr_pool_t *p)
{
    const char *unheeded;

    if (try_answers(trial, "1", db, &unheeded, p) != APR_SUCCESS ||
        try_answers(trial, trial->column, db, &unheeded, p) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    *why = apr_psprintf(p, "AuthJWTUserByIdQuery gives no column %s", trial->column);
    return APR_EGENERAL;
}

apr_status_t trial_run(const trial_t *trial, db_t *db, const char **why, apr_pool_t *p)
{
    const char *unheeded;

    if (trial->column && users_probe(trial->users, db, &unheeded, p) != APR_SUCCESS) {
        return APR_INCOMPLETE;
    }
    return trial->roles          ? try_roles(trial->roles, db, why, p)
           : trial->note         ? users_try_note(trial->note, db, why, p)
           : trial->users->table ? try_table(trial, db, why, p)
                                 : try_own(trial, db, why, p);
}

const char *trial_cure(const trial_t *trial)
{
    return trial->roles  ? "until it does, logins and refreshes answer 503 (mend its SQL)"
           : trial->note ? "until it does, logins are not noted (mend its SQL)"
           : trial->users->table ? "until it does, what wants it answers 503 (name a "
                                   "column that the users' table has, or add it there)"
                                 : "until it does, what wants it answers 503 (add it to "
                                   "AuthJWTUserByIdQuery, or \"AS\" it there)";
}
