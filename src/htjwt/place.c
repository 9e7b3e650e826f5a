#include "htjwt/place.h"

#include <apr_general.h>
#include <string.h>

#include "htjwt/keys.h"

static apr_status_t give(db_t *out, const char **why, void *context)
{
    (void)why;
    *out = *(db_t *)context;
    return APR_SUCCESS;
}

static void keep(void *context)
{
    (void)context;
}

static apr_status_t random_bytes(unsigned char *out, apr_size_t len)
{
    return apr_generate_random_bytes(out, len);
}

void place_read(place_t *out, const options_t *options, apr_pool_t *p)
{
    policy_t *policy = &out->policy;
    const site_t *site = &out->site;

    memset(out, 0, sizeof *out);
    site_read(&out->site, options, p);
    policy->max_token_length = (apr_size_t)site->max_token_length;
    policy->issuer = site->issuer;
    policy->audience = site->audience;
    policy->user_id_claim = site->user_id_claim;
    policy->claim_names = site->claim_names;
    policy->now = apr_time_sec(apr_time_now());
    policy->exp_leeway = site->leeway >= 0 ? site->leeway : 0;
    policy->iat_leeway = site->leeway >= 0 ? site->leeway : 10;
    policy->max_token_age = site->max_token_age;
    policy->max_login_age = site->max_login_age;
    /* Nobody has said that tokens of other sites have sessions here. */
    policy->sessions = site->is_configured ? site->sessions : POLICY_SESSIONS_OFF;
    policy->blacklist = site->blacklist;
    policy->revoke_claim = site->revoke_claim;
    policy->ends_on_password_change = site->ends_on_password_change;
    policy->users = site->has_users ? &site->users : NULL;
    policy->provider_names = site->providers;
    policy->random = random_bytes;
}

void place_load_keys(place_t *place, apr_pool_t *p)
{
    place->policy.keys = keys_load(&place->policy.signing_key, &place->site, p);
}

void place_open(place_t *place, apr_pool_t *p)
{
    database_open(&place->db, &place->site, p);
    place->store = (policy_store_t){.open = give, .close = keep, .context = &place->db};
    place->policy.store = &place->store;
}
