#include "auth/refresh.h"

verdict_t refresh_token(issue_tokens_t *out, identity_t *identity, const policy_t *policy,
                        const char *token, const char **why, apr_pool_t *p)
{
    verdict_t verdict = check_token(identity, policy, token, CHECK_REFRESH, why, p);

    /* SimpleJWT's answer does not tell which of the two it was, here. */
    if (verdict == VERDICT_USER_NOT_FOUND || verdict == VERDICT_USER_INACTIVE) {
        return VERDICT_NO_ACCOUNT;
    }
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    return issue_access(out, policy, identity, why, p);
}
