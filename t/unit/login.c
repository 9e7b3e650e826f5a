/* Checking a login: who gets in, that all who do not cost the same, and what a site's
 * hashes teach about that cost. */
#include "auth/login.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>
#include <time.h>

#include "auth/issue.h"
#include "tap.h"

#include "keys.h"
#include "sqlite.h"

#define RIGHT "correct horse battery"

/* Of RIGHT; about 20 ms, a hundred times what all the rest of a login costs. */
#define BCRYPT "$2y$08$abcdefghijklmnopqrstuuwezlW09AGl.Qc8oiYvHEzrpumH/GaSu"

/* Likewise of RIGHT, but cheap. */
#define CHEAP "$5$rounds=1000$saltsalt$DoN2WcBhpG46VIH/EyfZvcagZwm42q0Yk.N4cUSDxm1"

static apr_pool_t *pool;

/* --- The surroundings ------------------------------------------------------------- */

static struct {
    db_t db;
    int opened, closed;
    int is_down;
} store;

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    (void)context;
    store.opened++;
    if (store.is_down) {
        *why = "it is down";
        return APR_EGENERAL;
    }
    *out = store.db;
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    (void)context;
    store.closed++;
}

static const policy_store_t counting_store = {store_open, store_close, NULL, NULL};

/* What is known of the cost of hashes. */
static effort_t effort;

static void know(const char *stored)
{
    char form[PASSWORD_TEMPLATE_SIZE];

    memset(&effort, 0, sizeof effort);
    if (stored && password_template(form, stored) == APR_SUCCESS) {
        effort_learn(&effort, "somebody", form);
    }
}

/* How many users are known, and whether one has a form. */
static int count_known(void)
{
    int i, count = 0;

    for (i = 0; i < EFFORT_USERS; i++) {
        count += effort.users[i] != 0;
    }
    return count;
}

