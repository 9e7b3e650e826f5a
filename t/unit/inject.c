/* Login, verifying and refreshing while memory or OpenSSL fail: the nth call of each kind
 * does, for n from 1 on, each in a process of its own. Then nobody gets in who should
 * not, no token is made that is not the usual one, and nothing hangs. A process may end
 * where memory fails, since APR's pools end it; httpd begins another one.
 *
 * Whoever should get in does, or is told to come back (5xx): never that his token or
 * password is wrong. And when nothing fails any more, all is as ever. */
#include "apart.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "auth/refresh.h"
#include "jose/jsontext.h"
#include "jose/jws.h"
#include "tap.h"

#include "keys.h"
#include "sqlite.h"

#define NOW APR_INT64_C(1800000000)

#define LONGEST 8190 /* bytes of a token */
#define RIGHT   "correct horse battery"
#define CRYPT   "$5$rounds=1000$saltsalt$DoN2WcBhpG46VIH/EyfZvcagZwm42q0Yk.N4cUSDxm1"
#define SCRYPT                                                                           \
    "scrypt$16$0123456789abcdefghijAB$8$1$OD5BN9nMW582WIecK5Of97XKE/"                    \
    "dJj41z5CKWmvm/QSRJWAhxFvTaKNzkgxPKKPJ49oppN3fFpuXh0RqrFdh4Aw=="
#define ARGON2                                                                           \
    "$argon2id$v=19$m=64,t=1,p=1$ekkyRThmS3d5RC5zdEl4NQ$"                                \
    "B82K+M35rdGtswkMywlW4F4/IhLP5THxgG0jIRUGY7A"
#define PHPASS    "$P$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1"
#define WORDPRESS "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me"
#define DJANGO    "pbkdf2_sha256$3$saltsalt$fNrD6il8TbK9W5530nc9izyVBygjhKvJDKCZSj7foG8="

static apr_pool_t *pool;

/* --- The surroundings --------------------------------------------------------------- */

static db_t db;
static users_t users;
static policy_t policy;

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    (void)why;
    (void)context;
    *out = db;
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    (void)context;
}

static effort_t effort;

/* Without it an unknown user would cost the default, or one of the dear forms that logins
 * before have taught. */
static void know_effort(void)
{
    char form[PASSWORD_TEMPLATE_SIZE];

    memset(&effort, 0, sizeof effort);
    password_template(form, CRYPT);
    effort_learn(&effort, "1", form);
}

static const policy_store_t store = {store_open, store_close, NULL};

/* Fails like the real one, and else gives what is known beforehand. */
static apr_status_t known_random(unsigned char *out, apr_size_t len)
{
    apr_status_t rv = apr_generate_random_bytes(out, len);

    memset(out, rv == APR_SUCCESS ? 0x5a : 0, len);
    return rv;
}

/* A private key as PEM; the caller does not free it, as the BIO does not go away. */
static bytes_t make_pem(EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text;
    long len;

    if (!key || !PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL)) {
        fprintf(stderr, "# no key could be made\n");
        exit(1);
    }
    EVP_PKEY_free(key);
    len = BIO_get_mem_data(out, &text);
    return (bytes_t){(unsigned char *)text, (apr_size_t)len};
}

static bytes_t make_secret(void)
{
    static unsigned char secrets[2][32] = {"ours", "theirs"};
    static int made;

    return (bytes_t){secrets[made++ % 2], sizeof *secrets};
}

static bytes_t make_rsa(void)
{
    return make_pem(EVP_RSA_gen(2048));
}

static bytes_t make_p256(void)
{
    return make_pem(EVP_EC_gen("P-256"));
}

