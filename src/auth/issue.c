#include "auth/issue.h"

#include <string.h>

#include "jose/jws.h"

/* 128 random bits (RFC 7519 section 4.1.7 asks for no collisions), in SimpleJWT's
 * spelling: 32 lower-case hexadecimal digits. */
#define JTI_BYTES 16

static const char *make_jti(const policy_t *policy, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[JTI_BYTES];
    char *jti = apr_pcalloc(p, 2 * JTI_BYTES + 1);
    int i;

    if (policy->random(random, sizeof random) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < JTI_BYTES; i++) {
        jti[2 * i] = digits[random[i] >> 4];
        jti[2 * i + 1] = digits[random[i] & 0x0f];
    }
    return jti;
}

static const char *first_audience(const policy_t *policy)
{
    return policy->audience && policy->audience->nelts
               ? APR_ARRAY_IDX(policy->audience, 0, const char *)
               : NULL;
}

static const char *make_token(const char **jti, const policy_t *policy, const jwk_t *key,
                              const identity_t *identity, const char *type,
                              apr_int64_t lifetime, apr_pool_t *p)
{
    claims_new_t claims;
    const char *payload;

    claims.token_type = type;
    claims.iat = policy->now;
    claims.exp = policy->now + lifetime;
    claims.jti = *jti = make_jti(policy, p);
    claims.user_id_claim = policy->user_id_claim;
    claims.user_id = identity->user_id;
    claims.copied = identity->claims.payload.data ? &identity->claims : NULL;
    /* A refreshed token stays with the audience it was issued for. */
    claims.audience = claims.copied ? NULL : first_audience(policy);
    claims.issuer = policy->issuer;
    payload = claims.jti ? claims_write(&claims, p) : NULL;
    return payload ? jws_sign(key, payload, strlen(payload), p) : NULL;
}

verdict_t issue_access(issue_tokens_t *out, const policy_t *policy,
                       const identity_t *identity, const char **why, apr_pool_t *p)
{
    issue_tokens_t tokens = {NULL};

    tokens.access = make_token(&tokens.access_jti, policy, policy->signing_key, identity,
                               CHECK_ACCESS, policy->access_lifetime, p);
    if (!tokens.access) {
        *why = "no token could be made: random bytes, memory or OpenSSL failed";
        return VERDICT_CRYPTO_DOWN;
    }
    *out = tokens;
    return VERDICT_OK;
}

verdict_t issue_pair(issue_tokens_t *out, const policy_t *policy,
                     const identity_t *identity, const char **why, apr_pool_t *p)
{
    issue_tokens_t tokens;
    const char *refresh, *jti;
    verdict_t verdict;

    verdict = issue_access(&tokens, policy, identity, why, p);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    refresh = make_token(&jti, policy, policy->refresh_signing_key, identity,
                         CHECK_REFRESH, policy->refresh_lifetime, p);
    if (!refresh) {
        *why = "no token could be made: random bytes, memory or OpenSSL failed";
        return VERDICT_CRYPTO_DOWN;
    }
    tokens.refresh = refresh;
    *out = tokens;
    return VERDICT_OK;
}
