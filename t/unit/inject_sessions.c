/* A session begins, is spent and ends while memory or OpenSSL fail: the nth call of each
 * kind does, for n from 1 on, each in a process of its own. Then a token has one
 * successor at most, nobody is let in by a session that has ended, every connection goes
 * back, and once nothing fails any more the client goes on with what it has. */
#include "apart.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "auth/refresh.h"
#include "auth/session.h"
#include "jose/jsontext.h"
#include "jose/jws.h"
#include "tap.h"

#include "keys.h"
#include "sqlite.h"

#define NOW  APR_INT64_C(1800000000)
#define LIVE "00000000000000000000000000000001"
#define OVER "00000000000000000000000000000002"

static apr_pool_t *pool;

/* --- The surroundings --------------------------------------------------------------- */

static db_t db;
static users_t users;
static policy_t policy;
static int opened, closed;

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    (void)why;
    (void)context;
    opened++;
    *out = db;
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    (void)context;
    closed++;
}

static const policy_store_t store = {store_open, store_close, NULL, NULL};

/* Fails like the real one, and else no two are alike. */
static apr_status_t next_random(unsigned char *out, apr_size_t len)
{
    static unsigned char counter;
    apr_status_t rv = apr_generate_random_bytes(out, len);

    memset(out, 0x5a, len);
    out[0] = ++counter;
    return rv;
}

#define ROW(sid, jti, revoked)                                                           \
    "('" sid "', 'auth_jwt_user.id', '1', '" jti                                         \
    "', '', '', '', '', 1800000000, 1800000000, 0, 86400, "                              \
    "1800086400, 1900000000, " revoked ", 0)"

/* The trigger writes down every rotation. */
static void open_store(void)
{
    db = sqlite_open(":memory:", pool);
    sqlite_do(
        &db,
        "CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username, password, "
        "is_active);"
        "INSERT INTO auth_jwt_user VALUES(1, 'alice', 'hash', 1);"
        "CREATE TABLE auth_jwt_session(sid TEXT PRIMARY KEY, user_source TEXT, user_id "
        "TEXT, current_jti "
        "TEXT, previous_jti TEXT, password_mark TEXT, address TEXT, user_agent TEXT, "
        "created_at INTEGER, auth_time INTEGER, refreshed_at INTEGER, idle_seconds "
        "INTEGER, expires_at INTEGER, absolute_until INTEGER, revoked_at INTEGER, "
        "remember INTEGER);"
        "INSERT INTO auth_jwt_session VALUES" ROW(LIVE, "live", "0") ", " ROW(
            OVER, "over",
            "5") ";"
                 "CREATE TABLE rotation(spent, successor);"
                 "CREATE TRIGGER audit AFTER UPDATE OF current_jti ON auth_jwt_session "
                 "BEGIN INSERT INTO rotation VALUES(OLD.current_jti, NEW.current_jti); "
                 "END");
}

/* One number of the database; a statement of its own needs no memory of the test's. */
static long value(const char *sql)
{
    const db_query_t *query = db_query_make(sql, pool);
    const char *args[] = {NULL}, *why = "";
    db_row_t row;

    if (db_get_row(&row, &db, query, args, &why, pool) != APR_SUCCESS) {
        fprintf(stderr, "# %s: %s\n", sql, why);
        return -1;
    }
    return row.values[0] ? atol(row.values[0]) : -1;
}

/* --- What is done ------------------------------------------------------------------- */

typedef struct task_t task_t;

struct task_t {
    const char *name;
    verdict_t (*run)(const task_t *task, apr_pool_t *p);
    verdict_t right;
    const char *token;
    const char *access; /* of the same session, which it ends */
    verdict_t again;    /* right as well for a second try; 0: nothing is */
    int is_foreign;     /* of a time before sessions */
};

static const char *given; /* the last refresh token that was made */

static verdict_t start(const task_t *task, apr_pool_t *p)
{
    identity_t identity = {.user_id = "1", .password_mark = ""};
    session_successor_t first;
    issue_tokens_t tokens;
    const char *why = NULL;
    verdict_t verdict =
        session_start(&first, &identity, &policy, policy.refresh_lifetime, &why, p);

    (void)task;
    if (verdict == VERDICT_OK) {
        verdict = issue_tokens(&tokens, &policy, &identity, &first, &why, p);
    }
    if (verdict == VERDICT_OK) {
        given = tokens.refresh;
    }
    return verdict;
}

