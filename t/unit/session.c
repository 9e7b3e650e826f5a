/* Sessions: who wins a rotation, what a spent token is given within the grace and after
 * it, what ends a session, and what becomes of tokens without one. */
#include "auth/session.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "auth/refresh.h"
#include "jose/jws.h"
#include "store/expired.h"
#include "tap.h"

#include "keys.h"
#include "sqlite.h"

#define START APR_INT64_C(1800000000)
#define DAY   86400
#define GRACE 30

static apr_pool_t *pool;

/* --- The surroundings ------------------------------------------------------------- */

static db_t db;
static int opened, closed, told, is_down;

/* What happens in the database between two uses of it, as if by somebody else. */
static const char *meanwhile;

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    (void)context;
    if (is_down) {
        *why = "it is down";
        return APR_EGENERAL;
    }
    if (opened++ && meanwhile) {
        sqlite_do(&db, meanwhile);
        meanwhile = NULL;
    }
    db.now += apr_time_from_sec(60); /* no statement is in a pause */
    *out = db;
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    (void)context;
    closed++;
}

static void store_ended(void *context)
{
    (void)context;
    told++;
}

static const policy_store_t store = {store_open, store_close, store_ended, NULL};
static users_t users;
static policy_t policy;
static unsigned char counter;

/* No two alike. */
static apr_status_t next_random(unsigned char *out, apr_size_t len)
{
    memset(out, 0, len);
    out[0] = ++counter;
    return APR_SUCCESS;
}

#define TABLES                                                                           \
    "CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username, password, "            \
    "is_active);"                                                                        \
    "INSERT INTO auth_jwt_user VALUES(1, 'alice', 'hash', 1), (2, 'bob', 'hash', 1);"    \
    "CREATE TABLE auth_jwt_session(sid TEXT PRIMARY KEY, user_source TEXT, user_id "     \
    "TEXT, current_jti "                                                                 \
    "TEXT, previous_jti TEXT, password_mark TEXT, address TEXT, user_agent TEXT, "       \
    "created_at INTEGER, auth_time INTEGER, refreshed_at INTEGER, idle_seconds "         \
    "INTEGER, expires_at INTEGER, absolute_until INTEGER, revoked_at INTEGER, remember " \
    "INTEGER);"                                                                          \
    "CREATE TABLE auth_jwt_blacklist(jti TEXT PRIMARY KEY, expires_at INTEGER);"

static void set_up(void)
{
    jwk_ring_t *ring = apr_array_make(pool, 1, sizeof(const jwk_t *));
    const jwk_t *key =
        keys_load(NULL, "HS256", "0123456789abcdef0123456789abcdef", 32, NULL, pool);

    APR_ARRAY_PUSH(ring, const jwk_t *) = key;
    users_table(&users, "auth_jwt_user", users_column_names, pool);
    policy = (policy_t){
        .keys = ring,
        .signing_key = key,
        .refresh_signing_key = key,
        .max_token_length = 8190,
        .user_id_claim = "user_id",
        .claim_names = claims_usual_names,
        .now = START,
        .iat_leeway = 10,
        .access_lifetime = 300,
        .refresh_lifetime = DAY,
        .session_lifetime = 30 * DAY,
        .rotates = 1,
        .reuse_grace = GRACE,
        .ends_on_password_change = 1,
        .client = {"192.0.2.1", "a browser"},
        .users = &users,
        .store = &store,
        .random = next_random,
    };
    db = sqlite_open(":memory:", pool);
    sqlite_do(&db, TABLES);
    opened = closed = told = is_down = 0;
}

static void tear_down(void)
{
    is_int(opened, closed, "each connection went back");
    sqlite_close(&db);
}

/* --- What clients do -------------------------------------------------------------- */

static const char *why;

/* "ok", or what a verdict is called in the log. */
static const char *named(verdict_t verdict)
{
    return verdict == VERDICT_OK ? "ok" : verdict_info(verdict)->name;
}

static issue_tokens_t log_in(const char *user_id)
{
    issue_tokens_t tokens = {NULL};
    char *mark = apr_palloc(pool, PASSWORD_MARK_SIZE);
    identity_t identity = {.user_id = user_id, .password = "hash", .password_mark = mark};
    session_successor_t first;

    password_mark(mark, "hash");
    if (session_start(&first, &identity, &policy, policy.refresh_lifetime, &why, pool) !=
            VERDICT_OK ||
        issue_tokens(&tokens, &policy, &identity, &first, &why, pool) != VERDICT_OK) {
        fprintf(stderr, "# no login: %s\n", why);
        exit(1);
    }
    return tokens;
}

static issue_tokens_t given;

static const char *refresh(const char *token)
{
    identity_t identity;

    given = (issue_tokens_t){NULL};
    return named(refresh_token(&given, &identity, &policy, token, &why, pool));
}

static const char *use(const char *token)
{
    identity_t identity;

    return named(check_token(&identity, &policy, token, CHECK_ACCESS, &why, pool));
}

static identity_t identity_of(const char *token)
{
    identity_t identity = {0};

    check_signed(&identity, &policy, token, &why, pool);
    return identity;
}

static const char *jti(const char *token)
{
    return token ? identity_of(token).jti : "(no token)";
}

/* One value of the database as text. */
static const char *value(const char *sql)
{
    const db_query_t *query = db_query_make(sql, pool);
    const char *args[] = {NULL};
    db_row_t row;

    return db_get_row(&row, &db, query, args, &why, pool) == APR_SUCCESS ? row.values[0]
                                                                         : why;
}

static void after(apr_int64_t seconds)
{
    policy.now += seconds;
}

/* --- Rotation --------------------------------------------------------------------- */

static void test_login(void)
{
    issue_tokens_t tokens;
    identity_t access, refreshed;

    set_up();
    tokens = log_in("1");
    access = identity_of(tokens.access);
    refreshed = identity_of(tokens.refresh);
    is_str(access.sid, refreshed.sid, "both tokens name the session");
    ok(access.sid && strlen(access.sid) == 32, "by 32 digits");
    ok(claims_time(&access.claims, "auth_time") == START, "and when the login was");
    ok(claims_time(&refreshed.claims, "auth_time") == START, "both do");
    is_str(value("SELECT current_jti FROM auth_jwt_session"), refreshed.jti,
           "the row has the refresh token's jti");
    is_str(value("SELECT count(*) FROM auth_jwt_session WHERE current_jti LIKE '%%.%%'"),
           "0", "not the token");
    is_str(value("SELECT address || ' ' || user_agent FROM auth_jwt_session"),
           "192.0.2.1 a browser", "and who logged in");
    is_str(value("SELECT absolute_until - created_at FROM auth_jwt_session"), "2592000",
           "and when it ends at the latest");
    is_str(use(tokens.access), "ok", "the access token is good");
    is_str(use(tokens.refresh), "wrong_type", "the refresh token is no access token");
    tear_down();
}

