/* Claims: the flat reader and the tree agree on every payload, a payload that is judged
 * good is so by the rules written down here once more, and a token written from it can
 * be read. */
#include <apr_errno.h>
#include <apr_strings.h>
#include <string.h>

#include "jose/claims.h"
#include "jose/jsontext.h"
#include "pool.h"

#define NOW INT64_C(1700000000)

static int is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* --- The flat reader against the parser ------------------------------------------- */

static void check_flat(const flat_t *flat, bytes_t payload, apr_pool_t *p)
{
    json_t *tree = NULL;
    int i;

    CHECK(jsontext_parse(&tree, (const char *)payload.data, payload.len, 0, NULL, p) ==
          APR_SUCCESS);
    CHECK(json_is_object(tree) && (int)json_object_size(tree) == flat->count);
    for (i = 0; i < flat->count; i++) {
        const flat_member_t *member = &flat->members[i];
        const json_t *value = json_object_get(tree, member->name);

        CHECK(flat_find(flat, member->name) == member);
        if (member->text) {
            CHECK(is_same_text(json_string_value(value), member->text));
        } else {
            CHECK(json_is_integer(value) && json_integer_value(value) == member->number);
        }
    }
}

/* A blank in front is no part of what a payload says, but the flat reader leaves it. */
static bytes_t behind_blank(bytes_t payload, apr_pool_t *p)
{
    unsigned char *copy = apr_palloc(p, payload.len + 1);

    *copy = ' ';
    if (payload.len) {
        memcpy(copy + 1, payload.data, payload.len);
    }
    return (bytes_t){copy, payload.len + 1};
}

static void check_same(const claims_t *a, const claims_t *b, apr_pool_t *p)
{
    static const char *const names[] = {"user_id", "jti", "exp", "sub", ""};
    size_t i;

    CHECK(a->exp == b->exp && a->nbf == b->nbf && a->iat == b->iat);
    CHECK(is_same_text(a->token_type, b->token_type) && is_same_text(a->jti, b->jti));
    CHECK(is_same_text(a->iss, b->iss) && is_same_text(a->aud, b->aud));
    CHECK(!a->aud_list == !b->aud_list);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(is_same_text(claims_string(a, names[i]), claims_string(b, names[i])));
        CHECK(
            is_same_text(claims_user_id(a, names[i], p), claims_user_id(b, names[i], p)));
    }
}

/* --- What is good ----------------------------------------------------------------- */

static int has_audience(const claims_t *claims, const char *audience)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(claims->aud_list, i, entry)
    {
        if (is_same_text(json_string_value(entry), audience)) {
            return 1;
        }
    }
    return claims->aud && is_same_text(claims->aud, audience);
}

static void check_good(const claims_t *claims, const claims_expect_t *expect)
{
    apr_int64_t now = expect->now;

    CHECK(claims->exp != CLAIMS_NO_TIME && claims->exp > now - expect->exp_leeway);
    CHECK(claims->nbf == CLAIMS_NO_TIME || claims->nbf <= now + expect->iat_leeway);
    CHECK(claims->iat == CLAIMS_NO_TIME || claims->iat <= now + expect->iat_leeway);
    CHECK(claims->jti && *claims->jti);
    CHECK(is_same_text(claims->token_type, expect->token_types[0]));
    CHECK(!expect->issuer || is_same_text(claims->iss, expect->issuer));
    if (expect->audience) {
        CHECK(has_audience(claims, APR_ARRAY_IDX(expect->audience, 0, const char *)) ||
              has_audience(claims, APR_ARRAY_IDX(expect->audience, 1, const char *)));
    } else {
        CHECK(!claims->aud && !claims->aud_list);
    }
    CHECK(!expect->max_age ||
          (claims->iat != CLAIMS_NO_TIME && now - claims->iat <= expect->max_age));
}

static const char *const access_only[] = {"access", NULL};
static const char *const refresh_only[] = {"refresh", NULL};

/* Whether the claims are good, plainly, with an issuer, with audiences. */
static void check_expectations(const claims_t *a, const claims_t *b, apr_pool_t *p)
{
    apr_array_header_t *audience = apr_array_make(p, 2, sizeof(const char *));
    const claims_expect_t expect[] = {
        {.now = NOW, .token_types = access_only},
        {.now = NOW, .token_types = refresh_only, .exp_leeway = 60, .iat_leeway = 5},
        {.now = NOW, .token_types = access_only, .issuer = "me", .max_age = 300},
        {.now = NOW, .token_types = access_only, .audience = audience, .iat_leeway = 5},
    };
    size_t i;

    APR_ARRAY_PUSH(audience, const char *) = "a";
    APR_ARRAY_PUSH(audience, const char *) = "b";
    for (i = 0; i < sizeof expect / sizeof *expect; i++) {
        claims_result_t result = claims_check(a, &expect[i]);

        CHECK(claims_check(b, &expect[i]) == result);
        if (result == CLAIMS_GOOD) {
            check_good(a, &expect[i]);
        }
    }
}

/* --- A token made from another ---------------------------------------------------- */

static void check_written(const claims_t *copied, apr_pool_t *p)
{
    const claims_new_t new = {
        .names = &claims_usual_names,
        .token_type = "access",
        .exp = NOW + 300,
        .iat = NOW,
        .jti = "0123456789abcdef",
        .user_id_claim = "user_id",
        .user_id = "42",
        .copied = copied,
    };
    const char *text = claims_write(&new, p), *why;
    claims_t claims;
    bytes_t payload;

    CHECK(text);
    payload.data = (const unsigned char *)text;
    payload.len = strlen(text);
    why = claims_parse(&claims, payload, &claims_usual_names, NULL, p);
    /* What was just within the limits may be beyond them with our own members. */
    if (why && !copied->flat) {
        CHECK(strcmp(why, "the payload is not strict JSON") == 0);
        return;
    }
    CHECK(!why);
    CHECK(claims.exp == new.exp &&claims.iat == new.iat);
    CHECK(is_same_text(claims.token_type, new.token_type));
    CHECK(is_same_text(claims.jti, new.jti));
    CHECK(is_same_text(claims_user_id(&claims, "user_id", p), "42"));
    CHECK(is_same_text(claims.iss, copied->iss) && is_same_text(claims.aud, copied->aud));
    CHECK(claims.nbf == copied->nbf && !claims.aud_list == !copied->aud_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    bytes_t payload = {data, size};
    const flat_t *flat = flat_parse((const char *)data, size, p);
    const char *why, *slow_why;
    claims_t claims, slow;

    if (flat) {
        check_flat(flat, payload, p);
    }
    why = claims_parse(&claims, payload, &claims_usual_names, NULL, p);
    slow_why =
        claims_parse(&slow, behind_blank(payload, p), &claims_usual_names, NULL, p);
    CHECK(is_same_text(why, slow_why));
    if (!why) {
        CHECK(!slow.flat && slow.members);
        check_same(&claims, &slow, p);
        check_expectations(&claims, &slow, p);
        check_written(&claims, p);
    }
    return pool_end();
}
