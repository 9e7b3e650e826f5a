/* One row a login. A refresh token is spent by one UPDATE, whose count of changed rows
 * says who made the successor: there is no moment at which two could.
 *
 * SimpleJWT reads, then writes, and lets every one of several parallel requests have a
 * successor of its own; it never notices that a spent token comes back. Here the
 * successor is in the row before anybody is told of it, so a client that lost the answer
 * asks again within the grace and is given the same one. After the grace a spent token
 * means that two hold the session, and it ends for both.
 *
 * Without sessions a blacklist tells what was ended. There a token is spent by the one
 * INSERT that adds its jti; nobody could be given a successor that is kept nowhere, so
 * whoever comes second is refused.
 *
 * The clock of a session never goes back: where another server's is ahead by less than
 * MOST_AHEAD, a rotation of its future is taken for one of this moment. */
#include "auth/session.h"

#include <apr_strings.h>
#include <string.h>

#include "auth/random.h"

/* Seconds. More is no drift, but a clock that nobody sets. */
#define MOST_AHEAD 60

/* Somebody else's rotation can come between two looks at a row, but not often. */
#define MOST_LOOKS 4

/* Of a user, looked through for those that AuthJWTMaxSessions ends. */
#define MOST_LISTED 1000

static const char no_random[] = "no random bytes";

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

static void tell_ended(const policy_t *policy)
{
    if (policy->store->ended) {
        policy->store->ended(policy->store->context);
    }
}

/* --- Making ---------------------------------------------------------------------- */

static apr_int64_t earlier(apr_int64_t a, apr_int64_t b)
{
    return a < b ? a : b;
}

/* What a column of so many bytes can hold. */
static const char *fit(const char *text, apr_size_t most, apr_pool_t *p)
{
    return text ? apr_pstrndup(p, text, most) : "";
}

/* The row of a login that was at auth_time. */
static session_t make_row(const policy_t *policy, const char *user_id, const char *sid,
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
        tell_ended(policy);
    }
    return rv;
}

/* Room is made before, so that a login never ends its own session; but logins at the same
 * time make room before any of them is there, and of these no more may stay either. */
static apr_status_t add_row(const session_t *row, const policy_t *policy,
                            const char **why, apr_pool_t *p)
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

verdict_t session_start(session_successor_t *first, identity_t *identity,
                        const policy_t *policy, apr_int64_t idle, const char **why,
                        apr_pool_t *p)
{
    session_successor_t made = {
        .is_given = 1,
        .jti = random_id(policy->random, p),
        .iat = policy->now,
        .exp = policy->now + idle,
    };
    session_t *row = apr_palloc(p, sizeof *row);
    const char *sid = random_id(policy->random, p);

    if (!made.jti || !sid) {
        *why = no_random;
        return VERDICT_CRYPTO_DOWN;
    }
    if (policy->sessions == POLICY_SESSIONS_ON ||
        policy->sessions == POLICY_SESSIONS_MIGRATE) {
        *row = make_row(policy, identity->user_id, sid, policy->now, idle, p);
        row->current_jti = made.jti;
        row->password_mark = identity->password_mark;
        made.exp = row->expires_at;
        if (add_row(row, policy, why, p) != APR_SUCCESS) {
            return VERDICT_STORE_DOWN;
        }
        identity->sid = sid;
        identity->session = row;
    }
    *first = made;
    return VERDICT_OK;
}

/* --- Spending -------------------------------------------------------------------- */

static apr_status_t find_row(session_t *row, const policy_t *policy, const char *sid,
                             const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_find(row, &db, sid, why, p);
        close_store(policy);
    }
    return rv;
}

static apr_status_t end_row(int *ended, const char *sid, const char *user_id,
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
        tell_ended(policy);
    }
    return rv;
}

