/* Differs from RFC 7519 in requiring exp and jti, and in refusing a token that
 * names an audience where none is configured (section 4.1.3 asks for that).
 *
 * Differs from SimpleJWT there, too, and in never answering a claim of a wrong
 * type with a crash: such a token is not valid. */
#include "jose/claims.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

#include "jose/jsontext.h"

/* Beyond this a double no longer holds every integer; no time is that far. */
#define LATEST 9007199254740992.0

static const char *read_time(apr_int64_t *out, const json_t *members, const char *name)
{
    const json_t *value = json_object_get(members, name);
    double real;

    *out = CLAIMS_NO_TIME;
    if (!value) {
        return NULL;
    }
    real = json_number_value(value);
    if (!json_is_number(value) || !isfinite(real) || fabs(real) >= LATEST) {
        return "a time claim is no number, or no time";
    }
    *out = json_is_integer(value) ? json_integer_value(value) : (apr_int64_t)real;
    return NULL;
}

static const char *read_string(const char **out, const json_t *members, const char *name)
{
    const json_t *value = json_object_get(members, name);

    *out = json_string_value(value);
    return value && !*out ? "a text claim is no string" : NULL;
}

static const char *check_audience_type(const json_t *aud)
{
    const json_t *entry;
    size_t i;

    if (!aud || json_is_string(aud)) {
        return NULL;
    }
    if (!json_is_array(aud)) {
        return "aud is neither a string nor an array";
    }
    json_array_foreach(aud, i, entry)
    {
        if (!json_is_string(entry)) {
            return "aud has an entry that is no string";
        }
    }
    return NULL;
}

static const char *read_registered(claims_t *claims, const json_t *members)
{
    const char *why;

    (void)((why = read_time(&claims->exp, members, "exp")) ||
           (why = read_time(&claims->nbf, members, "nbf")) ||
           (why = read_time(&claims->iat, members, "iat")) ||
           (why = read_string(&claims->token_type, members, "token_type")) ||
           (why = read_string(&claims->jti, members, "jti")) ||
           (why = read_string(&claims->iss, members, "iss")) ||
           (why = check_audience_type(json_object_get(members, "aud"))));
    claims->aud = json_object_get(members, "aud");
    claims->members = members;
    return why;
}

const char *claims_parse(claims_t *out, bytes_t payload, apr_pool_t *p)
{
    claims_t claims;
    json_t *members;
    const char *why;

    if (jsontext_parse(&members, (const char *)payload.data, payload.len, 0, NULL, p) !=
        APR_SUCCESS) {
        return "the payload is not strict JSON";
    }
    if (!json_is_object(members)) {
        return "the payload is no JSON object";
    }
    why = read_registered(&claims, members);
    if (!why) {
        *out = claims;
    }
    return why;
}

static claims_result_t check_times(const claims_t *claims, const claims_expect_t *expect)
{
    apr_int64_t now = expect->now;

    if ((claims->iat != CLAIMS_NO_TIME && claims->iat > now + expect->iat_leeway) ||
        (claims->nbf != CLAIMS_NO_TIME && claims->nbf > now + expect->iat_leeway)) {
        return CLAIMS_NOT_YET_VALID;
    }
    if (claims->exp != CLAIMS_NO_TIME && claims->exp <= now - expect->exp_leeway) {
        return CLAIMS_EXPIRED;
    }
    return CLAIMS_GOOD;
}

static int is_expected(const char *aud, const apr_array_header_t *audience)
{
    int i;

    for (i = 0; i < audience->nelts; i++) {
        if (strcmp(aud, APR_ARRAY_IDX(audience, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}

static int check_audience(const json_t *aud, const apr_array_header_t *audience)
{
    const json_t *entry;
    size_t i;

    if (!aud || !audience) {
        return !aud && !audience;
    }
    if (json_is_string(aud)) {
        return is_expected(json_string_value(aud), audience);
    }
    json_array_foreach(aud, i, entry)
    {
        if (is_expected(json_string_value(entry), audience)) {
            return 1;
        }
    }
    return 0;
}

static claims_result_t check_required(const claims_t *claims,
                                      const claims_expect_t *expect)
{
    if (claims->exp == CLAIMS_NO_TIME) {
        return CLAIMS_NO_EXP;
    }
    if (!claims->jti || !*claims->jti) {
        return CLAIMS_NO_JTI;
    }
    if (!claims->token_type) {
        return CLAIMS_NO_TYPE;
    }
    return strcmp(claims->token_type, expect->token_type) == 0 ? CLAIMS_GOOD
                                                               : CLAIMS_WRONG_TYPE;
}

claims_result_t claims_check(const claims_t *claims, const claims_expect_t *expect)
{
    claims_result_t result = check_times(claims, expect);

    if (result != CLAIMS_GOOD) {
        return result;
    }
    if (!check_audience(claims->aud, expect->audience)) {
        return CLAIMS_WRONG_AUDIENCE;
    }
    if (expect->issuer && (!claims->iss || strcmp(claims->iss, expect->issuer) != 0)) {
        return CLAIMS_WRONG_ISSUER;
    }
    result = check_required(claims, expect);
    if (result == CLAIMS_GOOD && expect->max_age &&
        (claims->iat == CLAIMS_NO_TIME || expect->now - claims->iat > expect->max_age)) {
        return CLAIMS_TOO_OLD;
    }
    return result;
}

const char *claims_user_id(const claims_t *claims, const char *name, apr_pool_t *p)
{
    const json_t *value = json_object_get(claims->members, name);

    if (json_is_integer(value)) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT,
                            (apr_int64_t)json_integer_value(value));
    }
    return json_string_length(value) ? json_string_value(value) : NULL;
}

const char *claims_string(const claims_t *claims, const char *name)
{
    return json_string_value(json_object_get(claims->members, name));
}

/* Claims of another token that are not this one's own business. */
static int copy_claims(json_t *to, const claims_new_t *claims)
{
    static const char *const own[] = {"token_type", "exp", "iat", "jti", "aud", NULL};
    const char *name;
    json_t *value;
    int bad = 0;

    /* The iterator takes no const object, and does not write to it. */
    json_object_foreach((json_t *)(apr_uintptr_t)claims->copied->members, name, value)
    {
        int i = 0;

        while (own[i] && strcmp(own[i], name) != 0) {
            i++;
        }
        if (!own[i] && strcmp(name, claims->user_id_claim) != 0 &&
            !(claims->issuer && strcmp(name, "iss") == 0)) {
            bad |= json_object_set(to, name, value);
        }
    }
    return bad;
}

const char *claims_write(const claims_new_t *claims, apr_pool_t *p)
{
    json_auto_t *to = json_object();
    char *text, *copy = NULL;
    int bad = 0;

    bad |= json_object_set_new(to, "token_type", json_string(claims->token_type));
    bad |= json_object_set_new(to, "exp", json_integer(claims->exp));
    bad |= json_object_set_new(to, "iat", json_integer(claims->iat));
    bad |= json_object_set_new(to, "jti", json_string(claims->jti));
    bad |= json_object_set_new(to, claims->user_id_claim, json_string(claims->user_id));
    if (claims->copied) {
        bad |= copy_claims(to, claims);
    }
    if (claims->audience) {
        bad |= json_object_set_new(to, "aud", json_string(claims->audience));
    }
    if (claims->issuer) {
        bad |= json_object_set_new(to, "iss", json_string(claims->issuer));
    }
    text = bad ? NULL : json_dumps(to, JSON_COMPACT);
    if (text) {
        copy = apr_pstrdup(p, text);
        free(text);
    }
    return copy;
}
