/* The rules are those of auth/session; only what asks for the sessions of all users,
 * which no request does, is SQL of this file. */
#include "htjwt/logins.h"

#include <apr_strings.h>
#include <string.h>

#include "auth/duration.h"
#include "auth/issue.h"
#include "htjwt/place.h"
#include "htjwt/say.h"
#include "store/expired.h"

/* Rows of one answer. */
#define MOST 10000

/* Kept so long after their end, for whoever asks what became of one. */
#define KEPT 86400

static void open_place(place_t *out, const options_t *options, apr_pool_t *p)
{
    place_read(out, options, p);
    place_open(out, p);
}

static void must(verdict_t verdict, const char *why)
{
    if (verdict != VERDICT_OK) {
        say_fail(SAY_FAILED, "%s (the module's own tables are made by: htjwt init)", why);
    }
}

static void must_be_done(apr_status_t rv, const char *why)
{
    must(rv == APR_SUCCESS ? VERDICT_OK : VERDICT_STORE_DOWN, why);
}

/* Whom a provider knows is not asked: nobody can, without a password. */
static identity_t get_provided(user_t *user, const char *name, apr_pool_t *p)
{
    const char *colon = strchr(name, ':');

    if (!colon) {
        say_fail(SAY_BAD_USER,
                 "the users of this site are those of AuthJWTProvider; name one with his "
                 "provider, such as file:%s",
                 name);
    }
    *user = (user_t){.id = apr_pstrdup(p, name), .username = colon + 1, .is_active = 1};
    return (identity_t){
        .user_id = user->id, .username = user->username, .password_mark = ""};
}

static identity_t get_user(user_t *user, place_t *place, const char *name, apr_pool_t *p)
{
    const char *why = "";
    apr_status_t rv;

    if (!place->policy.users) {
        return get_provided(user, name, p);
    }
    rv = users_by_name(user, place->policy.users, &place->db, name, &why, p);
    if (rv == APR_NOTFOUND) {
        say_fail(SAY_BAD_USER, "there is no user '%s'%s", name,
                 sessions_is_sid(name) ? ", nor a session of that sid; htjwt sessions "
                                         "lists them"
                                       : "; add one by: htjwt adduser");
    }
    must_be_done(rv, why);
    return (identity_t){
        .user_id = user->id, .username = user->username, .password_mark = ""};
}

/* --- sessions
 * --------------------------------------------------------------------------- */

static void list_user(place_t *place, const char *name, apr_pool_t *p)
{
    const apr_array_header_t *sessions;
    const char *why = "";
    identity_t identity;
    user_t user;
    int i;

    identity = get_user(&user, place, name, p);
    must(session_list(&sessions, &identity, &place->policy, &why, p), why);
    for (i = 0; i < sessions->nelts; i++) {
        const session_t *session = &APR_ARRAY_IDX(sessions, i, session_t);

        say_line("%s  begun %s  refreshed %s  ends %s  %s  %s", session->sid,
                 say_date(session->created_at, p),
                 session->refreshed_at ? say_date(session->refreshed_at, p) : "never",
                 say_date(session->expires_at, p), session->address, session->user_agent);
    }
}

/* Who is gone has no name any more. */
static const char *name_of(place_t *place, const char *id, apr_pool_t *p)
{
    const char *why = "";
    user_t user;

    if (!place->policy.users) {
        return strchr(id, ':') ? strchr(id, ':') + 1 : id;
    }
    return users_by_id(&user, place->policy.users, &place->db, id, &why, p) == APR_SUCCESS
               ? user.username
               : "(no such user)";
}

static void list_all(place_t *place, apr_pool_t *p)
{
    const db_query_t *query = db_query_make(
        "SELECT user_id, COUNT(*) FROM auth_jwt_session WHERE user_source = %s AND "
        "revoked_at = 0 AND expires_at > %lld GROUP BY user_id ORDER BY user_id",
        p);
    const char *args[] = {users_source(place->policy.users),
                          apr_psprintf(p, "%" APR_INT64_T_FMT, place->policy.now)};
    const char *why = "";
    const apr_array_header_t *rows;
    int i;

    must_be_done(db_get_rows(&rows, MOST, &place->db, query, args, &why, p), why);
    for (i = 0; i < rows->nelts; i++) {
        const db_row_t *row = &APR_ARRAY_IDX(rows, i, db_row_t);
        const char *id = row->values[0] ? row->values[0] : "";

        say_line("%s  %s (id %s)", row->values[1], name_of(place, id, p), id);
    }
}

void logins_list(const options_t *options, apr_pool_t *p)
{
    const char *name = options->operands[0];
    place_t place;

    open_place(&place, options, p);
    if (name) {
        list_user(&place, name, p);
    } else {
        list_all(&place, p);
    }
}

/* --- logout
 * ------------------------------------------------------------------------------ */

static void end_session(place_t *place, const session_t *session, apr_pool_t *p)
{
    identity_t identity = {.user_id = session->user.id};
    const char *why = "";
    int ended = 0;

    if (strcmp(session->user.source, users_source(place->policy.users)) != 0) {
        say_fail(SAY_BAD_USER,
                 "session %s is of a user of %s; name the virtual host of these users "
                 "by -s",
                 session->sid, session->user.source);
    }
    must(session_end_by_id(&ended, session->sid, &identity, &place->policy, &why, p),
         why);
    if (ended) {
        say_line("Ended session %s.", session->sid);
    } else {
        say_line("Session %s had ended before.", session->sid);
    }
}