static void test_rotation(void)
{
    issue_tokens_t first, second, third;

    set_up();
    first = log_in("1");
    is_str(refresh(first.refresh), "ok", "a refresh at once");
    second = given;
    ok(second.refresh && second.access, "gives both tokens");
    ok(strcmp(jti(first.refresh), jti(second.refresh)) != 0, "the refresh token is new");
    after(1);
    is_str(refresh(first.refresh), "ok", "the spent one within the grace");
    is_str(given.refresh, second.refresh, "is given the same successor, byte for byte");
    ok(strcmp(given.access, second.access) != 0, "and an access token of its own");
    is_str(refresh(second.refresh), "ok", "so is the successor");
    is_str(given.refresh, second.refresh, "since a session rotates once in the grace");
    after(GRACE);
    is_str(refresh(second.refresh), "ok", "after the grace the successor");
    third = given;
    ok(strcmp(jti(third.refresh), jti(second.refresh)) != 0, "is spent, too");
    is_str(refresh(second.refresh), "ok", "and has a grace of its own");
    is_str(given.refresh, third.refresh, "to the newest");
    is_int(told, 0, "nobody was told of an end");
    is_str(refresh(first.refresh), "session_ended", "one of two rotations ago ends it");
    is_int(told, 1, "and that is told");
    ok(strstr(why, "two seem to hold it") != NULL, "with the reason for the log");
    is_str(refresh(third.refresh), "session_ended", "for the newest as well");
    is_str(use(third.access), "session_ended", "and for access tokens");
    is_str(use(first.access), "session_ended", "of all ages");
    tear_down();
}

static void test_reuse(void)
{
    issue_tokens_t first, second;

    set_up();
    first = log_in("1");
    refresh(first.refresh);
    second = given;
    after(GRACE - 1);
    is_str(refresh(first.refresh), "ok", "one second before the end of the grace");
    after(1);
    is_str(refresh(first.refresh), "session_ended", "and at its end");
    is_str(use(second.access), "session_ended", "the access token is refused, too");
    is_str(refresh(second.refresh), "session_ended", "so is the successor");
    tear_down();
}

static void test_no_grace(void)
{
    issue_tokens_t first, second;

    set_up();
    policy.reuse_grace = 0;
    first = log_in("1");
    is_str(refresh(first.refresh), "ok", "without a grace: the first");
    second = given;
    is_str(refresh(second.refresh), "ok", "its successor in the same second");
    is_str(refresh(second.refresh), "session_ended", "but none twice");
    tear_down();
}

static void test_ends(void)
{
    issue_tokens_t first, next;
    int i;

    set_up();
    first = log_in("1");
    after(DAY);
    is_str(refresh(first.refresh), "expired", "idle for its whole time");
    is_str(use(first.access), "expired", "nor is the access token good");
    tear_down();

    set_up();
    policy.session_lifetime = 2 * DAY;
    next = log_in("1");
    for (i = 0; i < 3; i++) {
        after(DAY / 2);
        is_str(refresh(next.refresh), "ok", "refreshed twice a day");
        next = given;
    }
    ok(identity_of(next.refresh).claims.exp == START + 2 * DAY,
       "the last refresh token ends with the session");
    after(DAY / 2 - 10);
    is_str(refresh(next.refresh), "ok", "ten seconds before the absolute end");
    next = given;
    ok(identity_of(next.access).claims.exp == START + 2 * DAY,
       "the access token does not outlive it");
    after(10);
    is_str(refresh(next.refresh), "expired", "and then it is over");
    is_str(use(next.access), "expired", "for all");
    tear_down();
}

static void test_no_rotation(void)
{
    issue_tokens_t first, second;

    set_up();
    policy.rotates = 0;
    first = log_in("1");
    after(3600);
    is_str(refresh(first.refresh), "ok", "without rotation");
    ok(given.access && !given.refresh, "an access token is all there is");
    after(3600);
    is_str(refresh(first.refresh), "ok", "again and again");
    after(DAY - 7200);
    is_str(refresh(first.refresh), "expired", "for as long as it says");
    tear_down();

    set_up();
    first = log_in("1");
    refresh(first.refresh);
    second = given;
    policy.rotates = 0;
    is_str(refresh(first.refresh), "ok", "turned off in between: a spent one");
    is_str(given.refresh, second.refresh, "is given what its client has missed");
    after(GRACE);
    is_str(refresh(second.refresh), "ok", "the current one stays good");
    is_str(refresh(first.refresh), "session_ended", "a spent one does not");
    tear_down();
}

/* --- Races and faults ------------------------------------------------------------- */

static void test_race(void)
{
    issue_tokens_t first;

    set_up();
    first = log_in("1");
    opened = closed = 0;
    meanwhile = apr_psprintf(
        pool,
        "UPDATE auth_jwt_session SET previous_jti = current_jti, current_jti = "
        "'theirs', refreshed_at = %" APR_INT64_T_FMT,
        START);
    is_str(refresh(first.refresh), "ok", "somebody was faster");
    is_str(jti(given.refresh), "theirs", "and his is the successor");
    tear_down();

    set_up();
    first = log_in("1");
    opened = closed = 0;
    meanwhile = apr_psprintf(pool, "UPDATE auth_jwt_session SET revoked_at = 5");
    is_str(refresh(first.refresh), "session_ended", "ended in between");
    ok(!given.access, "no token is given");
    tear_down();

    set_up();
    policy.reuse_grace = 0;
    first = log_in("1");
    opened = closed = 0;
    meanwhile = apr_psprintf(
        pool,
        "UPDATE auth_jwt_session SET previous_jti = current_jti, current_jti = "
        "'theirs', refreshed_at = %" APR_INT64_T_FMT,
        START);
    is_str(refresh(first.refresh), "session_ended", "without a grace one is too late");
    tear_down();
}

