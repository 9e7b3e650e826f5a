/* The loop is that of mod_auth_basic: only who is unknown to one provider is asked of the
 * next. A provider's failure is no refusal: it answers 503, as a database's does. */
#include "http/provider.h"

#include <ap_provider.h>
#include <apr_strings.h>
#include <mod_auth.h>

static const char *loaded(apr_pool_t *p)
{
    const apr_array_header_t *all =
        ap_list_provider_names(p, AUTHN_PROVIDER_GROUP, AUTHN_PROVIDER_VERSION);
    const char *text = "";
    int i;

    for (i = 0; i < all->nelts; i++) {
        text = apr_pstrcat(p, text, i ? ", " : "",
                           APR_ARRAY_IDX(all, i, ap_list_provider_names_t).provider_name,
                           NULL);
    }
    return *text ? text : "none";
}

static const authn_provider *find(const char *name)
{
    return ap_lookup_provider(AUTHN_PROVIDER_GROUP, name, AUTHN_PROVIDER_VERSION);
}

const char *provider_check(const char *name, apr_pool_t *p)
{
    const authn_provider *provider = find(name);

    /* In an id the first colon ends it: "a:b" with "c" would be "a" with "b:c". */
    if (strchr(name, ':')) {
        return apr_psprintf(p,
                            "'%s' has a colon, which ends a provider's name in the ids "
                            "of its users; give it another name",
                            name);
    }
    if (!provider) {
        return apr_psprintf(p,
                            "there is no authn provider '%s'; load its module in front "
                            "of this line, as authn_file_module for file; loaded are: %s",
                            name, loaded(p));
    }
    return provider->check_password
               ? NULL
               : apr_psprintf(p,
                              "the authn provider '%s' checks no passwords; name "
                              "another, such as file",
                              name);
}

int provider_is_cache(const apr_array_header_t *names, int index)
{
    return strcmp(APR_ARRAY_IDX(names, index, const char *), "socache") == 0;
}

static authn_status ask(request_rec *r, const char *name, const char *username,
                        const char *password)
{
    const authn_provider *provider = find(name);
    authn_status status = AUTH_GENERAL_ERROR;

    if (provider && provider->check_password) {
        /* By this note an <AuthnProviderAlias> knows which one it is. */
        apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, name);
        status = provider->check_password(r, username, password);
        apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    }
    return status;
}

static verdict_t judge(const char **provider, const char **name, const char *password,
                       const char **why, void *context)
{
    const provider_t *self = context;
    request_rec *r = self->r;
    char *user = r->user;
    authn_status status = AUTH_USER_NOT_FOUND;
    int i, last = 0;

    /* As under mod_auth_basic: some look there, and some put another spelling there. */
    r->user = apr_pstrdup(r->pool, *name);
    for (i = 0; i < self->names->nelts && status == AUTH_USER_NOT_FOUND; i++) {
        *provider = APR_ARRAY_IDX(self->names, i, const char *);
        last = i;
        status = ask(r, *provider, *name, password);
    }
    if (status == AUTH_GRANTED && r->user) {
        *name = apr_pstrdup(r->pool, r->user);
        /* What the cache knows it has from the one behind it. */
        if (provider_is_cache(self->names, last) && last + 1 < self->names->nelts) {
            *provider = APR_ARRAY_IDX(self->names, last + 1, const char *);
        }
    }
    r->user = user;
    switch (status) {
    case AUTH_GRANTED:
        return VERDICT_OK;
    case AUTH_USER_NOT_FOUND:
        *why = "no provider of AuthJWTProvider knows the user";
        return VERDICT_LOGIN_FAILED;
    case AUTH_DENIED:
        *why = apr_psprintf(r->pool, "wrong password, says the authn provider '%s'",
                            *provider);
        return VERDICT_LOGIN_FAILED;
    default:
        *why = apr_psprintf(r->pool,
                            "the authn provider '%s' failed (its line above has the "
                            "reason, of some only with LogLevel info); its own "
                            "directives, such as AuthUserFile for file, must stand "
                            "where this endpoint is",
                            *provider);
        return VERDICT_PROVIDER_DOWN;
    }
}

void provider_attach(policy_t *policy, provider_t *provider, request_rec *r)
{
    if (policy->provider_names) {
        *provider = (provider_t){{judge, provider}, r, policy->provider_names};
        policy->provider = &provider->judge;
    }
}
