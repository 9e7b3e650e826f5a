/* Verifying tokens: which check comes first, and what the database adds. Tokens are
 * signed here by the key that verifies them; whether signatures are right at all is
 * tested elsewhere. */
#include "auth/check.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "auth/refresh.h"
#include "jose/jws.h"
#include "tap.h"

#include "keys.h"
#include "sqlite.h"

#define NOW APR_INT64_C(1800000000)

static apr_pool_t *pool;

/* --- The surroundings ------------------------------------------------------------- */

/* A store whose opening may fail, and which counts. */
static struct {
    db_t db;
    int opened, closed;
    int is_down;
} store;

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    ok(context == &store, "the store is given its context");
    store.opened++;
    if (store.is_down) {
        *why = "it is down";
        return APR_TIMEUP;
    }
    *out = store.db;
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    ok(context == &store, "and again");
    store.closed++;
}

static const policy_store_t counting_store = {store_open, store_close, NULL, &store};
static users_t users;
static apr_status_t random_status;

static apr_status_t fake_random(unsigned char *out, apr_size_t len)
{
    memset(out, 0x5a, len);
    return random_status;
}

static const jwk_t *key(const char *kid, const char *text)
{
    const char *error;
    const jwk_t *loaded = keys_load(kid, "HS256", text, strlen(text), &error, pool);

    if (error) {
        fprintf(stderr, "# %s\n", error);
        exit(1);
    }
    return loaded;
}

static const jwk_t *ours, *foreign;

static policy_t policy_make(void)
{
    jwk_ring_t *ring = apr_array_make(pool, 1, sizeof(const jwk_t *));
    policy_t policy = {
        .keys = ring,
        .signing_key = ours,
        .refresh_signing_key = ours,
        .max_token_length = 8190,
        .sessions = POLICY_SESSIONS_OFF,
        .user_id_claim = "user_id",
        .claim_names = claims_usual_names,
        .now = NOW,
        .iat_leeway = 10,
        .access_lifetime = 300,
        .refresh_lifetime = 86400,
        .users = &users,
        .store = &counting_store,
        .random = fake_random,
    };

    APR_ARRAY_PUSH(ring, const jwk_t *) = ours;
    memset(&store, 0, sizeof store);
    store.db = sqlite_open(":memory:", pool);
    sqlite_do(&store.db,
              "CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username, password, "
              "is_active); INSERT INTO auth_jwt_user VALUES(1, 'alice', '', 1), "
              "(2, 'bob', '', 0), (3, NULL, '', 1)");
    random_status = APR_SUCCESS;
    return policy;
}

/* A token of these claims; TYPE and USER as JSON text, NULL for none. */
static const char *make(const jwk_t *with, const char *type, const char *user, int age,
                        const char *more)
{
    const char *payload = apr_psprintf(
        pool,
        "{\"exp\":%" APR_INT64_T_FMT ",\"iat\":%" APR_INT64_T_FMT
        ",\"jti\":\"j1\"%s%s%s%s%s}",
        NOW + 300 - age, NOW - age, type ? ",\"token_type\":" : "", type ? type : "",
        user ? ",\"user_id\":" : "", user ? user : "", more);

    return jws_sign(with, payload, strlen(payload), pool);
}

static const char *access_of(const char *user)
{
    return make(ours, "\"access\"", user, 0, "");
}

static verdict_t check(const policy_t *policy, const char *token, const char **why)
{
    identity_t identity;

    *why = NULL;
    return check_token(&identity, policy, token, CHECK_ACCESS, why, pool);
}

/* --- The order of the checks ------------------------------------------------------ */