static void test_clocks(void)
{
    issue_tokens_t first, second;

    set_up();
    after(60);
    first = log_in("1");
    refresh(first.refresh);
    second = given;
    after(-60);
    policy.iat_leeway = 100;
    is_str(refresh(second.refresh), "ok", "a clock that is a minute behind");
    is_str(given.refresh, second.refresh, "is within the grace");
    is_str(refresh(first.refresh), "ok", "for the spent token, too");
    after(-1);
    is_str(refresh(second.refresh), "database", "one that is further behind is a fault");
    ok(strstr(why, "set the clocks") != NULL, "with a cure");
    after(61);
    is_str(refresh(second.refresh), "ok", "which ends no session");
    tear_down();

    set_up();
    policy.reuse_grace = 0;
    first = log_in("1");
    after(5);
    refresh(first.refresh);
    second = given;
    after(-5);
    is_str(refresh(second.refresh), "ok",
           "without a grace a clock behind does not end a session");
    tear_down();
}

static void test_faults(void)
{
    issue_tokens_t first;

    set_up();
    first = log_in("1");
    is_down = 1;
    is_str(refresh(first.refresh), "database", "no database");
    is_str(use(first.access), "database", "nor for access tokens");
    is_down = 0;
    sqlite_do(&db, "CREATE TRIGGER t BEFORE UPDATE ON auth_jwt_session BEGIN SELECT "
                   "RAISE(ABORT, 'no'); END");
    is_str(refresh(first.refresh), "database", "the rotation fails");
    ok(!given.access, "and gives nothing");
    sqlite_do(&db, "DROP TRIGGER t");
    is_str(refresh(first.refresh), "ok", "and afterwards it goes on");
    sqlite_do(&db, "UPDATE auth_jwt_session SET expires_at = 'soon'");
    is_str(use(first.access), "database", "a row that is no row of ours");
    sqlite_do(&db, "UPDATE auth_jwt_session SET expires_at = NULL");
    is_str(use(first.access), "database", "nor is this");
    sqlite_do(&db, "DELETE FROM auth_jwt_session");
    is_str(use(first.access), "session_ended", "no row: no session");
    sqlite_do(&db, "DROP TABLE auth_jwt_session");
    is_str(use(first.access), "database", "no table: that says nothing of the session");
    tear_down();
}

/* --- Who ends what ---------------------------------------------------------------- */

static void test_users(void)
{
    issue_tokens_t alice, bob;

    set_up();
    alice = log_in("1");
    bob = log_in("2");
    sqlite_do(&db, "UPDATE auth_jwt_session SET user_id = '2'");
    is_str(use(alice.access), "session_ended", "a session of another user");
    is_str(use(bob.access), "ok", "his own");
    sqlite_do(&db, "UPDATE auth_jwt_user SET is_active = 0 WHERE id = 2");
    is_str(use(bob.access), "user_inactive", "inactive at once");
    is_str(refresh(bob.refresh), "user_not_found", "nor can he refresh");
    is_str(value("SELECT max(refreshed_at) FROM auth_jwt_session"), "0",
           "which spends nothing");
    sqlite_do(&db, "DELETE FROM auth_jwt_user WHERE id = 2");
    is_str(use(bob.access), "user_not_found", "gone at once");
    tear_down();
}

static int count(const char *token)
{
    const apr_array_header_t *sessions;
    identity_t identity;

    check_token(&identity, &policy, token, CHECK_ACCESS, &why, pool);
    return session_list(&sessions, &identity, &policy, &why, pool) == VERDICT_OK
               ? sessions->nelts
               : -1;
}

/* Number 1 of one table is not number 1 of another. */
static void test_sources(void)
{
    static const char *const columns[USERS_COLUMNS] = {"id", "username", "password",
                                                       NULL};
    issue_tokens_t alice, other;
    identity_t identity;
    users_t staff;
    int ended;

    set_up();
    sqlite_do(&db, "CREATE TABLE staff(id INTEGER PRIMARY KEY, username, password);"
                   "INSERT INTO staff VALUES(1, 'zoe', 'hash')");
    alice = log_in("1");
    users_table(&staff, "staff", columns, pool);
    policy.users = &staff;
    is_str(use(alice.access), "session_ended", "the same id of another table of users");
    other = log_in("1");
    is_str(use(other.access), "ok", "has sessions of its own");
    is_int(count(other.access), 1, "sees only these");
    identity = identity_of(other.access);
    session_end_all(&ended, &identity, "", &policy, &why, pool);
    is_int(ended, 1, "ends only these");
    session_end_by_id(&ended, identity_of(alice.access).sid, &identity, &policy, &why,
                      pool);
    is_int(ended, 0, "and no others by name");
    policy.users = &users;
    is_str(use(alice.access), "ok", "which go on");
    tear_down();
}

/* Users by SQL of the site's own. */
static void ask_by(const char *by_id)
{
    users_t own = {users.source, db_query_make(users.by_name->sql, pool),
                   db_query_make(by_id, pool), NULL};

    users = own;
}

static void test_password(void)
{
    issue_tokens_t before, after_it;

    set_up();
    before = log_in("1");
    sqlite_do(&db, "UPDATE auth_jwt_user SET password = 'another'");
    is_str(use(before.access), "password_changed", "another password");
    is_str(refresh(before.refresh), "password_changed", "ends the session");
    policy.ends_on_password_change = 0;
    is_str(use(before.access), "ok", "unless that is turned off");
    policy.ends_on_password_change = 1;
    sqlite_do(&db, "UPDATE auth_jwt_user SET password = 'hash'");
    is_str(use(before.access), "ok", "the mark is of the hash");
    ask_by("SELECT id, username, is_active FROM auth_jwt_user WHERE id = %s");
    is_str(use(before.access), "database", "a query that leaves the password out");
    ok(strstr(why, "AuthJWTEndOnPasswordChange Off") != NULL, "is told so");
    policy.ends_on_password_change = 0;
    after_it = log_in("1");
    is_str(use(after_it.access), "ok", "and does without when it is turned off");
    tear_down();
}

static void test_end(void)
{
    issue_tokens_t one, two, other;
    identity_t identity;
    int ended;

    set_up();
    one = log_in("1");
    two = log_in("1");
    other = log_in("2");
    identity = identity_of(one.access);
    is_int(session_end(&ended, &identity, &policy, &why, pool), VERDICT_OK, "ended");
    is_int(ended, 1, "one");
    is_int(told, 1, "told to all children");
    is_str(use(one.access), "session_ended", "refused on the next request");
    is_str(use(two.access), "ok", "another session of the user goes on");
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(ended, 0, "a second time nothing is left to end");
    is_int(session_end_by_id(&ended, identity_of(other.access).sid, &identity, &policy,
                             &why, pool),
           VERDICT_OK, "another user's session");
    is_int(ended, 0, "is none of hers");
    is_str(use(other.access), "ok", "and goes on");
    one = log_in("1");
    identity = identity_of(two.access);
    session_end_all(&ended, &identity, identity.sid, &policy, &why, pool);
    is_int(ended, 1, "all others");
    is_str(use(two.access), "ok", "but this");
    is_str(use(one.access), "session_ended", "not that");
    session_end_all(&ended, &identity, "", &policy, &why, pool);
    is_str(use(two.access), "session_ended", "or all of them");
    is_str(use(other.access), "ok", "of this user");
    tear_down();
}

