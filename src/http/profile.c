#include "http/profile.h"

#include <apr_strings.h>

#include "http/credential.h"
#include "http/delivery.h"
#include "http/response.h"

int profile_add(request_rec *r, const flat_t *body, const added_t *user)
{
    json_t *all = json_object();
    int i;

    for (i = 0; i < body->count; i++) {
        json_object_set_new(all, body->members[i].name,
                            json_string(body->members[i].text));
    }
    json_object_set(all, "user", user->claims);
    return response_json(r, HTTP_OK, all);
}

int profile_answer(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *why = "", *csrf;
    identity_t identity;
    verdict_t verdict = credential_check(&identity, r, config, policy, &why);
    flat_t body = {0};
    added_t *user;

    if (verdict == VERDICT_OK) {
        verdict = account_describe(&user, &identity, policy, &why, r->pool);
    }
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    r->user = apr_pstrdup(r->pool, identity.username);
    csrf = delivery_csrf(r, config, policy, &identity);
    if (csrf) {
        flat_add_text(&body, "csrf_token", csrf);
    }
    return profile_add(r, &body, user);
}
