/* The signature comes before the claims: an attacker must not learn from our
 * answers which issuer, audience or user a forged token would have needed. The
 * user comes last, as asking for one costs most. */
#include "auth/check.h"

#include <apr_strings.h>
#include <string.h>

#include "jose/jws.h"
#include "store/standing.h"

static const verdict_t of_jws[] = {
    [JWS_GOOD] = VERDICT_OK,
    [JWS_MALFORMED] = VERDICT_MALFORMED,
    [JWS_UNKNOWN_KEY] = VERDICT_UNKNOWN_KEY,
    [JWS_BAD_SIGNATURE] = VERDICT_BAD_SIGNATURE,
    [JWS_FAILED] = VERDICT_CRYPTO_DOWN,
};

static const struct {
    verdict_t verdict;
    const char *why;
} of_claims[] = {
    [CLAIMS_GOOD] = {VERDICT_OK, ""},
    [CLAIMS_EXPIRED] = {VERDICT_EXPIRED, "exp is past"},
    [CLAIMS_NOT_YET_VALID] = {VERDICT_NOT_YET_VALID, "iat or nbf is in the future"},
    [CLAIMS_TOO_OLD] = {VERDICT_TOO_OLD, "iat is older than AuthJWTMaxTokenAge allows"},
    [CLAIMS_WRONG_ISSUER] = {VERDICT_WRONG_ISSUER, "iss is not AuthJWTIssuer"},
    [CLAIMS_WRONG_AUDIENCE] = {VERDICT_WRONG_AUDIENCE, "aud is not AuthJWTAudience"},
    [CLAIMS_NO_EXP] = {VERDICT_NO_EXP, "no exp"},
    [CLAIMS_NO_JTI] = {VERDICT_NO_JTI, "no jti (AuthJWTJtiClaim)"},
    [CLAIMS_NO_TYPE] = {VERDICT_NO_TYPE, "no token_type (AuthJWTTokenTypeClaim)"},
    [CLAIMS_WRONG_TYPE] = {VERDICT_WRONG_TYPE, "another token_type"},
};

/* In the order of their bits. */
static const char *const type_names[] = {"access", "refresh", "sliding"};

#define TYPES 3

const char *check_type_name(int type)
{
    int i = 0;

    while (i < TYPES - 1 && type != 1 << i) {
        i++;
    }
    return type_names[i];
}

/* The kind of a token that claims to be one of several; 0 for none of ours. */
static int type_of(const claims_t *claims)
{
    int i;

    for (i = 0; claims->token_type && i < TYPES; i++) {
        if (strcmp(claims->token_type, type_names[i]) == 0) {
            return 1 << i;
        }
    }
    return 0;
}

/* SimpleJWT looks at refresh_exp where a token is refreshed only, so that one past its
 * end still opens pages. */
static verdict_t check_refresh_exp(const claims_t *claims, const policy_t *policy,
                                   const char **why)
{
    apr_int64_t end = claims_time(claims, CHECK_REFRESH_EXP);

    if (end == CLAIMS_NO_TIME) {
        *why = "no " CHECK_REFRESH_EXP;
        return VERDICT_NO_REFRESH_EXP;
    }
    *why = CHECK_REFRESH_EXP " is past";
    return end > policy->now - policy->exp_leeway ? VERDICT_OK : VERDICT_SLIDING_OVER;
}

static verdict_t check_claims(identity_t *identity, const policy_t *policy, int types,
                              int at_any_time, const char **why)
{
    const claims_t *claims = &identity->claims;
    const char *names[TYPES + 1] = {NULL};
    claims_expect_t expect;
    claims_result_t result;
    int i, n = 0;

    for (i = 0; i < TYPES; i++) {
        if (types & 1 << i) {
            names[n++] = type_names[i];
        }
    }
    identity->type = type_of(claims);
    expect.now = policy->now;
    expect.exp_leeway = policy->exp_leeway;
    expect.iat_leeway = policy->iat_leeway;
    expect.at_any_time = at_any_time;
    expect.max_age =
        identity->type == CHECK_REFRESH || at_any_time ? 0 : policy->max_token_age;
    expect.token_types = names;
    expect.issuer = policy->issuer;
    expect.audience = policy->audience;
    result = claims_check(claims, &expect);
    *why = of_claims[result].why;
    if (result == CLAIMS_GOOD && identity->type == CHECK_SLIDING && !at_any_time) {
        return check_refresh_exp(claims, policy, why);
    }
    return of_claims[result].verdict;
}