static void test_list(void)
{
    issue_tokens_t one, two;

    set_up();
    one = log_in("1");
    log_in("2");
    is_int(count(one.access), 1, "the user's own session is listed");
    after(10);
    two = log_in("1");
    is_int(count(one.access), 2, "both of them");
    sqlite_do(&db, "UPDATE auth_jwt_session SET password_mark = 'old' WHERE created_at = "
                   "1800000000");
    is_int(count(two.access), 1, "but none that began with another password");
    policy.refresh_lifetime = 20;
    log_in("1");
    is_int(count(two.access), 2, "a short one");
    after(20);
    is_int(count(two.access), 1, "is not listed when it is over");
    tear_down();
}

static void test_most(void)
{
    issue_tokens_t tokens[4];
    int i;

    set_up();
    policy.max_sessions = 2;
    for (i = 0; i < 3; i++) {
        tokens[i] = log_in("1");
        after(1);
    }
    is_str(use(tokens[0].access), "session_ended", "the oldest of three ends");
    is_str(use(tokens[1].access), "ok", "two stay");
    is_str(use(tokens[2].access), "ok", "the newest always");
    after(GRACE);
    is_str(refresh(tokens[1].refresh), "ok", "one that is refreshed");
    after(1);
    tokens[3] = log_in("1");
    is_str(use(tokens[2].access), "session_ended", "outlives one that is not");
    is_str(use(given.access), "ok", "so it goes on");
    is_str(use(tokens[3].access), "ok", "as the newest");
    log_in("2");
    is_str(use(tokens[3].access), "ok", "others' logins do not count");
    tear_down();
}

/* --- Tokens without a session ------------------------------------------------------ */

/* A token as SimpleJWT makes it. */
static const char *foreign_for(const char *type, const char *id, apr_int64_t lifetime)
{
    const char *payload = apr_psprintf(
        pool,
        "{\"token_type\":\"%s\",\"exp\":%" APR_INT64_T_FMT ",\"iat\":%" APR_INT64_T_FMT
        ",\"jti\":\"%s\",\"user_id\":\"1\",\"role\":\"editor\"}",
        type, policy.now + lifetime, policy.now - 60, id);

    return jws_sign(policy.signing_key, payload, strlen(payload), pool);
}

static const char *foreign(const char *type, const char *id)
{
    return foreign_for(type, id, DAY);
}

static void test_migration(void)
{
    const char *access, *old;
    issue_tokens_t first;
    identity_t identity;
    int ended;

    set_up();
    access = foreign("access", "a");
    old = foreign("refresh", "r");
    is_str(use(access), "session_ended", "On: a token without sid");
    is_str(refresh(old), "session_ended", "and a refresh token");
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    is_str(use(access), "ok", "migrate: a token without sid");
    is_str(refresh(old), "ok", "and a refresh token");
    first = given;
    identity = identity_of(first.access);
    ok(identity.claims.sid != NULL, "which opens a session");
    is_str(claims_string(&identity.claims, "role"), "editor", "and keeps its claims");
    ok(claims_time(&identity.claims, "auth_time") == CLAIMS_NO_TIME,
       "nobody knows when the login was");
    policy.max_login_age = 3600;
    is_str(use(first.access), "login_too_old", "so it counts as too long ago");
    policy.max_login_age = 0;
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "1", "one");
    is_str(refresh(old), "ok", "again within the grace");
    is_str(given.refresh, first.refresh, "the same successor");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "1", "of the same session");
    is_str(refresh(first.refresh), "ok", "which is one like all others");
    after(GRACE);
    is_str(refresh(first.refresh), "ok", "and rotates");
    first = given;
    is_str(refresh(old), "session_ended", "the old token ends it");
    is_str(use(first.access), "session_ended", "for all");
    is_str(use(access), "ok", "an access token without sid lives on");
    tear_down();

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    policy.rotates = 0;
    old = foreign("refresh", "r");
    is_str(refresh(old), "ok", "without rotation");
    ok(given.access && !given.refresh, "the client keeps its token");
    after(3600);
    is_str(refresh(old), "ok", "which goes on");
    identity = identity_of(given.access);
    session_end(&ended, &identity, &policy, &why, pool);
    is_str(refresh(old), "session_ended", "until its session is ended");
    tear_down();

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    old = foreign("refresh", "r");
    identity = identity_of(old);
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(ended, 1, "a token that never was refreshed can be ended");
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(ended, 0, "once");
    is_str(refresh(old), "session_ended", "and opens nothing");
    old = foreign("refresh", apr_psprintf(pool, "%0255d", 1));
    is_str(refresh(old), "ok", "a jti of 255 bytes");
    old = foreign("refresh", apr_psprintf(pool, "%0256d", 1));
    is_str(refresh(old), "malformed", "a longer one has no room in a row");
    identity = identity_of(old);
    is_int(session_end(&ended, &identity, &policy, &why, pool), VERDICT_OK,
           "nor has its end");
    is_int(ended, 0, "so nothing is ended");
    tear_down();
}

/* Each rotation makes iat younger, but not the login. */
static void test_migration_of_rotated_ones(void)
{
    identity_t identity;

    set_up();
    policy.sessions = POLICY_SESSIONS_OFF;
    is_str(refresh(log_in("1").refresh), "ok", "a login without a session");
    after(3600);
    is_str(refresh(given.refresh), "ok", "is refreshed after an hour");
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    is_str(refresh(given.refresh), "ok", "and opens a session");
    policy.max_login_age = 600;
    is_str(use(given.access), "login_too_old", "whose login is no younger by that");
    policy.max_login_age = 0;
    after(GRACE);
    is_str(refresh(given.refresh), "ok", "a rotation");
    identity = identity_of(given.access);
    ok(claims_time(&identity.claims, "auth_time") == CLAIMS_NO_TIME,
       "makes up no time either");
    tear_down();
}

