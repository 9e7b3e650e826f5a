/**
 * The settings: one struct, one table of rows; directives.c has a line a directive.
 *
 * Settings of all kinds stand in the per-directory configuration; those written at
 * server level land in the server's default section and are inherited like any
 * other. After the configuration is read nothing writes to it.
 */
#ifndef HTTP_CONFIG_H
#define HTTP_CONFIG_H

#include <httpd.h>

#include <http_config.h>

#include "auth/policy.h"
#include "http/cookie.h"
#include "http/mount.h"

/** What becomes REMOTE_USER. */
typedef enum { CONFIG_USERNAME, CONFIG_USER_ID, CONFIG_CLAIM } config_remote_user_t;

/** Where users are found, and its place among the sites of this server. */
typedef struct {
    users_t queries;
    int slot;     /* in dbd's shared memory */
    int by_table; /* made by AuthJWTUserTable or a preset */
} config_users_t;

typedef struct {
    const char *username, *password, *remember_me;
} config_fields_t;

/** AuthJWTClient: what most settings for browsers follow from. */
typedef enum { CONFIG_API, CONFIG_SPA, CONFIG_BROWSER } config_client_t;

/** Where a token may be, in a request; added up, where issued tokens go. */
typedef enum { CONFIG_HEADER, CONFIG_COOKIE, CONFIG_QUERY } config_place_t;
enum { CONFIG_IN_BODY = 1, CONFIG_IN_COOKIE = 2 };

typedef struct {
    config_place_t place;
    const char *name; /* of the cookie or parameter; NULL: the access cookie */
} config_source_t;

/** Words that hold the bits of all rows. */
#define CONFIG_WORDS 2

/** Times are whole seconds. */
typedef struct {
    apr_uint64_t set[CONFIG_WORDS]; /* a bit for each row that this section wrote */
    const ap_directive_t *first;    /* where this section's first directive stands */
    server_rec *server;
    const jwk_ring_t *keys;                /* NULL: none */
    const mount_t *mount;                  /* NULL: none */
    const char *signing_kid;               /* NULL: the first key that can sign */
    const char *refresh_signing_kid;       /* NULL: the same for refresh tokens */
    const apr_array_header_t *verify_kids; /* const char *; NULL: all */
    const char *issuer;                    /* NULL: none */
    const apr_array_header_t *audience;    /* const char *; NULL: none */
    apr_int64_t leeway;                    /* -1: 0 for exp, 10 for iat and nbf */
    apr_int64_t access_lifetime, refresh_lifetime;
    apr_int64_t sliding_lifetime, sliding_refresh_lifetime;
    apr_int64_t max_token_age;      /* 0: any */
    apr_int64_t htaccess_token_age; /* the same of .htaccess files, the shortest */
    apr_int64_t max_login_age, htaccess_login_age; /* likewise */
    policy_sessions_t sessions;
    int rotate_refresh;
    apr_int64_t reuse_grace;      /* may be 0 */
    apr_int64_t session_lifetime; /* 0: for ever; -1: the default for these users */
    int max_sessions;             /* of a user; 0: any number */
    int end_on_password_change;   /* -1: as the users' application lets it */
    const char *revoke_claim;     /* SimpleJWT's of the password; NULL: none */
    const config_users_t *users;  /* NULL: the preset */
    const apr_array_header_t *providers;    /* const char *; NULL: none */
    const users_note_t *last_login;         /* NULL: none */
    const apr_array_header_t *claims;       /* policy_claim_t; NULL: none */
    const apr_array_header_t *user_columns; /* policy_claim_t; NULL: id and username */
    const db_query_t *roles;                /* NULL: none */
    int legacy_hashes;
    int hash_concurrency; /* of the whole server; 0: as many as processors */
    int check_user;
    apr_int64_t answer_age; /* how old an answer may be; 0: each request asks */
    const config_fields_t *fields;
    const char *user_id_claim, *jti_claim, *token_type_claim;
    config_remote_user_t remote_user;
    const char *remote_user_claim;           /* with CONFIG_CLAIM */
    const char *header_name;                 /* of the field that the token is in */
    const apr_array_header_t *header_types;  /* const char *, never empty */
    const apr_array_header_t *claim_envs;    /* of export.c; NULL: none */
    const apr_array_header_t *claim_headers; /* likewise */
    int token_types;                         /* of check.h; 0: by what it is asked for */
    const apr_array_header_t *token_sources; /* config_source_t; NULL: by client */
    config_client_t client;
    int access_delivery, refresh_delivery; /* CONFIG_IN_…; 0: by client */
    const cookie_t *access_cookie, *refresh_cookie;
    apr_int64_t remember_lifetime; /* 0: as others */
    int csrf;
    const char *csrf_cookie, *csrf_header; /* names */
    const apr_array_header_t *origins;     /* const char *, our own; NULL: ServerName's */
    const apr_array_header_t *cors_origins; /* const char *; NULL: none */
    apr_int64_t cors_max_age;
    const char *login_url;                  /* NULL: none */
    const char *after_login, *after_logout; /* NULL of the latter: login_url */
    int silent_refresh;                     /* -1: by client */
    int optional;                           /* look at tokens that none asks for */
    apr_int64_t max_body;                   /* bytes */
    apr_int64_t max_token_length;           /* bytes */
} config_t;

