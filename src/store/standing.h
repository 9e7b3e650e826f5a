/**
 * How somebody stands who has a token: what its session and its user are by now. One
 * question to the database where the SQL for users is the module's own, two otherwise.
 */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "store/users.h"

typedef struct {
    const session_t *session; /* NULL: none has that sid, or none was asked for */
    apr_status_t found;       /* the user: as users_by_id() has it */
    user_t user;              /* on APR_SUCCESS */
    const char *why;          /* otherwise */
} standing_t;

/**
 * Find a session, ended or not, and a user.
 *
 * @param out      allocated from @p p, untouched on error
 * @param users    where the user is; NULL: nobody asks for one, who is not found
 * @param user_id  of the token; the session may be another user's
 * @param sid      of the token; NULL: none
 * @param part     how much of the session
 * @return APR_SUCCESS, or APR_EGENERAL with @p why set for a database that failed or a
 *         session's row that cannot be used
 */
apr_status_t standing_find(standing_t *out, const users_t *users, db_t *db,
                           const char *user_id, const char *sid, sessions_part_t part,
                           const char **why, apr_pool_t *p);

/** Try the questions that are about both, where there are such, with nobody's names. */
apr_status_t standing_probe(const users_t *users, db_t *db, const char **why,
                            apr_pool_t *p);

#endif
