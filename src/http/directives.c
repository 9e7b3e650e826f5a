#include "http/directives.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>

#include "auth/check.h"
#include "auth/duration.h"
#include "http/browser.h"
#include "http/config.h"
#include "http/export.h"
#include "http/extras.h"
#include "http/keyring.h"
#include "http/keysource.h"
#include "http/provider.h"
#include "http/setters.h"
#include "http/userbase.h"

/* --- Values of few directives ------------------------------------------------------ */

#define ROW(row) ((void *)(apr_uintptr_t)(row))

/* Here 0 is a value. */
static const char *set_at_most(cmd_parms *cmd, void *dir, const char *arg,
                               apr_int64_t most, const char *what)
{
    apr_int64_t seconds = duration_parse(arg);

    return seconds < 0 || seconds > most
               ? setters_refuse(cmd,
                                "'%s' is not a %s; write a time from 0 to %dmin, such "
                                "as 30s",
                                arg, what, (int)(most / 60))
               : setters_put_number(cmd, dir, setters_row(cmd), seconds);
}

/* More than some minutes hides a clock that is wrong. */
static const char *set_leeway(cmd_parms *cmd, void *dir, const char *arg)
{
    return set_at_most(cmd, dir, arg, 600, "leeway");
}

static const char *set_reuse_grace(cmd_parms *cmd, void *dir, const char *arg)
{
    return set_at_most(cmd, dir, arg, 300, "grace");
}

#define MOST_HASHES 1000

/* Of a whole process, so of no virtual host alone. */
static const char *set_hash_concurrency(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    int count = setters_count(arg, MOST_HASHES);

    if (error) {
        return error;
    }
    return count
               ? setters_put_int(cmd, dir, count)
               : setters_refuse(cmd,
                                "'%s' is not a number of hashes; write one from 1 to %d",
                                arg, MOST_HASHES);
}

static const char *add_scheme(cmd_parms *cmd, void *dir, const char *arg)
{
    return setters_is_token(arg)
               ? setters_add_text(cmd, dir, arg)
               : setters_refuse(cmd,
                                "'%s' is no authentication scheme; write one such "
                                "as Bearer or JWT",
                                arg);
}

static const char *add_token_type(cmd_parms *cmd, void *dir, const char *arg)
{
    static const int types[] = {CHECK_ACCESS, CHECK_SLIDING};
    config_t *config = dir;
    apr_size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        if (ap_cstr_casecmp(arg, check_type_name(types[i])) == 0) {
            config->token_types =
                types[i] |
                (config_is_set(dir, CONFIG_TOKEN_TYPES) ? config->token_types : 0);
            config_mark(dir, CONFIG_TOKEN_TYPES, cmd);
            return NULL;
        }
    }
    return setters_refuse(
        cmd,
        "'%s' is no type of tokens that opens pages; write access, sliding or "
        "both",
        arg);
}

static const char *set_header_name(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error = setters_check_field(cmd, arg, "Authorization or X-Access-Token");

    return error ? error : setters_text(cmd, dir, config_header_name(arg));
}

static const char *set_claim(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error = setters_check_claim(cmd, setters_row(cmd), arg);

    return error ? error : setters_text(cmd, dir, arg);
}

#define SIMPLEJWT      "simplejwt"
#define SIMPLEJWT_NAME "hash_password" /* REVOKE_TOKEN_CLAIM's default */

static const char *set_end_on_password_change(cmd_parms *cmd, void *dir, const char *arg)
{
    const apr_size_t len = sizeof SIMPLEJWT - 1;
    config_t *config = dir;
    const char *claim = NULL, *error;

    if (ap_cstr_casecmpn(arg, SIMPLEJWT, len) == 0 && (!arg[len] || arg[len] == ':')) {
        claim = arg[len] ? arg + len + 1 : SIMPLEJWT_NAME;
        error = setters_check_claim(cmd, CONFIG_REVOKE_CLAIM, claim);
        if (error) {
            return error;
        }
    } else if (ap_cstr_casecmp(arg, "On") != 0 && ap_cstr_casecmp(arg, "Off") != 0) {
        return setters_refuse(cmd,
                              "'%s' is none of its values; write On, Off, simplejwt or "
                              "simplejwt:CLAIM",
                              arg);
    }
    config->end_on_password_change = ap_cstr_casecmp(arg, "Off") != 0;
    config->revoke_claim = claim;
    config_mark(config, CONFIG_END_ON_PASSWORD_CHANGE, cmd);
    config_mark(config, CONFIG_REVOKE_CLAIM, cmd);
    return NULL;
}

