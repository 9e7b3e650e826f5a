/**
 * The table auth_jwt_session: one row a login. Nothing in it can be used as a token.
 *
 * Times are seconds since 1970.
 */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "store/db.h"

/** Length of a sid. */
#define SESSIONS_SID_DIGITS 32

/** Most bytes of a jti, an address and a user agent that a row can hold. */
#define SESSIONS_MAX_JTI        255
#define SESSIONS_MAX_ADDRESS    64
#define SESSIONS_MAX_USER_AGENT 255

/** absolute_until of a session that may go on for ever. */
#define SESSIONS_NO_END APR_INT64_MAX

/** An auth_time that nobody knows, which counts as too long ago. */
#define SESSIONS_NO_AUTH_TIME 0

/** Whose a session is. Two tables of users may have the same ids in them. */
typedef struct {
    const char *source; /* of users_t */
    const char *id;
} sessions_user_t;

typedef struct {
    const char *sid; /* SESSIONS_SID_DIGITS lower-case hexadecimal digits */
    sessions_user_t user;
    const char *current_jti;  /* of the refresh token that is good now */
    const char *previous_jti; /* of the one before; "" before the first rotation */
    apr_int64_t created_at;
    apr_int64_t auth_time;      /* of the login itself; SESSIONS_NO_AUTH_TIME */
    apr_int64_t refreshed_at;   /* of the last rotation; 0: none yet */
    apr_int64_t idle_seconds;   /* ends so long after its last rotation */
    apr_int64_t expires_at;     /* the earlier of that and the next */
    apr_int64_t absolute_until; /* SESSIONS_NO_END: none */
    apr_int64_t revoked_at;     /* 0: it was not ended */
    int remember;               /* whether the client asked to be remembered */
    const char *password_mark;  /* of the password that it began with; "": none */
    const char *address;        /* of the client that logged in */
    const char *user_agent;     /* likewise, UTF-8 */
} session_t;

/**
 * Add the row of a login.
 *
 * @return APR_SUCCESS, or APR_EGENERAL with @p why set, which also stands for a sid
 *         that is there already (drivers have no common code for that)
 */
apr_status_t sessions_add(db_t *db, const session_t *session, const char **why,
                          apr_pool_t *p);

/** How much of a row is asked for. */
typedef enum {
    SESSIONS_WHOLE,
    SESSIONS_JUDGED, /* no more than what tells whether a session goes on: user,
                        password_mark, expires_at, revoked_at and sid itself; all else is
                        0 or NULL. Most of what a question costs is in its columns */
    SESSIONS_PARTS
} sessions_part_t;

/** SQL for those columns of a table that is named s there, and how many they are. */
extern const char *const sessions_columns[SESSIONS_PARTS];
extern const int sessions_column_counts[SESSIONS_PARTS];

/**
 * Read a session from the first columns of a row that has these.
 *
 * @param out  lives as long as the row; untouched on error
 * @param sid  that was asked for
 * @return APR_SUCCESS, or APR_EGENERAL for a row that cannot be used
 */
apr_status_t sessions_read(session_t *out, sessions_part_t part, const db_row_t *row,
                           const char *sid, const char **why);

/**
 * Find a session, ended or not.
 *
 * @param out  allocated from @p p, untouched on error
 * @return APR_SUCCESS, APR_NOTFOUND, or APR_EGENERAL for a database that failed or a
 *         row that cannot be used
 */
apr_status_t sessions_find(session_t *out, sessions_part_t part, db_t *db,
                           const char *sid, const char **why, apr_pool_t *p);

/** A rotation: which token gives way to which. */
typedef struct {
    const char *sid;
    const char *presented; /* jti; must be the current one */
    const char *successor; /* jti */
    apr_int64_t now;
    apr_int64_t not_since;  /* the last rotation must be no later */
    apr_int64_t expires_at; /* of the session from now on */
} sessions_rotation_t;

/**
 * Let one token follow another, in one statement: whoever changed the row has won, all
 * others have not.
 *
 * After an error it is not known whether it was done: read the row.
 *
 * @param won  1 or 0, on success only
 */
apr_status_t sessions_rotate(int *won, db_t *db, const sessions_rotation_t *rotation,
                             const char **why, apr_pool_t *p);

/**
 * End a session of a user.
 *
 * @param ended  number of sessions that were not ended before: 1 or 0
 */
apr_status_t sessions_end(int *ended, db_t *db, const char *sid,
                          const sessions_user_t *user, apr_int64_t now, const char **why,
                          apr_pool_t *p);

/**
 * End all sessions of a user, but for one.
 *
 * @param but    the sid of the one that goes on; "" for none
 * @param ended  number of sessions that were not ended before
 */
apr_status_t sessions_end_all(int *ended, db_t *db, const sessions_user_t *user,
                              const char *but, apr_int64_t now, const char **why,
                              apr_pool_t *p);

/**
 * The sessions of a user that go on, the most recently used first.
 *
 * @param out   session_t, the first @p most of them, allocated from @p p
 */
apr_status_t sessions_list(const apr_array_header_t **out, int most, db_t *db,
                           const sessions_user_t *user, apr_int64_t now, const char **why,
                           apr_pool_t *p);

/** Whether the table is there and has the columns that are needed. */
apr_status_t sessions_probe(db_t *db, const char **why, apr_pool_t *p);

/** Whether a text has the form of a sid. */
int sessions_is_sid(const char *text);

/**
 * The sid of a session that a refresh token of a time before sessions opens: always the
 * same for the same token.
 *
 * @return allocated from @p p; NULL when OpenSSL failed
 */
const char *sessions_adopted_sid(const char *user_id, const char *jti, apr_pool_t *p);

/**
 * The sid of the row that says, for as long as that token may live, that it has opened
 * its session. It never goes on, and no token names it.
 *
 * @return as above
 */
const char *sessions_opened_sid(const char *user_id, const char *jti, apr_pool_t *p);

#endif