/** A stretch of config_t that is set and inherited as a whole. */
typedef enum {
    CONFIG_KEYS,
    CONFIG_MOUNT,
    CONFIG_SIGNING_KID,
    CONFIG_REFRESH_SIGNING_KID,
    CONFIG_VERIFY_KIDS,
    CONFIG_ISSUER,
    CONFIG_AUDIENCE,
    CONFIG_LEEWAY,
    CONFIG_ACCESS_LIFETIME,
    CONFIG_REFRESH_LIFETIME,
    CONFIG_SLIDING_LIFETIME,
    CONFIG_SLIDING_REFRESH_LIFETIME,
    CONFIG_MAX_TOKEN_AGE,
    CONFIG_HTACCESS_TOKEN_AGE, /* directly behind the row for which it stands */
    CONFIG_MAX_LOGIN_AGE,
    CONFIG_HTACCESS_LOGIN_AGE, /* likewise */
    CONFIG_SESSIONS,
    CONFIG_ROTATE_REFRESH,
    CONFIG_REUSE_GRACE,
    CONFIG_SESSION_LIFETIME,
    CONFIG_MAX_SESSIONS,
    CONFIG_END_ON_PASSWORD_CHANGE,
    CONFIG_REVOKE_CLAIM,
    CONFIG_USERS,
    CONFIG_PROVIDERS,
    CONFIG_LAST_LOGIN,
    CONFIG_CLAIMS,
    CONFIG_USER_COLUMNS,
    CONFIG_ROLES,
    CONFIG_LEGACY_HASHES,
    CONFIG_HASH_CONCURRENCY,
    CONFIG_CHECK_USER,
    CONFIG_ANSWER_AGE, /* the time of AuthJWTCheckUser, set together with it */
    CONFIG_FIELDS,
    CONFIG_USER_ID_CLAIM,
    CONFIG_JTI_CLAIM,
    CONFIG_TOKEN_TYPE_CLAIM,
    CONFIG_REMOTE_USER,
    CONFIG_REMOTE_USER_CLAIM,
    CONFIG_HEADER_NAME,
    CONFIG_HEADER_TYPES,
    CONFIG_CLAIM_ENVS,
    CONFIG_CLAIM_HEADERS,
    CONFIG_TOKEN_TYPES,
    CONFIG_TOKEN_SOURCES,
    CONFIG_CLIENT,
    CONFIG_ACCESS_DELIVERY,
    CONFIG_REFRESH_DELIVERY,
    CONFIG_ACCESS_COOKIE,
    CONFIG_REFRESH_COOKIE,
    CONFIG_REMEMBER_LIFETIME,
    CONFIG_CSRF,
    CONFIG_CSRF_COOKIE,
    CONFIG_CSRF_HEADER,
    CONFIG_ORIGINS,
    CONFIG_CORS_ORIGINS,
    CONFIG_CORS_MAX_AGE,
    CONFIG_LOGIN_URL,
    CONFIG_AFTER_LOGIN,
    CONFIG_AFTER_LOGOUT,
    CONFIG_SILENT_REFRESH,
    CONFIG_OPTIONAL,
    CONFIG_MAX_BODY,
    CONFIG_MAX_TOKEN_LENGTH,
    CONFIG_ROW_COUNT
} config_row_t;

