/* The signature comes before the claims: an attacker must not learn from our
 * answers which issuer, audience or user a forged token would have needed. The
 * user comes last, as asking for one costs most. */
#include "auth/check.h"

#include <apr_strings.h>
#include <string.h>

#include "jose/jws.h"

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
    [CLAIMS_NO_JTI] = {VERDICT_NO_JTI, "no jti"},
    [CLAIMS_NO_TYPE] = {VERDICT_NO_TYPE, "no token_type"},
    [CLAIMS_WRONG_TYPE] = {VERDICT_WRONG_TYPE, "another token_type"},
};

static verdict_t check_claims(const claims_t *claims, const policy_t *policy,
                              const char *type, const char **why)
{
    claims_expect_t expect;
    claims_result_t result;

    expect.now = policy->now;
    expect.exp_leeway = policy->exp_leeway;
    expect.iat_leeway = policy->iat_leeway;
    expect.max_age = strcmp(type, CHECK_ACCESS) == 0 ? policy->max_token_age : 0;
    expect.token_type = type;
    expect.issuer = policy->issuer;
    expect.audience = policy->audience;
    result = claims_check(claims, &expect);
    *why = of_claims[result].why;
    return of_claims[result].verdict;
}

static verdict_t check_user(identity_t *identity, const policy_t *policy,
                            const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    user_t user;
    db_t db;

    rv = policy->store->open(&db, why, policy->store->context);
    if (rv != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    rv = users_by_id(&user, policy->users, &db, identity->user_id, why, p);
    policy->store->close(policy->store->context);
    if (rv == APR_NOTFOUND) {
        *why = apr_psprintf(p, "no user has the id '%s' (%s)", identity->user_id, *why);
        return VERDICT_USER_NOT_FOUND;
    }
    if (rv != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    if (!user.is_active) {
        *why = apr_psprintf(p, "the user with the id '%s' is inactive", user.id);
        return VERDICT_USER_INACTIVE;
    }
    identity->username = user.username;
    return VERDICT_OK;
}

/* An id that a database driver or an environment would read differently than we:
 * drivers take C strings, though JSON without NUL was asked for already. */
static int is_usable_id(const char *id)
{
    const char *at;

    for (at = id; at && *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return 0;
        }
    }
    return id != NULL;
}

verdict_t check_token(identity_t *out, const policy_t *policy, const char *token,
                      const char *type, const char **why, apr_pool_t *p)
{
    apr_size_t len = strlen(token);
    identity_t identity = {NULL};
    bytes_t payload;
    verdict_t verdict;

    if (len > policy->max_token_length) {
        *why =
            apr_psprintf(p,
                         "the token has %" APR_SIZE_T_FMT
                         " bytes, more than %" APR_SIZE_T_FMT " (AuthJWTMaxTokenLength)",
                         len, policy->max_token_length);
        return VERDICT_MALFORMED;
    }
    verdict = of_jws[jws_verify(&payload, token, len, policy->keys, why, p)];
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *why = claims_parse(&identity.claims, payload, p);
    if (*why) {
        return VERDICT_MALFORMED;
    }
    verdict = check_claims(&identity.claims, policy, type, why);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    identity.jti = identity.claims.jti;
    if (!is_usable_id(identity.jti)) {
        *why = "jti has a control character";
        return VERDICT_MALFORMED;
    }
    identity.user_id = claims_user_id(&identity.claims, policy->user_id_claim, p);
    if (!is_usable_id(identity.user_id)) {
        *why = apr_psprintf(p, "claim %s holds no user id", policy->user_id_claim);
        return VERDICT_NO_USER_ID;
    }
    if (policy->store) {
        verdict = check_user(&identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        *out = identity;
    }
    return verdict;
}
