/* A new setting is a struct member, a row here and in config.h, and a directive's line
 * in directives.c; inheritance and the was-it-set bits come out of the row. Merging runs
 * for every section of every request, so it copies pointers and numbers and nothing else.
 */
#include "http/config.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_core.h>
#include <stddef.h>

#include "auth/check.h"
#include "http/client.h"
#include "http/keyring.h"
#include "http/keysource.h"
#include "store/users.h"

extern module AP_MODULE_DECLARE_DATA auth_jwt_module;

/* A row is a stretch of config_t that is inherited as a whole. */
_Static_assert(CONFIG_ROW_COUNT <= 64 * CONFIG_WORDS,
               "config_t.set has a bit for each row");

#define ROW_OF(member)                                                                   \
    {                                                                                    \
        offsetof(config_t, member), sizeof(((config_t *)0)->member)                      \
    }

static const struct {
    apr_size_t offset, size;
} rows[CONFIG_ROW_COUNT] = {
    [CONFIG_KEYS] = ROW_OF(keys),
    [CONFIG_MOUNT] = ROW_OF(mount),
    [CONFIG_SIGNING_KID] = ROW_OF(signing_kid),
    [CONFIG_REFRESH_SIGNING_KID] = ROW_OF(refresh_signing_kid),
    [CONFIG_VERIFY_KIDS] = ROW_OF(verify_kids),
    [CONFIG_ISSUER] = ROW_OF(issuer),
    [CONFIG_AUDIENCE] = ROW_OF(audience),
    [CONFIG_LEEWAY] = ROW_OF(leeway),
    [CONFIG_ACCESS_LIFETIME] = ROW_OF(access_lifetime),
    [CONFIG_REFRESH_LIFETIME] = ROW_OF(refresh_lifetime),
    [CONFIG_SLIDING_LIFETIME] = ROW_OF(sliding_lifetime),
    [CONFIG_SLIDING_REFRESH_LIFETIME] = ROW_OF(sliding_refresh_lifetime),
    [CONFIG_MAX_TOKEN_AGE] = ROW_OF(max_token_age),
    [CONFIG_HTACCESS_TOKEN_AGE] = ROW_OF(htaccess_token_age),
    [CONFIG_MAX_LOGIN_AGE] = ROW_OF(max_login_age),
    [CONFIG_HTACCESS_LOGIN_AGE] = ROW_OF(htaccess_login_age),
    [CONFIG_SESSIONS] = ROW_OF(sessions),
    [CONFIG_ROTATE_REFRESH] = ROW_OF(rotate_refresh),
    [CONFIG_REUSE_GRACE] = ROW_OF(reuse_grace),
    [CONFIG_SESSION_LIFETIME] = ROW_OF(session_lifetime),
    [CONFIG_MAX_SESSIONS] = ROW_OF(max_sessions),
    [CONFIG_END_ON_PASSWORD_CHANGE] = ROW_OF(end_on_password_change),
    [CONFIG_REVOKE_CLAIM] = ROW_OF(revoke_claim),
    [CONFIG_USERS] = ROW_OF(users),
    [CONFIG_PROVIDERS] = ROW_OF(providers),
    [CONFIG_LAST_LOGIN] = ROW_OF(last_login),
    [CONFIG_CLAIMS] = ROW_OF(claims),
    [CONFIG_USER_COLUMNS] = ROW_OF(user_columns),
    [CONFIG_ROLES] = ROW_OF(roles),
    [CONFIG_LEGACY_HASHES] = ROW_OF(legacy_hashes),
    [CONFIG_HASH_CONCURRENCY] = ROW_OF(hash_concurrency),
    [CONFIG_CHECK_USER] = ROW_OF(check_user),
    [CONFIG_ANSWER_AGE] = ROW_OF(answer_age),
    [CONFIG_FIELDS] = ROW_OF(fields),
    [CONFIG_USER_ID_CLAIM] = ROW_OF(user_id_claim),
    [CONFIG_JTI_CLAIM] = ROW_OF(jti_claim),
    [CONFIG_TOKEN_TYPE_CLAIM] = ROW_OF(token_type_claim),
    [CONFIG_REMOTE_USER] = ROW_OF(remote_user),
    [CONFIG_REMOTE_USER_CLAIM] = ROW_OF(remote_user_claim),
    [CONFIG_HEADER_NAME] = ROW_OF(header_name),
    [CONFIG_HEADER_TYPES] = ROW_OF(header_types),
    [CONFIG_CLAIM_ENVS] = ROW_OF(claim_envs),
    [CONFIG_CLAIM_HEADERS] = ROW_OF(claim_headers),
    [CONFIG_TOKEN_TYPES] = ROW_OF(token_types),
    [CONFIG_TOKEN_SOURCES] = ROW_OF(token_sources),
    [CONFIG_CLIENT] = ROW_OF(client),
    [CONFIG_ACCESS_DELIVERY] = ROW_OF(access_delivery),
    [CONFIG_REFRESH_DELIVERY] = ROW_OF(refresh_delivery),
    [CONFIG_ACCESS_COOKIE] = ROW_OF(access_cookie),
    [CONFIG_REFRESH_COOKIE] = ROW_OF(refresh_cookie),
    [CONFIG_REMEMBER_LIFETIME] = ROW_OF(remember_lifetime),
    [CONFIG_CSRF] = ROW_OF(csrf),
    [CONFIG_CSRF_COOKIE] = ROW_OF(csrf_cookie),
    [CONFIG_CSRF_HEADER] = ROW_OF(csrf_header),
    [CONFIG_ORIGINS] = ROW_OF(origins),
    [CONFIG_CORS_ORIGINS] = ROW_OF(cors_origins),
    [CONFIG_CORS_MAX_AGE] = ROW_OF(cors_max_age),
    [CONFIG_LOGIN_URL] = ROW_OF(login_url),
    [CONFIG_AFTER_LOGIN] = ROW_OF(after_login),
    [CONFIG_AFTER_LOGOUT] = ROW_OF(after_logout),
    [CONFIG_SILENT_REFRESH] = ROW_OF(silent_refresh),
    [CONFIG_OPTIONAL] = ROW_OF(optional),
    [CONFIG_MAX_BODY] = ROW_OF(max_body),
    [CONFIG_MAX_TOKEN_LENGTH] = ROW_OF(max_token_length),
};

