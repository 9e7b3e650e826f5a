/**
 * The site that a command works for: what its configuration says, and the command line.
 */
#ifndef HTJWT_SITE_H
#define HTJWT_SITE_H

#include "auth/policy.h"
#include "htjwt/options.h"
#include "store/trial.h"

/** Where keys come from. */
typedef struct {
    const char *kid; /* as AuthJWTKey writes it: a name, - or * */
    const char *alg;
    const char *source; /* file, env:NAME or exec:... */
    int can_sign;
} site_key_t;

/** What only logins ask, or only some. */
typedef struct {
    const char *place; /* the directive, and its line */
    trial_t trial;
} site_trial_t;

typedef struct {
    const char *driver, *params; /* NULL: not said */
    const char *owner;           /* whom the server runs as; NULL: not known */
    users_t users;
    const apr_array_header_t *providers;   /* const char *; NULL: none */
    int has_users;                         /* 0: the providers' alone */
    const apr_array_header_t *trials;      /* site_trial_t */
    const apr_array_header_t *keys;        /* site_key_t */
    const apr_array_header_t *verify_kids; /* const char *; NULL: all */
    const char *signing_kid;               /* NULL: the first key that can sign */
    const char *issuer;                    /* NULL: none */
    const apr_array_header_t *audience;    /* const char *; NULL: none */
    const char *user_id_claim;
    claims_names_t claim_names;
    apr_int64_t leeway; /* seconds; -1: 0 for exp, 10 for iat and nbf */
    apr_int64_t max_token_age, max_login_age, max_token_length;
    policy_sessions_t sessions;
    int is_configured;            /* whether a configuration was read */
    const blacklist_t *blacklist; /* NULL: none is kept */
    int ends_on_password_change;
    const char *revoke_claim; /* NULL: our own mark */
} site_t;

/**
 * Find out what holds: of the command line, else of the configuration, which httpd reads
 * for us, else the module's defaults.
 *
 * What cannot be found out ends the program.
 */
void site_read(site_t *out, const options_t *options, apr_pool_t *p);

#endif