/* RFC 9470 section 5: how long ago the user typed a password, however young the token. */
static verdict_t check_login_age(const identity_t *identity, const policy_t *policy,
                                 const char **why)
{
    apr_int64_t auth_time;

    if (!policy->max_login_age || identity->type == CHECK_REFRESH) {
        return VERDICT_OK;
    }
    auth_time = claims_time(&identity->claims, "auth_time");
    if (auth_time == CLAIMS_NO_TIME) {
        *why = "no auth_time, which AuthJWTMaxLoginAge needs";
        return VERDICT_LOGIN_TOO_OLD;
    }
    if (policy->now - auth_time > policy->max_login_age) {
        *why = "the login is older than AuthJWTMaxLoginAge allows";
        return VERDICT_LOGIN_TOO_OLD;
    }
    return VERDICT_OK;
}

/* --- The database ----------------------------------------------------------------- */

static verdict_t judge_session(const session_t *session, const identity_t *identity,
                               const policy_t *policy, const char **why, apr_pool_t *p)
{
    const char *fault =
        strcmp(session->user.id, identity->user_id) != 0 ||
                strcmp(session->user.source, users_source(policy->users)) != 0
            ? "is another user's"
        : session->revoked_at                ? "was ended"
        : session->expires_at <= policy->now ? "is over"
                                             : NULL;

    if (fault) {
        *why = apr_psprintf(p, "the session %s of the user with the id '%s' %s",
                            session->sid, identity->user_id, fault);
        return VERDICT_SESSION_ENDED;
    }
    return VERDICT_OK;
}

static verdict_t check_session(identity_t *identity, const policy_t *policy,
                               const session_t *session, const char **why, apr_pool_t *p)
{
    if (!identity->sid || (!session && !identity->claims.sid)) {
        return VERDICT_OK; /* none, or not adopted yet */
    }
    if (!session) {
        *why = apr_psprintf(p, "no session has the sid %s", identity->sid);
        return VERDICT_SESSION_ENDED;
    }
    identity->session = session;
    return judge_session(session, identity, policy, why, p);
}