/* As the server does it each hour. */
static void purge(void)
{
    int deleted;

    if (expired_delete(&deleted, &db, EXPIRED_SESSIONS, policy.now - DAY, &why, pool) !=
        APR_SUCCESS) {
        fprintf(stderr, "# no purge: %s\n", why);
        exit(1);
    }
}

/* SimpleJWT's refresh tokens may live much longer than the session that one opens. */
static void test_migration_of_long_ones(void)
{
    const char *logged_out, *idle, *kept;
    identity_t identity;
    issue_tokens_t first;
    int ended;

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    logged_out = foreign_for("refresh", "r", 30 * DAY);
    idle = foreign_for("refresh", "s", 30 * DAY);
    is_str(refresh(logged_out), "ok", "a token for a month opens a session for a day");
    identity = identity_of(given.access);
    session_end(&ended, &identity, &policy, &why, pool);
    is_str(refresh(idle), "ok", "so does another");
    first = given;
    after(GRACE + 1);
    is_str(refresh(first.refresh), "ok", "which goes on");
    after(DAY);
    purge();
    is_str(refresh(idle), "session_ended", "and lies idle for its whole time");
    after(DAY + 1);
    purge();
    is_str(value("SELECT count(*) FROM auth_jwt_session WHERE revoked_at = 0"), "0",
           "their rows are deleted");
    is_str(refresh(logged_out), "session_ended", "neither opens a second one");
    is_str(refresh(idle), "session_ended", "as long as it says it is good");
    is_str(value("SELECT count(*) FROM auth_jwt_session WHERE revoked_at = 0"), "0",
           "nor leaves one");
    after(28 * DAY);
    is_str(refresh(idle), "expired", "until it has expired");
    after(DAY);
    purge();
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "0", "and all is forgotten");
    tear_down();

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    policy.rotates = 0;
    kept = foreign_for("refresh", "k", 30 * DAY);
    is_str(refresh(kept), "ok", "without rotation");
    after(2 * DAY + 1);
    purge();
    is_str(refresh(kept), "session_ended", "it is the same");
    tear_down();
}

/* Who is told that a token was ended, or a session opened, can rely on it. */
static void test_migration_faults(void)
{
    static const char no_insert[] =
        "CREATE TRIGGER t BEFORE INSERT ON auth_jwt_session BEGIN SELECT RAISE(ABORT, "
        "'full'); END";
    /* Of a row that says that a session was opened, and of no other. */
    static const char no_note[] =
        "CREATE TRIGGER t BEFORE INSERT ON auth_jwt_session WHEN NEW.revoked_at <> 0 "
        "BEGIN SELECT RAISE(ABORT, 'full'); END";
    identity_t identity;
    const char *old;
    int ended;

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    old = foreign("refresh", "r");
    identity = identity_of(old);
    sqlite_do(&db, no_insert);
    is_str(named(session_end(&ended, &identity, &policy, &why, pool)), "database",
           "a logout that cannot be written down has not worked");
    ok(strstr(why, "full") != NULL, "with the reason");
    sqlite_do(&db, "DROP TRIGGER t; ALTER TABLE auth_jwt_session RENAME TO elsewhere");
    is_str(named(session_end(&ended, &identity, &policy, &why, pool)), "database",
           "nor has one without the table");
    sqlite_do(&db, "ALTER TABLE elsewhere RENAME TO auth_jwt_session");
    is_str(refresh(old), "ok", "so the token is good");
    tear_down();

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    old = foreign_for("refresh", "l", 30 * DAY);
    sqlite_do(&db, no_note);
    is_str(refresh(old), "database", "a session whose note fails is not opened");
    is_str(value("SELECT count(*) FROM auth_jwt_session WHERE revoked_at = 0"), "0",
           "and none is left");
    sqlite_do(&db, "DROP TRIGGER t");
    is_str(refresh(old), "session_ended", "it would not be known to have opened one");
    tear_down();
}

static void test_off(void)
{
    issue_tokens_t first;
    const char *old;

    set_up();
    policy.sessions = POLICY_SESSIONS_OFF;
    first = log_in("1");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "0", "Off: no row");
    ok(!identity_of(first.access).sid, "and no sid");
    is_str(refresh(first.refresh), "ok", "a refresh");
    ok(given.refresh && strcmp(given.refresh, first.refresh), "gives a new token");
    is_str(refresh(first.refresh), "ok", "and spends nothing");
    old = foreign("refresh", "r");
    is_str(refresh(old), "ok", "foreign tokens are good");
    policy.sessions = POLICY_SESSIONS_ON;
    first = log_in("1");
    policy.sessions = POLICY_SESSIONS_OFF;
    is_str(use(first.access), "ok", "a token with sid");
    is_str(refresh(first.refresh), "ok", "is refreshed by its row");
    sqlite_do(&db, "UPDATE auth_jwt_session SET revoked_at = 1");
    is_str(use(first.access), "session_ended", "and judged by it");
    tear_down();
}

/* A page reads a part of the row, and comes to the same verdict. */
static void test_only_judges(void)
{
    static const struct {
        const char *sql, *verdict;
    } cases[] = {
        {"UPDATE auth_jwt_session SET revoked_at = 0", "ok"},
        {"UPDATE auth_jwt_session SET revoked_at = 1", "session_ended"},
        {"UPDATE auth_jwt_session SET expires_at = 1800000000", "session_ended"},
        {"UPDATE auth_jwt_session SET user_id = '2'", "session_ended"},
        {"UPDATE auth_jwt_session SET password_mark = 'x'", "password_changed"},
        {"UPDATE auth_jwt_session SET password_mark = NULL", "database"},
        {"UPDATE auth_jwt_session SET user_id = NULL", "database"},
        {"UPDATE auth_jwt_session SET expires_at = 'soon'", "database"},
        {"UPDATE auth_jwt_session SET revoked_at = ''", "database"},
        {"DELETE FROM auth_jwt_session", "session_ended"},
        {"DROP TABLE auth_jwt_session", "database"},
        {"UPDATE auth_jwt_user SET password = 'x'", "password_changed"},
        {"UPDATE auth_jwt_user SET is_active = 0", "user_inactive"},
    };
    issue_tokens_t tokens;
    identity_t identity;
    apr_size_t i;
    int part;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (part = 0; part < 2; part++) {
            set_up();
            tokens = log_in("1");
            sqlite_do(&db, cases[i].sql);
            policy.only_judges = part;
            is_str(use(tokens.access), cases[i].verdict, cases[i].sql);
            tear_down();
        }
    }
    set_up();
    tokens = log_in("1");
    policy.only_judges = 1;
    check_token(&identity, &policy, tokens.access, CHECK_ACCESS, &why, pool);
    ok(!identity.session && identity.sid, "nobody is given the part for the whole");
    tear_down();
}