static const char *set_remote_user(cmd_parms *cmd, void *dir, const char *arg)
{
    config_t *config = dir;

    config->remote_user_claim = NULL;
    if (ap_cstr_casecmp(arg, "username") == 0) {
        config->remote_user = CONFIG_USERNAME;
    } else if (ap_cstr_casecmp(arg, "id") == 0) {
        config->remote_user = CONFIG_USER_ID;
    } else if (ap_cstr_casecmpn(arg, "claim:", 6) == 0 && arg[6]) {
        config->remote_user = CONFIG_CLAIM;
        config->remote_user_claim = arg + 6;
    } else {
        return setters_refuse(
            cmd, "'%s' is no source of a name; write username, id or claim:NAME", arg);
    }
    config_mark(config, CONFIG_REMOTE_USER, cmd);
    config_mark(config, CONFIG_REMOTE_USER_CLAIM, cmd);
    return NULL;
}

static const char *set_fields(cmd_parms *cmd, void *dir, const char *username,
                              const char *password, const char *remember_me)
{
    config_fields_t *fields =
        apr_pmemdup(cmd->pool, &config_default_fields, sizeof *fields);

    fields->username = username;
    fields->password = password;
    if (remember_me) {
        fields->remember_me = remember_me;
    }
    if (strcmp(fields->username, fields->password) == 0) {
        return setters_refuse(cmd, "user name and password cannot both be '%s'",
                              username);
    }
    config_mark(dir, CONFIG_FIELDS, cmd);
    ((config_t *)dir)->fields = fields;
    return NULL;
}

/* --- Keys --------------------------------------------------------------------- */

static const char *add_key(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    config_t *config = dir;
    const char *error;

    if (!config_is_set(config, CONFIG_KEYS)) {
        config->keys = apr_array_make(cmd->pool, 2, sizeof(const jwk_t *));
    }
    config_mark(config, CONFIG_KEYS, cmd);
    error = keyring_add((jwk_ring_t *)(apr_uintptr_t)config->keys, argc, argv, cmd);
    return error ? setters_refuse(cmd, "%s", error) : NULL;
}

/* Read before all other directives, so that it holds for keys in front of it, too. */
static const char *set_key_permissions(cmd_parms *cmd, void *dir, const char *arg)
{
    (void)dir;
    if (ap_cstr_casecmp(arg, "warn") == 0) {
        keysource_only_warn(cmd->pool);
    } else if (ap_cstr_casecmp(arg, "strict") != 0) {
        return setters_refuse(cmd, "'%s' is neither strict nor warn; write one of them",
                              arg);
    }
    return NULL;
}

/* The kid of a key without one is NULL. */
static const char *add_verify_key(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_array_header_t **kids = config_member(dir, setters_row(cmd));
    int is_none = ap_cstr_casecmp(arg, "none") == 0,
        is_all = !ap_cstr_casecmp(arg, "all");
    int is_first = !config_is_set(dir, setters_row(cmd));
    const char *error = NULL;

    if (!is_first && (is_none || is_all || !*kids || !(*kids)->nelts)) {
        return setters_refuse(
            cmd, "all and none stand alone; write one of them, or names of keys");
    }
    if (is_none || is_all) {
        config_mark(dir, setters_row(cmd), cmd);
        *kids = is_none ? apr_array_make(cmd->pool, 1, sizeof(const char *)) : NULL;
    } else {
        error = setters_add_text(cmd, dir, arg);
    }
    if (!error && strcmp(arg, "-") == 0) {
        APR_ARRAY_IDX(*kids, (*kids)->nelts - 1, const char *) = NULL;
    }
    return error;
}

/* --- Endpoints ----------------------------------------------------------------- */

static const char *set_mount(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    config_t *config = dir;
    const char *error = NULL;
    mount_t *mount;
    int i;

    if (argc < 1 || *argv[0] != '/' || strpbrk(argv[0], "?#")) {
        return setters_refuse(
            cmd,
            "'%s' is no path; write one that begins with a slash, such as "
            "/auth",
            argc ? argv[0] : "");
    }
    if (config_is_set(config, CONFIG_MOUNT)) {
        return setters_refuse(
            cmd,
            "stands twice in one server; use SetHandler %s in a Location "
            "for further ones",
            "jwt-obtain");
    }
    mount = mount_make(argv[0], cmd->pool);
    for (i = 1; i < argc && !error; i++) {
        error = mount_add(mount, argv[i], cmd->pool);
    }
    config_mark(config, CONFIG_MOUNT, cmd);
    config->mount = mount;
    return error ? setters_refuse(cmd, "%s", error) : NULL;
}

