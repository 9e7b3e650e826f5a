#include "auth/ledger.h"

#include <apr_strings.h>
#include <string.h>

/* Of a user; more are neither shown nor looked through by AuthJWTMaxSessions. */
#define MOST_LISTED 1000

static apr_status_t open_store(db_t *db, const policy_t *policy, const char **why)
{
    return policy->store->open(db, why, policy->store->context);
}

static void close_store(const policy_t *policy)
{
    policy->store->close(policy->store->context);
}

static sessions_user_t user_of(const policy_t *policy, const char *id)
{
    sessions_user_t user = {users_source(policy->users), id};

    return user;
}

void ledger_tell_ended(const policy_t *policy)
{
    if (policy->store->ended) {
        policy->store->ended(policy->store->context);
    }
}

static apr_int64_t earlier(apr_int64_t a, apr_int64_t b)
{
    return a < b ? a : b;
}

/* --- Rows ------------------------------------------------------------------------ */

/* What a column of so many bytes can hold. */
static const char *fit(const char *text, apr_size_t most, apr_pool_t *p)
{
    return text ? apr_pstrndup(p, text, most) : "";
}

session_t ledger_make(const policy_t *policy, const char *user_id, const char *sid,
                      apr_int64_t auth_time, apr_int64_t idle, apr_pool_t *p)
{
    session_t row = {
        .sid = sid,
        .user = user_of(policy, user_id),
        .previous_jti = "",
        .created_at = policy->now,
        .auth_time = auth_time,
        .idle_seconds = idle,
        .absolute_until = policy->session_lifetime
                              ? policy->now + policy->session_lifetime
                              : SESSIONS_NO_END,
        .remember = policy->client.remember,
        .password_mark = "",
        .address = fit(policy->client.address, SESSIONS_MAX_ADDRESS, p),
        .user_agent = fit(policy->client.user_agent, SESSIONS_MAX_USER_AGENT, p),
    };

    row.expires_at = earlier(policy->now + row.idle_seconds, row.absolute_until);
    return row;
}

/* End sessions of a user until no more than so many are left, those that were used least
 * recently first: an order in which everybody finds them. */
static apr_status_t leave_only(int most, const sessions_user_t *user,
                               const policy_t *policy, db_t *db, const char **why,
                               apr_pool_t *p)
{
    const apr_array_header_t *sessions;
    int i, ended;
    apr_status_t rv;

    rv = sessions_list(&sessions, MOST_LISTED, db, user, policy->now, why, p);
    for (i = most; rv == APR_SUCCESS && i < sessions->nelts; i++) {
        rv = sessions_end(&ended, db, APR_ARRAY_IDX(sessions, i, session_t).sid, user,
                          policy->now, why, p);
        ledger_tell_ended(policy);
    }
    return rv;
}

/* Room is made before, so that a login never ends its own session; but logins at the same
 * time make room before any of them is there, and of these no more may stay either. */
apr_status_t ledger_add(const session_t *row, const policy_t *policy, const char **why,
                        apr_pool_t *p)
{
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (policy->max_sessions) {
        rv = leave_only(policy->max_sessions - 1, &row->user, policy, &db, why, p);
    }
    if (rv == APR_SUCCESS) {
        rv = sessions_add(&db, row, why, p);
    }
    if (rv == APR_SUCCESS && policy->max_sessions) {
        rv = leave_only(policy->max_sessions, &row->user, policy, &db, why, p);
    }
    close_store(policy);
    return rv;
}

apr_status_t ledger_find(session_t *row, const policy_t *policy, const char *sid,
                         const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_find(row, SESSIONS_WHOLE, &db, sid, why, p);
        close_store(policy);
    }
    return rv;
}

apr_status_t ledger_end(int *ended, const char *sid, const char *user_id,
                        const policy_t *policy, const char **why, apr_pool_t *p)
{
    sessions_user_t user = user_of(policy, user_id);
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_end(ended, &db, sid, &user, policy->now, why, p);
        close_store(policy);
        /* Also after an error, which does not say that nothing was done. */
        ledger_tell_ended(policy);
    }
    return rv;
}

apr_status_t ledger_end_all(int *ended, const char *user_id, const char *but,
                            const policy_t *policy, const char **why, apr_pool_t *p)
{
    sessions_user_t user = user_of(policy, user_id);
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_end_all(ended, &db, &user, but, policy->now, why, p);
        close_store(policy);
        ledger_tell_ended(policy);
    }
    return rv;
}

apr_status_t ledger_list(const apr_array_header_t **out, const char *user_id,
                         const policy_t *policy, const char **why, apr_pool_t *p)
{
    sessions_user_t user = user_of(policy, user_id);
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_list(out, MOST_LISTED, &db, &user, policy->now, why, p);
        close_store(policy);
    }
    return rv;
}

/* Let a new token follow. The row tells afterwards whether that was done, also where the
 * statement failed: its error may have come after it had worked. */
verdict_t ledger_rotate(int *won, session_t *row, const char *jti, const char *successor,
                        const policy_t *policy, apr_int64_t now, const char **why,
                        apr_pool_t *p)
{
    const char *unheeded;
    sessions_rotation_t rotation = {
        .sid = row->sid,
        .presented = jti,
        .successor = successor,
        .now = now,
        .not_since = now - policy->reuse_grace,
        .expires_at = earlier(now + row->idle_seconds, row->absolute_until),
    };
    apr_status_t rv;
    db_t db;

    *won = 0;
    rv = open_store(&db, policy, why);
    if (rv != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    rv = sessions_rotate(won, &db, &rotation, why, p);
    if (rv == APR_SUCCESS && *won) {
        row->previous_jti = jti;
        row->current_jti = successor;
        row->refreshed_at = now;
        row->expires_at = rotation.expires_at;
    } else if (sessions_find(row, SESSIONS_WHOLE, &db, row->sid, rv ? &unheeded : why,
                             p) != APR_SUCCESS) {
        rv = APR_EGENERAL;
    } else {
        *won = strcmp(row->current_jti, successor) == 0;
    }
    close_store(policy);
    return rv == APR_SUCCESS || *won ? VERDICT_OK : VERDICT_STORE_DOWN;
}

apr_status_t ledger_add_ended(const char *sid, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    session_t row = ledger_make(policy, identity->user_id, sid, policy->now, 0, p);
    apr_status_t rv;
    db_t db;

    row.current_jti = identity->jti;
    row.revoked_at = policy->now;
    row.expires_at = identity->claims.exp;
    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_add(&db, &row, why, p);
        close_store(policy);
        ledger_tell_ended(policy);
    }
    return rv;
}

/* --- The blacklist --------------------------------------------------------------- */

/* When the last of all tokens with this jti has expired: a sliding one keeps its own. */
static apr_int64_t last_end(const identity_t *identity)
{
    apr_int64_t exp = identity->claims.exp, slides_until;

    if (identity->type != CHECK_SLIDING) {
        return exp;
    }
    slides_until = claims_time(&identity->claims, CHECK_REFRESH_EXP);
    return slides_until > exp ? slides_until : exp;
}

apr_status_t ledger_blacklist(int *added, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    blacklist_entry_t entry = {
        .jti = identity->jti,
        .user_id = identity->user_id,
        .expires_at = last_end(identity),
        .now = policy->now,
    };
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = blacklist_add(added, &db, policy->blacklist, &entry, why, p);
        close_store(policy);
    }
    return rv;
}
