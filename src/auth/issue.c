#include "auth/issue.h"

#include <string.h>

#include "auth/random.h"
#include "jose/jws.h"

static const char *first_audience(const policy_t *policy)
{
    return policy->audience && policy->audience->nelts
               ? APR_ARRAY_IDX(policy->audience, 0, const char *)
               : NULL;
}

/* The claim by which a token ends with the password: a session's row has it for all of
 * its tokens, but SimpleJWT reads only its own. */
static apr_status_t add_password(claims_new_t *claims, const policy_t *policy,
                                 const jwk_t *key, const identity_t *identity,
                                 apr_pool_t *p)
{
    char *ours, *simplejwts;

    if (!policy->ends_on_password_change || !identity->password) {
        return APR_SUCCESS;
    }
    if (policy->revoke_claim) {
        claims->password_claim = policy->revoke_claim;
        claims->password_value = simplejwts = apr_palloc(p, PASSWORD_MARK_SIZE);
        return password_simplejwt_mark(simplejwts, identity->password);
    }
    if (identity->session) {
        return APR_SUCCESS;
    }
    claims->password_claim = CLAIMS_PASSWORD_MARK;
    claims->password_value = ours = apr_palloc(p, MARK_SIZE);
    return jwk_mark(ours, key, MARK_PASSWORD, identity->user_id, identity->password, p);
}

/* A token with its own claims filled in. */
static const char *sign(claims_new_t *claims, const policy_t *policy, const jwk_t *key,
                        const identity_t *identity, apr_pool_t *p)
{
    const session_t *session = identity->session;
    const char *payload;

    claims->names = &policy->claim_names;
    claims->user_id_claim = policy->user_id_claim;
    claims->user_id = identity->user_id;
    claims->sid = session ? session->sid : NULL;
    claims->auth_time = session ? session->auth_time : 0;
    claims->added = identity->added;
    claims->copied = identity->claims.payload.data ? &identity->claims : NULL;
    /* A refreshed token stays with the audience it was issued for. */
    claims->audience = claims->copied ? NULL : first_audience(policy);
    claims->issuer = policy->issuer;
    payload = add_password(claims, policy, key, identity, p) == APR_SUCCESS
                  ? claims_write(claims, p)
                  : NULL;
    return payload ? jws_sign(key, payload, strlen(payload), p) : NULL;
}

static apr_int64_t earlier(apr_int64_t a, apr_int64_t b)
{
    return a < b ? a : b;
}

static apr_int64_t access_exp(const policy_t *policy, const identity_t *identity)
{
    apr_int64_t exp = policy->now + policy->access_lifetime;

    return identity->session ? earlier(exp, identity->session->expires_at) : exp;
}

static const char *make_access(const char *jti, const policy_t *policy,
                               const identity_t *identity, apr_pool_t *p)
{
    claims_new_t claims = {
        .token_type = check_type_name(CHECK_ACCESS),
        .iat = policy->now,
        .exp = access_exp(policy, identity),
        .jti = jti,
        .has_added = 1,
    };

    return jti ? sign(&claims, policy, policy->signing_key, identity, p) : NULL;
}

static const char *make_refresh(const session_successor_t *refresh,
                                const policy_t *policy, const identity_t *identity,
                                apr_pool_t *p)
{
    claims_new_t claims = {
        .token_type = check_type_name(CHECK_REFRESH),
        .iat = refresh->iat,
        .exp = refresh->exp,
        .jti = refresh->jti,
    };

    return sign(&claims, policy, policy->refresh_signing_key, identity, p);
}

static const char failed[] =
    "no token could be made: random bytes, memory or OpenSSL failed";

/* With claims of the site a token may be longer than what is looked at. */
static verdict_t check_length(const char *token, const policy_t *policy,
                              const identity_t *identity, const char **why)
{
    if (!identity->added || strlen(token) <= policy->max_token_length) {
        return VERDICT_OK;
    }
    *why =
        "with the claims of AuthJWTClaim and AuthJWTRolesQuery the token is longer than "
        "AuthJWTMaxTokenLength; add fewer or shorter ones, or raise that";
    return VERDICT_CLAIMS_FAILED;
}

verdict_t issue_sliding(const char **out, const policy_t *policy,
                        const identity_t *identity, const char *jti,
                        apr_int64_t refresh_exp, const char **why, apr_pool_t *p)
{
    claims_new_t claims = {
        .token_type = check_type_name(CHECK_SLIDING),
        .iat = policy->now,
        .exp = earlier(policy->now + policy->sliding_lifetime, refresh_exp),
        .jti = jti,
        .refresh_exp_claim = CHECK_REFRESH_EXP,
        .refresh_exp = refresh_exp,
        .has_added = 1,
    };
    const char *token = sign(&claims, policy, policy->signing_key, identity, p);
    verdict_t verdict;

    if (!token) {
        *why = failed;
        return VERDICT_CRYPTO_DOWN;
    }
    verdict = check_length(token, policy, identity, why);
    if (verdict == VERDICT_OK) {
        *out = token;
    }
    return verdict;
}

verdict_t issue_tokens(issue_tokens_t *out, const policy_t *policy,
                       const identity_t *identity, const session_successor_t *refresh,
                       const char **why, apr_pool_t *p)
{
    issue_tokens_t tokens = {.access_jti = random_id(policy->random, p)};
    verdict_t verdict;

    tokens.access = make_access(tokens.access_jti, policy, identity, p);
    if (refresh->is_given) {
        tokens.refresh = make_refresh(refresh, policy, identity, p);
    }
    if (!tokens.access || (refresh->is_given && !tokens.refresh)) {
        *why = failed;
        return VERDICT_CRYPTO_DOWN;
    }
    tokens.access_exp = access_exp(policy, identity);
    tokens.refresh_exp = refresh->is_given ? refresh->exp : identity->claims.exp;
    verdict = check_length(tokens.access, policy, identity, why);
    if (verdict == VERDICT_OK) {
        *out = tokens;
    }
    return verdict;
}