static void test_odd_sids(void)
{
    static const char *const sids[] = {"\"\"", "\"x\"",
                                       "\"0123456789ABCDEF0123456789ABCDEF\"",
                                       "\"0123456789abcdef0123456789abcdef0\"", NULL};
    static const char *const others[] = {"1", "null", "[]", "{}", NULL};
    int i;

    set_up();
    for (i = 0; i < 2; i++) {
        const char *const *sid = i ? others : sids;

        for (; *sid; sid++) {
            const char *payload = apr_psprintf(
                pool,
                "{\"token_type\":\"access\",\"exp\":1800000300,\"jti\":\"j\","
                "\"user_id\":\"1\",\"sid\":%s}",
                *sid);

            is_str(use(jws_sign(policy.signing_key, payload, strlen(payload), pool)),
                   i ? "malformed" : "session_ended", apr_psprintf(pool, "sid %s", *sid));
        }
    }
    is_int(opened, 0, "the database is not asked for them");
    tear_down();
}

static void test_login_age(void)
{
    issue_tokens_t first;

    set_up();
    policy.max_login_age = 600;
    first = log_in("1");
    after(400);
    is_str(refresh(first.refresh), "ok", "a refresh");
    after(200);
    is_str(use(given.access), "ok", "a login of ten minutes ago");
    after(1);
    is_str(use(given.access), "login_too_old", "is too old a second later");
    is_str(refresh(given.refresh), "ok", "a refresh token is not asked for it");
    is_str(use(given.access), "login_too_old", "and does not make it younger");
    policy.sessions = POLICY_SESSIONS_OFF;
    is_str(use(foreign("access", "a")), "login_too_old", "no auth_time: too old");
    tear_down();
}

/* --- Remembered answers ------------------------------------------------------------ */

/* One answer, and what became of it; opened says whether the database was asked. */
static struct {
    policy_answer_t answer;
    policy_question_t question;
    int is_kept, puts, gets, told;
} memory;

static int memory_get(policy_answer_t *out, const policy_question_t *question,
                      apr_pool_t *p, void *context)
{
    (void)p;
    (void)context;
    memory.gets++;
    memory.question = *question;
    if (memory.told != told) {
        memory.is_kept = 0;
    }
    memory.told = told;
    if (memory.is_kept) {
        *out = memory.answer;
    }
    return memory.is_kept;
}

static void memory_put(const policy_answer_t *answer, const policy_question_t *question,
                       void *context)
{
    (void)context;
    ok(!strcmp(memory.question.jti, question->jti), "the question that was looked for");
    memory.puts++;
    memory.answer = *answer;
    memory.is_kept = 1;
}

static const policy_answers_t answers = {memory_get, memory_put, NULL};

static int asked(const char *token, const char *verdict, const char *reason)
{
    int before = opened;

    is_str(use(token), verdict, reason);
    return opened - before;
}

static void test_answers(void)
{
    issue_tokens_t tokens;
    identity_t identity;
    const char *sid;
    int ended;

    set_up();
    memset(&memory, 0, sizeof memory);
    policy.answers = &answers;
    tokens = log_in("1");
    identity = identity_of(tokens.access);
    sid = identity.sid;
    is_int(asked(tokens.access, "ok", "a first request"), 1, "asks the database");
    is_int(asked(tokens.access, "ok", "a second one"), 0, "does not");
    check_token(&identity, &policy, tokens.access, CHECK_ACCESS, &why, pool);
    is_str(identity.username, "alice", "the name is remembered");
    is_str(identity.sid, sid, "the session is the token's");
    is_str(identity.password_mark, "", "nothing is known of the password");
    ok(memory.answer.until == START + DAY, "and when the session ends");
    is_str(memory.question.sid, sid, "the question has the session");
    is_str(memory.question.user_id, "1", "the user");
    is_str(memory.question.jti, identity.jti, "the token");
    ok(memory.question.users == &users && memory.question.ends_on_password_change &&
           memory.question.sessions == POLICY_SESSIONS_ON,
       "and what holds here");
    is_int(memory.puts, 1, "an answer that was remembered is not kept again");

    is_down = 1;
    is_str(use(tokens.access), "ok", "a database that is away is not missed");
    memory.is_kept = 0;
    is_str(use(tokens.access), "database", "but for the next question");
    ok(!memory.is_kept, "no fault is kept");
    is_down = 0;

    use(tokens.access);
    memory.answer.until = policy.now + 1;
    is_int(asked(tokens.access, "ok", "up to the end of the session"), 0,
           "is remembered");
    memory.answer.until = policy.now;
    is_int(asked(tokens.access, "ok", "at its end"), 1, "it is asked for anew");

    memory.is_kept = 0;
    sqlite_do(&db, "UPDATE auth_jwt_user SET is_active = 0");
    is_str(use(tokens.access), "user_inactive", "a refusal");
    ok(!memory.is_kept, "is not kept");
    sqlite_do(&db, "UPDATE auth_jwt_user SET is_active = 1");
    is_int(asked(tokens.access, "ok", "so that the next request"), 1, "asks");
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(asked(tokens.access, "session_ended", "whoever ends it here"), 1,
           "has it forgotten");
    ok(!memory.is_kept, "for good");
    policy.now += 400;
    memory.is_kept = 1;
    is_int(asked(tokens.access, "expired", "a token that has expired"), 0,
           "is refused whatever is remembered");
    tear_down();

    set_up();
    memset(&memory, 0, sizeof memory);
    policy.answers = &answers;
    policy.sessions = POLICY_SESSIONS_OFF;
    tokens = log_in("1");
    is_int(asked(tokens.access, "ok", "without a session"), 1, "asks once");
    ok(memory.answer.until == POLICY_NO_END && !memory.question.sid, "without an end");
    is_int(asked(tokens.access, "ok", "and then"), 0, "no more");
    tear_down();
}

/* A row that ends a token of a time before sessions is an ending like any other. */
static void test_told(void)
{
    identity_t identity;
    int ended, before;

    set_up();
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    identity = identity_of(foreign("refresh", "r"));
    before = told;
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(told - before, 2, "after the row was looked for, and after it was added");
    tear_down();
}

/* --- Tokens alone, and a blacklist ------------------------------------------------- */

static void set_up_blacklist(void)
{
    set_up();
    policy.sessions = POLICY_SESSIONS_BLACKLIST;
    policy.blacklist = &blacklist_own;
}