static void end_user(place_t *place, const char *name, apr_pool_t *p)
{
    const char *why = "";
    identity_t identity;
    user_t user;
    int ended = 0;

    identity = get_user(&user, place, name, p);
    must(session_end_all(&ended, &identity, "", &place->policy, &why, p), why);
    say_line("Ended %d sessions of user %s.", ended, user.username);
}

void logins_end(const options_t *options, apr_pool_t *p)
{
    const char *what = options->operands[0], *why = "";
    apr_status_t rv = APR_NOTFOUND;
    session_t session;
    place_t place;

    open_place(&place, options, p);
    if (sessions_is_sid(what)) {
        rv = sessions_find(&session, SESSIONS_WHOLE, &place.db, what, &why, p);
    }
    if (rv == APR_NOTFOUND) {
        end_user(&place, what, p);
    } else {
        must_be_done(rv, why);
        end_session(&place, &session, p);
    }
}

/* --- token
 * ------------------------------------------------------------------------------- */

static apr_int64_t read_lifetime(const char *text)
{
    apr_int64_t seconds = duration_parse(text);

    if (seconds < 1 || seconds > DURATION_LONGEST) {
        say_fail(SAY_USAGE,
                 "token: '%s' is not a time; write a number above 0 with a "
                 "unit, such as 12h, 30d or 52w",
                 text);
    }
    return seconds;
}

/* A session that only this token has, and that ends no other one. */
static void bound(policy_t *policy, apr_int64_t lifetime)
{
    policy->access_lifetime = lifetime;
    policy->session_lifetime = lifetime;
    policy->sessions = POLICY_SESSIONS_ON;
    policy->max_sessions = 0;
    policy->client = (policy_client_t){"", "htjwt token"};
}

static identity_t get_bearer(place_t *place, const char *name, apr_pool_t *p)
{
    char *mark = apr_pcalloc(p, PASSWORD_MARK_SIZE);
    identity_t identity;
    user_t user;

    if (!place->policy.users) {
        say_fail(SAY_BAD_CONF,
                 "the users of this site are those of AuthJWTProvider, and "
                 "nobody can ask whether one is there; such a token needs a "
                 "user in a table");
    }
    identity = get_user(&user, place, name, p);
    if (!user.is_active) {
        say_fail(SAY_BAD_USER, "the user '%s' is not active; htjwt enable comes first",
                 user.username);
    }
    if (place->policy.ends_on_password_change && user.password &&
        password_mark(mark, user.password) != APR_SUCCESS) {
        say_fail(SAY_FAILED, "OpenSSL could not compute SHA-256; try again");
    }
    identity.password_mark = mark;
    return identity;
}

void logins_token(const options_t *options, apr_pool_t *p)
{
    apr_int64_t lifetime = read_lifetime(options->operands[1]);
    session_successor_t refresh;
    const char *why = "";
    issue_tokens_t tokens;
    identity_t identity;
    place_t place;

    place_read(&place, options, p);
    place_load_keys(&place, p);
    if (!place.policy.signing_key) {
        say_fail(SAY_BAD_CONF, "no key here can sign; name a secret or a private key");
    }
    place_open(&place, p);
    identity = get_bearer(&place, options->operands[0], p);
    bound(&place.policy, lifetime);
    must(session_start(&refresh, &identity, &place.policy, lifetime, &why, p), why);
    refresh.is_given = 0;
    must(issue_tokens(&tokens, &place.policy, &identity, &refresh, &why, p), why);
    say_line("%s", tokens.access);
    say_note("an access token of user %s until %s; it is ended by: htjwt logout %s",
             identity.username, say_date(identity.session->expires_at, p), identity.sid);
}

/* --- purge
 * ------------------------------------------------------------------------------- */

static int purge_table(place_t *place, expired_table_t table, apr_pool_t *p)
{
    int all = 0, deleted = EXPIRED_BATCH;
    const char *why = "";
    apr_pool_t *scratch;

    apr_pool_create(&scratch, p);
    while (deleted == EXPIRED_BATCH) {
        apr_pool_clear(scratch);
        must_be_done(expired_delete(&deleted, &place->db, table, place->policy.now - KEPT,
                                    &why, scratch),
                     why);
        all += deleted;
    }
    apr_pool_destroy(scratch);
    return all;
}

void logins_purge(const options_t *options, apr_pool_t *p)
{
    place_t place;

    open_place(&place, options, p);
    if (!place.policy.blacklist) {
        say_line("Deleted %d sessions that ended more than a day ago.",
                 purge_table(&place, EXPIRED_SESSIONS, p));
    } else if (place.policy.blacklist == &blacklist_own) {
        say_line("Deleted %d ended tokens that expired more than a day ago.",
                 purge_table(&place, EXPIRED_BLACKLIST, p));
    } else {
        say_fail(SAY_USAGE,
                 "purge: the blacklist is Django's; it is cleaned by: manage.py "
                 "flushexpiredtokens");
    }
}