/* Somebody presents a token that is no longer good. */
static verdict_t refuse_reuse(const session_t *row, const char *jti,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    int ended;

    if (end_row(&ended, row->sid, row->user.id, policy, why, p) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    *why = apr_psprintf(p,
                        "the refresh token %s of the user with the id '%s' was spent "
                        "before; its session %s was ended, since two seem to hold it (a "
                        "client that does not store what a refresh gives it needs "
                        "AuthJWTRotateRefresh Off)",
                        jti, row->user.id, row->sid);
    return VERDICT_REUSED;
}

/* The outcome of one look at a row. */
typedef enum { STEP_KEEP, STEP_CURRENT, STEP_ROTATE, STEP_ENDED, STEP_REUSE } step_t;

static step_t next_step(const session_t *row, const char *jti, const policy_t *policy,
                        apr_int64_t now)
{
    int is_current = strcmp(jti, row->current_jti) == 0;
    int is_fresh = row->refreshed_at && now - row->refreshed_at < policy->reuse_grace;

    if (row->revoked_at || row->expires_at <= now) {
        return STEP_ENDED;
    }
    if (is_current) {
        return !policy->rotates ? STEP_KEEP : is_fresh ? STEP_CURRENT : STEP_ROTATE;
    }
    return is_fresh && strcmp(jti, row->previous_jti) == 0 ? STEP_CURRENT : STEP_REUSE;
}

verdict_t session_check_unspent(const identity_t *identity, const policy_t *policy,
                                const char **why, apr_pool_t *p)
{
    const session_t *row = identity->session;

    if (!row || identity->type != CHECK_REFRESH ||
        next_step(row, identity->jti, policy, policy->now) != STEP_REUSE) {
        return VERDICT_OK;
    }
    *why = apr_psprintf(p,
                        "the refresh token %s of the user with the id '%s' was spent "
                        "before",
                        identity->jti, identity->user_id);
    return VERDICT_SESSION_ENDED;
}

static session_successor_t current_of(const session_t *row)
{
    session_successor_t current = {1, row->current_jti, row->refreshed_at,
                                   row->expires_at};

    return current;
}

/* Let a new token follow. The row tells afterwards whether that was done, also where the
 * statement failed: its error may have come after it had worked. */
static verdict_t rotate(int *won, session_t *row, const char *jti, const char *successor,
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
    } else if (sessions_find(row, &db, row->sid, rv ? &unheeded : why, p) !=
               APR_SUCCESS) {
        rv = APR_EGENERAL;
    } else {
        *won = strcmp(row->current_jti, successor) == 0;
    }
    close_store(policy);
    return rv == APR_SUCCESS || *won ? VERDICT_OK : VERDICT_STORE_DOWN;
}

static verdict_t ahead(const session_t *row, const policy_t *policy, const char **why,
                       apr_pool_t *p)
{
    *why = apr_psprintf(p,
                        "the session %s was refreshed %" APR_INT64_T_FMT
                        " seconds in the future; set the clocks of all servers that use "
                        "this database",
                        row->sid, row->refreshed_at - policy->now);
    return VERDICT_STORE_DOWN;
}

/* Spend a token of a session. */
static verdict_t spend(session_successor_t *out, session_t *row, const char *jti,
                       const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *successor = random_id(policy->random, p);
    int looks, won = 0;

    if (!successor) {
        *why = no_random;
        return VERDICT_CRYPTO_DOWN;
    }
    for (looks = 0; looks < MOST_LOOKS; looks++) {
        apr_int64_t now =
            policy->now < row->refreshed_at ? row->refreshed_at : policy->now;
        verdict_t verdict;

        if (now - policy->now > MOST_AHEAD) {
            return ahead(row, policy, why, p);
        }
        switch (won ? STEP_CURRENT : next_step(row, jti, policy, now)) {
        case STEP_KEEP:
            out->is_given = 0;
            return VERDICT_OK;
        case STEP_CURRENT:
            *out = current_of(row);
            return VERDICT_OK;
        case STEP_ENDED:
            *why = apr_psprintf(p, "the session %s has ended", row->sid);
            return VERDICT_SESSION_ENDED;
        case STEP_REUSE:
            return refuse_reuse(row, jti, policy, why, p);
        case STEP_ROTATE:
            verdict = rotate(&won, row, jti, successor, policy, now, why, p);
            if (verdict != VERDICT_OK) {
                return verdict;
            }
        }
    }
    *why = apr_psprintf(p, "the session %s changed again and again", row->sid);
    return VERDICT_STORE_DOWN;
}

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

/* Add the jti of a token to the blacklist. */
static apr_status_t add_to_blacklist(int *added, const identity_t *identity,
                                     const policy_t *policy, const char **why,
                                     apr_pool_t *p)
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

/* A token without a session. Where nothing is kept nothing is spent: the old one stays
 * good, too. */
static verdict_t spend_alone(session_successor_t *out, const identity_t *identity,
                             const policy_t *policy, const char **why, apr_pool_t *p)
{
    int added;

    out->is_given = policy->rotates;
    out->jti = random_id(policy->random, p);
    out->iat = policy->now;
    out->exp = policy->now + policy->refresh_lifetime;
    if (!out->jti) {
        *why = no_random;
        return VERDICT_CRYPTO_DOWN;
    }
    if (!policy->rotates || !policy->blacklist) {
        return VERDICT_OK;
    }
    if (add_to_blacklist(&added, identity, policy, why, p) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    *why = apr_psprintf(p,
                        "the refresh token %s of the user with the id '%s' was spent "
                        "at the same time by somebody else",
                        identity->jti, identity->user_id);
    return added ? VERDICT_OK : VERDICT_SESSION_ENDED;
}

/* --- Migration ------------------------------------------------------------------- */

/* Ours are short, those of other issuers need not be. */
static int has_room(const char *jti)
{
    return strlen(jti) <= SESSIONS_MAX_JTI;
}

/* A token that ends without a session of its own is noted by a row that has ended. */
static apr_status_t add_ended(const char *sid, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    session_t row = make_row(policy, identity->user_id, sid, policy->now, 0, p);
    apr_status_t rv;
    db_t db;

    row.current_jti = identity->jti;
    row.revoked_at = policy->now;
    row.expires_at = identity->claims.exp;
    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_add(&db, &row, why, p);
        close_store(policy);
        tell_ended(policy);
    }
    return rv;
}

