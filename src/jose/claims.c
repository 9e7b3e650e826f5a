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

const claims_names_t claims_usual_names = {"token_type", "jti"};

/* Beyond this a double no longer holds every integer; no time is that far. */
#define LATEST 9007199254740992.0

static value_t flat_value(const flat_member_t *member)
{
    if (!member) {
        return value_of_json(NULL);
    }
    return member->text ? value_of_text(member->text)
                        : (value_t){.type = VALUE_INTEGER, .integer = member->number};
}

value_t claims_get(const claims_t *claims, const char *name)
{
    return claims->flat ? flat_value(flat_find(claims->flat, name))
                        : value_of_json(json_object_get(claims->members, name));
}

static const char *read_time(apr_int64_t *out, const claims_t *claims, const char *name)
{
    value_t value = claims_get(claims, name);

    *out = CLAIMS_NO_TIME;
    if (value.type == VALUE_ABSENT) {
        return NULL;
    }
    if (value.type == VALUE_INTEGER) {
        value.real = (double)value.integer;
    } else if (value.type == VALUE_REAL && fabs(value.real) < LATEST) {
        value.integer = (apr_int64_t)value.real;
    } else {
        return "a time claim is no number, or no time";
    }
    if (fabs(value.real) >= LATEST) {
        return "a time claim is no time";
    }
    *out = value.integer;
    return NULL;
}

static const char *read_string(const char **out, const claims_t *claims, const char *name)
{
    value_t value = claims_get(claims, name);

    *out = value.text;
    return value.type == VALUE_ABSENT || value.type == VALUE_STRING
               ? NULL
               : "a text claim is no string";
}

static const char *read_audience(claims_t *claims)
{
    const json_t *aud = json_object_get(claims->members, "aud"), *entry;
    size_t i;

    claims->aud_list = NULL;
    if (!json_is_array(aud)) {
        return read_string(&claims->aud, claims, "aud");
    }
    json_array_foreach(aud, i, entry)
    {
        if (!json_is_string(entry)) {
            return "aud has an entry that is no string";
        }
    }
    claims->aud = NULL;
    claims->aud_list = aud;
    return NULL;
}

static const char *read_registered(claims_t *claims, const claims_names_t *names)
{
    const char *why;

    (void)((why = read_time(&claims->exp, claims, "exp")) ||
           (why = read_time(&claims->nbf, claims, "nbf")) ||
           (why = read_time(&claims->iat, claims, "iat")) ||
           (why = read_string(&claims->token_type, claims, names->token_type)) ||
           (why = read_string(&claims->jti, claims, names->jti)) ||
           (why = read_string(&claims->sid, claims, "sid")) ||
           (why = read_string(&claims->iss, claims, "iss")) ||
           (why = read_audience(claims)));
    return why;
}

/* All members as a tree; NULL when the payload is no object. */
static const json_t *parse_tree(bytes_t payload, const char **why, apr_pool_t *p)
{
    json_t *members;

    if (jsontext_parse(&members, (const char *)payload.data, payload.len, 0, NULL, p) !=
        APR_SUCCESS) {
        *why = "the payload is not strict JSON";
        return NULL;
    }
    if (!json_is_object(members)) {
        *why = "the payload is no JSON object";
        return NULL;
    }
    return members;
}

static void read_members(recent_reading_t *reading, bytes_t payload)
{
    reading->is_read = 1;
    reading->flat = flat_parse((const char *)payload.data, payload.len, reading->pool);
    if (!reading->flat) {
        reading->members = parse_tree(payload, &reading->why, reading->pool);
    }
}

const char *claims_parse(claims_t *out, bytes_t payload, const claims_names_t *names,
                         const recent_t *recent, apr_pool_t *p)
{
    recent_reading_t fresh = {.pool = p}, *reading = recent_reading(recent, payload);
    claims_t claims = {.payload = payload};
    const char *why;

    reading = reading ? reading : &fresh;
    if (!reading->is_read) {
        read_members(reading, payload);
    }
    claims.flat = reading->flat;
    claims.members = reading->members;
    why = reading->why ? reading->why : read_registered(&claims, names);
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

static int check_audience(const claims_t *claims, const apr_array_header_t *audience)
{
    const json_t *entry;
    size_t i;

    if (!audience) {
        return !claims->aud && !claims->aud_list;
    }
    if (claims->aud) {
        return is_expected(claims->aud, audience);
    }
    json_array_foreach(claims->aud_list, i, entry)
    {
        if (is_expected(json_string_value(entry), audience)) {
            return 1;
        }
    }
    return 0;
}

static int is_any_of(const char *type, const char *const *types)
{
    while (*types && strcmp(type, *types) != 0) {
        types++;
    }
    return *types != NULL;
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
    return is_any_of(claims->token_type, expect->token_types) ? CLAIMS_GOOD
                                                              : CLAIMS_WRONG_TYPE;
}

claims_result_t claims_check(const claims_t *claims, const claims_expect_t *expect)
{
    claims_result_t result =
        expect->at_any_time ? CLAIMS_GOOD : check_times(claims, expect);

    if (result != CLAIMS_GOOD) {
        return result;
    }
    if (!check_audience(claims, expect->audience)) {
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
    value_t value = claims_get(claims, name);

    if (value.type == VALUE_INTEGER) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT, value.integer);
    }
    return value.type == VALUE_STRING && *value.text ? value.text : NULL;
}

const char *claims_string(const claims_t *claims, const char *name)
{
    return claims_get(claims, name).text;
}

apr_int64_t claims_time(const claims_t *claims, const char *name)
{
    apr_int64_t time;

    return read_time(&time, claims, name) == NULL ? time : CLAIMS_NO_TIME;
}

