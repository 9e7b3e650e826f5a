#include "http/keycheck.h"

#include <apr_strings.h>
#include <grp.h>
#include <unistd.h>
#include <unixd.h>

#include "http/keysource.h"

/* --- The keys of a place ------------------------------------------------------------ */

static const char *check_presence(const sections_place_t *section, apr_pool_t *p)
{
    if (section->config->keys || section->host->lends_keys ||
        (!sections_is_protected(section) && !sections_is_endpoint(section))) {
        return NULL;
    }
    return apr_psprintf(p,
                        "%s: there is no key; add one to the server, such as: "
                        "AuthJWTKey 2026-11 HS256 jwt/site.key",
                        sections_subject(section, p));
}

static int is_accepted(const jwk_t *key, const sections_place_t *section, apr_pool_t *p)
{
    const jwk_ring_t *ring = config_keys(section->config, p);
    int i;

    for (i = 0; i < ring->nelts; i++) {
        if (APR_ARRAY_IDX(ring, i, const jwk_t *) == key) {
            return 1;
        }
    }
    return 0;
}

/* The names of keys as directives write them. */
static const char *names_of(const jwk_ring_t *ring, apr_pool_t *p)
{
    const char *names = "";
    int i;

    for (i = 0; ring && i < ring->nelts; i++) {
        const char *kid = APR_ARRAY_IDX(ring, i, const jwk_t *)->kid;

        names = apr_pstrcat(p, names, *names ? " " : "", kid ? kid : "-", NULL);
    }
    return *names ? names : "none";
}

/* A key that signs here, by the directive that names it or could. */
static const char *check_signer(const sections_place_t *section, const char *directive,
                                const char *kid, const jwk_t *key, apr_pool_t *p)
{
    if (!key && kid) {
        return apr_psprintf(p,
                            "%s: '%s' is no key of this server, or one that only "
                            "verifies; name an AuthJWTKey that can sign, of: %s",
                            directive, kid, names_of(section->config->keys, p));
    }
    if (!sections_issues(section)) {
        return NULL;
    }
    if (!key) {
        return apr_psprintf(p,
                            "%s: every AuthJWTKey here is for verify or a public key, so "
                            "nothing can be issued; add a secret or a private key",
                            sections_subject(section, p));
    }
    if (is_accepted(key, section, p)) {
        return NULL;
    }
    return apr_psprintf(
        p,
        "AuthJWTVerifyKeys: '%s', which signs here, is not among them, so "
        "what is issued here would be refused here; add it, or name "
        "another one by %s",
        key->kid ? key->kid : "-", directive);
}

static const char *check_signers(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const char *error;

    if (section->host->lends_keys) {
        return NULL;
    }
    error = check_signer(section, "AuthJWTSigningKey", config->signing_kid,
                         config_signing_key(config), p);
    return error ? error
                 : check_signer(section, "AuthJWTRefreshSigningKey",
                                config->refresh_signing_kid,
                                config_refresh_signing_key(config), p);
}

static const char *check_verifiers(const sections_place_t *section, apr_pool_t *p)
{
    const apr_array_header_t *kids = section->config->verify_kids;
    int i;

    for (i = 0; kids && i < kids->nelts && !section->host->lends_keys; i++) {
        const char *kid = APR_ARRAY_IDX(kids, i, const char *);

        if (!section->config->keys || !jwk_find(section->config->keys, kid)) {
            return apr_psprintf(p,
                                "AuthJWTVerifyKeys: '%s' is no key of this server; name "
                                "keys that an AuthJWTKey has, of: %s",
                                kid ? kid : "-", names_of(section->config->keys, p));
        }
    }
    return NULL;
}

const char *keycheck_section(const sections_place_t *section, apr_pool_t *p)
{
    const char *error = check_presence(section, p);

    if (!error) {
        error = check_verifiers(section, p);
    }
    return error ? error : check_signers(section, p);
}

/* --- Who can read them -------------------------------------------------------------- */

#define MAX_GROUPS 256

/* POSIX leaves open whether it is among the others. */
static int with_effective(gid_t groups[MAX_GROUPS], int count)
{
    gid_t effective = getegid();
    int i = 0;

    while (i < count && groups[i] != effective) {
        i++;
    }
    groups[i] = effective;
    return i < count ? count : count + 1;
}

/* The groups that the children have: of a server started as root those of the user that
 * is configured, else those of whoever starts it. */
static int server_groups(gid_t groups[MAX_GROUPS])
{
    int count = MAX_GROUPS;

    if (geteuid() != 0) {
        count = getgroups(MAX_GROUPS - 1, groups);
        return with_effective(groups, count < 0 ? 0 : count);
    }
    if (!ap_unixd_config.user_name ||
        getgrouplist(ap_unixd_config.user_name, ap_unixd_config.group_id, groups,
                     &count) < 0) {
        groups[0] = ap_unixd_config.group_id;
        return 1;
    }
    return count;
}

/* Whoever starts the server without being root owns its keys, and his children do. */
const char *keycheck_readers(apr_pool_t *p)
{
    gid_t groups[MAX_GROUPS];
    int i, count = server_groups(groups);
    const char *error = NULL;

    if (geteuid() == 0 && ap_unixd_config.user_id != 0) {
        error = keysource_check_owner(ap_unixd_config.user_id, p);
    }
    for (i = 0; i < count && !error; i++) {
        error = keysource_check_group(groups[i], p);
    }
    return error;
}
