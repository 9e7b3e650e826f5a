#include "auth/refresh.h"

#include "auth/addition.h"

/* SimpleJWT's answers to a refresh token do not tell whether the user is gone or
 * inactive. */
static verdict_t as_refresh(verdict_t verdict)
{
    switch (verdict) {
    case VERDICT_USER_NOT_FOUND:
    case VERDICT_USER_INACTIVE:
        return VERDICT_NO_ACCOUNT;
    case VERDICT_PASSWORD_CHANGED:
        return VERDICT_ACCOUNT_CHANGED;
    default:
        return verdict;
    }
}

/* A token whose password has changed is noted as ended where such notes are kept, as
 * SimpleJWT does: it does not come back with the old password. It is refused either way,
 * so whether that worked does not matter here. */
static void end_stale(const policy_t *policy, const char *token, apr_pool_t *p)
{
    identity_t identity;
    const char *why;
    int ended;

    if (policy->blacklist &&
        check_signed(&identity, policy, token, &why, p) == VERDICT_OK && !identity.sid) {
        session_end(&ended, &identity, policy, &why, p);
    }
}

typedef verdict_t spend_t(session_successor_t *out, identity_t *identity,
                          const policy_t *policy, const char **why, apr_pool_t *p);

static verdict_t refresh(issue_tokens_t *out, identity_t *identity,
                         const policy_t *policy, const char *token, spend_t *spend,
                         const char **why, apr_pool_t *p)
{
    verdict_t verdict = check_token(identity, policy, token, CHECK_REFRESH, why, p);
    session_successor_t successor;

    if (verdict == VERDICT_OK) {
        verdict = addition_make(identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = spend(&successor, identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict = issue_tokens(out, policy, identity, &successor, why, p);
    }
    if (verdict == VERDICT_PASSWORD_CHANGED) {
        end_stale(policy, token, p);
    }
    return as_refresh(verdict);
}

verdict_t refresh_token(issue_tokens_t *out, identity_t *identity, const policy_t *policy,
                        const char *token, const char **why, apr_pool_t *p)
{
    return refresh(out, identity, policy, token, session_spend, why, p);
}

verdict_t refresh_silently(issue_tokens_t *out, identity_t *identity,
                           const policy_t *policy, const char *token, const char **why,
                           apr_pool_t *p)
{
    return refresh(out, identity, policy, token, session_go_on, why, p);
}

verdict_t refresh_sliding(const char **out, identity_t *identity, const policy_t *policy,
                          const char *token, const char **why, apr_pool_t *p)
{
    policy_t here = *policy;
    verdict_t verdict;

    /* What is accepted here is what will be good elsewhere, not what is good here. */
    here.max_token_age = here.max_login_age = 0;
    verdict = check_token(identity, &here, token, CHECK_SLIDING, why, p);
    if (verdict == VERDICT_OK) {
        verdict = addition_make(identity, policy, why, p);
    }
    if (verdict == VERDICT_OK) {
        verdict =
            issue_sliding(out, policy, identity, identity->jti,
                          claims_time(&identity->claims, CHECK_REFRESH_EXP), why, p);
    }
    if (verdict == VERDICT_PASSWORD_CHANGED) {
        end_stale(policy, token, p);
    }
    return as_refresh(verdict);
}