static int is_known(const char *prefix)
{
    int i;

    for (i = 0; i < EFFORT_FORMS; i++) {
        if (strncmp(effort.forms[i].text, prefix, strlen(prefix)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Seats for hashes: how many were taken and left, and whether there is one. */
static struct {
    int taken, left, are_full;
} seats;

static apr_status_t take_seat(const char **why, void *context)
{
    (void)context;
    ok(store.closed == store.opened, "no connection is held while one waits for a seat");
    if (seats.are_full) {
        *why = "no seat";
        return APR_EBUSY;
    }
    seats.taken++;
    return APR_SUCCESS;
}

static void leave_seat(void *context)
{
    (void)context;
    seats.left++;
}

static const policy_seats_t counting_seats = {take_seat, leave_seat, NULL};

static users_t users;
static policy_t policy;

static void set_up(void)
{
    users_table(&users, "auth_jwt_user", users_column_names, pool);
    policy.users = &users;
    policy.store = &counting_store;
    policy.effort = &effort;
    store.db = sqlite_open(":memory:", pool);
    sqlite_do(&store.db,
              "CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username, password, "
              "is_active);"
              "INSERT INTO auth_jwt_user VALUES"
              "(1, 'alice', '" BCRYPT "', 1), (2, 'bob', '" BCRYPT "', 0),"
              "(3, 'unusable', '!', 1), (4, 'empty', '', 1), (5, 'null', NULL, 1),"
              "(6, 'damaged', '" BCRYPT "x', 1), (7, 'plain', '" RIGHT "', 1),"
              "(8, 'costly', 'pbkdf2_sha256$10000001$salt$"
              "QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0o=', 1), (9, 'cheap', '" CHEAP
              "', 1),"
              "(10, 'cheap but inactive', '" CHEAP "', 0), (11, 'twin', '" CHEAP "', 1),"
              "(14, 'weak', '{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=', 1),"
              "(12, 'twin', '" CHEAP
              "', 1), (13, 'nobody', NULL, NULL), (NULL, NULL, NULL, 1)");
}

static verdict_t login(const char *name, const char *password, const char **why)
{
    identity_t identity = {.user_id = "untouched"};
    verdict_t verdict;

    store.opened = store.closed = 0;
    verdict =
        login_check(&identity, &policy, name, password, strlen(password), why, pool);
    ok((strcmp(identity.user_id, "untouched") != 0) == (verdict == VERDICT_OK),
       "an identity is made for the right one only");
    is_int(store.closed, store.is_down ? 0 : 1, "the connection goes back");
    return verdict;
}

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* The least of three, in ms: other programs can only add. Much is measured well by one.
 */
static double cost(const char *name, const char *password)
{
    double least = 0;
    int i;

    for (i = 0; i < 3 && least < 100; i++) {
        double began = cpu_now(), took;
        identity_t identity;
        const char *why;

        login_check(&identity, &policy, name, password, strlen(password), &why, pool);
        took = cpu_now() - began;
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

/* --- Who gets in ------------------------------------------------------------------ */

static const struct {
    const char *name, *password;
    verdict_t verdict;
    const char *why, *reason;
} logins[] = {
    {"alice", RIGHT, VERDICT_OK, NULL, "the right password"},
    {"alice", RIGHT " ", VERDICT_LOGIN_FAILED,
     "wrong password for the user with the id '1'", "passwords are never trimmed"},
    {"alice", "", VERDICT_LOGIN_FAILED, "wrong password", "an empty one"},
    {"alice", BCRYPT, VERDICT_LOGIN_FAILED, "wrong password", "the hash itself"},
    {"Alice", RIGHT, VERDICT_LOGIN_FAILED, "no such user", "another case"},
    {"ghost", RIGHT, VERDICT_LOGIN_FAILED, "no such user", "nobody"},
    {"", RIGHT, VERDICT_LOGIN_FAILED, "no such user", "no name"},
    {"%", RIGHT, VERDICT_LOGIN_FAILED, "no such user", "no pattern"},
    {"bob", RIGHT, VERDICT_LOGIN_FAILED, "id '2' is inactive", "inactive"},
    {"bob", "wrong", VERDICT_LOGIN_FAILED, "wrong password", "inactive, and wrong"},
    {"unusable", "!", VERDICT_LOGIN_FAILED, "id '3' has no usable",
     "no password matches this"},
    {"empty", "", VERDICT_LOGIN_FAILED, "no usable", "nor nothing"},
    {"null", "", VERDICT_LOGIN_FAILED, "no usable", "nor NULL"},
    {"damaged", RIGHT, VERDICT_BAD_HASH, "cannot be checked: bcrypt",
     "nor a damaged hash"},
    {"plain", RIGHT, VERDICT_BAD_HASH, "cannot be checked: no known form",
     "nor plain text"},
    {"costly", RIGHT, VERDICT_BAD_HASH, "more than 10000000 iterations",
     "nor a hostile row"},
    {"twin", RIGHT, VERDICT_STORE_DOWN, "more than one row", "two of a name"},
};

static void test_logins(void)
{
    apr_size_t i;

    know(CHEAP);
    for (i = 0; i < sizeof logins / sizeof *logins; i++) {
        const char *why = "(unset)";

        is_int(login(logins[i].name, logins[i].password, &why), logins[i].verdict,
               logins[i].reason);
        if (logins[i].why &&
            !ok(strstr(why, logins[i].why) != NULL, "the log's reason")) {
            fprintf(stderr, "# %s\n", why);
        }
        ok(strstr(why, RIGHT) == NULL && strstr(why, "$2y$") == NULL,
           "which holds neither password nor hash");
    }
}

static void test_nul(void)
{
    static const char with_nul[] = RIGHT "\0more";
    identity_t identity;
    const char *why;

    is_int(login_check(&identity, &policy, "alice", with_nul, sizeof with_nul - 1, &why,
                       pool),
           VERDICT_LOGIN_FAILED, "a password is not cut off at a NUL byte");
}

static void test_store(void)
{
    const char *why;

    store.is_down = 1;
    is_int(login("alice", RIGHT, &why), VERDICT_STORE_DOWN, "no connection");
    is_str(why, "it is down", "its reason");
    store.is_down = 0;
    sqlite_do(&store.db, "ALTER TABLE auth_jwt_user RENAME TO elsewhere");
    is_int(login("alice", RIGHT, &why), VERDICT_STORE_DOWN, "no table");
    is_int(login("ghost", RIGHT, &why), VERDICT_STORE_DOWN, "is not \"no such user\"");
    sqlite_do(&store.db, "ALTER TABLE elsewhere RENAME TO auth_jwt_user");
    store.db.now += apr_time_from_sec(1);
    is_int(login("alice", RIGHT, &why), VERDICT_OK, "well again");
}

/* Everybody takes one seat, so that nobody is told apart by having none. */
static void test_seats(void)
{
    const char *why;
    apr_size_t i;

    know(CHEAP);
    policy.seats = &counting_seats;
    for (i = 0; i < sizeof logins / sizeof *logins; i++) {
        int is_asked = logins[i].verdict != VERDICT_STORE_DOWN;

        seats.taken = seats.left = 0;
        is_int(login(logins[i].name, logins[i].password, &why), logins[i].verdict,
               logins[i].reason);
        is_int(seats.taken, is_asked, "one seat is taken");
        is_int(seats.left, is_asked, "and left");
        seats.are_full = 1;
        is_int(login(logins[i].name, logins[i].password, &why),
               is_asked ? VERDICT_BUSY : VERDICT_STORE_DOWN, "without one: come back");
        is_int(seats.left, is_asked, "a seat that was not taken is not left");
        seats.are_full = 0;
    }
    policy.seats = NULL;
}

/* Weak ones, which the site may allow. */
static void test_weak(void)
{
    const char *why;

    know(CHEAP);
    is_int(login("weak", RIGHT, &why), VERDICT_BAD_HASH, "a weak hash is refused");
    ok(strstr(why, "AuthJWTLegacyHashes") != NULL, "the log says what to do");
    is_int(count_known(), 1, "and it teaches nothing");
    policy.may_hashes_be_weak = 1;
    is_int(login("weak", RIGHT, &why), VERDICT_OK, "unless the site wants it");
    ok(is_known("{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
       "then it teaches its form, and nothing of itself");
    is_int(login("weak", "wrong", &why), VERDICT_LOGIN_FAILED, "with its password only");
    policy.may_hashes_be_weak = 0;
}

/* --- What it costs ---------------------------------------------------------------- */

static const struct {
    const char *name, *password, *reason;
} same_work[] = {
    {"ghost", RIGHT, "nobody"},          {"bob", RIGHT, "inactive"},
    {"bob", "wrong", "inactive, wrong"}, {"unusable", RIGHT, "unusable"},
    {"empty", RIGHT, "empty hash"},      {"null", RIGHT, "no hash"},
    {"damaged", RIGHT, "damaged hash"},  {"plain", RIGHT, "plain text"},
    {"costly", RIGHT, "a hostile row"},  {"ghost", "", "nobody, no password"},
};

static void test_same_work(void)
{
    double usual, ratio;
    apr_size_t i;

    know(BCRYPT);
    usual = cost("alice", "wrong");
    ok(usual > 2, "the usual hash takes its time");
    for (i = 0; i < sizeof same_work / sizeof *same_work; i++) {
        ratio = cost(same_work[i].name, same_work[i].password) / usual;
        if (!ok(ratio > 0.5 && ratio < 2,
                apr_pstrcat(pool, "same work: ", same_work[i].reason, NULL))) {
            fprintf(stderr, "# %.2f times as much\n", ratio);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

#define TRIES 15

/* Of many tries, taken in turns, so that whatever slows the machine meets all of them. */
static void medians(double *out, const char *const logins_of[][2], int count)
{
    double took[8][TRIES];
    int i, try;

    for (try = 0; try < TRIES; try++) {
        for (i = 0; i < count; i++) {
            double began = cpu_now();
            identity_t identity;
            const char *why;

            login_check(&identity, &policy, logins_of[i][0], logins_of[i][1],
                        strlen(logins_of[i][1]), &why, pool);
            took[i][try] = cpu_now() - began;
        }
    }
    for (i = 0; i < count; i++) {
        qsort(took[i], TRIES, sizeof **took, by_size);
        out[i] = took[i][TRIES / 2];
    }
}

/* A busy machine may spoil a round, never make unequal work look equal five times. */
static void test_medians(void)
{
    static const char *const all[][2] = {{"alice", "wrong"}, {"ghost", RIGHT},
                                         {"bob", RIGHT},     {"bob", "wrong"},
                                         {"unusable", "!"},  {"damaged", RIGHT}};
    enum { COUNT = sizeof all / sizeof *all };
    double median[COUNT], apart = 1;
    int i, round;

    know(BCRYPT);
    for (round = 0; round < 5 && apart > 0.05; round++) {
        medians(median, all, COUNT);
        for (i = 1, apart = 0; i < COUNT; i++) {
            double ratio = median[i] / median[0];

            apart = ratio - 1 > apart ? ratio - 1 : 1 - ratio > apart ? 1 - ratio : apart;
        }
        printf("# medians apart by %.1f %%\n", apart * 100);
    }
    ok(apart <= 0.05, "wrong password, unknown, inactive and unusable: medians agree");
}

/* Beside users whose hashes cost more and less, an unknown name is like one of them, and
 * always like the same. */
static void test_side_by_side(void)
{
    double cheap, costly, of_name;
    int i, like_cheap = 0, like_costly = 0, changed = 0;
    const char *why;

    know(NULL);
    login("alice", "wrong", &why);
    login("cheap", "wrong", &why);
    costly = cost("alice", "wrong");
    cheap = cost("cheap", "wrong");
    ok(costly > 4 * cheap, "two forms of different cost");
    for (i = 0; i < 24; i++) {
        const char *name = apr_psprintf(pool, "ghost-%d", i);

        of_name = cost(name, RIGHT);
        like_cheap += of_name < costly / 4;
        like_costly += of_name > costly / 2 && of_name < costly * 2;
        changed += (cost(name, "again") < costly / 4) != (of_name < costly / 4);
    }
    is_int(like_cheap + like_costly, 24, "an unknown name costs what one of them does");
    ok(like_cheap >= 4 && like_costly >= 4, "some this, some that");
    is_int(changed, 0, "and each the same when it is asked for again");
}

/* The dummy is of the site's own form, so it follows that. */
static void test_follows(void)
{
    double costly, cheap;

    know(BCRYPT);
    costly = cost("ghost", RIGHT);
    know(CHEAP);
    cheap = cost("ghost", RIGHT);
    ok(costly > 4 * cheap, "an unknown user costs what is known of the site");
    know(NULL);
    ok(cost("ghost", RIGHT) > 4 * cheap, "while nothing is known, a good deal");
    policy.effort = NULL;
    ok(cost("ghost", RIGHT) > 4 * cheap, "and where nothing is kept");
    policy.effort = &effort;
}

/* --- What is learned -------------------------------------------------------------- */

static const struct {
    const char *name, *password, *learned, *reason;
} lessons[] = {
    {"alice", RIGHT, "$2y$08$....", "a good login teaches"},
    {"alice", "wrong", "$2y$08$....", "and a failed one"},
    {"cheap but inactive", RIGHT, "$5$rounds=1000$", "one that is not let in, too"},
    {"ghost", RIGHT, NULL, "nobody teaches nothing"},
    {"costly", RIGHT, NULL, "nor does a hostile row"},
    {"unusable", "!", NULL, "nor one without a hash"},
};

static void test_lessons(void)
{
    const char *why;
    apr_size_t i;
    int j;

    for (i = 0; i < sizeof lessons / sizeof *lessons; i++) {
        know(NULL);
        for (j = 0; j < 3; j++) {
            login(lessons[i].name, lessons[i].password, &why);
        }
        is_int(count_known(), lessons[i].learned != NULL, lessons[i].reason);
        ok(!lessons[i].learned || is_known(lessons[i].learned), "the form of the hash");
        for (j = 0; j < EFFORT_FORMS; j++) {
            ok(!strstr(effort.forms[j].text, "GaSu") &&
                   !strstr(effort.forms[j].text, "SDxm1"),
               "and nothing else of it");
        }
    }
}

/* --- Tokens ------------------------------------------------------------------------ */

static int randoms, bad_random;

static apr_status_t some_random(unsigned char *out, apr_size_t len)
{
    memset(out, randoms, len);
    return ++randoms == bad_random ? APR_EGENERAL : APR_SUCCESS;
}

static const jwk_t *make_key(void)
{
    return keys_load(NULL, "HS256", "0123456789abcdef0123456789abcdef", 32, NULL, pool);
}

static verdict_t issue(issue_tokens_t *tokens, const char **why)
{
    identity_t identity = {.user_id = "1", .password_mark = ""};
    session_successor_t first;
    verdict_t verdict =
        session_start(&first, &identity, &policy, policy.refresh_lifetime, why, pool);

    return verdict == VERDICT_OK
               ? issue_tokens(tokens, &policy, &identity, &first, why, pool)
               : verdict;
}

/* Every use of randomness may be the one that fails. */
static void test_no_random(void)
{
    issue_tokens_t tokens;
    const char *why;

    policy.sessions = POLICY_SESSIONS_OFF;
    policy.random = some_random;
    policy.signing_key = policy.refresh_signing_key = make_key();
    policy.user_id_claim = "user_id";
    policy.claim_names = claims_usual_names;
    policy.access_lifetime = 300;
    policy.refresh_lifetime = 86400;
    for (bad_random = 1; bad_random <= 3; bad_random++) {
        randoms = 0;
        tokens.access = "untouched";
        is_int(issue(&tokens, &why), VERDICT_CRYPTO_DOWN,
               "without random bytes no token");
        is_str(tokens.access, "untouched", "not even half a pair");
        ok(why && *why, "and a reason");
    }
    randoms = 0;
    is_int(issue(&tokens, &why), VERDICT_OK, "with them there is");
    is_int(randoms, 3, "each token has its own, and a session its name");
}

static void test_costs(void)
{
    test_same_work();
    test_medians();
    test_side_by_side();
    test_follows();
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    set_up();
    test_logins();
    test_nul();
    test_store();
    test_seats();
    test_weak();
    if (is_under_valgrind()) {
        printf("# costs are not compared: valgrind slows each form by its own factor\n");
    } else {
        test_costs();
    }
    test_lessons();
    test_no_random();
    sqlite_close(&store.db);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