/* --- Users ----------------------------------------------------------------------- */

static const char *add_provider(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error =
        ap_cstr_casecmp(arg, "none") == 0 ? NULL : provider_check(arg, cmd->pool);

    return error ? setters_refuse(cmd, "%s", error)
                 : setters_add_text_or_none(cmd, dir, arg);
}

/* An answer that is older than some minutes is none: by then the token may have expired.
 */
#define OLDEST_ANSWER 300

static const char *set_check_user(cmd_parms *cmd, void *dir, const char *arg)
{
    int is_off = ap_cstr_casecmp(arg, "Off") == 0, is_on = !ap_cstr_casecmp(arg, "On");
    apr_int64_t seconds = is_on || is_off ? 0 : duration_parse(arg);
    config_t *config = dir;

    if (!is_on && !is_off && (seconds < 1 || seconds > OLDEST_ANSWER)) {
        return setters_refuse(
            cmd,
            "'%s' is neither On nor Off nor a time from 1s to 5min; write "
            "one of them, such as 5s",
            arg);
    }
    config_mark(config, CONFIG_CHECK_USER, cmd);
    config_mark(config, CONFIG_ANSWER_AGE, cmd);
    config->check_user = !is_off;
    config->answer_age = seconds;
    return NULL;
}

/* --- Sessions -------------------------------------------------------------------- */

static const char *set_sessions(cmd_parms *cmd, void *dir, const char *arg)
{
    static const struct {
        const char *word;
        policy_sessions_t mode;
    } modes[] = {{"On", POLICY_SESSIONS_ON},
                 {"migrate", POLICY_SESSIONS_MIGRATE},
                 {"blacklist", POLICY_SESSIONS_BLACKLIST},
                 {"Off", POLICY_SESSIONS_OFF}};
    apr_size_t i;

    for (i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (ap_cstr_casecmp(arg, modes[i].word) == 0) {
            config_mark(dir, setters_row(cmd), cmd);
            *(policy_sessions_t *)config_member(dir, setters_row(cmd)) = modes[i].mode;
            return NULL;
        }
    }
    return setters_refuse(cmd,
                          "'%s' is no way to keep sessions; write On, migrate, "
                          "blacklist or Off",
                          arg);
}

#define MOST_SESSIONS 1000

static const char *set_max_sessions(cmd_parms *cmd, void *dir, const char *arg)
{
    int is_none = ap_cstr_casecmp(arg, "none") == 0;
    int count = is_none ? 0 : setters_count(arg, MOST_SESSIONS);

    return count || is_none
               ? setters_put_int(cmd, dir, count)
               : setters_refuse(cmd,
                                "'%s' is not a number of sessions; write one from 1 to "
                                "%d, or none",
                                arg, MOST_SESSIONS);
}

/* --- Directives ---------------------------------------------------------------- */

/* ADMIN: what decides who gets in. GLOBAL: what belongs to a whole server.
 * ANYWHERE: what lets nobody in whom others keep out. */
#define ADMIN    (RSRC_CONF | ACCESS_CONF)
#define GLOBAL   RSRC_CONF
#define ANYWHERE (RSRC_CONF | OR_AUTHCFG)

