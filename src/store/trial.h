/**
 * What is asked of the database only when somebody logs in, or only by some: tried before
 * that happens.
 */
#ifndef STORE_TRIAL_H
#define STORE_TRIAL_H

#include "store/users.h"

/** One of roles, note and column is set. */
typedef struct {
    const db_query_t *roles;  /* AuthJWTRolesQuery */
    const users_note_t *note; /* AuthJWTLastLoginQuery */
    const char *column;       /* of AuthJWTClaim or AuthJWTUserColumns */
    const users_t *users;     /* whose column that is */
} trial_t;

/**
 * Try it, with nobody's id. A statement that would change something is prepared and not
 * run, so what a grant lacks for that is not found.
 *
 * @param why  on error the reason for the log
 * @return APR_SUCCESS, also where it cannot be told; APR_EGENERAL; APR_INCOMPLETE for a
 *         column where users themselves cannot be asked, as users_probe() tells
 */
apr_status_t trial_run(const trial_t *trial, db_t *db, const char **why, apr_pool_t *p);

/** What does not work without it, and in parentheses what to do. */
const char *trial_cure(const trial_t *trial);

#endif
