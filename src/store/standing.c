/* The session's row comes first, and its user's beside it: no row is no session, and a
 * row whose user's columns are NULL no user. So both are still told apart, and whatever
 * is missing is found missing. */
#include "store/standing.h"

static apr_status_t find_session(standing_t *out, db_t *db, const char *sid,
                                 sessions_part_t part, const char **why, apr_pool_t *p)
{
    session_t *session = apr_palloc(p, sizeof *session);
    apr_status_t rv = sessions_find(session, part, db, sid, why, p);

    out->session = rv == APR_SUCCESS ? session : NULL;
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static void find_user(standing_t *out, const users_t *users, db_t *db, const char *id,
                      apr_pool_t *p)
{
    out->found = users_by_id(&out->user, users, db, id, &out->why, p);
}

/* Of a session that is there, with its user beside it. */
static apr_status_t read_both(standing_t *out, const users_t *users, const db_row_t *row,
                              const char *user_id, const char *sid, sessions_part_t part,
                              const char **why, apr_pool_t *p)
{
    session_t *session = apr_palloc(p, sizeof *session);
    apr_status_t rv = sessions_read(session, part, row, sid, why);

    if (rv == APR_SUCCESS) {
        out->session = session;
        out->found = users_read(&out->user, users, row, sessions_column_counts[part],
                                user_id, &out->why, p);
    }
    return rv;
}

static apr_status_t find_both(standing_t *out, const users_t *users, db_t *db,
                              const char *user_id, const char *sid, sessions_part_t part,
                              const char **why, apr_pool_t *p)
{
    db_row_t row;
    apr_status_t rv =
        byid_get_row(&row, users->with_session[part], db, user_id, sid, why, p);

    switch (rv) {
    case APR_SUCCESS:
        return read_both(out, users, &row, user_id, sid, part, why, p);
    case APR_NOTFOUND:
        find_user(out, users, db, user_id, p);
        return APR_SUCCESS;
    case APR_BADARG:
        out->why = *why;
        return find_session(out, db, sid, part, why, p);
    default:
        return rv;
    }
}

apr_status_t standing_find(standing_t *out, const users_t *users, db_t *db,
                           const char *user_id, const char *sid, sessions_part_t part,
                           const char **why, apr_pool_t *p)
{
    standing_t standing = {.found = APR_NOTFOUND, .why = ""};
    apr_status_t rv = APR_SUCCESS;

    if (sid && users && users->with_session[part]) {
        rv = find_both(&standing, users, db, user_id, sid, part, why, p);
    } else {
        if (sid) {
            rv = find_session(&standing, db, sid, part, why, p);
        }
        if (rv == APR_SUCCESS && users) {
            find_user(&standing, users, db, user_id, p);
        }
    }
    if (rv == APR_SUCCESS) {
        *out = standing;
    }
    return rv;
}

apr_status_t standing_probe(const users_t *users, db_t *db, const char **why,
                            apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int part;

    for (part = 0; part < SESSIONS_PARTS && rv == APR_SUCCESS; part++) {
        if (users->with_session[part]) {
            rv = byid_probe(users->with_session[part], db, "", why, p);
        }
    }
    return rv;
}
