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

#include "auth/ledger.h"
#include "auth/random.h"

/* Seconds. More is no drift, but a clock that nobody sets. */
#define MOST_AHEAD 60

/* Somebody else's rotation can come between two looks at a row, but not often. */
#define MOST_LOOKS 4

static const char no_random[] = "no random bytes";

/* --- Making ---------------------------------------------------------------------- */

static apr_int64_t earlier(apr_int64_t a, apr_int64_t b)
{
    return a < b ? a : b;
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
        *row = ledger_make(policy, identity->user_id, sid, policy->now, idle, p);
        row->current_jti = made.jti;
        row->password_mark = identity->password_mark;
        made.exp = row->expires_at;
        if (ledger_add(row, policy, why, p) != APR_SUCCESS) {
            return VERDICT_STORE_DOWN;
        }
        identity->sid = sid;
        identity->session = row;
    }
    *first = made;
    return VERDICT_OK;
}

int session_is_remembered(const identity_t *identity, const policy_t *policy)
{
    const claims_t *claims = &identity->claims;

    if (identity->session) {
        return identity->session->remember;
    }
    if (!claims->payload.data) {
        return policy->client.remember; /* the login itself */
    }
    return policy->remember_lifetime &&
           claims->exp - claims->iat == policy->remember_lifetime;
}

/* --- Spending -------------------------------------------------------------------- */

/* Somebody presents a token that is no longer good. */
static verdict_t refuse_reuse(const session_t *row, const char *jti,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    int ended;

    if (ledger_end(&ended, row->sid, row->user.id, policy, why, p) != APR_SUCCESS) {
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
            verdict = ledger_rotate(&won, row, jti, successor, policy, now, why, p);
            if (verdict != VERDICT_OK) {
                return verdict;
            }
        }
    }
    *why = apr_psprintf(p, "the session %s changed again and again", row->sid);
    return VERDICT_STORE_DOWN;
}

/* Nobody wrote down whether the login asked to be remembered, but its token lives as long
 * as those of such logins. */
static apr_int64_t idle_alone(const identity_t *identity, const policy_t *policy)
{
    return session_is_remembered(identity, policy) ? policy->remember_lifetime
                                                   : policy->refresh_lifetime;
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
    out->exp = policy->now + idle_alone(identity, policy);
    if (!out->jti) {
        *why = no_random;
        return VERDICT_CRYPTO_DOWN;
    }
    if (!policy->rotates || !policy->blacklist) {
        return VERDICT_OK;
    }
    if (ledger_blacklist(&added, identity, policy, why, p) != APR_SUCCESS) {
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
    switch (ledger_find(&before, policy, *opened, why, p)) {
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
    apr_status_t rv = ledger_add_ended(opened, identity, policy, why, p);
    const char *unheeded;
    session_t noted;

    return rv != APR_SUCCESS &&
                   ledger_find(&noted, policy, opened, &unheeded, p) == APR_SUCCESS
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
    *is_there = ledger_add(row, policy, why, p) != APR_SUCCESS;
    if (*is_there &&
        ledger_find(row, policy, identity->sid, &unheeded, p) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    if (opened && note_opened(opened, identity, policy, why, p) != APR_SUCCESS) {
        ledger_end(&ended, row->sid, row->user.id, policy, &unheeded, p);
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
        ledger_make(policy, identity->user_id, identity->sid,
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

/* Half of its time is over: of the session since its last rotation, else of the token. */
static int is_half_over(const identity_t *identity, const policy_t *policy)
{
    const session_t *row = identity->session;
    const claims_t *claims = &identity->claims;
    apr_int64_t began, idle;

    if (row) {
        began = row->refreshed_at ? row->refreshed_at : row->created_at;
        idle = row->idle_seconds;
    } else {
        began = claims->iat;
        idle = claims->exp - claims->iat;
    }
    return policy->now - began >= idle / 2;
}

/* Of tokens that a blacklist spends one of many would win, and the others be refused. */
static int may_stay(const identity_t *identity, const policy_t *policy)
{
    const session_t *row = identity->session;

    if (row) {
        return strcmp(row->current_jti, identity->jti) == 0 &&
               !is_half_over(identity, policy);
    }
    return policy->sessions != POLICY_SESSIONS_MIGRATE &&
           (policy->blacklist || !is_half_over(identity, policy));
}

verdict_t session_go_on(session_successor_t *out, identity_t *identity,
                        const policy_t *policy, const char **why, apr_pool_t *p)
{
    session_successor_t same = {0};

    if (!may_stay(identity, policy)) {
        return session_spend(out, identity, policy, why, p);
    }
    *out = same;
    return VERDICT_OK;
}

/* --- Ending ---------------------------------------------------------------------- */

int session_can_end(const identity_t *identity, const policy_t *policy)
{
    return identity->sid || policy->blacklist;
}

static apr_status_t end_alone(int *ended, const identity_t *identity,
                              const policy_t *policy, const char **why, apr_pool_t *p)
{
    apr_status_t rv = ledger_blacklist(ended, identity, policy, why, p);

    ledger_tell_ended(policy);
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

    rv = ledger_find(&row, policy, sid, why, p);
    if (rv != APR_NOTFOUND) {
        return rv;
    }
    rv = ledger_add_ended(sid, identity, policy, why, p);
    if (rv == APR_SUCCESS) {
        *ended = 1;
        return APR_SUCCESS;
    }
    /* Somebody may have opened it in the meantime. */
    return ledger_end(ended, sid, identity->user_id, policy, &unheeded, p) ==
                       APR_SUCCESS &&
                   ledger_find(&row, policy, sid, &unheeded, p) == APR_SUCCESS &&
                   row.revoked_at
               ? APR_SUCCESS
               : rv;
}

verdict_t session_end(int *ended, const identity_t *identity, const policy_t *policy,
                      const char **why, apr_pool_t *p)
{
    const char *sid = identity->sid;
    apr_status_t rv = sid ? ledger_end(ended, sid, identity->user_id, policy, why, p)
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
    return ledger_end(ended, sid, identity->user_id, policy, why, p) == APR_SUCCESS
               ? VERDICT_OK
               : VERDICT_STORE_DOWN;
}

verdict_t session_end_all(int *ended, const identity_t *identity, const char *but,
                          const policy_t *policy, const char **why, apr_pool_t *p)
{
    return ledger_end_all(ended, identity->user_id, but, policy, why, p) == APR_SUCCESS
               ? VERDICT_OK
               : VERDICT_STORE_DOWN;
}

verdict_t session_list(const apr_array_header_t **out, const identity_t *identity,
                       const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *mark = identity->password_mark;
    const apr_array_header_t *all;
    apr_array_header_t *good;
    int i;

    if (ledger_list(&all, identity->user_id, policy, why, p) != APR_SUCCESS) {
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