static void test_blacklist(void)
{
    issue_tokens_t first, second;
    identity_t identity;
    int ended;

    set_up_blacklist();
    first = log_in("1");
    ok(!identity_of(first.access).sid, "no session");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "0", "nor its row");
    is_str(refresh(first.refresh), "ok", "a refresh");
    second = given;
    ok(second.refresh != NULL, "gives a new refresh token");
    is_str(value("SELECT jti || ' ' || expires_at FROM auth_jwt_blacklist"),
           apr_psprintf(pool, "%s %" APR_INT64_T_FMT, jti(first.refresh), START + DAY),
           "and the old one is spent");
    is_str(refresh(first.refresh), "session_ended", "for good");
    ok(!given.access, "without a token");
    is_str(refresh(second.refresh), "ok", "the new one goes on");
    is_str(use(first.access), "ok", "access tokens are no part of it");
    is_int(told, 0, "nor does what pages remember change");
    identity = identity_of(first.access);
    is_int(session_end(&ended, &identity, &policy, &why, pool), VERDICT_OK, "ended");
    is_int(ended, 1, "one");
    is_int(told, 1, "told to all children");
    is_str(use(first.access), "session_ended", "and refused");
    is_int(session_end(&ended, &identity, &policy, &why, pool), VERDICT_OK, "again");
    is_int(ended, 0, "nothing is left to end");
    is_str(use(second.access), "ok", "another token of the user goes on");
    tear_down();

    set_up_blacklist();
    policy.rotates = 0;
    first = log_in("1");
    is_str(refresh(first.refresh), "ok", "without rotation");
    ok(given.access && !given.refresh, "there is an access token");
    is_str(value("SELECT count(*) FROM auth_jwt_blacklist"), "0", "and nothing is spent");
    tear_down();
}

static void test_blacklist_faults(void)
{
    issue_tokens_t first;
    identity_t identity;
    int ended;

    set_up_blacklist();
    first = log_in("1");
    opened = closed = 0;
    meanwhile = apr_psprintf(pool, "INSERT INTO auth_jwt_blacklist VALUES('%s', 1)",
                             jti(first.refresh));
    is_str(refresh(first.refresh), "session_ended", "somebody else was first");
    ok(!given.access, "and nothing is given");
    sqlite_do(&db, "DELETE FROM auth_jwt_blacklist; CREATE TRIGGER t BEFORE INSERT ON "
                   "auth_jwt_blacklist BEGIN SELECT RAISE(ABORT, 'no'); END");
    is_str(refresh(first.refresh), "database", "what cannot be spent");
    ok(!given.access, "gives nothing");
    identity = identity_of(first.access);
    is_int(session_end(&ended, &identity, &policy, &why, pool), VERDICT_STORE_DOWN,
           "nor is any logout told that it worked");
    sqlite_do(&db, "DROP TRIGGER t; DROP TABLE auth_jwt_blacklist");
    is_str(use(first.access), "database", "no table: no answer");
    is_str(use(foreign("access", "a b")), "malformed", "a jti that it could not hold");
    is_str(use(foreign("access", apr_pstrcat(pool,
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456789012345678901234567890"
                                             "1234567890123456",
                                             NULL))),
           "malformed", "nor one of 256 bytes");
    policy.store = NULL;
    is_str(use(first.access), "ok", "where nobody asks the database nothing is refused");
    policy.store = &store;
    tear_down();
}

/* Those of a time with sessions are judged by their rows. */
static void test_blacklist_and_sessions(void)
{
    issue_tokens_t first;
    identity_t identity;
    int ended;

    set_up();
    first = log_in("1");
    policy.sessions = POLICY_SESSIONS_BLACKLIST;
    policy.blacklist = &blacklist_own;
    is_str(use(first.access), "ok", "a token with a session");
    is_str(refresh(first.refresh), "ok", "rotates it");
    identity = identity_of(first.access);
    session_end(&ended, &identity, &policy, &why, pool);
    is_int(ended, 1, "which is ended");
    is_str(value("SELECT count(*) FROM auth_jwt_blacklist"), "0", "in its row");
    is_str(use(first.access), "session_ended", "for all its tokens");
    tear_down();
}

/* Who has no row in a table of users can log out all the same. */
static void test_blacklist_of_providers(void)
{
    static const char *file = "file";
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    issue_tokens_t first;
    identity_t identity;
    int ended;

    set_up_blacklist();
    APR_ARRAY_PUSH(names, const char *) = file;
    policy.users = NULL;
    policy.provider_names = names;
    policy.ends_on_password_change = 0;
    policy.rotates = 0;
    first = log_in("file:alice");
    is_str(use(first.access), "ok", "the access token of a provider's user");
    is_str(refresh(first.refresh), "ok", "and the refresh token");
    identity = identity_of(first.access);
    session_end(&ended, &identity, &policy, &why, pool);
    is_str(use(first.access), "session_ended", "are refused once they were ended");
    identity = identity_of(first.refresh);
    session_end(&ended, &identity, &policy, &why, pool);
    is_str(refresh(first.refresh), "session_ended", "each by itself");
    is_down = 1;
    is_str(use(log_in("file:alice").access), "database", "nobody is let in unasked");
    tear_down();
}

/* --- Passwords without sessions ------------------------------------------------------
 */

static const char *claim(const char *token, const char *name)
{
    identity_t identity = identity_of(token);

    return claims_string(&identity.claims, name);
}

/* The same token, signed by another key. */
static const char *signed_by(const jwk_t *key, const char *token)
{
    identity_t identity = identity_of(token);

    return jws_sign(key, (const char *)identity.claims.payload.data,
                    identity.claims.payload.len, pool);
}

static void set_password(const char *password)
{
    sqlite_do(&db,
              apr_psprintf(pool, "UPDATE auth_jwt_user SET password = '%s'", password));
}

