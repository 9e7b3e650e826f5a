/**
 * The claims of a token (RFC 7519 section 4, and SimpleJWT's token_type).
 */
#ifndef JOSE_CLAIMS_H
#define JOSE_CLAIMS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

#include "jose/added.h"
#include "jose/base64url.h"
#include "jose/flat.h"
#include "jose/recent.h"
#include "jose/value.h"

/** A time that the token does not have. */
#define CLAIMS_NO_TIME APR_INT64_MIN

/** Claims whose names a site may choose. */
typedef struct {
    const char *token_type;
    const char *jti;
} claims_names_t;

/** The names that RFC 7519 and SimpleJWT have. */
extern const claims_names_t claims_usual_names;

/** Our claim of the password that a token's user had; each token has its own, or none. */
#define CLAIMS_PASSWORD_MARK "password_mark"

/** What a payload says, with the types of the registered claims checked. */
typedef struct {
    bytes_t payload;           /* as signed; data is NULL where there is no token */
    const flat_t *flat;        /* its members; lives as long as the pool */
    const json_t *members;     /* or here, when the payload is not flat */
    const char *token_type;    /* NULL: none */
    const char *jti;           /* NULL: none */
    const char *sid;           /* of a session (OpenID Connect); NULL: none */
    const char *iss;           /* NULL: none */
    const char *aud;           /* NULL: none, or a list */
    const json_t *aud_list;    /* array of strings; NULL: none, or a single one */
    apr_int64_t exp, nbf, iat; /* seconds since 1970, fractions cut off */
} claims_t;

/** What a token must be to be good here. */
typedef struct {
    apr_int64_t now;                    /* seconds since 1970 */
    apr_int64_t exp_leeway, iat_leeway; /* seconds; the latter also for nbf */
    apr_int64_t max_age;                /* seconds since iat; 0: any */
    int at_any_time;                    /* whether times do not matter */
    const char *const *token_types;     /* any of; NULL at its end */
    const char *issuer;                 /* NULL: not looked at */
    const apr_array_header_t *audience; /* const char *, any of; NULL: no aud at all */
} claims_expect_t;

typedef enum {
    CLAIMS_GOOD,
    CLAIMS_EXPIRED,
    CLAIMS_NOT_YET_VALID,
    CLAIMS_TOO_OLD,
    CLAIMS_WRONG_ISSUER,
    CLAIMS_WRONG_AUDIENCE,
    CLAIMS_NO_EXP,
    CLAIMS_NO_JTI,
    CLAIMS_NO_TYPE,
    CLAIMS_WRONG_TYPE
} claims_result_t;

/** The claims of a token about to be written. */
typedef struct {
    const claims_names_t *names; /* no two of these and user_id_claim are the same */
    const char *token_type;
    apr_int64_t exp, iat; /* seconds since 1970 */
    const char *jti;
    const char *refresh_exp_claim; /* name; NULL: none */
    apr_int64_t refresh_exp;       /* value, seconds since 1970 */
    const char *user_id_claim;     /* name */
    const char *user_id;           /* value, written as string */
    const char *sid;               /* NULL: none, and no auth_time */
    apr_int64_t auth_time;         /* seconds since 1970; 0: none */
    const char *password_claim;    /* name; NULL: none */
    const char *password_value;    /* value */
    const added_t *added;          /* the site's; NULL: none */
    int has_added;                 /* 0: they are only not copied */
    const claims_t *copied;        /* claims of another token to carry over, or NULL */
    const char *audience;          /* NULL: that of the copied token, or none */
    const char *issuer;            /* NULL: none */
} claims_new_t;

/**
 * Read a payload.
 *
 * @param out      what it points to lives until @p p ends; untouched on error
 * @param payload  the signed bytes
 * @param names    which claims are token_type and jti
 * @param recent   spares the reading where it knows the payload; NULL: always read
 * @return NULL, or the reason for the log: not an object, outside the limits of
 *         jsontext.h, or a registered claim of another type than RFC 7519 has
 */
const char *claims_parse(claims_t *out, bytes_t payload, const claims_names_t *names,
                         const recent_t *recent, apr_pool_t *p);

/**
 * Compare with what is expected, in SimpleJWT's order: times, aud, iss, then
 * whether exp, jti and token_type are there and right.
 *
 * exp is required and past as soon as it equals now (RFC 7519 section 4.1.4).
 */
claims_result_t claims_check(const claims_t *claims, const claims_expect_t *expect);

/** A claim; VALUE_ABSENT where there is none. Owned by @p claims. */
value_t claims_get(const claims_t *claims, const char *name);

/**
 * A claim that holds a user's id: a string that is not empty, or an integer.
 *
 * @return the id as text, allocated from @p p, or NULL for absent and all other
 *         types; nothing is coerced
 */
const char *claims_user_id(const claims_t *claims, const char *name, apr_pool_t *p);

/**
 * A claim that is a string.
 *
 * @return owned by @p claims; NULL for absent and all other types
 */
const char *claims_string(const claims_t *claims, const char *name);

/**
 * A claim that is a time.
 *
 * @return seconds since 1970; CLAIMS_NO_TIME for absent and all other types
 */
apr_int64_t claims_time(const claims_t *claims, const char *name);

/**
 * Write a payload: token_type, exp, iat, jti, refresh_exp, the user's id, sid and
 * auth_time, the site's claims, copied ones, aud, iss, in this order (SimpleJWT's). A jti
 * under its usual name is never copied.
 *
 * @return compact JSON, allocated from @p p; NULL when memory ran out or a value
 *         is no UTF-8
 */
const char *claims_write(const claims_new_t *claims, apr_pool_t *p);

#endif