const command_rec directives_table[] = {
    AP_INIT_TAKE_ARGV(
        "AuthJWTKey", add_key, ROW(CONFIG_KEYS), GLOBAL,
        "a key: its name, - or *; algorithm; file, directory, env: or exec:; sign or "
        "verify"),
    AP_INIT_TAKE1("AuthJWTKeyPermissions", set_key_permissions, NULL,
                  GLOBAL | EXEC_ON_READ,
                  "whether key files that others may read are refused: strict or warn "
                  "(default strict)"),
    AP_INIT_TAKE_ARGV(
        "AuthJWTEndpoints", set_mount, ROW(CONFIG_MOUNT), GLOBAL,
        "path below which tokens are issued, and which endpoints (default all)"),
    AP_INIT_TAKE1(
        "AuthJWTSigningKey", setters_text, ROW(CONFIG_SIGNING_KID), ADMIN,
        "name of the key for tokens issued here (default the first that can sign)"),
    AP_INIT_TAKE1("AuthJWTRefreshSigningKey", setters_text,
                  ROW(CONFIG_REFRESH_SIGNING_KID), ADMIN,
                  "name of the key for refresh tokens issued here (default that of "
                  "AuthJWTSigningKey)"),
    AP_INIT_ITERATE(
        "AuthJWTVerifyKeys", add_verify_key, ROW(CONFIG_VERIFY_KIDS), ADMIN,
        "names of the keys that are accepted here, all or none (default all)"),
    AP_INIT_TAKE1("AuthJWTIssuer", setters_text_or_none, ROW(CONFIG_ISSUER), ADMIN,
                  "iss to write and to require, or none (default none)"),
    AP_INIT_ITERATE(
        "AuthJWTAudience", setters_add_text_or_none, ROW(CONFIG_AUDIENCE), ADMIN,
        "aud to write (the first) and to require (any), or none (default none)"),
    AP_INIT_TAKE1(
        "AuthJWTLeeway", set_leeway, ROW(CONFIG_LEEWAY), ADMIN,
        "clock skew for exp, nbf and iat (default 0 for exp, 10s for the others)"),
    AP_INIT_TAKE1("AuthJWTAccessLifetime", setters_seconds, ROW(CONFIG_ACCESS_LIFETIME),
                  ADMIN, "how long access tokens issued here are valid (default 5min)"),
    AP_INIT_TAKE1("AuthJWTRefreshLifetime", setters_seconds, ROW(CONFIG_REFRESH_LIFETIME),
                  ADMIN, "how long refresh tokens issued here are valid (default 1d)"),
    AP_INIT_TAKE1("AuthJWTSlidingLifetime", setters_seconds, ROW(CONFIG_SLIDING_LIFETIME),
                  ADMIN, "how long sliding tokens issued here are valid (default 5min)"),
    AP_INIT_TAKE1("AuthJWTSlidingRefreshLifetime", setters_seconds,
                  ROW(CONFIG_SLIDING_REFRESH_LIFETIME), ADMIN,
                  "how long sliding tokens issued here can be refreshed (default 1d)"),
    AP_INIT_TAKE1("AuthJWTMaxTokenAge", setters_age, ROW(CONFIG_MAX_TOKEN_AGE), ANYWHERE,
                  "oldest access token that is accepted here, or none (default none)"),
    AP_INIT_TAKE1("AuthJWTMaxLoginAge", setters_age, ROW(CONFIG_MAX_LOGIN_AGE), ANYWHERE,
                  "longest time since the login that is accepted here, or none (default "
                  "none)"),
    AP_INIT_TAKE1(
        "AuthJWTSessions", set_sessions, ROW(CONFIG_SESSIONS), ADMIN,
        "whether logins open sessions: On, migrate, blacklist or Off (default On)"),
    AP_INIT_FLAG("AuthJWTRotateRefresh", setters_flag, ROW(CONFIG_ROTATE_REFRESH), ADMIN,
                 "whether a refresh gives a new refresh token, and spends the old one "
                 "(default On)"),
    AP_INIT_TAKE1("AuthJWTReuseGrace", set_reuse_grace, ROW(CONFIG_REUSE_GRACE), ADMIN,
                  "how long a spent refresh token is given its successor (default 30s)"),
    AP_INIT_TAKE1("AuthJWTSessionLifetime", setters_seconds_or_none,
                  ROW(CONFIG_SESSION_LIFETIME), ADMIN,
                  "how long after its login a session ends, or none (default 30d)"),
    AP_INIT_TAKE1("AuthJWTMaxSessions", set_max_sessions, ROW(CONFIG_MAX_SESSIONS), ADMIN,
                  "sessions that a user may have, or none (default none: any number)"),
    AP_INIT_TAKE1("AuthJWTEndOnPasswordChange", set_end_on_password_change, NULL, ADMIN,
                  "whether a new password ends what began before it: On, Off or "
                  "simplejwt[:CLAIM] (default On)"),
    AP_INIT_TAKE_ARGV("AuthJWTUserTable", userbase_set_table, ROW(CONFIG_USERS), ADMIN,
                      "table of the users, and its columns where they have other names"),
    AP_INIT_TAKE1("AuthJWTUserQuery", userbase_set_query, NULL, ADMIN,
                  "SQL that finds a user by login name, or a preset (default auth_jwt)"),
    AP_INIT_TAKE1("AuthJWTUserByIdQuery", userbase_set_query, ROW(CONFIG_USERS), ADMIN,
                  "SQL that finds a user by id"),
    AP_INIT_ITERATE("AuthJWTProvider", add_provider, ROW(CONFIG_PROVIDERS), ADMIN,
                    "authn providers that check names and passwords, or none (default "
                    "none)"),
    AP_INIT_ITERATE("AuthJWTUserColumns", extras_add_column, ROW(CONFIG_USER_COLUMNS),
                    ADMIN,
                    "columns of the user's row that pages are told: COLUMN[:TYPE], or "
                    "none (default id username)"),
    AP_INIT_TAKE12("AuthJWTClaim", extras_add_claim, ROW(CONFIG_CLAIMS), ADMIN,
                   "one more claim of tokens issued here: its name, an expression or "
                   "column:COLUMN[:TYPE], or none (default none)"),
    AP_INIT_TAKE1("AuthJWTRolesQuery", extras_set_roles, ROW(CONFIG_ROLES), ADMIN,
                  "SQL that gives a user's roles, for the claim roles, or none (default "
                  "none)"),
    AP_INIT_TAKE1("AuthJWTLastLoginQuery", userbase_set_last_login,
                  ROW(CONFIG_LAST_LOGIN), ADMIN,
                  "SQL that notes a login, with the user's id, or django, or none "
                  "(default none)"),
    AP_INIT_FLAG("AuthJWTLegacyHashes", setters_flag, ROW(CONFIG_LEGACY_HASHES), ADMIN,
                 "whether weak password hashes are accepted, too: {SHA}, MD5, SHA-1, "
                 "DES (default Off)"),
    AP_INIT_TAKE1("AuthJWTHashConcurrency", set_hash_concurrency,
                  ROW(CONFIG_HASH_CONCURRENCY), GLOBAL,
                  "password hashes computed at once in a process (default number of "
                  "processors)"),
    AP_INIT_TAKE1("AuthJWTCheckUser", set_check_user, NULL, ADMIN,
                  "whether each request asks if the session goes on and the user is "
                  "active: On, Off, or how old an answer may be (default On)"),
    AP_INIT_TAKE23("AuthJWTLoginFields", set_fields, ROW(CONFIG_FIELDS), ADMIN,
                   "names of a login's fields (default username password remember_me)"),
    AP_INIT_TAKE1("AuthJWTUserIdClaim", set_claim, ROW(CONFIG_USER_ID_CLAIM), ADMIN,
                  "claim that holds the user's id (default user_id)"),
    AP_INIT_TAKE1("AuthJWTJtiClaim", set_claim, ROW(CONFIG_JTI_CLAIM), ADMIN,
                  "claim that holds the token's id (default jti)"),
    AP_INIT_TAKE1("AuthJWTTokenTypeClaim", set_claim, ROW(CONFIG_TOKEN_TYPE_CLAIM), ADMIN,
                  "claim that holds the token's type (default token_type)"),
    AP_INIT_TAKE1(
        "AuthJWTRemoteUser", set_remote_user, ROW(CONFIG_REMOTE_USER), ADMIN,
        "what becomes REMOTE_USER: username, id or claim:NAME (default username)"),
    AP_INIT_TAKE1("AuthJWTHeaderName", set_header_name, ROW(CONFIG_HEADER_NAME), ADMIN,
                  "header field that the token is in (default Authorization)"),
    AP_INIT_ITERATE("AuthJWTHeaderTypes", add_scheme, ROW(CONFIG_HEADER_TYPES), ADMIN,
                    "schemes in that field that are accepted (default Bearer)"),
    AP_INIT_TAKE12("AuthJWTClaimEnv", export_add_env, ROW(CONFIG_CLAIM_ENVS), ADMIN,
                   "a claim for applications, and the variable's name, or none (default "
                   "none)"),
    AP_INIT_TAKE12("AuthJWTClaimHeader", export_add_header, ROW(CONFIG_CLAIM_HEADERS),
                   ADMIN,
                   "a claim for applications, and the header field's name, or none "
                   "(default none)"),
    AP_INIT_ITERATE("AuthJWTTokenTypes", add_token_type, ROW(CONFIG_TOKEN_TYPES), ADMIN,
                    "types of tokens that are accepted here: access, sliding (default "
                    "access)"),
    AP_INIT_ITERATE("AuthJWTTokenSource", browser_add_source, ROW(CONFIG_TOKEN_SOURCES),
                    ADMIN,
                    "where tokens may be, in order: header, cookie, cookie:NAME, "
                    "query:NAME (default header)"),
    AP_INIT_TAKE1("AuthJWTClient", browser_set_client, ROW(CONFIG_CLIENT), ADMIN,
                  "who logs in here: api, spa or browser (default api)"),
    AP_INIT_TAKE1("AuthJWTAccessDelivery", browser_set_delivery,
                  ROW(CONFIG_ACCESS_DELIVERY), ADMIN,
                  "where access tokens go: body, cookie or both (default by client)"),
    AP_INIT_TAKE1("AuthJWTRefreshDelivery", browser_set_delivery,
                  ROW(CONFIG_REFRESH_DELIVERY), ADMIN,
                  "where refresh tokens go: body, cookie or both (default by client)"),
    AP_INIT_TAKE_ARGV("AuthJWTAccessCookie", browser_set_cookie,
                      ROW(CONFIG_ACCESS_COOKIE), ADMIN,
                      "name and attributes of the access token's cookie (default "
                      "__Host-jwt)"),
    AP_INIT_TAKE_ARGV("AuthJWTRefreshCookie", browser_set_cookie,
                      ROW(CONFIG_REFRESH_COOKIE), ADMIN,
                      "name and attributes of the refresh token's cookie (default "
                      "__Host-jwt-refresh)"),
    AP_INIT_TAKE1("AuthJWTRememberLifetime", setters_seconds_or_none,
                  ROW(CONFIG_REMEMBER_LIFETIME), ADMIN,
                  "how long a refresh token is valid for who asked to be remembered, or "
                  "none (default none)"),
    AP_INIT_FLAG("AuthJWTCSRF", setters_flag, ROW(CONFIG_CSRF), ADMIN,
                 "whether requests with cookies must come from this site (default On)"),
    AP_INIT_TAKE1("AuthJWTCSRFCookie", browser_set_cookie_name, ROW(CONFIG_CSRF_COOKIE),
                  ADMIN, "cookie with the token against CSRF (default __Host-jwt-csrf)"),
    AP_INIT_TAKE1("AuthJWTCSRFHeader", browser_set_field_name, ROW(CONFIG_CSRF_HEADER),
                  ADMIN,
                  "header field that this token comes back in (default X-CSRFToken)"),
    AP_INIT_ITERATE("AuthJWTOrigin", browser_add_origin, ROW(CONFIG_ORIGINS), GLOBAL,
                    "origins of this site (default that of ServerName)"),
    AP_INIT_ITERATE("AuthJWTCORSOrigin", browser_add_origin, ROW(CONFIG_CORS_ORIGINS),
                    ADMIN,
                    "other origins whose pages may call with the user's credentials, or "
                    "none (default none)"),
    AP_INIT_TAKE1("AuthJWTCORSMaxAge", setters_seconds, ROW(CONFIG_CORS_MAX_AGE), ADMIN,
                  "how long their browsers remember what is allowed (default 10min)"),
    AP_INIT_TAKE1("AuthJWTLoginURL", browser_set_url_or_none, ROW(CONFIG_LOGIN_URL),
                  ANYWHERE,
                  "where page loads without a good token go, or none (default none)"),
    AP_INIT_TAKE1("AuthJWTAfterLogin", browser_set_url, ROW(CONFIG_AFTER_LOGIN), ADMIN,
                  "where a login leads that came from nowhere (default /)"),
    AP_INIT_TAKE1("AuthJWTAfterLogout", browser_set_url_or_none, ROW(CONFIG_AFTER_LOGOUT),
                  ADMIN, "where a logout leads, or none (default AuthJWTLoginURL)"),
    AP_INIT_FLAG(
        "AuthJWTSilentRefresh", setters_flag, ROW(CONFIG_SILENT_REFRESH), ADMIN,
        "whether access cookies that are over are renewed in passing (default by "
        "client)"),
    AP_INIT_FLAG("AuthJWTOptional", setters_flag, ROW(CONFIG_OPTIONAL), ANYWHERE,
                 "whether a token is looked at where none is needed (default Off)"),
    AP_INIT_TAKE1("AuthJWTMaxBody", setters_bytes, ROW(CONFIG_MAX_BODY), ADMIN,
                  "largest request body of an endpoint, in bytes (default 16384)"),
    AP_INIT_TAKE1("AuthJWTMaxTokenLength", setters_bytes, ROW(CONFIG_MAX_TOKEN_LENGTH),
                  ADMIN, "longest token that is looked at, in bytes (default 8190)"),
    {NULL}};