/* Whether a copied token's claim is this one's own business. */
static int is_own(const claims_new_t *claims, const char *name)
{
    static const char *const own[] = {"exp", "iat", "jti", "aud", CLAIMS_PASSWORD_MARK,
                                      NULL};
    int i;

    for (i = 0; own[i]; i++) {
        if (strcmp(own[i], name) == 0) {
            return 1;
        }
    }
    for (i = 0; claims->added && i < claims->added->names->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(claims->added->names, i, const char *), name)) {
            return 1;
        }
    }
    return strcmp(name, claims->names->token_type) == 0 ||
           strcmp(name, claims->names->jti) == 0 ||
           strcmp(name, claims->user_id_claim) == 0 ||
           (claims->password_claim && !strcmp(name, claims->password_claim)) ||
           (claims->refresh_exp_claim && !strcmp(name, claims->refresh_exp_claim)) ||
           (claims->sid && (!strcmp(name, "sid") || !strcmp(name, "auth_time"))) ||
           (claims->issuer && strcmp(name, "iss") == 0);
}

/* The claims in front of copied ones, and those behind them. */
static int list_front(flat_t *out, const claims_new_t *claims)
{
    const claims_names_t *names = claims->names;
    int good = flat_add_text(out, names->token_type, claims->token_type) &&
               flat_add_number(out, "exp", claims->exp) &&
               flat_add_number(out, "iat", claims->iat) &&
               flat_add_text(out, names->jti, claims->jti);

    if (claims->refresh_exp_claim) {
        good &= flat_add_number(out, claims->refresh_exp_claim, claims->refresh_exp);
    }
    good &= flat_add_text(out, claims->user_id_claim, claims->user_id);
    if (claims->sid) {
        good &= flat_add_text(out, "sid", claims->sid);
    }
    if (claims->sid && claims->auth_time) {
        good &= flat_add_number(out, "auth_time", claims->auth_time);
    }
    if (claims->password_claim) {
        good &= flat_add_text(out, claims->password_claim, claims->password_value);
    }
    return good;
}

static int list_back(flat_t *out, const claims_new_t *claims)
{
    int good = 1;

    if (claims->audience) {
        good &= flat_add_text(out, "aud", claims->audience);
    }
    if (claims->issuer) {
        good &= flat_add_text(out, "iss", claims->issuer);
    }
    return good;
}

/* --- As a flat object --------------------------------------------------------------- */

static int list_member(flat_t *out, const flat_member_t *member)
{
    return member->text ? flat_add_text(out, member->name, member->text)
                        : flat_add_number(out, member->name, member->number);
}

static int list_copied(flat_t *out, const claims_new_t *claims, const flat_t *from)
{
    const flat_member_t *aud = claims->audience ? NULL : flat_find(from, "aud");
    int i, good = 1;

    for (i = 0; i < from->count; i++) {
        if (!is_own(claims, from->members[i].name)) {
            good &= list_member(out, &from->members[i]);
        }
    }
    return good && (!aud || list_member(out, aud));
}

/* NULL when anything in it is not flat. */
static const char *write_flat(const claims_new_t *claims, apr_pool_t *p)
{
    const claims_t *copied = claims->copied;
    flat_t flat = {0};

    return !claims->added && (!copied || copied->flat) && list_front(&flat, claims) &&
                   (!copied || list_copied(&flat, claims, copied->flat)) &&
                   list_back(&flat, claims)
               ? flat_write(&flat, p)
               : NULL;
}

/* --- As a tree ---------------------------------------------------------------------- */

static int add_members(json_t *to, const flat_t *from)
{
    int i, bad = 0;

    for (i = 0; i < from->count; i++) {
        const flat_member_t *member = &from->members[i];

        bad |= json_object_set_new(to, member->name,
                                   member->text ? json_string(member->text)
                                                : json_integer(member->number));
    }
    return bad;
}

static int copy_claims(json_t *to, const claims_new_t *claims, apr_pool_t *p)
{
    const json_t *from = claims->copied->members;
    const char *name, *why;
    json_t *value;
    int bad = 0;

    if (!from) {
        from = parse_tree(claims->copied->payload, &why, p);
    }
    if (!from) {
        return 1;
    }
    /* The iterator takes no const object, and does not write to it. */
    json_object_foreach((json_t *)(apr_uintptr_t)from, name, value)
    {
        if (!is_own(claims, name)) {
            bad |= json_object_set(to, name, value);
        }
    }
    value = json_object_get(from, "aud");
    if (value && !claims->audience) {
        bad |= json_object_set(to, "aud", value);
    }
    return bad;
}

static int add_added(json_t *to, const claims_new_t *claims)
{
    return claims->added && claims->has_added &&
           json_object_update_missing(to, claims->added->claims);
}

static const char *write_tree(const claims_new_t *claims, apr_pool_t *p)
{
    json_auto_t *to = json_object();
    flat_t front = {0}, back = {0};
    char *text, *copy = NULL;
    int bad = !list_front(&front, claims) || !list_back(&back, claims) ||
              add_members(to, &front) || add_added(to, claims) ||
              (claims->copied && copy_claims(to, claims, p)) || add_members(to, &back);

    text = bad ? NULL : json_dumps(to, JSON_COMPACT);
    if (text) {
        copy = apr_pstrdup(p, text);
        free(text);
    }
    return copy;
}

const char *claims_write(const claims_new_t *claims, apr_pool_t *p)
{
    const char *text = write_flat(claims, p);

    return text ? text : write_tree(claims, p);
}