/* The row of a session that a token has opened is deleted some time after its end; a
 * token that lives longer would then open a second one, also after a logout. Another row,
 * which stays as long as the token, says that it has opened one.
 *
 * @param opened  the sid of that row; NULL where none is needed */
static verdict_t check_unopened(const char **opened, const session_t *row,
                                const identity_t *identity, const policy_t *policy,
                                const char **why, apr_pool_t *p)
{
    session_t before;

    *opened = NULL;
    if (identity->claims.exp <= row->expires_at) {
        return VERDICT_OK;
    }
    *opened = sessions_opened_sid(identity->user_id, identity->jti, p);
    if (!*opened) {
        *why = "OpenSSL could not compute SHA-256";
        return VERDICT_CRYPTO_DOWN;
    }
    switch (find_row(&before, policy, *opened, why, p)) {
    case APR_NOTFOUND:
        return VERDICT_OK;
    case APR_SUCCESS:
        *why = apr_psprintf(p, "the session %s, which the token has opened, is over",
                            row->sid);
        return VERDICT_SESSION_ENDED;
    default:
        return VERDICT_STORE_DOWN;
    }
}

/* That somebody else has noted it at the same time is fine. */
static apr_status_t note_opened(const char *opened, const identity_t *identity,
                                const policy_t *policy, const char **why, apr_pool_t *p)
{
    apr_status_t rv = add_ended(opened, identity, policy, why, p);
    const char *unheeded;
    session_t noted;

    return rv != APR_SUCCESS &&
                   find_row(&noted, policy, opened, &unheeded, p) == APR_SUCCESS
               ? APR_SUCCESS
               : rv;
}

