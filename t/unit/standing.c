/* A session and its user, asked for together and apart: both must find the same. */
#include "store/standing.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

#include "sqlite.h"

#define SESSIONS                                                                         \
    "CREATE TABLE auth_jwt_session(sid TEXT PRIMARY KEY, user_source TEXT, user_id "     \
    "TEXT, current_jti TEXT, previous_jti TEXT, password_mark TEXT, address TEXT, "      \
    "user_agent TEXT, created_at INTEGER, auth_time INTEGER, refreshed_at INTEGER, "     \
    "idle_seconds INTEGER, expires_at INTEGER, absolute_until INTEGER, revoked_at "      \
    "INTEGER, remember INTEGER);"
#define SESSION(sid, user_id, expires_at, revoked_at)                                    \
    "('" sid "', 'source', '" user_id "', 'current', 'previous', 'mark', 'address', "    \
    "'agent', 1, 2, 3, 4, " expires_at ", 6, " revoked_at ", 1)"
#define USERS                                                                            \
    "CREATE TABLE auth_jwt_user(id INTEGER, username TEXT, password TEXT, is_active "    \
    "INTEGER);"                                                                          \
    "INSERT INTO auth_jwt_user VALUES(1, 'alice', 'hash', 1), (2, 'bob', NULL, 0), "     \
    "(3, NULL, 'hash', 1), (4, 'dora', 'hash', 1), (4, 'dora', 'hash', 1), "             \
    "(5, CAST(x'650066' AS TEXT), 'hash', 1);"

static apr_pool_t *pool;

/* The driver, which counts. */
static struct {
    apr_dbd_driver_t driver;
    const apr_dbd_driver_t *real;
    int selects;
} counted;

static int count_pselect(apr_pool_t *p, apr_dbd_t *handle, apr_dbd_results_t **out,
                         apr_dbd_prepared_t *prepared, int seek, const char **args)
{
    counted.selects++;
    return counted.real->pselect(p, handle, out, prepared, seek, args);
}

static db_t open_with(const char *tables)
{
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, tables);
    counted.real = db.driver;
    counted.driver = *db.driver;
    counted.driver.pselect = count_pselect;
    counted.selects = 0;
    db.driver = &counted.driver;
    return db;
}

static db_t open_both(void)
{
    return open_with(SESSIONS USERS "INSERT INTO auth_jwt_session VALUES" SESSION(
        "s1", "1", "5", "0") "," SESSION("s2", "2", "5", "7") "," SESSION("s3", "1",
                                                                          "NULL", "0"));
}

static users_t preset(void)
{
    users_t users = {NULL};

    users_table(&users, "auth_jwt_user", users_column_names, pool);
    return users;
}

/* The same users by SQL of the site's own. */
static users_t own(void)
{
    users_t table = preset();
    users_t users = {"test", db_query_make(table.by_name->sql, pool),
                     db_query_make(table.by_id->sql, pool), NULL};

    return users;
}

/* --- What is found ------------------------------------------------------------------ */

/* Session and user in words. */
static const char *spell(const standing_t *standing)
{
    const session_t *session = standing->session;
    const user_t *user = &standing->user;
    const char *left =
        !session
            ? "no session"
            : apr_psprintf(pool, "%s of %s/%s, %s, until %d, revoked %d", session->sid,
                           session->user.source, session->user.id, session->password_mark,
                           (int)session->expires_at, (int)session->revoked_at);
    const char *right = standing->found == APR_NOTFOUND ? "no user"
                        : standing->found != APR_SUCCESS
                            ? "fault"
                            : apr_psprintf(pool, "%s %s %s%s", user->id, user->username,
                                           user->password ? user->password : "NULL",
                                           user->is_active ? "" : " inactive");

    return apr_pstrcat(pool, left, "; ", right, NULL);
}

static const char *ask(const users_t *users, db_t *db, const char *id, const char *sid,
                       int part)
{
    standing_t standing = {.found = APR_EINIT};
    const char *why = "(unset)";
    apr_status_t rv =
        standing_find(&standing, users, db, id, sid, (sessions_part_t)part, &why, pool);

    if (rv != APR_SUCCESS) {
        return standing.found == APR_EINIT ? apr_psprintf(pool, "error: %s", why)
                                           : "an error that has touched what it gives";
    }
    if (standing.found != APR_SUCCESS && !standing.why) {
        return "no user, and no reason";
    }
    return spell(&standing);
}