/* A token without sid, where what was ended is kept by its jti. */
static verdict_t check_blacklist(const identity_t *identity, const policy_t *policy,
                                 db_t *db, const char **why, apr_pool_t *p)
{
    int ended;

    if (identity->sid || !policy->blacklist) {
        return VERDICT_OK;
    }
    if (blacklist_has(&ended, db, policy->blacklist, identity->jti, why, p) !=
        APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    if (ended) {
        *why = apr_psprintf(p, "the token %s of the user with the id '%s' was ended",
                            identity->jti, identity->user_id);
        return VERDICT_SESSION_ENDED;
    }
    return VERDICT_OK;
}

/* Whether anybody will ask for the password's column: who compares it with what a token
 * or its session says, who opens a session, and who makes tokens of this one. */
static int needs_password(const identity_t *identity, const policy_t *policy)
{
    return policy->ends_on_password_change &&
           (identity->sid || policy->revoke_claim || identity->type != CHECK_ACCESS ||
            claims_string(&identity->claims, CLAIMS_PASSWORD_MARK));
}

static verdict_t changed(const identity_t *identity, const char **why, apr_pool_t *p)
{
    *why = apr_psprintf(
        p, "the user with the id '%s' has had another password since the %s %s began",
        identity->user_id, identity->sid ? "session" : "token",
        identity->sid ? identity->sid : identity->jti);
    return VERDICT_PASSWORD_CHANGED;
}

/* Of the session. */
static verdict_t check_session_mark(identity_t *identity, const char **why, apr_pool_t *p)
{
    const char *then = identity->session ? identity->session->password_mark : "";
    char *now = apr_palloc(p, PASSWORD_MARK_SIZE);

    if (!identity->sid) {
        return VERDICT_OK;
    }
    if (password_mark(now, identity->password) != APR_SUCCESS) {
        *why = "OpenSSL could not compute SHA-256";
        return VERDICT_CRYPTO_DOWN;
    }
    identity->password_mark = now;
    return !*then || strcmp(then, now) == 0 ? VERDICT_OK : changed(identity, why, p);
}

/* Of the token itself. A public key cannot tell whether it fits; no token by such a key
 * is turned into one whose mark would. */
static verdict_t check_token_mark(const identity_t *identity, const char **why,
                                  apr_pool_t *p)
{
    const char *then = claims_string(&identity->claims, CLAIMS_PASSWORD_MARK);
    char now[MARK_SIZE];

    if (!then) {
        return VERDICT_OK;
    }
    switch (jwk_mark(now, identity->key, MARK_PASSWORD, identity->user_id,
                     identity->password, p)) {
    case APR_SUCCESS:
        return strcmp(then, now) == 0 ? VERDICT_OK : changed(identity, why, p);
    case APR_ENOTIMPL:
        *why = CLAIMS_PASSWORD_MARK " is of a key whose private half is not here; give "
                                    "AuthJWTKey that, with verify";
        return identity->type == CHECK_ACCESS ? VERDICT_OK : VERDICT_PASSWORD_CHANGED;
    default:
        *why = "OpenSSL could not compute HMAC-SHA256";
        return VERDICT_CRYPTO_DOWN;
    }
}

/* SimpleJWT's, which every token must have (CHECK_REVOKE_TOKEN). */
static verdict_t check_revoke_claim(const identity_t *identity, const policy_t *policy,
                                    const char **why, apr_pool_t *p)
{
    const char *then = claims_string(&identity->claims, policy->revoke_claim);
    char now[PASSWORD_MARK_SIZE];

    if (password_simplejwt_mark(now, identity->password) != APR_SUCCESS) {
        *why =
            "OpenSSL could not compute MD5, which AuthJWTEndOnPasswordChange simplejwt "
            "needs";
        return VERDICT_CRYPTO_DOWN;
    }
    if (!then) {
        *why = apr_psprintf(p, "the token %s has no claim %s", identity->jti,
                            policy->revoke_claim);
        return VERDICT_PASSWORD_CHANGED;
    }
    return strcmp(then, now) == 0 ? VERDICT_OK : changed(identity, why, p);
}

/* What began with another password than the user has now is over. */
static verdict_t check_password(identity_t *identity, const policy_t *policy,
                                const user_t *user, const char **why, apr_pool_t *p)
{
    verdict_t verdict;

    identity->password_mark = "";
    if (!needs_password(identity, policy)) {
        return VERDICT_OK;
    }
    if (!user->has_password) {
        *why = "AuthJWTUserByIdQuery gives no column password; add it, or write "
               "AuthJWTEndOnPasswordChange Off";
        return VERDICT_STORE_DOWN;
    }
    identity->password = user->password ? user->password : "";
    verdict = check_session_mark(identity, why, p);
    if (verdict == VERDICT_OK) {
        verdict = policy->revoke_claim ? check_revoke_claim(identity, policy, why, p)
                                       : check_token_mark(identity, why, p);
    }
    return verdict;
}

static verdict_t check_user(identity_t *identity, const policy_t *policy,
                            const standing_t *standing, const char **why, apr_pool_t *p)
{
    const user_t *user = &standing->user;

    if (standing->found == APR_NOTFOUND) {
        *why = apr_psprintf(p, "no user has the id '%s' (%s)", identity->user_id,
                            standing->why);
        return VERDICT_USER_NOT_FOUND;
    }
    if (standing->found != APR_SUCCESS) {
        *why = standing->why;
        return VERDICT_STORE_DOWN;
    }
    if (!user->is_active) {
        *why = apr_psprintf(p, "the user with the id '%s' is inactive", user->id);
        return VERDICT_USER_INACTIVE;
    }
    identity->username = user->username;
    return check_password(identity, policy, user, why, p);
}

/* All that is asked of the database for one token. */
static verdict_t ask_database(standing_t *out, const identity_t *identity,
                              const policy_t *policy, db_t *db, const char **why,
                              apr_pool_t *p)
{
    verdict_t verdict = check_blacklist(identity, policy, db, why, p);

    if (verdict == VERDICT_OK &&
        standing_find(out, policy->users, db, identity->user_id, identity->sid,
                      policy->only_judges ? SESSIONS_JUDGED : SESSIONS_WHOLE, why,
                      p) != APR_SUCCESS) {
        verdict = VERDICT_STORE_DOWN;
    }
    return verdict;
}

static verdict_t ask_store(identity_t *identity, const policy_t *policy, const char **why,
                           apr_pool_t *p)
{
    standing_t standing;
    verdict_t verdict;
    db_t db;

    if (policy->store->open(&db, why, policy->store->context) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    verdict = ask_database(&standing, identity, policy, &db, why, p);
    policy->store->close(policy->store->context);
    if (verdict == VERDICT_OK) {
        verdict = check_session(identity, policy, standing.session, why, p);
    }
    if (verdict == VERDICT_OK && policy->users) {
        verdict = check_user(identity, policy, &standing, why, p);
    }
    return verdict;
}

static int recall(identity_t *identity, const policy_t *policy,
                  const policy_question_t *question, apr_pool_t *p)
{
    const policy_answers_t *answers = policy->answers;
    policy_answer_t answer;

    if (!answers->get(&answer, question, p, answers->context) ||
        answer.until <= policy->now) {
        return 0;
    }
    identity->username = answer.username;
    identity->password_mark = "";
    return 1;
}

static void remember(const identity_t *identity, const policy_t *policy,
                     const policy_question_t *question)
{
    const policy_answers_t *answers = policy->answers;
    policy_answer_t answer = {identity->username, POLICY_NO_END};

    if (identity->session) {
        answer.until = identity->session->expires_at;
    }
    answers->put(&answer, question, answers->context);
}

static verdict_t check_store(identity_t *identity, const policy_t *policy,
                             const char **why, apr_pool_t *p)
{
    policy_question_t question = {
        .users = policy->users,
        .sessions = policy->sessions,
        .ends_on_password_change = policy->ends_on_password_change,
        .user_id = identity->user_id,
        .jti = identity->jti,
        .sid = identity->sid,
        .revoke_claim = policy->revoke_claim,
        .password_says =
            claims_string(&identity->claims, policy->revoke_claim ? policy->revoke_claim
                                                                  : CLAIMS_PASSWORD_MARK),
    };
    /* One that the token would open is asked for each time: the question would be that of
     * another token, which claims to belong to it. */
    int may_recall = policy->answers && (!identity->sid || identity->claims.sid);
    verdict_t verdict;

    if (may_recall && recall(identity, policy, &question, p)) {
        return VERDICT_OK;
    }
    verdict = ask_store(identity, policy, why, p);
    if (may_recall && verdict == VERDICT_OK) {
        remember(identity, policy, &question);
    }
    if (policy->only_judges) {
        identity->session = NULL; /* a part of it, which nobody should take for more */
    }
    return verdict;
}

/* Where providers alone know users, the id says which of them, and the name. Nobody can
 * ask a provider whether the user is still there. */
static verdict_t check_provider(identity_t *identity, const policy_t *policy,
                                const char **why, apr_pool_t *p)
{
    const char *id = identity->user_id, *colon = strchr(id, ':');
    int i;

    for (i = 0; colon && i < policy->provider_names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(policy->provider_names, i, const char *);

        if (strlen(name) == (apr_size_t)(colon - id) &&
            !strncmp(name, id, strlen(name))) {
            identity->username = colon + 1;
            return VERDICT_OK;
        }
    }
    *why = apr_psprintf(p, "the id '%s' is of no provider in AuthJWTProvider", id);
    return VERDICT_USER_NOT_FOUND;
}

/* --- The token -------------------------------------------------------------------- */

/* An id that a database driver or an environment would read differently than we:
 * drivers take C strings, though JSON without NUL was asked for already. */
static int is_usable_id(const char *id)
{
    return id && users_is_printable(id);
}

static verdict_t check_length(apr_size_t len, const policy_t *policy, const char **why,
                              apr_pool_t *p)
{
    if (len <= policy->max_token_length) {
        return VERDICT_OK;
    }
    *why = apr_psprintf(p,
                        "the token has %" APR_SIZE_T_FMT
                        " bytes, more than %" APR_SIZE_T_FMT " (AuthJWTMaxTokenLength)",
                        len, policy->max_token_length);
    return VERDICT_MALFORMED;
}

static verdict_t check_jws(claims_t *claims, const jwk_t **key, const policy_t *policy,
                           const char *token, const char **why, apr_pool_t *p)
{
    apr_size_t len = strlen(token);
    bytes_t payload;
    verdict_t verdict;

    verdict = check_length(len, policy, why, p);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    verdict = of_jws[jws_verify(&payload, key, token, len, policy->keys, policy->recent,
                                why, p)];
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *why = claims_parse(claims, payload, &policy->claim_names, policy->recent, p);
    return *why ? VERDICT_MALFORMED : VERDICT_OK;
}

static verdict_t read_identity(identity_t *identity, const policy_t *policy,
                               const char **why, apr_pool_t *p)
{
    identity->jti = identity->claims.jti;
    if (!is_usable_id(identity->jti)) {
        *why = "jti has a control character";
        return VERDICT_MALFORMED;
    }
    identity->user_id = claims_user_id(&identity->claims, policy->user_id_claim, p);
    if (!is_usable_id(identity->user_id)) {
        *why = apr_psprintf(p, "claim %s holds no user id", policy->user_id_claim);
        return VERDICT_NO_USER_ID;
    }
    return VERDICT_OK;
}

/* A token of a time before sessions has none, but a refresh token has the name of the
 * one that it opens. */
static verdict_t read_sid(identity_t *identity, const policy_t *policy, const char **why,
                          apr_pool_t *p)
{
    const char *sid = identity->claims.sid;

    if (sid) {
        *why = "the sid is none of ours";
        identity->sid = sid;
        return sessions_is_sid(sid) ? VERDICT_OK : VERDICT_SESSION_ENDED;
    }
    if (policy->sessions == POLICY_SESSIONS_ON) {
        *why = "no sid; AuthJWTSessions migrate accepts tokens without a session";
        return VERDICT_SESSION_ENDED;
    }
    if (policy->sessions == POLICY_SESSIONS_MIGRATE && identity->type == CHECK_REFRESH) {
        identity->sid = sessions_adopted_sid(identity->user_id, identity->jti, p);
        *why = "OpenSSL could not compute SHA-256";
        return identity->sid ? VERDICT_OK : VERDICT_CRYPTO_DOWN;
    }
    if (policy->blacklist && !blacklist_is_usable(identity->jti)) {
        *why = "jti is too long, or no plain text, so that no blacklist could hold it";
        return VERDICT_MALFORMED;
    }
    return VERDICT_OK;
}

static verdict_t check_words(identity_t *identity, const policy_t *policy,
                             const char *token, int types, int at_any_time,
                             const char **why, apr_pool_t *p)
{
    verdict_t verdict =
        check_jws(&identity->claims, &identity->key, policy, token, why, p);

    if (verdict == VERDICT_OK) {
        verdict = check_claims(identity, policy, types, at_any_time, why);
    }
    if (verdict == VERDICT_OK) {
        verdict = read_identity(identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = read_sid(identity, policy, why, p);
    }
    return verdict;
}

/* Users of providers have no row, but what they ended stands in the database. */
static int has_question(const identity_t *identity, const policy_t *policy)
{
    return policy->users || identity->sid || policy->blacklist;
}

verdict_t check_token(identity_t *out, const policy_t *policy, const char *token,
                      int types, const char **why, apr_pool_t *p)
{
    identity_t identity = {0};
    verdict_t verdict = check_words(&identity, policy, token, types, 0, why, p);

    if (verdict == VERDICT_OK) {
        verdict = check_login_age(&identity, policy, why);
    }
    if (verdict == VERDICT_OK && !policy->users) {
        verdict = check_provider(&identity, policy, why, p);
    }
    if (verdict == VERDICT_OK && policy->store && has_question(&identity, policy)) {
        verdict = check_store(&identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        *out = identity;
    }
    return verdict;
}

verdict_t check_signed(identity_t *out, const policy_t *policy, const char *token,
                       const char **why, apr_pool_t *p)
{
    identity_t identity = {0};
    verdict_t verdict = check_words(&identity, policy, token, CHECK_ANY, 1, why, p);

    if (verdict == VERDICT_OK) {
        *out = identity;
    }
    return verdict;
}
