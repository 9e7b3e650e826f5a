/**
 * httpd's authn providers (file, dbm, ldap, …) as judges of a login.
 */
#ifndef HTTP_PROVIDER_H
#define HTTP_PROVIDER_H

#include <httpd.h>

#include "auth/policy.h"

/** What stands behind a policy's provider; lives as long as the policy. */
typedef struct {
    policy_provider_t judge;
    request_rec *r;
    const apr_array_header_t *names;
} provider_t;

/**
 * Whether a provider is there and checks passwords; its module must be loaded by now.
 *
 * @return NULL, or what is wrong
 */
const char *provider_check(const char *name, apr_pool_t *p);

/** Whether one of a list of providers is httpd's cache of what the others found. */
int provider_is_cache(const apr_array_header_t *names, int index);

/**
 * Let the providers that policy->provider_names names, if any, judge the login of this
 * request. They read their own directives where the request is.
 */
void provider_attach(policy_t *policy, provider_t *provider, request_rec *r);

#endif
