#include "http/profile.h"

#include <apr_strings.h>

#include "http/credential.h"
#include "http/delivery.h"
#include "http/response.h"

static json_t *describe(const identity_t *identity)
{
    json_t *user = json_object();

    json_object_set_new(user, "id", json_string(identity->user_id));
    json_object_set_new(user, "username", json_string(identity->username));
    return user;
}

int profile_answer(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *why = "";
    identity_t identity;
    verdict_t verdict = credential_check(&identity, r, config, policy, &why);
    const char *csrf;
    json_t *body;

    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    r->user = apr_pstrdup(r->pool, identity.username);
    body = json_object();
    json_object_set_new(body, "user", describe(&identity));
    csrf = delivery_csrf(r, config, policy, &identity);
    if (csrf) {
        json_object_set_new(body, "csrf_token", json_string(csrf));
    }
    return response_json(r, HTTP_OK, body);
}