const config_fields_t config_default_fields = {"username", "password", "remember_me"};
static const char *default_types[] = {"Bearer"};
static const apr_array_header_t default_header_types = {
    .elt_size = sizeof(char *), .nelts = 1, .nalloc = 1, .elts = (char *)default_types};

static const cookie_t default_access_cookie = {"__Host-jwt", "/", NULL, "Lax", 1, 0, 0};
static const cookie_t default_refresh_cookie = {
    "__Host-jwt-refresh", "/", NULL, "Lax", 1, 0, 0};
#define DEFAULT_CSRF_COOKIE "__Host-jwt-csrf"

static const config_t defaults = {
    .leeway = -1,
    .access_lifetime = 5 * 60,
    .refresh_lifetime = 24 * 3600,
    .sliding_lifetime = 5 * 60,
    .sliding_refresh_lifetime = 24 * 3600,
    .sessions = POLICY_SESSIONS_ON,
    .rotate_refresh = 1,
    .reuse_grace = 30,
    .session_lifetime = -1,
    .end_on_password_change = -1,
    .check_user = 1,
    .fields = &config_default_fields,
    .user_id_claim = "user_id",
    .jti_claim = "jti",
    .token_type_claim = "token_type",
    .header_name = "Authorization",
    .header_types = &default_header_types,
    .access_cookie = &default_access_cookie,
    .refresh_cookie = &default_refresh_cookie,
    .csrf = 1,
    .csrf_cookie = DEFAULT_CSRF_COOKIE,
    .csrf_header = "X-CSRFToken",
    .cors_max_age = 600,
    .after_login = "/",
    .silent_refresh = -1,
    .max_body = 16384,
    .max_token_length = 8190,
};