/* Of several faults the answer names the one that is checked first. */
static void test_order(void)
{
    const struct {
        const char *token;
        verdict_t verdict;
        int opened;
        const char *reason;
    } cases[] = {
        {"no token at all", VERDICT_MALFORMED, 0, "nothing that could be a token"},
        {make(foreign, "\"refresh\"", "\"9\"", 99999, ",\"aud\":\"x\""),
         VERDICT_BAD_SIGNATURE, 0,
         "a foreign key, expired, for others, of a wrong type, of nobody"},
        {make(foreign, "\"access\"", "\"1\"", 0, ""), VERDICT_BAD_SIGNATURE, 0,
         "a foreign key, all else good"},
        {make(ours, "\"refresh\"", "\"9\"", 99999, ",\"aud\":\"x\""), VERDICT_EXPIRED, 0,
         "our key, but expired and the rest"},
        {make(ours, "\"refresh\"", "\"9\"", 0, ",\"aud\":\"x\""), VERDICT_WRONG_AUDIENCE,
         0, "for others, of a wrong type, of nobody"},
        {make(ours, "\"refresh\"", "\"9\"", 0, ""), VERDICT_WRONG_TYPE, 0,
         "of a wrong type, of nobody"},
        {make(ours, NULL, "\"9\"", 0, ""), VERDICT_NO_TYPE, 0,
         "without a type, of nobody"},
        {access_of(NULL), VERDICT_NO_USER_ID, 0, "without a user"},
        {access_of("\"\""), VERDICT_NO_USER_ID, 0, "of an empty user"},
        {access_of("\"1\\n\""), VERDICT_NO_USER_ID, 0, "of one who would end a log line"},
        {access_of("\"\\u007f\""), VERDICT_NO_USER_ID, 0, "likewise"},
        {access_of("[1]"), VERDICT_NO_USER_ID, 0, "of two"},
        {access_of("null"), VERDICT_NO_USER_ID, 0, "of null"},
        {access_of("true"), VERDICT_NO_USER_ID, 0, "of true"},
        {access_of("\"9\""), VERDICT_USER_NOT_FOUND, 1, "of nobody"},
        {access_of("\"01\""), VERDICT_USER_NOT_FOUND, 1, "of nobody, nearly"},
        {access_of("\"2\""), VERDICT_USER_INACTIVE, 1, "of somebody inactive"},
        {access_of("\"3\""), VERDICT_STORE_DOWN, 1, "of a row that is no user"},
        {access_of("\"1\""), VERDICT_OK, 1, "good"},
        {access_of("1"), VERDICT_OK, 1, "good, with a number for an id"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        policy_t policy = policy_make();
        const char *why;

        is_int(check(&policy, cases[i].token, &why), cases[i].verdict, cases[i].reason);
        is_int(store.opened, cases[i].opened, "the database is asked last");
        is_int(store.closed, cases[i].opened, "and let go");
        ok(cases[i].verdict == VERDICT_OK || (why && *why), "there is a reason");
        sqlite_close(&store.db);
    }
}

/* --- The length -------------------------------------------------------------------- */

static void test_length(void)
{
    policy_t policy = policy_make();
    const char *token = access_of("\"1\""), *why;

    policy.max_token_length = strlen(token);
    is_int(check(&policy, token, &why), VERDICT_OK, "as long as may be");
    policy.max_token_length--;
    is_int(check(&policy, token, &why), VERDICT_MALFORMED, "longer by one byte");
    ok(why && strstr(why, "AuthJWTMaxTokenLength") != NULL, "the reason names its cure");
    sqlite_close(&store.db);
}

/* --- The database ----------------------------------------------------------------- */

static void test_down(void)
{
    policy_t policy = policy_make();
    identity_t identity = {.user_id = "untouched"};
    const char *why;

    store.is_down = 1;
    is_int(check_token(&identity, &policy, access_of("\"1\""), CHECK_ACCESS, &why, pool),
           VERDICT_STORE_DOWN, "a database that cannot be opened");
    is_str(why, "it is down", "its reason");
    is_str(identity.user_id, "untouched", "and nobody is let in");
    is_int(store.closed, 0, "what was not opened is not closed");
    store.is_down = 0;
    sqlite_do(&store.db, "DROP TABLE auth_jwt_user");
    is_int(check_token(&identity, &policy, access_of("\"1\""), CHECK_ACCESS, &why, pool),
           VERDICT_STORE_DOWN, "one that fails");
    ok(strstr(why, "no such table") != NULL, "its reason");
    is_str(identity.user_id, "untouched", "and nobody is let in");
    is_int(store.closed, 1, "what was opened is closed");
    sqlite_close(&store.db);
}

static void test_no_store(void)
{
    policy_t policy = policy_make();
    identity_t identity;
    const char *why;

    policy.store = NULL;
    is_int(check_token(&identity, &policy, access_of("\"9\""), CHECK_ACCESS, &why, pool),
           VERDICT_OK, "AuthJWTCheckUser Off: nobody is asked");
    is_int(store.opened, 0, "indeed");
    is_str(identity.user_id, "9", "the id is the token's");
    is_str(identity.username, NULL, "and no name is made up");
    sqlite_close(&store.db);
}

static void test_identity(void)
{
    policy_t policy = policy_make();
    identity_t identity;
    const char *why;

    check_token(&identity, &policy, access_of("\"1\""), CHECK_ACCESS, &why, pool);
    is_str(identity.user_id, "1", "id");
    is_str(identity.username, "alice", "the row's name");
    is_str(identity.jti, "j1", "jti");
    ok(identity.claims.payload.data != NULL, "claims");
    policy.user_id_claim = "sub";
    is_int(check(&policy, access_of("\"1\""), &why), VERDICT_NO_USER_ID, "another claim");
    ok(strstr(why, "sub") != NULL, "is named");
    is_int(check(&policy, make(ours, "\"access\"", NULL, 0, ",\"sub\":\"1\""), &why),
           VERDICT_OK, "and read");
    sqlite_close(&store.db);
}

/* --- Refreshing ------------------------------------------------------------------- */

static verdict_t refresh(const policy_t *policy, const char *token,
                         issue_tokens_t *tokens)
{
    const char *why = "";
    identity_t identity;

    tokens->access = "untouched";
    return refresh_token(tokens, &identity, policy, token, &why, pool);
}

static void test_refresh(void)
{
    static const struct {
        const char *type, *user;
        verdict_t verdict;
        const char *reason;
    } cases[] = {
        {"\"refresh\"", "\"1\"", VERDICT_OK, "good"},
        {"\"access\"", "\"1\"", VERDICT_WRONG_TYPE, "an access token"},
        {"\"refresh\"", "\"9\"", VERDICT_NO_ACCOUNT, "of nobody"},
        {"\"refresh\"", "\"2\"", VERDICT_NO_ACCOUNT,
         "of somebody inactive: the same answer"},
        {"\"refresh\"", "\"3\"", VERDICT_STORE_DOWN, "of a row that is no user"},
    };
    issue_tokens_t tokens;
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        policy_t policy = policy_make();
        const char *token = make(ours, cases[i].type, cases[i].user, 0, "");

        is_int(refresh(&policy, token, &tokens), cases[i].verdict, cases[i].reason);
        ok((strcmp(tokens.access, "untouched") != 0) == (cases[i].verdict == VERDICT_OK),
           "a token is made for the good one only");
        sqlite_close(&store.db);
    }
}

static void test_refresh_faults(void)
{
    const char *token = make(ours, "\"refresh\"", "\"1\"", 0, "");
    policy_t policy = policy_make();
    issue_tokens_t tokens;

    random_status = APR_EGENERAL;
    is_int(refresh(&policy, token, &tokens), VERDICT_CRYPTO_DOWN,
           "no random bytes, no token");
    is_str(tokens.access, "untouched", "indeed");
    random_status = APR_SUCCESS;
    store.is_down = 1;
    is_int(refresh(&policy, token, &tokens), VERDICT_STORE_DOWN, "no database, no token");
    is_str(tokens.access, "untouched", "indeed");
    sqlite_close(&store.db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    ours = key(NULL, "0123456789abcdef0123456789abcdef");
    foreign = key(NULL, "fedcba9876543210fedcba9876543210");
    users_table(&users, "auth_jwt_user", users_column_names, pool);
    test_order();
    test_length();
    test_down();
    test_no_store();
    test_identity();
    test_refresh();
    test_refresh_faults();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