extern const config_fields_t config_default_fields;

void *config_create(apr_pool_t *p, char *section);
void *config_merge(apr_pool_t *p, void *parent, void *child);

/** Forget what an earlier reading of the configuration left in static memory. */
void config_reset(apr_pool_t *pconf);

/** Every section with a directive of ours: const config_t *, in order. */
const apr_array_header_t *config_sections(void);

/** The settings of a request, or of a server outside all sections. */
const config_t *config_of_request(const request_rec *r);
const config_t *config_of_server(const server_rec *s);

/** Whether the section itself wrote a setting. */
int config_is_set(const config_t *config, config_row_t row);

/** Where a setting's value is. */
void *config_member(config_t *config, config_row_t row);

/** Note that a section wrote a setting, and remember the section for configtest. */
void config_mark(config_t *config, config_row_t row, cmd_parms *cmd);

/** The field that cookies are in. */
#define CONFIG_COOKIE_FIELD "Cookie"

/**
 * Note that tokens are looked for in a header field of this name somewhere.
 *
 * @return the name in its first spelling: equal names are equal pointers
 */
const char *config_header_name(const char *name);

/** All such names of the whole server: const char *, no two the same. */
const apr_array_header_t *config_header_names(void);

/**
 * Note that a cookie of this name is ours in a server: applications never see it.
 *
 * @param s  the main one stands for all virtual hosts
 */
void config_note_cookie(server_rec *s, const char *name);

/** Names of cookies that are ours in a server: const char *. Made by config_finish(). */
const apr_array_header_t *config_cookie_names(const server_rec *s);

/** The same of a query's parameter that tokens may be in. */
void config_note_parameter(server_rec *s, const char *name);
const apr_array_header_t *config_parameter_names(const server_rec *s);

/** Once the configuration is read: what follows from all of it. */
void config_finish(apr_pool_t *pconf, server_rec *s);

/** Users whose queries are still to be filled in. */
config_users_t *config_make_users(apr_pool_t *p);

/** The users of the preset auth_jwt, the default. */
const config_users_t *config_preset(void);

/** Whether a section has users in SQL; those of AuthJWTProvider alone are not. */
int config_has_users(const config_t *config);

/** Whether a token is looked up in SQL here: its user, its session or both. */
int config_asks_database(const config_t *config);

/** The users of a section: its own, or the preset's. */
const config_users_t *config_users(const config_t *config);

/** Where tokens that were ended are noted: the users' application's, or our own; NULL:
 *  nowhere. */
const blacklist_t *config_blacklist(const config_t *config);

/** Whether another password ends what began before it. */
int config_ends_on_password_change(const config_t *config);

/** The keys that are accepted here. */
const jwk_ring_t *config_keys(const config_t *config, apr_pool_t *p);

/** The types of tokens that open pages here. */
int config_page_types(const config_t *config);

/** AuthJWTMaxLoginAge, of .htaccess files as well: the shorter one; 0: any. */
apr_int64_t config_max_login_age(const config_t *config);

/** The key that signs here, or NULL; and the one that signs refresh tokens. */
const jwk_t *config_signing_key(const config_t *config);
const jwk_t *config_refresh_signing_key(const config_t *config);

/**
 * The policy that holds now. Store and effort are left out; see dbd.h.
 *
 * @param out  points into the configuration and @p p
 */
void config_policy(policy_t *out, const config_t *config, apr_pool_t *p);

#endif