#define DEFAULT_IAT_LEEWAY 10

#define DEFAULT_SESSION_LIFETIME (30 * 24 * 3600)

/* A provider tells at a login only that a user is gone. */
#define PROVIDER_SESSION_LIFETIME (12 * 3600)

static const apr_array_header_t no_keys = {.elt_size = sizeof(jwk_t *)};

/* A name that means a token of ours, and where. */
typedef struct {
    const server_rec *server;
    const char *name;
} noted_t;

/* Of the reading under way; config_reset() makes them anew for each. */
static apr_array_header_t *sections;
static apr_array_header_t *header_names;
static apr_array_header_t *cookies, *parameters; /* noted_t */
/* const apr_array_header_t *, by server_rec * */
static apr_hash_t *cookie_names, *parameter_names;
static config_users_t *preset;
static int next_slot;

void *config_create(apr_pool_t *p, char *section)
{
    (void)section;
    return apr_pmemdup(p, &defaults, sizeof defaults);
}

void *config_member(config_t *config, config_row_t row)
{
    return (char *)config + rows[row].offset;
}

/* The shorter of two ages, where 0 is none. */
static apr_int64_t shorter(apr_int64_t a, apr_int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

void *config_merge(apr_pool_t *p, void *parent, void *child)
{
    config_t *merged = apr_pmemdup(p, parent, sizeof *merged);
    const config_t *outer = parent, *own = child;
    apr_uint64_t left;
    int word;

    /* A ring of its own begins anew: the inherited names are those of the other ring. */
    if (config_is_set(own, CONFIG_KEYS)) {
        merged->signing_kid = merged->refresh_signing_kid = NULL;
        merged->verify_kids = NULL;
    }
    for (word = 0; word < CONFIG_WORDS; word++) {
        for (left = own->set[word]; left; left &= left - 1) {
            int row = 64 * word + __builtin_ctzll(left);

            memcpy(config_member(merged, row), (const char *)own + rows[row].offset,
                   rows[row].size);
        }
        merged->set[word] |= own->set[word];
    }
    /* Whoever owns a .htaccess file must not undo what others ask for. */
    merged->htaccess_token_age =
        shorter(outer->htaccess_token_age, own->htaccess_token_age);
    merged->htaccess_login_age =
        shorter(outer->htaccess_login_age, own->htaccess_login_age);
    return merged;
}

config_users_t *config_make_users(apr_pool_t *p)
{
    config_users_t *users = apr_pcalloc(p, sizeof *users);

    users->slot = next_slot++;
    return users;
}

void config_reset(apr_pool_t *pconf)
{
    sections = apr_array_make(pconf, 8, sizeof(const config_t *));
    header_names = apr_array_make(pconf, 1, sizeof(const char *));
    config_header_name(defaults.header_name);
    config_header_name(CONFIG_COOKIE_FIELD);
    cookies = apr_array_make(pconf, 3, sizeof(noted_t));
    parameters = apr_array_make(pconf, 1, sizeof(noted_t));
    cookie_names = apr_hash_make(pconf);
    parameter_names = apr_hash_make(pconf);
    next_slot = 0;
    preset = config_make_users(pconf);
    preset->by_table = 1;
    users_preset(&preset->queries, "auth_jwt", pconf);
    keysource_reset(pconf);
    keyring_reset(pconf);
}

const apr_array_header_t *config_sections(void)
{
    return sections;
}

const config_t *config_of_request(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_jwt_module);
}

const config_t *config_of_server(const server_rec *s)
{
    return ap_get_module_config(s->lookup_defaults, &auth_jwt_module);
}

int config_is_set(const config_t *config, config_row_t row)
{
    return (config->set[row / 64] >> row % 64 & 1) != 0;
}