static const struct {
    const char *id, *sid, *found, *reason;
    int statements; /* where the SQL is the module's own */
} cases[] = {
    {"1", "s1", "s1 of source/1, mark, until 5, revoked 0; 1 alice hash", "both", 1},
    {"2", "s2", "s2 of source/2, mark, until 5, revoked 7; 2 bob NULL inactive",
     "ended, inactive and without a password: whatever they are like", 1},
    {"2", "s1", "s1 of source/1, mark, until 5, revoked 0; 2 bob NULL inactive",
     "the session of somebody else", 1},
    {"9", "s1", "s1 of source/1, mark, until 5, revoked 0; no user", "a session alone",
     1},
    {"1", "s9", "no session; 1 alice hash", "a user alone", 2},
    {"9", "s9", "no session; no user", "neither", 2},
    {"1", NULL, "no session; 1 alice hash", "no session is asked for", 1},
    {"01", "s1", "s1 of source/1, mark, until 5, revoked 0; no user",
     "SQLite converts, but an id has one spelling", 1},
    {"3", "s1", "s1 of source/1, mark, until 5, revoked 0; fault",
     "a user without a name hides no session", 1},
    {"5", "s1", "s1 of source/1, mark, until 5, revoked 0; fault",
     "nor does one whose name has a NUL", 1},
};

static void test_found(void)
{
    users_t ours = preset(), theirs = own();
    db_t db = open_both();
    apr_size_t i;
    int part;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (part = 0; part < SESSIONS_PARTS; part++) {
            counted.selects = 0;
            is_str(ask(&ours, &db, cases[i].id, cases[i].sid, part), cases[i].found,
                   cases[i].reason);
            is_int(counted.selects, cases[i].statements, "by so many statements");
            is_str(ask(&theirs, &db, cases[i].id, cases[i].sid, part), cases[i].found,
                   "the same by SQL of the site's own");
        }
    }
    is_str(ask(NULL, &db, "1", "s1", SESSIONS_JUDGED),
           "s1 of source/1, mark, until 5, revoked 0; no user",
           "where providers know the users");
    sqlite_close(&db);
}

static void test_whole(void)
{
    users_t users = preset();
    db_t db = open_both();
    standing_t standing;
    const char *why;

    is_int(standing_find(&standing, &users, &db, "1", "s1", SESSIONS_WHOLE, &why, pool),
           APR_SUCCESS, "a whole session");
    is_str(standing.session->current_jti, "current", "its texts");
    is_str(standing.session->user_agent, "agent", "to the last");
    is_int((int)standing.session->absolute_until, 6, "its numbers");
    is_int(standing.session->remember, 1, "to the last");
    is_int(standing_find(&standing, &users, &db, "1", "s1", SESSIONS_JUDGED, &why, pool),
           APR_SUCCESS, "a part of it");
    ok(!standing.session->current_jti && !standing.session->absolute_until,
       "is no more than that");
    sqlite_close(&db);
}

/* --- Faults ------------------------------------------------------------------------ */

static int is_fault(const char *found, const char *reason, const char *name)
{
    int is_good = !strncmp(found, "error: ", 7) && strstr(found, reason);

    if (!is_good) {
        fprintf(stderr, "# '%s' is not in: %s\n", reason, found);
    }
    return ok(is_good, name);
}

static void test_faults(void)
{
    users_t users = preset();
    db_t db = open_both();
    int part;

    for (part = 0; part < SESSIONS_PARTS; part++) {
        is_fault(ask(&users, &db, "1", "s3", part), "NULL or no number",
                 "a session that cannot be used is nobody's good one");
        is_fault(ask(&users, &db, "4", "s1", part), "more than one row",
                 "two users with one id");
    }
    sqlite_do(&db, "DROP TABLE auth_jwt_user");
    is_fault(ask(&users, &db, "1", "s1", SESSIONS_JUDGED), "no such table", "no users");
    sqlite_close(&db);
    db = open_with(USERS);
    is_fault(ask(&users, &db, "1", "s1", SESSIONS_JUDGED),
             "no such table: auth_jwt_session", "no sessions");
    is_str(ask(&users, &db, "1", NULL, SESSIONS_JUDGED), "no session; 1 alice hash",
           "which nobody needs who asks for none");
    sqlite_close(&db);
}

static void test_probe(void)
{
    users_t ours = preset(), theirs = own();
    const char *why = "";
    db_t db = open_both();

    is_int(standing_probe(&ours, &db, &why, pool), APR_SUCCESS, "both tables");
    is_int(counted.selects, SESSIONS_PARTS, "each statement is tried");
    is_int(standing_probe(&theirs, &db, &why, pool), APR_SUCCESS, "own SQL");
    is_int(counted.selects, SESSIONS_PARTS, "has none for both");
    sqlite_close(&db);
    db = open_with(SESSIONS);
    is_int(standing_probe(&ours, &db, &why, pool), APR_EGENERAL, "no users");
    ok(strstr(why, "no such table: auth_jwt_user") != NULL, "are named");
    sqlite_close(&db);
    db = open_with("CREATE TABLE auth_jwt_session(sid, user_id, user_source, "
                   "password_mark, expires_at, revoked_at);" USERS);
    is_int(standing_probe(&ours, &db, &why, pool), APR_EGENERAL,
           "also the columns that a refresh alone needs");
    sqlite_close(&db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_found();
    test_whole();
    test_faults();
    test_probe();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
