/**
 * What became of a credential, and what clients and administrators see of it.
 */
#ifndef AUTH_VERDICT_H
#define AUTH_VERDICT_H

typedef enum {
    VERDICT_OK,
    VERDICT_NO_TOKEN,
    VERDICT_BAD_HEADER,
    VERDICT_MALFORMED,
    VERDICT_BAD_SIGNATURE,
    VERDICT_UNKNOWN_KEY,
    VERDICT_EXPIRED,
    VERDICT_NOT_YET_VALID,
    VERDICT_TOO_OLD,
    VERDICT_WRONG_ISSUER,
    VERDICT_WRONG_AUDIENCE,
    VERDICT_NO_EXP,
    VERDICT_NO_JTI,
    VERDICT_NO_TYPE,
    VERDICT_WRONG_TYPE,
    VERDICT_NO_REFRESH_EXP,
    VERDICT_SLIDING_OVER,
    VERDICT_NO_USER_ID,
    VERDICT_USER_NOT_FOUND,
    VERDICT_USER_INACTIVE,
    VERDICT_LOGIN_FAILED, /* wrong password, unknown or inactive user alike */
    VERDICT_BAD_HASH,     /* looks so, too, but is the administrator's affair */
    VERDICT_NO_ACCOUNT,   /* a refresh token whose user is gone or inactive */
    VERDICT_SESSION_ENDED,
    VERDICT_REUSED, /* ended just now, by a refresh token that was spent long ago */
    VERDICT_PASSWORD_CHANGED,
    VERDICT_ACCOUNT_CHANGED, /* the same, told to who presents a refresh token */
    VERDICT_LOGIN_TOO_OLD,
    VERDICT_TWO_TOKENS, /* of different users or sessions in one request */
    VERDICT_CSRF,       /* a cookie's request, sent by a page of somebody else */
    VERDICT_NOT_HERE,   /* asked for what AuthJWTSessions does not offer */
    VERDICT_CLAIM_REFUSED,
    VERDICT_INSUFFICIENT_SCOPE, /* a Require line on claims said no */
    VERDICT_FORBIDDEN,
    VERDICT_STORE_DOWN,
    VERDICT_PROVIDER_DOWN, /* an authn provider of httpd's */
    VERDICT_CRYPTO_DOWN,
    VERDICT_CLAIMS_FAILED, /* one to add to a token cannot be made */
    VERDICT_BUSY,          /* too many logins at once */
    VERDICT_UNDELIVERED,   /* tokens that no browser would keep */
    VERDICT_COUNT
} verdict_t;

/** How a verdict looks from outside. */
typedef struct {
    int status;            /* HTTP */
    const char *name;      /* AUTH_JWT_ERROR and the log */
    const char *code;      /* member of the JSON body; NULL: SimpleJWT has none */
    const char *detail;    /* member of the JSON body */
    const char *challenge; /* error of RFC 6750 section 3.1; NULL: none */
    int in_messages;       /* SimpleJWT repeats the detail for each token class */
} verdict_info_t;

/**
 * Whether a token so judged is good nowhere and never: not one that is refused here, or
 * now, alone.
 */
int verdict_is_final(verdict_t verdict);

/** The row of a verdict other than VERDICT_OK. */
const verdict_info_t *verdict_info(verdict_t verdict);

#endif