static verdict_t spend(const task_t *task, apr_pool_t *p)
{
    issue_tokens_t tokens;
    identity_t identity;
    const char *why = NULL;
    verdict_t verdict = refresh_token(&tokens, &identity, &policy, task->token, &why, p);

    if (verdict == VERDICT_OK) {
        given = tokens.refresh;
    }
    return verdict;
}

static verdict_t use(const task_t *task, apr_pool_t *p)
{
    identity_t identity;
    const char *why = NULL;

    return check_token(&identity, &policy, task->token, CHECK_ACCESS, &why, p);
}

/* As logout does. */
static verdict_t end(const task_t *task, apr_pool_t *p)
{
    identity_t identity;
    const char *why = NULL;
    int ended;
    verdict_t verdict = check_signed(&identity, &policy, task->token, &why, p);

    return verdict == VERDICT_OK ? session_end(&ended, &identity, &policy, &why, p)
                                 : verdict;
}

static verdict_t end_all(const task_t *task, apr_pool_t *p)
{
    identity_t identity;
    const char *why = NULL;
    int ended;
    verdict_t verdict = check_token(&identity, &policy, task->token, CHECK_ANY, &why, p);

    return verdict == VERDICT_OK
               ? session_end_all(&ended, &identity, "", &policy, &why, p)
               : verdict;
}

/* --- In a process of its own -------------------------------------------------------- */

/* In memory that both processes see. */
typedef struct {
    verdict_t verdict;
    inject_count_t count;
    const char *fault; /* of the program's own text */
    int has_ended;
} outcome_t;

static outcome_t *seen;

/* A pool with an allocator of its own has to ask malloc() for all it gives. */
static verdict_t run(const task_t *task, const inject_mode_t *mode, long nth)
{
    apr_allocator_t *allocator;
    verdict_t verdict;
    apr_pool_t *p;

    given = NULL;
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, pool, NULL, allocator);
    inject_arm(mode, nth);
    verdict = task->run(task, p);
    seen->count = inject_disarm();
    given = given ? apr_pstrdup(pool, given) : NULL;
    apr_pool_destroy(p);
    apr_allocator_destroy(allocator);
    return verdict;
}

/* What one may rely on whatever has failed: NULL, or what is wrong. */
static const char *find_fault(const task_t *task, verdict_t verdict)
{
    /* A statement that could not be prepared has its pause. */
    db.now += apr_time_from_sec(20);
    if (opened != closed) {
        return "a connection does not go back";
    }
    if (verdict != VERDICT_OK && given) {
        return "a token is made for somebody who is refused";
    }
    if (verdict != task->right && verdict_info(verdict)->status < 500) {
        return "who is in the right is told otherwise, or in the wrong let in";
    }
    if (value("SELECT count(*) FROM (SELECT spent FROM rotation GROUP BY spent HAVING "
              "count(*) > 1)") != 0) {
        return "a token has two successors";
    }
    if (value("SELECT revoked_at FROM auth_jwt_session WHERE sid = '" OVER "'") != 5) {
        return "another session is changed";
    }
    return NULL;
}

/* Whether the session lives that a task ends. */
static int is_good(const task_t *task)
{
    const task_t access = {"", use, VERDICT_OK, task->access};

    return task->access && run(&access, NULL, 0) == VERDICT_OK;
}

/* Once nothing fails any more: whoever was told to come back is served, and a successor
 * that was made but not told is the one that is given now. */
static const char *come_back(const task_t *task, verdict_t verdict)
{
    const char *first = given;
    verdict_t again = run(task, NULL, 0);

    /* What ends a session ends it at the first try or at the second. */
    if (again != task->right && (!task->again || again != task->again)) {
        return "the second try does not end as it should";
    }
    if (task->run == spend && verdict == VERDICT_OK && (!first || strcmp(first, given))) {
        return "the second try is given another successor";
    }
    if (task->run == spend && task->right == VERDICT_OK &&
        value("SELECT count(*) FROM rotation") != !task->is_foreign) {
        return "the session is not rotated once";
    }
    if (is_good(task)) {
        return "the session goes on";
    }
    return find_fault(task, task->right);
}

/* The signal that ended it, or 0. */
static int run_apart(const task_t *task, const inject_mode_t *mode, long nth)
{
    int killed_by;

    memset(seen, 0, sizeof *seen);
    if (apart_begin(&killed_by)) {
        inject_count_t count;

        seen->verdict = run(task, mode, nth);
        count = seen->count;
        seen->has_ended = 1;
        seen->fault = find_fault(task, seen->verdict);
        if (!seen->fault) {
            seen->fault = come_back(task, seen->verdict);
        }
        seen->count = count;
        apart_end();
    }
    return killed_by;
}