static bytes_t make_ed25519(void)
{
    return make_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

static const jwk_t *make_key(const char *alg, const char *kid, bytes_t contents)
{
    const char *why;
    const jwk_t *jwk = keys_load(kid, alg, contents.data, contents.len, &why, pool);

    if (!jwk) {
        fprintf(stderr, "# %s\n", why);
        exit(1);
    }
    return jwk;
}

static void open_store(void)
{
    db = sqlite_open(":memory:", pool);
    sqlite_do(&db, "CREATE TABLE auth_jwt_user(id TEXT PRIMARY KEY, username, password, "
                   "is_active);"
                   "INSERT INTO auth_jwt_user VALUES"
                   "(1, 'alice', '" DJANGO "', 1), (2, 'bob', '" DJANGO "', 0),"
                   "(3, 'carol', '" CRYPT "', 1), (4, 'erin', '" SCRYPT "', 1),"
                   "(5, 'frank', '" ARGON2 "', 1), (6, 'grace', '" PHPASS "', 1),"
                   "(7, 'heidi', '" WORDPRESS "', 1),"
                   "('fourteen-bytesXY', 'dave', '" DJANGO "', 1),"
                   "('fourteen-bytesY', 'not dave', '" DJANGO "', 1)");
}

/* --- What is done ------------------------------------------------------------------- */

/* In memory that both processes see. */
typedef struct {
    verdict_t verdict;
    char user_id[32], username[32];
    char access[LONGEST + 1], refresh[LONGEST + 1];
    inject_count_t count;
    int has_ended, is_well;
} outcome_t;

typedef struct task_t task_t;

struct task_t {
    const char *name;
    verdict_t (*run)(identity_t *identity, issue_tokens_t *tokens, const task_t *task,
                     apr_pool_t *p);
    verdict_t right;
    const char *credential; /* token, or user name */
    const char *password;
    int is_form; /* of a hash, which knows nothing of statements and keys: warm will do */
};

static verdict_t login(identity_t *identity, issue_tokens_t *tokens, const task_t *task,
                       apr_pool_t *p)
{
    const char *why = NULL;
    session_successor_t first;
    verdict_t verdict = login_check(identity, &policy, task->credential, task->password,
                                    strlen(task->password), &why, p);

    if (verdict == VERDICT_OK) {
        verdict =
            session_start(&first, identity, &policy, policy.refresh_lifetime, &why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = issue_tokens(tokens, &policy, identity, &first, &why, p);
    }
    return verdict;
}

static verdict_t check(identity_t *identity, issue_tokens_t *tokens, const task_t *task,
                       apr_pool_t *p)
{
    const char *why = NULL;

    (void)tokens;
    return check_token(identity, &policy, task->credential, CHECK_ACCESS, &why, p);
}

static verdict_t refresh(identity_t *identity, issue_tokens_t *tokens, const task_t *task,
                         apr_pool_t *p)
{
    const char *why = NULL;

    return refresh_token(tokens, identity, &policy, task->credential, &why, p);
}

/* Login, verifying and refreshing, one after the other. */
static verdict_t journey(identity_t *identity, issue_tokens_t *tokens, const task_t *task,
                         apr_pool_t *p)
{
    issue_tokens_t pair;
    verdict_t verdict = login(identity, &pair, task, p);
    const char *why = NULL;

    if (verdict == VERDICT_OK) {
        verdict = check_token(identity, &policy, pair.access, CHECK_ACCESS, &why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = refresh_token(tokens, identity, &policy, pair.refresh, &why, p);
    }
    return verdict;
}

static void note(char *to, apr_size_t size, const char *text)
{
    apr_cpystrn(to, text ? text : "", size);
}

/* A pool with an allocator of its own has to ask malloc() for all it gives. */
static void run(outcome_t *out, const task_t *task, const inject_mode_t *mode, long nth)
{
    identity_t identity = {0};
    issue_tokens_t tokens = {NULL};
    apr_allocator_t *allocator;
    verdict_t verdict;
    apr_pool_t *p;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, pool, NULL, allocator);
    inject_arm(mode, nth);
    verdict = task->run(&identity, &tokens, task, p);
    out->count = inject_disarm();
    out->verdict = verdict;
    note(out->user_id, sizeof out->user_id, identity.user_id);
    note(out->username, sizeof out->username, identity.username);
    note(out->access, sizeof out->access, tokens.access);
    note(out->refresh, sizeof out->refresh, tokens.refresh);
    apr_pool_destroy(p);
    apr_allocator_destroy(allocator);
}

/* --- In a process of its own -------------------------------------------------------- */

static outcome_t *seen; /* shared */

/* Once memory has failed OpenSSL 3.0 when it renews RSA's blinding, up to 32 signatures
 * come out wrong. They are not given away. */
static int is_sorry_for_rsa(const outcome_t *outcome)
{
    return policy.signing_key->key.alg->padding &&
           outcome->verdict == VERDICT_CRYPTO_DOWN && !*outcome->access &&
           !*outcome->refresh;
}

/* Whether these tasks end as they should when nothing fails. */
static int is_well(const task_t *tasks)
{
    static outcome_t outcome;
    const task_t *task;

    /* A statement that could not be prepared has its pause. */
    db.now += apr_time_from_sec(20);
    for (task = tasks; task->name; task++) {
        run(&outcome, task, NULL, 0);
        if (outcome.verdict != task->right && !is_sorry_for_rsa(&outcome)) {
            fprintf(stderr, "# afterwards \"%s\" gives %d\n", task->name,
                    outcome.verdict);
            return 0;
        }
    }
    return 1;
}

/* The signal that ended it, or 0. */
static int run_apart(const task_t *task, const task_t *again, const inject_mode_t *mode,
                     long nth)
{
    int killed_by;

    memset(seen, 0, sizeof *seen);
    if (apart_begin(&killed_by)) {
        run(seen, task, mode, nth);
        seen->has_ended = 1;
        seen->is_well = seen->count.failed == 0 || is_well(again);
        apart_end();
    }
    return killed_by;
}

/* --- What came of it ---------------------------------------------------------------- */

/* Signatures of some algorithms differ each time, what they sign does not. */
static int is_same_token(const char *got, const char *usual)
{
    const char *dot = strrchr(usual, '.'), *why;
    apr_pool_t *p;
    bytes_t payload;
    int same;

    if (!dot) {
        return strcmp(got, usual) == 0;
    }
    apr_pool_create(&p, pool);
    same = strncmp(got, usual, (apr_size_t)(dot - usual) + 1) == 0 &&
           jws_verify(&payload, NULL, got, strlen(got), policy.keys, NULL, &why, p) ==
               JWS_GOOD;
    apr_pool_destroy(p);
    return same;
}

static int is_as_usual(const outcome_t *usual)
{
    return seen->verdict == usual->verdict &&
           strcmp(seen->user_id, usual->user_id) == 0 &&
           strcmp(seen->username, usual->username) == 0 &&
           is_same_token(seen->access, usual->access) &&
           is_same_token(seen->refresh, usual->refresh);
}

static int is_refused(void)
{
    return seen->verdict != VERDICT_OK && !*seen->access && !*seen->refresh;
}

typedef struct {
    int usual, sorry, refused, ended;
} tally_t;

/* NULL, or what is wrong. */
static const char *judge(tally_t *tally, int signal, const outcome_t *usual)
{
    if (signal == SIGABRT && !seen->has_ended) {
        tally->ended++;
        return NULL;
    }
    if (signal) {
        return signal == SIGALRM ? "it hangs" : "it crashes";
    }
    if (!seen->is_well) {
        return "something is wrong afterwards";
    }
    if (is_as_usual(usual)) {
        tally->usual++;
        return NULL;
    }
    if (!is_refused()) {
        return "somebody is let in, or a token made, that should not be";
    }
    if (verdict_info(seen->verdict)->status >= 500) {
        tally->sorry++;
        return NULL;
    }
    tally->refused++;
    /* OpenSSL does not always tell a wrong signature from one that it could not look at.
     */
    if (policy.signing_key->public_json && seen->verdict == VERDICT_BAD_SIGNATURE) {
        return NULL;
    }
    return usual->verdict == VERDICT_OK ? "who is in the right is told otherwise" : NULL;
}

static void test_task(const task_t *task, const task_t *again, const inject_mode_t *mode,
                      const char *when)
{
    static outcome_t usual;
    const char *wrong = NULL;
    tally_t tally = {0};
    long n;

    know_effort();
    run_apart(task, again, mode, LONG_MAX);
    usual = *seen;
    is_int(usual.verdict, task->right, task->name);
    /* All begin with what this process is: behind the last call nothing is met. */
    for (n = 1; n <= usual.count.asked; n++) {
        int signal = run_apart(task, again, mode, n);
        const char *fault = judge(&tally, signal, &usual);

        if (fault) {
            fprintf(stderr, "# %s, %s, %s, call %ld: %s (verdict %d, signal %d)\n",
                    task->name, when, mode->name, n, fault, seen->verdict, signal);
            wrong = fault;
        }
    }
    ok(!wrong, apr_psprintf(pool, "%s, %s, %s", task->name, when, mode->name));
    printf("# n = 1..%ld, %ld calls: %d as ever, %d sorry, %d refused, %d ended\n", n - 1,
           usual.count.asked, tally.usual, tally.sorry, tally.refused, tally.ended);
}

/* --- The tasks ---------------------------------------------------------------------- */

#define CLAIMS(type, user, more)                                                         \
    "{\"token_type\":\"" type "\",\"exp\":1800000300,\"iat\":1800000000,"                \
    "\"jti\":\"j1\",\"user_id\":\"" user "\"" more "}"

static const char *sign(const jwk_t *key, const char *claims)
{
    return jws_sign(key, claims, strlen(claims), pool);
}

/* The same header in another spelling, which only a JSON parser understands. */
static const char *sign_spelt(const jwk_t *key, const char *claims)
{
    const char *kid = key->kid, *header;
    jwk_t other = *key;

    header = apr_psprintf(pool, "{ \"kid\": \"%s\", \"alg\": \"%s\" }", kid,
                          key->key.alg->name);
    other.header = base64url_encode(header, strlen(header), pool);
    other.header_len = strlen(other.header);
    return sign(&other, claims);
}

/* The signature's first character is another one. */
static const char *forge(const char *token)
{
    char *forged = apr_pstrdup(pool, token), *at = strrchr(forged, '.') + 1;

    *at = *at == 'A' ? 'B' : 'A';
    return forged;
}

/* Another payload with this token's signature. */
static const char *swap(const char *token, const char *claims)
{
    const char *first = strchr(token, '.'), *last = strrchr(token, '.');

    return apr_pstrcat(pool, apr_pstrmemdup(pool, token, (apr_size_t)(first - token)),
                       ".", base64url_encode(claims, strlen(claims), pool), last, NULL);
}

static const struct {
    const char *alg;
    bytes_t (*make)(void);
} rows[] = {
    {"HS256", make_secret},
    {"RS256", make_rsa},
    {"ES256", make_p256},
    {"EdDSA", make_ed25519},
};

/* The first tasks are done with each algorithm, the others with one. */
#define EACH 7
#define FORM 1

static void test_row(const jwk_t *ours, const jwk_t *foreign, int later, int all)
{
    static const char access[] = CLAIMS("access", "1", "");
    static const char long_access[] =
        CLAIMS("access", "1", ",\"x\":[{\"y\":\"\\u00fc\"}]");
    /* jansson keeps the first fifteen bytes of a string, with the quotation mark, and
     * then needs memory: what if the sixteenth is lost? */
    static const char dave[] =
        "{\"user_id\":\"fourteen-bytesXY\",\"token_type\":\"access\",\"exp\":1800000300,"
        "\"iat\":1800000000,\"jti\":\"j1\",\"x\":[]}";
    static const char long_refresh[] =
        CLAIMS("refresh", "1", ",\"role\":[\"a\",1.5,null]");
    const char *good = sign(ours, access), *renew;
    const char *when =
        apr_pstrcat(pool, ours->key.alg->name, later ? ", warm" : ", cold", NULL);
    const inject_mode_t *mode;
    const task_t *task;

    renew = sign(ours, CLAIMS("refresh", "1", ""));
    {
        const task_t tasks[] = {
            {"login, verify, refresh", journey, VERDICT_OK, "alice", RIGHT},
            {"good token", check, VERDICT_OK, good},
            {"forged signature", check, VERDICT_BAD_SIGNATURE, forge(good)},
            {"forged claims", check, VERDICT_BAD_SIGNATURE,
             swap(good, CLAIMS("access", "3", ""))},
            {"foreign key", check, VERDICT_BAD_SIGNATURE, sign(foreign, access)},
            {"refresh", refresh, VERDICT_OK, renew},
            {"refresh by a forged token", refresh, VERDICT_BAD_SIGNATURE, forge(renew)},
            {"login", login, VERDICT_OK, "alice", RIGHT},
            {"login by crypt(3)", login, VERDICT_OK, "carol", RIGHT, FORM},
            {"login by scrypt", login, VERDICT_OK, "erin", RIGHT, FORM},
            {"login by Argon2", login, VERDICT_OK, "frank", RIGHT, FORM},
            {"login by phpass", login, VERDICT_OK, "grace", RIGHT, FORM},
            {"login by WordPress", login, VERDICT_OK, "heidi", RIGHT, FORM},
            {"wrong by scrypt", login, VERDICT_LOGIN_FAILED, "erin", "wrong", FORM},
            {"wrong by Argon2", login, VERDICT_LOGIN_FAILED, "frank", "wrong", FORM},
            {"wrong by phpass", login, VERDICT_LOGIN_FAILED, "grace", "wrong", FORM},
            {"wrong password", login, VERDICT_LOGIN_FAILED, "alice", "wrong"},
            {"wrong by crypt(3)", login, VERDICT_LOGIN_FAILED, "carol", "wrong", FORM},
            {"nobody's login", login, VERDICT_LOGIN_FAILED, "ghost", RIGHT},
            {"inactive user's login", login, VERDICT_LOGIN_FAILED, "bob", RIGHT},
            {"good token with more", check, VERDICT_OK, sign(ours, long_access)},
            {"good token of a long id", check, VERDICT_OK, sign(ours, dave)},
            {"good token, spelt otherwise", check, VERDICT_OK, sign_spelt(ours, access)},
            {"forged signature, spelt otherwise", check, VERDICT_BAD_SIGNATURE,
             forge(sign_spelt(ours, access))},
            {"inactive user's token", check, VERDICT_USER_INACTIVE,
             sign(ours, CLAIMS("access", "2", ""))},
            {"nobody's token", check, VERDICT_USER_NOT_FOUND,
             sign(ours, CLAIMS("access", "9", ""))},
            {"refresh token in its place", check, VERDICT_WRONG_TYPE, renew},
            {"refresh with more", refresh, VERDICT_OK, sign(ours, long_refresh)},
            {"refresh by an access token", refresh, VERDICT_WRONG_TYPE, good},
            {"inactive user's refresh", refresh, VERDICT_NO_ACCOUNT,
             sign(ours, CLAIMS("refresh", "2", ""))},
            {NULL},
        };
        const task_t again[] = {tasks[1], tasks[2], tasks[5], tasks[6], tasks[7], {NULL}};

        ok(!later || is_well(tasks), "before anything fails");
        for (task = tasks; task->name && (all || task < tasks + EACH); task++) {
            if (task->is_form && !later) {
                continue;
            }
            for (mode = inject_modes; mode->name; mode += all ? 1 : 2) {
                test_task(task, again, mode, when);
            }
        }
    }
}

/* Cold: no statement is prepared, nothing was signed yet; OpenSSL then makes RSA's
 * blinding. Warm: all has happened before. */
static void test_rows(void)
{
    apr_size_t i;
    int later;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const jwk_t *ours = make_key(rows[i].alg, "a", rows[i].make());
        const jwk_t *foreign = make_key(rows[i].alg, "a", rows[i].make());

        policy.keys = keys_ring(ours, NULL, pool);
        policy.signing_key = policy.refresh_signing_key = ours;
        for (later = i > 1; later <= 1; later++) {
            open_store();
            test_row(ours, foreign, later, i == 0);
            sqlite_close(&db);
        }
    }
}

/* Who meets a failure gives errno away as its reason: APR's mmap would call 0 success and
 * its callers use what is not there. */
static void test_reasons(void)
{
    static const char *const names[] = {"malloc",        "calloc", "realloc",
                                        "aligned_alloc", "mmap",   NULL};
    int i;

    for (i = 0; names[i]; i++) {
        void *volatile got = NULL; /* or the compiler does without the call */
        int reason;

        errno = 0;
        inject_arm(inject_modes, 1);
        switch (i) {
        case 0:
            got = malloc(1);
            break;
        case 1:
            got = calloc(1, 1);
            break;
        case 2:
            got = realloc(NULL, 1);
            break;
        case 3:
            got = aligned_alloc(16, 16);
            break;
        default:
            got = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        }
        reason = errno;
        inject_disarm();
        ok(got == (i < 4 ? NULL : MAP_FAILED) && reason == ENOMEM,
           apr_psprintf(pool, "%s that fails says that there is no memory", names[i]));
    }
}

int main(void)
{
    if (!apart_is_possible()) {
        printf("1..0 # SKIP a checker of memory is in the way\n");
        return 0;
    }
    seen = apart_shared(sizeof *seen);
    apr_initialize();
    apr_pool_create_ex(&pool, NULL, apart_out_of_memory, NULL);
    jsontext_insist_on_memory(pool);
    test_reasons();
    login_prepare(pool);
    users_table(&users, "auth_jwt_user", users_column_names, pool);
    policy = (policy_t){
        .max_token_length = LONGEST,
        .user_id_claim = "user_id",
        .claim_names = claims_usual_names,
        .now = NOW,
        .sessions = POLICY_SESSIONS_OFF,
        .iat_leeway = 10,
        .access_lifetime = 300,
        .refresh_lifetime = 86400,
        .users = &users,
        .store = &store,
        .effort = &effort,
        .random = known_random,
    };
    test_rows();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