/* Add the row of a token that has none, or find that somebody else has just done so. */
static verdict_t add_adopted(int *is_there, session_t *row, const identity_t *identity,
                             const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *opened, *unheeded;
    verdict_t verdict = check_unopened(&opened, row, identity, policy, why, p);
    int ended;

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *is_there = add_row(row, policy, why, p) != APR_SUCCESS;
    if (*is_there && find_row(row, policy, identity->sid, &unheeded, p) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    if (opened && note_opened(opened, identity, policy, why, p) != APR_SUCCESS) {
        end_row(&ended, row->sid, row->user.id, policy, &unheeded, p);
        return VERDICT_STORE_DOWN;
    }
    return VERDICT_OK;
}

/* The row of the session that a token without sid opens. When its login was is not known:
 * iat is renewed by each rotation, SimpleJWT's and ours alike. */
static session_t make_adopted(const identity_t *identity, const policy_t *policy,
                              apr_pool_t *p)
{
    const claims_t *claims = &identity->claims;
    apr_int64_t auth_time = claims_time(claims, "auth_time");
    session_t row =
        make_row(policy, identity->user_id, identity->sid,
                 auth_time == CLAIMS_NO_TIME ? SESSIONS_NO_AUTH_TIME : auth_time,
                 policy->refresh_lifetime, p);

    row.password_mark = identity->password_mark;
    if (policy->rotates) {
        row.previous_jti = identity->jti;
        row.current_jti = random_id(policy->random, p);
        row.refreshed_at = policy->now;
    } else {
        /* A token that stays does not outlive what it says. */
        row.current_jti = identity->jti;
        row.expires_at = earlier(row.expires_at, claims->exp);
    }
    return row;
}

/* The first refresh of a token without sid opens its session. The sid follows from the
 * token, so that all who present it at once find the same row: whoever adds it is first.
 */
static verdict_t adopt(session_successor_t *out, identity_t *identity, session_t *row,
                       const policy_t *policy, const char **why, apr_pool_t *p)
{
    verdict_t verdict;
    int is_there;

    if (!has_room(identity->jti)) {
        *why = "a session's row has no room for a jti of more than 255 bytes";
        return VERDICT_MALFORMED;
    }
    *row = make_adopted(identity, policy, p);
    if (!row->current_jti) {
        *why = no_random;
        return VERDICT_CRYPTO_DOWN;
    }
    out->is_given = 0;
    if (policy->rotates) {
        *out = current_of(row);
    }
    verdict = add_adopted(&is_there, row, identity, policy, why, p);
    return verdict == VERDICT_OK && is_there
               ? spend(out, row, identity->jti, policy, why, p)
               : verdict;
}

verdict_t session_spend(session_successor_t *out, identity_t *identity,
                        const policy_t *policy, const char **why, apr_pool_t *p)
{
    session_successor_t next = {0};
    session_t *row = apr_palloc(p, sizeof *row);
    verdict_t verdict;

    if (identity->session) {
        *row = *identity->session;
        verdict = spend(&next, row, identity->jti, policy, why, p);
    } else if (policy->sessions == POLICY_SESSIONS_MIGRATE) {
        verdict = adopt(&next, identity, row, policy, why, p);
    } else {
        row = NULL;
        verdict = spend_alone(&next, identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        identity->session = row;
        *out = next;
    }
    return verdict;
}

/* --- Ending ---------------------------------------------------------------------- */

int session_can_end(const identity_t *identity, const policy_t *policy)
{
    return identity->sid || policy->blacklist;
}

static apr_status_t end_alone(int *ended, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    apr_status_t rv = add_to_blacklist(ended, identity, policy, why, p);

    tell_ended(policy);
    return rv;
}

/* A token without sid is ended by the session that it would have opened. Only a row that
 * has ended is taken for success: an error may be of a row that is there already, or of a
 * database that keeps nothing. */
static apr_status_t end_unopened(int *ended, const identity_t *identity,
                                 const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *sid = identity->sid, *unheeded;
    apr_status_t rv;
    session_t row;

    rv = find_row(&row, policy, sid, why, p);
    if (rv != APR_NOTFOUND) {
        return rv;
    }
    rv = add_ended(sid, identity, policy, why, p);
    if (rv == APR_SUCCESS) {
        *ended = 1;
        return APR_SUCCESS;
    }
    /* Somebody may have opened it in the meantime. */
    return end_row(ended, sid, identity->user_id, policy, &unheeded, p) == APR_SUCCESS &&
                   find_row(&row, policy, sid, &unheeded, p) == APR_SUCCESS &&
                   row.revoked_at
               ? APR_SUCCESS
               : rv;
}

verdict_t session_end(int *ended, const identity_t *identity, const policy_t *policy,
                      const char **why, apr_pool_t *p)
{
    const char *sid = identity->sid;
    apr_status_t rv = sid ? end_row(ended, sid, identity->user_id, policy, why, p)
                          : end_alone(ended, identity, policy, why, p);

    if (rv == APR_SUCCESS && sid && !*ended && !identity->claims.sid &&
        has_room(identity->jti)) {
        rv = end_unopened(ended, identity, policy, why, p);
    }
    return rv == APR_SUCCESS ? VERDICT_OK : VERDICT_STORE_DOWN;
}

verdict_t session_end_by_id(int *ended, const char *sid, const identity_t *identity,
                            const policy_t *policy, const char **why, apr_pool_t *p)
{
    return end_row(ended, sid, identity->user_id, policy, why, p) == APR_SUCCESS
               ? VERDICT_OK
               : VERDICT_STORE_DOWN;
}

verdict_t session_end_all(int *ended, const identity_t *identity, const char *but,
                          const policy_t *policy, const char **why, apr_pool_t *p)
{
    sessions_user_t user = user_of(policy, identity->user_id);
    apr_status_t rv;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_end_all(ended, &db, &user, but, policy->now, why, p);
        close_store(policy);
        tell_ended(policy);
    }
    return rv == APR_SUCCESS ? VERDICT_OK : VERDICT_STORE_DOWN;
}

verdict_t session_list(const apr_array_header_t **out, const identity_t *identity,
                       const policy_t *policy, const char **why, apr_pool_t *p)
{
    sessions_user_t user = user_of(policy, identity->user_id);
    const char *mark = identity->password_mark;
    const apr_array_header_t *all;
    apr_array_header_t *good;
    apr_status_t rv;
    int i;
    db_t db;

    rv = open_store(&db, policy, why);
    if (rv == APR_SUCCESS) {
        rv = sessions_list(&all, MOST_LISTED, &db, &user, policy->now, why, p);
        close_store(policy);
    }
    if (rv != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    good = apr_array_make(p, all->nelts + 1, sizeof(session_t));
    for (i = 0; i < all->nelts; i++) {
        const session_t *session = &APR_ARRAY_IDX(all, i, const session_t);

        /* Those of another password are over, though nobody has written it down. */
        if (!*mark || !*session->password_mark || !strcmp(session->password_mark, mark)) {
            APR_ARRAY_PUSH(good, session_t) = *session;
        }
    }
    *out = good;
    return VERDICT_OK;
}