/* A process may end where memory fails, since APR's pools end it. */
static const char *judge(int signal)
{
    if (signal == SIGABRT && !seen->has_ended) {
        return NULL;
    }
    return signal == SIGALRM ? "it hangs" : signal ? "it crashes" : seen->fault;
}

static void test_task(const task_t *task, const inject_mode_t *mode, const char *when)
{
    const char *wrong;
    long n, calls;

    wrong = judge(run_apart(task, mode, LONG_MAX));
    is_int(seen->verdict, task->right, task->name);
    calls = seen->count.asked;
    ok(calls > 0, "calls can fail");
    for (n = 1; n <= calls; n++) {
        const char *fault = judge(run_apart(task, mode, n));

        if (fault) {
            fprintf(stderr, "# %s, %s, %s, call %ld: %s (verdict %d)\n", task->name, when,
                    mode->name, n, fault, seen->verdict);
            wrong = fault;
        }
    }
    ok(!wrong,
       apr_psprintf(pool, "%s, %s, %s: %ld calls", task->name, when, mode->name, calls));
}

/* --- The tasks ---------------------------------------------------------------------- */

static const char *sign(const char *type, const char *more)
{
    const char *claims = apr_psprintf(pool,
                                      "{\"token_type\":\"%s\",\"exp\":1800080000,\"iat\":"
                                      "1800000000,\"user_id\":\"1\"%s}",
                                      type, more);

    return jws_sign(policy.signing_key, claims, strlen(claims), pool);
}

/* Cold: no statement is prepared. */
static void test_tasks(const char *when)
{
    const char *live = sign("refresh", ",\"jti\":\"live\",\"sid\":\"" LIVE "\"");
    const char *access = sign("access", ",\"jti\":\"a\",\"sid\":\"" LIVE "\"");
    const char *over = sign("access", ",\"jti\":\"a\",\"sid\":\"" OVER "\"");
    const char *foreign = sign("refresh", ",\"jti\":\"old\"");
    const task_t tasks[] = {
        {"a login", start, VERDICT_OK},
        {"a refresh", spend, VERDICT_OK, live},
        {"a refresh of a session that has ended", spend, VERDICT_SESSION_ENDED,
         sign("refresh", ",\"jti\":\"over\",\"sid\":\"" OVER "\"")},
        {"a token that was spent", spend, VERDICT_REUSED,
         sign("refresh", ",\"jti\":\"older\",\"sid\":\"" LIVE "\""), access,
         VERDICT_SESSION_ENDED},
        {"a refresh that opens a session", spend, VERDICT_OK, foreign, .is_foreign = 1},
        {"an access token", use, VERDICT_OK, access},
        {"an access token of a session that has ended", use, VERDICT_SESSION_ENDED, over},
        {"a logout", end, VERDICT_OK, live, access},
        {"a logout without a session", end, VERDICT_OK, foreign},
        {"a logout everywhere", end_all, VERDICT_OK, live, access, VERDICT_SESSION_ENDED},
        {NULL},
    };
    const inject_mode_t *mode;
    const task_t *task;

    for (mode = inject_modes; mode->name; mode++) {
        for (task = tasks; task->name; task++) {
            if (!mode->all || task->run == spend) {
                test_task(task, mode, when);
            }
        }
    }
}

int main(void)
{
    const jwk_t *key;

    if (!apart_is_possible()) {
        printf("1..0 # SKIP a checker of memory is in the way\n");
        return 0;
    }
    seen = apart_shared(sizeof *seen);
    apr_initialize();
    apr_pool_create_ex(&pool, NULL, apart_out_of_memory, NULL);
    jsontext_insist_on_memory(pool);
    key = keys_load("a", "HS256", "0123456789abcdef0123456789abcdef", 32, NULL, pool);
    users_table(&users, "auth_jwt_user", users_column_names, pool);
    policy = (policy_t){
        .keys = keys_ring(key, NULL, pool),
        .signing_key = key,
        .refresh_signing_key = key,
        .max_token_length = 8190,
        .user_id_claim = "user_id",
        .claim_names = claims_usual_names,
        .now = NOW,
        .iat_leeway = 10,
        .access_lifetime = 300,
        .refresh_lifetime = 86400,
        .session_lifetime = 2592000,
        .sessions = POLICY_SESSIONS_MIGRATE,
        .rotates = 1,
        .reuse_grace = 30,
        .ends_on_password_change = 1,
        .client = {"192.0.2.1", "a browser"},
        .users = &users,
        .store = &store,
        .random = next_random,
    };
    open_store();
    test_tasks("cold");
    sqlite_close(&db);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
