#include "htjwt/tokens.h"

#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auth/check.h"
#include "htjwt/place.h"
#include "htjwt/say.h"
#include "htjwt/terminal.h"
#include "jose/jsontext.h"

/* --- What a token says
 * ------------------------------------------------------------------ */

/* One of the first two parts as JSON. */
static json_t *read_part(const char *part, apr_size_t len, const char *name,
                         apr_pool_t *p)
{
    jsontext_error_t error = {NULL, 0};
    json_t *value = NULL;
    bytes_t text;

    if (base64url_decode(&text, part, len, p) != APR_SUCCESS) {
        say_fail(SAY_MISMATCH,
                 "the %s of the token is no base64url; copy the token whole", name);
    }
    if (jsontext_parse(&value, (const char *)text.data, text.len, JSON_ALLOW_NUL, &error,
                       p) != APR_SUCCESS) {
        say_fail(SAY_MISMATCH, "the %s of the token is no JSON that the module reads: %s",
                 name, error.text ? error.text : "it is too deep or too long");
    }
    return value;
}

/* The places of both points; a token has three parts. */
static void split(const char *token, const char **first, const char **second)
{
    *first = strchr(token, '.');
    *second = *first ? strchr(*first + 1, '.') : NULL;
    if (!*second || strchr(*second + 1, '.')) {
        say_fail(SAY_MISMATCH, "that is no token: it has not three parts with points "
                               "between them; copy it whole, without \"Bearer\"");
    }
}

static json_t *read_header(const char *token, apr_pool_t *p)
{
    const char *first, *second;

    split(token, &first, &second);
    return read_part(token, (apr_size_t)(first - token), "header", p);
}

static json_t *read_claims(const char *token, apr_pool_t *p)
{
    const char *first, *second;

    split(token, &first, &second);
    return read_part(first + 1, (apr_size_t)(second - first - 1), "payload", p);
}

static void tell_times(const json_t *claims, apr_pool_t *p)
{
    static const char *const names[] = {"iat", "nbf", "exp", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        const json_t *time = json_object_get(claims, names[i]);

        if (json_is_integer(time)) {
            say_note("%s is %s", names[i], say_date(json_integer_value(time), p));
        }
    }
}

/* Letters that a terminal would obey are written as escapes. */
void tokens_decode(const options_t *options, apr_pool_t *p)
{
    const char *token = terminal_read_line("token", p);
    json_t *header = read_header(token, p), *claims = read_claims(token, p), *both;
    char *text;

    (void)options;
    both = json_pack("{s:O, s:O}", "header", header, "claims", claims);
    text = json_dumps(both, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    say_note("NOT VERIFIED: the signature was not looked at, anybody can write such a "
             "token; htjwt verify does");
    tell_times(claims, p);
    puts(text);
    free(text);
    json_decref(both);
}

/* --- Whether it is good
 * ------------------------------------------------------------------
 */

void tokens_verify(const options_t *options, apr_pool_t *p)
{
    const char *why = "", *token;
    identity_t identity;
    verdict_t verdict;
    place_t place;

    place_read(&place, options, p);
    place_load_keys(&place, p);
    if (place.site.params) {
        place_open(&place, p);
    }
    token = terminal_read_line("token", p);
    verdict = check_token(&identity, &place.policy, token, CHECK_ANY, &why, p);
    if (verdict != VERDICT_OK) {
        say_fail(verdict_info(verdict)->status == 503 ? SAY_FAILED : SAY_MISMATCH,
                 "not good (%s): %s", verdict_info(verdict)->name, why);
    }
    say_line("Good: %s token %s of the user with the id %s%s%s%s%s, until %s.",
             identity.claims.token_type, identity.jti, identity.user_id,
             identity.username ? ", " : "", identity.username ? identity.username : "",
             identity.sid ? ", session " : "", identity.sid ? identity.sid : "",
             say_date(identity.claims.exp, p));
    if (!place.policy.store) {
        say_note("no database was named, so nobody asked whether user and session are "
                 "still there");
    }
}
