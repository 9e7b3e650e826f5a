/**
 * What holds for one request: plain values, read from the configuration by the
 * floor above.
 */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include <apr_tables.h>

#include "auth/effort.h"
#include "auth/random.h"
#include "jose/claims.h"
#include "auth/verdict.h"
#include "jose/jwk.h"
#include "jose/recent.h"
#include "store/password.h"
#include "store/users.h"

/** Where a connection comes from and goes back to. */
typedef struct {
    /** @return APR_SUCCESS, or an error with @p why set for the log */
    apr_status_t (*open)(db_t *out, const char **why, void *context);
    void (*close)(void *context);
    /** Something was ended that was good a moment ago: whoever remembers it must ask. */
    void (*ended)(void *context);
    void *context;
} policy_store_t;

/** How many password hashes may be computed at once: each takes a seat. */
typedef struct {
    /** @return APR_SUCCESS, or an error where there is none, with @p why for the log */
    apr_status_t (*take)(const char **why, void *context);
    void (*leave)(void *context);
    void *context;
} policy_seats_t;

/** What becomes of a login; see AuthJWTSessions. */
typedef enum {
    POLICY_SESSIONS_ON,
    POLICY_SESSIONS_MIGRATE, /* tokens without sid are good, and refreshed into a session
                              */
    POLICY_SESSIONS_BLACKLIST, /* none are opened; what was ended is kept by its jti */
    POLICY_SESSIONS_OFF
} policy_sessions_t;

/** What is asked of the database for one token: all that its answer depends on, but for
 * the database itself. */
typedef struct {
    const users_t *users;
    policy_sessions_t sessions;
    int ends_on_password_change;
    const char *user_id, *jti;
    const char *sid;           /* NULL: none */
    const char *revoke_claim;  /* as below; NULL: our own claim of the password */
    const char *password_says; /* what that claim says; NULL: the token has none */
} policy_question_t;

/** That the session goes on, with the password it began with, and the user is active. */
typedef struct {
    const char *username;
    apr_int64_t until; /* when the session ends by itself; POLICY_NO_END: there is none */
} policy_answer_t;

#define POLICY_NO_END APR_INT64_MAX

/**
 * Good answers that may be given again for a while. Others are never remembered.
 *
 * get() comes before the question is asked, put() after it: what was ended in between
 * must not be given again.
 */
typedef struct {
    /** @return whether @p out is set, allocated from @p p */
    int (*get)(policy_answer_t *out, const policy_question_t *question, apr_pool_t *p,
               void *context);
    void (*put)(const policy_answer_t *answer, const policy_question_t *question,
                void *context);
    void *context;
} policy_answers_t;

/** Who is at the other end of a connection, as a session's row tells it. */
typedef struct {
    const char *address;
    const char *user_agent; /* UTF-8 */
    int remember; /* whether it asks to be logged in longer than a browser is open */
} policy_client_t;

/** Who checks name and password in place of a hash in the user's row. */
typedef struct {
    /**
     * @param provider  set to which of them it was
     * @param name      the user's name, replaced by the provider's spelling of it
     * @return VERDICT_OK, VERDICT_LOGIN_FAILED or VERDICT_PROVIDER_DOWN, the latter
     *         two with @p why set for the log
     */
    verdict_t (*judge)(const char **provider, const char **name, const char *password,
                       const char **why, void *context);
    void *context;
} policy_provider_t;

/** One more claim of tokens. Constant after configuration. */
typedef struct {
    const char *name;
    const char *column; /* of the user's row; NULL: it is an expression's text */
    added_type_t type;
    const void *expression; /* of the floor above */
} policy_claim_t;

/** Who knows what expressions are. */
typedef struct {
    /**
     * @param text  NULL where it is empty
     * @return NULL, or what is wrong, as a sentence
     */
    const char *(*evaluate)(const char **text, const void *expression,
                            const char *username, void *context);
    void *context;
} policy_expressions_t;

typedef struct {
    const apr_array_header_t *user_columns; /* policy_claim_t; NULL: id and username */
    const jwk_ring_t *keys;                 /* accepted here; never NULL */
    recent_t *recent;                       /* NULL: all is computed each time */
    const jwk_t *signing_key;               /* NULL where nothing is issued */
    const jwk_t *refresh_signing_key;       /* likewise, for refresh tokens */
    apr_size_t max_token_length;            /* bytes */
    const char *issuer;                     /* NULL: none */
    const apr_array_header_t *audience;     /* const char *; NULL: none */
    const char *user_id_claim;
    claims_names_t claim_names;                             /* of the others */
    apr_int64_t now;                                        /* seconds since 1970 */
    apr_int64_t exp_leeway, iat_leeway;                     /* seconds */
    apr_int64_t access_lifetime, refresh_lifetime;          /* seconds */
    apr_int64_t sliding_lifetime, sliding_refresh_lifetime; /* seconds */
    apr_int64_t remember_lifetime; /* seconds, of refresh tokens of who asked for it; 0:
                                      as others */
    apr_int64_t max_token_age;     /* seconds, access tokens only; 0: any */
    apr_int64_t max_login_age;     /* seconds, likewise, since the login; 0: any */
    policy_sessions_t sessions;
    const blacklist_t *blacklist; /* of tokens without sid; NULL: none is kept */
    int rotates;                  /* whether a refresh spends the refresh token */
    apr_int64_t reuse_grace;      /* seconds */
    apr_int64_t session_lifetime; /* seconds since login; 0: for ever */
    int max_sessions;             /* of a user; 0: any number */
    int ends_on_password_change;
    const char *revoke_claim; /* SimpleJWT's claim for that; NULL: our own */
    int only_judges;          /* nothing is done with the session but to see it goes on */
    policy_client_t client;   /* where tokens are issued */
    const users_t *users;     /* NULL: the providers' alone */
    const apr_array_header_t *provider_names; /* const char *; NULL: none */
    const policy_provider_t *provider;        /* their judge, where there are logins */
    const policy_store_t *store;              /* NULL: the user is not looked up */
    const policy_answers_t *answers;          /* NULL: the user is looked up each time */
    effort_t *effort;                         /* NULL: every dummy costs the default */
    const policy_seats_t *seats;              /* NULL: hashes without number at once */
    int may_hashes_be_weak;
    const users_note_t *last_login;   /* NULL: logins are not noted */
    const apr_array_header_t *claims; /* policy_claim_t, added to tokens; NULL: none */
    const db_query_t *roles;          /* of the claim "roles"; NULL: it is not added */
    const policy_expressions_t *expressions; /* where claims have one */
    random_source_t *random;
} policy_t;

#endif