void config_mark(config_t *config, config_row_t row, cmd_parms *cmd)
{
    config->set[row / 64] |= APR_UINT64_C(1) << row % 64;
    /* A .htaccess file is read anew for each request: nobody walks over it later. */
    if (!config->first && !ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        config->first = cmd->directive;
        config->server = cmd->server;
        APR_ARRAY_PUSH(sections, const config_t *) = config;
    }
}

const char *config_header_name(const char *name)
{
    int i;

    for (i = 0; i < header_names->nelts; i++) {
        const char *known = APR_ARRAY_IDX(header_names, i, const char *);

        if (ap_cstr_casecmp(name, known) == 0) {
            return known;
        }
    }
    APR_ARRAY_PUSH(header_names, const char *) = name;
    return name;
}

const apr_array_header_t *config_header_names(void)
{
    return header_names;
}

static void note(apr_array_header_t *list, const server_rec *s, const char *name)
{
    noted_t *noted = apr_array_push(list);

    noted->server = s;
    noted->name = name;
}

void config_note_cookie(server_rec *s, const char *name)
{
    note(cookies, s, name);
}

void config_note_parameter(server_rec *s, const char *name)
{
    note(parameters, s, name);
}

/* Those that are noted for a server, or for all of them. */
static const apr_array_header_t *names_of(const apr_array_header_t *list,
                                          const server_rec *s,
                                          const server_rec *main_server, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 3, sizeof(const char *));
    int i;

    for (i = 0; i < list->nelts; i++) {
        const noted_t *noted = &APR_ARRAY_IDX(list, i, noted_t);

        if (noted->server == main_server || noted->server == s) {
            APR_ARRAY_PUSH(names, const char *) = noted->name;
        }
    }
    return names;
}

/* Directives that name a cookie have noted it. Others are ours only where cookies are
 * used: a server that hands requests on has nothing to do with those of the next one. */
static void note_usual_cookies(void)
{
    int i;

    for (i = 0; i < sections->nelts; i++) {
        const config_t *own = APR_ARRAY_IDX(sections, i, const config_t *);

        if (client_has_cookies(own)) {
            config_note_cookie(own->server, own->access_cookie->name);
            config_note_cookie(own->server, own->refresh_cookie->name);
            config_note_cookie(own->server, own->csrf_cookie);
        }
    }
}

void config_finish(apr_pool_t *pconf, server_rec *s)
{
    const server_rec *main_server = s, **key;

    note_usual_cookies();
    for (; s; s = s->next) {
        key = apr_pmemdup(pconf, &s, sizeof s);
        apr_hash_set(cookie_names, key, sizeof *key,
                     names_of(cookies, s, main_server, pconf));
        apr_hash_set(parameter_names, key, sizeof *key,
                     names_of(parameters, s, main_server, pconf));
    }
}

const apr_array_header_t *config_cookie_names(const server_rec *s)
{
    return apr_hash_get(cookie_names, &s, sizeof s);
}

const apr_array_header_t *config_parameter_names(const server_rec *s)
{
    return apr_hash_get(parameter_names, &s, sizeof s);
}

const config_users_t *config_preset(void)
{
    return preset;
}

int config_has_users(const config_t *config)
{
    return config->users || !config->providers;
}

int config_asks_database(const config_t *config)
{
    return config_has_users(config) || config->sessions != POLICY_SESSIONS_OFF;
}

const config_users_t *config_users(const config_t *config)
{
    return config->users ? config->users : preset;
}

const blacklist_t *config_blacklist(const config_t *config)
{
    const blacklist_t *theirs = config_users(config)->queries.blacklist;

    if (config->sessions != POLICY_SESSIONS_BLACKLIST) {
        return NULL;
    }
    return theirs ? theirs : &blacklist_own;
}

/* Where each login at the application may write another hash of the same password, it
 * would end what began elsewhere. Where a provider checks passwords, those of the rows
 * are not looked at. */
