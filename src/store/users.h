/**
 * The users' table: any, as long as it can be asked for id, name, password hash
 * and whether the user is active.
 */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "store/blacklist.h"
#include "store/byid.h"
#include "store/sessions.h"

/** The columns of users_table(), in its order. */
enum { USERS_ID, USERS_USERNAME, USERS_PASSWORD, USERS_IS_ACTIVE, USERS_COLUMNS };

/** How this site's users are found. Constant after configuration. */
typedef struct {
    const char *source; /* a name for them, kept in their sessions; "" is one, too */
    const db_query_t *by_name;
    const db_query_t *by_id;
    const byid_t *ids; /* the same for all databases; NULL: own SQL, one for all */
    const byid_t *with_session[SESSIONS_PARTS]; /* a session by its sid, and what ids has
                                                   beside it; NULL: likewise */
    int does_rehash;   /* the application hashes passwords anew at its own logins */
    const char *table; /* NULL: the administrator's own SQL */
    const char *columns[USERS_COLUMNS]; /* the table's names for them, or NULL */
    const blacklist_t *blacklist;       /* the application's; NULL: it has none */
} users_t;

/** What a good login writes down. Constant after configuration. */
typedef struct {
    const db_query_t *any;                     /* own SQL; or NULL: */
    const db_query_t *of_dialect[DB_DIALECTS]; /* a preset's */
} users_note_t;

extern const char *const users_column_names[USERS_COLUMNS];

typedef struct {
    const char *id;
    const char *username;
    const char *password; /* the stored hash; NULL: none, or not asked for */
    int has_password;     /* whether the query has such a column */
    int is_active;
} user_t;

/**
 * Make both queries for a table.
 *
 * @param table    its name, may have a schema in front
 * @param columns  the table's own names; USERS_IS_ACTIVE may be NULL: all are active
 * @return NULL, or which name is no plain SQL name
 */
const char *users_table(users_t *out, const char *table,
                        const char *const columns[USERS_COLUMNS], apr_pool_t *p);

/**
 * Make the queries for the table of a known application.
 *
 * @param name  auth_jwt, django, laravel, wordpress or wordpress:PREFIX, in any case
 * @return NULL, or what is wrong, as a sentence
 */
const char *users_preset(users_t *out, const char *name, apr_pool_t *p);

/**
 * A name for the users of the administrator's own SQL: another one for other SQL.
 *
 * @return allocated from @p p; NULL when OpenSSL failed
 */
const char *users_sql_source(const char *sql, apr_pool_t *p);

/** The name of users; "" where there is no table of them. */
const char *users_source(const users_t *users);

/**
 * Take one query of the administrator's own SQL.
 *
 * @return NULL, or what is wrong, as the end of a sentence about the query
 */
const char *users_query(const db_query_t **out, const char *sql, apr_pool_t *p);

/**
 * Make the statement that notes a login.
 *
 * @param text  django, in any case, or SQL
 * @return NULL, or what is wrong, as a sentence
 */
const char *users_note(users_note_t *out, const char *text, apr_pool_t *p);

/**
 * Note that a user has logged in just now.
 *
 * @param why  on error the reason for the log
 */
apr_status_t users_note_login(const users_note_t *note, db_t *db, const char *id,
                              const char **why, apr_pool_t *p);

/** Prepare that statement, and do not run it. */
apr_status_t users_try_note(const users_note_t *note, db_t *db, const char **why,
                            apr_pool_t *p);

/**
 * Find a user by login name, or by id.
 *
 * By id the row's id must equal the one asked for, byte for byte: databases
 * convert ("1abc" to 1) and fold.
 *
 * @param user  allocated from @p p, untouched on error
 * @param why   on error the reason for the log
 * @return APR_SUCCESS, APR_NOTFOUND, or APR_EGENERAL for a database that failed or
 *         a row that cannot be used
 */
apr_status_t users_by_name(user_t *user, const users_t *users, db_t *db, const char *name,
                           const char **why, apr_pool_t *p);
apr_status_t users_by_id(user_t *user, const users_t *users, db_t *db, const char *id,
                         const char **why, apr_pool_t *p);

/**
 * Read a user from a row's last columns, as with_session has them.
 *
 * @param first  number of columns before these
 * @param id     that was asked for
 * @return as users_by_id()
 */
apr_status_t users_read(user_t *user, const users_t *users, const db_row_t *row,
                        int first, const char *id, const char **why, apr_pool_t *p);

/**
 * Read columns of a user's row: of a table or preset any that it has, of own SQL those
 * that by_id gives.
 *
 * @param columns  const char *: names for which users_is_column()
 * @return as users_by_id()
 */
apr_status_t users_columns(db_row_t *row, const users_t *users, db_t *db, const char *id,
                           const apr_array_header_t *columns, const char **why,
                           apr_pool_t *p);

/** Whether a text is the plain name of a column. */
int users_is_column(const char *name);

/** Whether a name may stand in REMOTE_USER, logs and headers: no control character. */
int users_is_printable(const char *name);

/** Try both queries with a user who does not exist. */
apr_status_t users_probe(const users_t *users, db_t *db, const char **why, apr_pool_t *p);

#endif