static void test_marks(policy_sessions_t mode)
{
    issue_tokens_t first, second;
    char mark[MARK_SIZE];

    set_up();
    policy.sessions = mode;
    policy.blacklist = mode == POLICY_SESSIONS_BLACKLIST ? &blacklist_own : NULL;
    first = log_in("1");
    jwk_mark(mark, policy.signing_key, MARK_PASSWORD, "1", "hash", pool);
    is_str(claim(first.access, "password_mark"), mark, "a mark of user and password");
    is_str(claim(first.refresh, "password_mark"), mark, "in both tokens");
    is_str(use(first.access), "ok", "which is good");
    is_str(refresh(first.refresh), "ok", "for both");
    second = given;
    is_str(claim(second.access, "password_mark"), mark, "refreshed: the same");
    is_str(claim(second.refresh, "password_mark"), mark, "in both, too");
    set_password("another");
    is_str(use(second.access), "password_changed", "another password");
    is_str(refresh(second.refresh), "password_changed", "ends both");
    ok(!given.access, "and gives nothing");
    is_str(value("SELECT count(*) FROM auth_jwt_blacklist"),
           mode == POLICY_SESSIONS_BLACKLIST ? "2" : "0",
           "which is noted where that is done");
    is_str(use(foreign("access", "a")), "ok", "a token without a mark is good");
    is_str(refresh(foreign("refresh", "r")), "ok", "and is refreshed");
    is_str(use(given.access), "ok", "into one");
    set_password("a third");
    is_str(use(given.access), "password_changed", "that has a mark");
    policy.ends_on_password_change = 0;
    is_str(use(given.access), "ok", "unless that is turned off");
    is_str(refresh(given.refresh), "ok", "where tokens");
    ok(!claim(given.access, "password_mark"), "have no mark");
    policy.ends_on_password_change = 1;
    is_str(use(given.access), "ok", "and are good where it is on");
    ask_by("SELECT id, username, is_active FROM auth_jwt_user WHERE id = %s");
    is_str(use(first.access), "database", "a query that leaves the password out");
    ok(strstr(why, "AuthJWTEndOnPasswordChange Off") != NULL, "is told so");
    is_str(use(foreign("access", "b")), "ok", "where it is needed");
    tear_down();
}

/* Two keys, and one that only verifies. */
static void test_marks_of_keys(void)
{
    static const char secret[] = "fedcba9876543210fedcba9876543210";
    jwk_ring_t *ring;
    issue_tokens_t first;
    jwk_t bare;

    set_up();
    policy.sessions = POLICY_SESSIONS_OFF;
    policy.refresh_signing_key = keys_load("r", "HS256", secret, 32, NULL, pool);
    ring = keys_ring(policy.signing_key, policy.refresh_signing_key, pool);
    policy.keys = ring;
    first = log_in("1");
    ok(strcmp(claim(first.access, "password_mark"),
              claim(first.refresh, "password_mark")) != 0,
       "each key has marks of its own");
    is_str(use(first.access), "ok", "which it checks");
    is_str(refresh(first.refresh), "ok", "each its own");
    is_str(use(given.access), "ok", "also after a refresh");
    is_str(refresh(given.refresh), "ok", "of both");
    is_str(use(signed_by(policy.refresh_signing_key, first.access)), "password_changed",
           "a mark of one key is none of the other");
    bare = *policy.refresh_signing_key;
    bare.marks[MARK_PASSWORD].alg = NULL;
    APR_ARRAY_IDX(ring, 1, const jwk_t *) = &bare;
    set_password("another");
    is_str(use(signed_by(&bare, first.access)), "ok",
           "a key that has no private half here cannot tell");
    is_str(refresh(first.refresh), "password_changed",
           "so nothing is made of a token whose mark nobody has checked");
    ok(strstr(why, "private half is not here") != NULL, "and the log says why");
    tear_down();
}

static void test_marks_and_sessions(void)
{
    issue_tokens_t first;

    set_up();
    first = log_in("1");
    ok(!claim(first.access, "password_mark"), "a session needs no mark in its tokens");
    policy.sessions = POLICY_SESSIONS_OFF;
    first = log_in("1");
    policy.sessions = POLICY_SESSIONS_MIGRATE;
    is_str(use(first.access), "ok", "a token of a time without sessions");
    set_password("another");
    is_str(use(first.access), "password_changed", "is judged by its mark");
    is_str(refresh(first.refresh), "password_changed", "before it opens one");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "1", "none is opened");
    set_password("hash");
    is_str(refresh(first.refresh), "ok", "with the same password");
    ok(identity_of(given.access).sid && !claim(given.access, "password_mark"),
       "the session takes its place");
    tear_down();
}

/* The MD5 of "hash", as "echo -n hash | md5sum" has it. */
#define HASH_MD5 "0800FC577294C34E0B28AD2839435945"

static void test_simplejwt(void)
{
    issue_tokens_t first, second;

    set_up_blacklist();
    policy.revoke_claim = "hash_password";
    first = log_in("1");
    is_str(claim(first.access, "hash_password"), HASH_MD5, "SimpleJWT's own claim");
    is_str(claim(first.refresh, "hash_password"), HASH_MD5, "in both tokens");
    ok(!claim(first.access, "password_mark"), "and no other");
    is_str(use(first.access), "ok", "which is good");
    is_str(refresh(first.refresh), "ok", "for both");
    second = given;
    is_str(claim(second.refresh, "hash_password"), HASH_MD5, "and copied");
    is_str(use(foreign("access", "a")), "password_changed", "a token without it is not");
    is_str(refresh(foreign("refresh", "r")), "password_changed", "nor refreshed");
    is_str(value("SELECT count(*) FROM auth_jwt_blacklist WHERE jti = 'r'"), "1",
           "but blacklisted");
    is_str(refresh(foreign("refresh", "r")), "session_ended", "as it says then");
    set_password("another");
    is_str(use(first.access), "password_changed", "another password");
    is_str(refresh(second.refresh), "password_changed", "ends both");
    set_password("hash");
    is_str(refresh(second.refresh), "session_ended", "for good");
    policy.sessions = POLICY_SESSIONS_ON;
    policy.blacklist = NULL;
    first = log_in("1");
    is_str(claim(first.access, "hash_password"), HASH_MD5, "beside a session, too");
    is_str(use(first.access), "ok", "both are asked for");
    tear_down();
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_login();
    test_rotation();
    test_reuse();
    test_no_grace();
    test_ends();
    test_no_rotation();
    test_race();
    test_clocks();
    test_faults();
    test_users();
    test_sources();
    test_password();
    test_end();
    test_list();
    test_most();
    test_migration();
    test_migration_of_rotated_ones();
    test_migration_of_long_ones();
    test_migration_faults();
    test_off();
    test_odd_sids();
    test_login_age();
    test_only_judges();
    test_answers();
    test_told();
    test_blacklist();
    test_blacklist_faults();
    test_blacklist_and_sessions();
    test_marks(POLICY_SESSIONS_OFF);
    test_blacklist_of_providers();
    test_marks(POLICY_SESSIONS_BLACKLIST);
    test_marks_of_keys();
    test_marks_and_sessions();
    test_simplejwt();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
