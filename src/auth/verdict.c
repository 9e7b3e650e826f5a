#include "auth/verdict.h"

/* Answers never tell which check failed where that would help to forge: a wrong
 * key, issuer or audience all read "Token is invalid". Bodies are SimpleJWT's. */
#define INVALID "token_not_valid"
#define TOKEN   "invalid_token"

static const verdict_info_t table[VERDICT_COUNT] = {
    [VERDICT_OK] = {200, "", 0, "", 0, 0},
    [VERDICT_NO_TOKEN] = {401, "no_token", 0,
                          "Authentication credentials were not provided.", 0, 0},
    [VERDICT_BAD_HEADER] =
        {400, "malformed", "bad_authorization_header",
         "Authorization header must contain two space-delimited values",
         "invalid_request", 0},
    [VERDICT_MALFORMED] = {401, "malformed", INVALID, "Token is invalid", TOKEN, 1},
    [VERDICT_BAD_SIGNATURE] = {401, "bad_signature", INVALID, "Token is invalid", TOKEN,
                               1},
    [VERDICT_UNKNOWN_KEY] = {401, "unknown_key", INVALID, "Token is invalid", TOKEN, 1},
    [VERDICT_EXPIRED] = {401, "expired", INVALID, "Token is expired", TOKEN, 1},
    [VERDICT_NOT_YET_VALID] = {401, "not_yet_valid", INVALID, "Token is invalid", TOKEN,
                               1},
    [VERDICT_TOO_OLD] = {401, "too_old", INVALID, "Token is too old", TOKEN, 1},
    [VERDICT_WRONG_ISSUER] = {401, "wrong_issuer", INVALID, "Token is invalid", TOKEN, 1},
    [VERDICT_WRONG_AUDIENCE] = {401, "wrong_audience", INVALID, "Token is invalid", TOKEN,
                                1},
    [VERDICT_NO_EXP] = {401, "malformed", INVALID, "Token has no 'exp' claim", TOKEN, 1},
    [VERDICT_NO_JTI] = {401, "malformed", INVALID, "Token has no id", TOKEN, 1},
    [VERDICT_NO_TYPE] = {401, "wrong_type", INVALID, "Token has no type", TOKEN, 1},
    [VERDICT_WRONG_TYPE] = {401, "wrong_type", INVALID, "Token has wrong type", TOKEN, 1},
    [VERDICT_NO_REFRESH_EXP] = {401, "malformed", INVALID,
                                "Token has no 'refresh_exp' claim", TOKEN, 1},
    [VERDICT_SLIDING_OVER] = {401, "expired", INVALID,
                              "Token 'refresh_exp' claim has expired", TOKEN, 1},
    [VERDICT_NO_USER_ID] = {401, "malformed", INVALID,
                            "Token contained no recognizable user identification", TOKEN,
                            0},
    [VERDICT_USER_NOT_FOUND] = {401, "user_not_found", "user_not_found", "User not found",
                                TOKEN, 0},
    [VERDICT_USER_INACTIVE] = {401, "user_inactive", "user_inactive", "User is inactive",
                               TOKEN, 0},
    [VERDICT_LOGIN_FAILED] = {401, "login_failed", 0,
                              "No active account found with the given credentials", 0, 0},
    [VERDICT_BAD_HASH] = {401, "login_failed", 0,
                          "No active account found with the given credentials", 0, 0},
    [VERDICT_NO_ACCOUNT] = {401, "user_not_found", 0,
                            "No active account found for the given token.", 0, 0},
    [VERDICT_SESSION_ENDED] = {401, "session_ended", INVALID, "Token is blacklisted",
                               TOKEN, 1},
    [VERDICT_REUSED] = {401, "session_ended", INVALID, "Token is blacklisted", TOKEN, 1},
    [VERDICT_PASSWORD_CHANGED] = {401, "password_changed", "password_changed",
                                  "The user's password has been changed.", TOKEN, 0},
    [VERDICT_ACCOUNT_CHANGED] = {401, "password_changed", 0,
                                 "The user's password has been changed.", 0, 0},
    [VERDICT_LOGIN_TOO_OLD] = {401, "login_too_old", INVALID, "Login is too old",
                               "insufficient_user_authentication", 1},
    [VERDICT_TWO_TOKENS] = {401, "two_tokens", INVALID, "Token is invalid", TOKEN, 1},
    [VERDICT_CSRF] = {403, "csrf", "csrf_failed",
                      "CSRF Failed: the request does not come from this site.", 0, 0},
    [VERDICT_NOT_HERE] = {400, "malformed", 0,
                          "Not available: no sessions are kept here.", 0, 0},
    [VERDICT_CLAIM_REFUSED] = {403, "claim_refused", 0,
                               "You do not have permission to perform this action.", 0,
                               0},
    [VERDICT_INSUFFICIENT_SCOPE] = {403, "claim_refused", 0,
                                    "You do not have permission to perform this action.",
                                    "insufficient_scope", 0},
    [VERDICT_FORBIDDEN] = {403, "forbidden", 0,
                           "You do not have permission to perform this action.", 0, 0},
    [VERDICT_STORE_DOWN] = {503, "database", "unavailable", "Try again later.", 0, 0},
    [VERDICT_PROVIDER_DOWN] = {503, "provider", "unavailable", "Try again later.", 0, 0},
    [VERDICT_CRYPTO_DOWN] = {503, "crypto", "unavailable", "Try again later.", 0, 0},
    [VERDICT_CLAIMS_FAILED] = {503, "claims", "unavailable", "Try again later.", 0, 0},
    [VERDICT_BUSY] = {503, "busy", "unavailable", "Try again later.", 0, 0},
    [VERDICT_UNDELIVERED] = {503, "undelivered", "unavailable", "Try again later.", 0, 0},
};

int verdict_is_final(verdict_t verdict)
{
    switch (verdict) {
    case VERDICT_TOO_OLD:
    case VERDICT_LOGIN_TOO_OLD:
    case VERDICT_WRONG_ISSUER:
    case VERDICT_WRONG_AUDIENCE:
    case VERDICT_CLAIM_REFUSED:
    case VERDICT_FORBIDDEN:
    case VERDICT_CSRF:
        return 0;
    default:
        return verdict_info(verdict)->status != 503;
    }
}

const verdict_info_t *verdict_info(verdict_t verdict)
{
    return &table[verdict];
}