int config_ends_on_password_change(const config_t *config)
{
    if (config->providers) {
        return 0;
    }
    return config->end_on_password_change < 0 ? !config_users(config)->queries.does_rehash
                                              : config->end_on_password_change;
}

/* The key with a name as directives write it. */
static const jwk_t *named_key(const config_t *config, const char *kid)
{
    const jwk_t *key = jwk_find(config->keys, strcmp(kid, "-") == 0 ? NULL : kid);

    return key && key->can_sign ? key : NULL;
}

const jwk_ring_t *config_keys(const config_t *config, apr_pool_t *p)
{
    if (!config->keys) {
        return &no_keys;
    }
    return config->verify_kids ? jwk_select(config->keys, config->verify_kids, p)
                               : config->keys;
}

const jwk_t *config_signing_key(const config_t *config)
{
    if (!config->keys) {
        return NULL;
    }
    return config->signing_kid ? named_key(config, config->signing_kid)
                               : jwk_find_signing(config->keys);
}

const jwk_t *config_refresh_signing_key(const config_t *config)
{
    return config->keys && config->refresh_signing_kid
               ? named_key(config, config->refresh_signing_kid)
               : config_signing_key(config);
}

int config_page_types(const config_t *config)
{
    return config->token_types ? config->token_types : CHECK_ACCESS;
}

apr_int64_t config_max_login_age(const config_t *config)
{
    return shorter(config->max_login_age, config->htaccess_login_age);
}

static apr_status_t random_bytes(unsigned char *out, apr_size_t len)
{
    return apr_generate_random_bytes(out, len);
}

void config_policy(policy_t *out, const config_t *config, apr_pool_t *p)
{
    memset(out, 0, sizeof *out);
    /* Not every section is known at start: .htaccess may name our AuthType. */
    out->keys = config_keys(config, p);
    out->max_token_length = (apr_size_t)config->max_token_length;
    out->signing_key = config_signing_key(config);
    out->refresh_signing_key = config_refresh_signing_key(config);
    out->issuer = config->issuer;
    out->audience = config->audience;
    out->user_id_claim = config->user_id_claim;
    out->claim_names.jti = config->jti_claim;
    out->claim_names.token_type = config->token_type_claim;
    /* Not r->request_time: a request line may have been waiting for its headers. */
    out->now = apr_time_sec(apr_time_now());
    out->exp_leeway = config->leeway >= 0 ? config->leeway : 0;
    out->iat_leeway = config->leeway >= 0 ? config->leeway : DEFAULT_IAT_LEEWAY;
    out->access_lifetime = config->access_lifetime;
    out->refresh_lifetime = config->refresh_lifetime;
    out->sliding_lifetime = config->sliding_lifetime;
    out->sliding_refresh_lifetime = config->sliding_refresh_lifetime;
    out->remember_lifetime = config->remember_lifetime;
    out->max_token_age = shorter(config->max_token_age, config->htaccess_token_age);
    out->max_login_age = config_max_login_age(config);
    out->sessions = config->sessions;
    out->blacklist = config_blacklist(config);
    out->rotates = config->rotate_refresh;
    out->reuse_grace = config->reuse_grace;
    out->session_lifetime = config->session_lifetime >= 0 ? config->session_lifetime
                            : config_has_users(config)    ? DEFAULT_SESSION_LIFETIME
                                                          : PROVIDER_SESSION_LIFETIME;
    out->max_sessions = config->max_sessions;
    out->ends_on_password_change = config_ends_on_password_change(config);
    out->revoke_claim = config->revoke_claim;
    out->users = config_has_users(config) ? &config_users(config)->queries : NULL;
    out->provider_names = config->providers;
    out->last_login = config->last_login;
    out->claims = config->claims;
    out->user_columns = config->user_columns;
    out->roles = config->roles;
    out->may_hashes_be_weak = config->legacy_hashes;
    out->random = random_bytes;
}
