/* Parameters are compared with bare columns only, and arithmetic is done before: SQLite's
 * driver binds every value as text, which a column converts and an expression does not.
 * Every UPDATE changes what it sets, as MySQL counts changed rows. */
#include "store/sessions.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "store/digest.h"

/* With what stands in front of each. */
#define COLUMNS(s)                                                                       \
    s "sid, " s "user_source, " s "user_id, " s "current_jti, " s "previous_jti, " s     \
      "password_mark, " s "address, " s "user_agent, " s "created_at, " s                \
      "auth_time, " s "refreshed_at, " s "idle_seconds, " s "expires_at, " s             \
      "absolute_until, " s "revoked_at, " s "remember"

/* Of COLUMNS. */
#define TEXTS   8
#define NUMBERS 8

static const db_query_t add =
    DB_STATEMENT("INSERT INTO auth_jwt_session(" COLUMNS(
                     "") ") VALUES(%s, %s, %s, %s, %s, %s, "
                         "%s, %s, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld)",
                 TEXTS + NUMBERS);

#define JUDGED(s)                                                                        \
    s "user_id, " s "user_source, " s "password_mark, " s "expires_at, " s "revoked_at"

const char *const sessions_columns[SESSIONS_PARTS] = {
    [SESSIONS_WHOLE] = COLUMNS("s."),
    [SESSIONS_JUDGED] = JUDGED("s."),
};
const int sessions_column_counts[SESSIONS_PARTS] = {
    [SESSIONS_WHOLE] = TEXTS + NUMBERS,
    [SESSIONS_JUDGED] = 5,
};

#define FIND(columns)                                                                    \
    DB_QUERY("SELECT " columns " FROM auth_jwt_session WHERE sid = %s", 1)

static const db_query_t find[SESSIONS_PARTS] = {
    [SESSIONS_WHOLE] = FIND(COLUMNS("")),
    [SESSIONS_JUDGED] = FIND(JUDGED("")),
};

/* MySQL assigns from left to right. */
static const db_query_t rotate = DB_STATEMENT(
    "UPDATE auth_jwt_session SET previous_jti = current_jti, current_jti = %s, "
    "refreshed_at = %lld, expires_at = %lld WHERE sid = %s AND current_jti = "
    "%s AND revoked_at = 0 AND expires_at > %lld AND refreshed_at <= %lld",
    7);

static const db_query_t end = DB_STATEMENT(
    "UPDATE auth_jwt_session SET revoked_at = %lld WHERE sid = %s AND user_id "
    "= %s AND user_source = %s AND revoked_at = 0",
    4);

static const db_query_t end_all = DB_STATEMENT(
    "UPDATE auth_jwt_session SET revoked_at = %lld WHERE user_id = %s AND "
    "user_source = %s AND sid <> %s AND revoked_at = 0 AND expires_at > %lld",
    5);

static const db_query_t list = DB_QUERY(
    "SELECT " COLUMNS("") " FROM auth_jwt_session WHERE user_id = %s AND user_source = "
                          "%s AND revoked_at = 0 AND expires_at > %lld ORDER BY CASE "
                          "WHEN refreshed_at > "
                          "created_at THEN "
                          "refreshed_at ELSE created_at END DESC, sid DESC",
    3);

static const char *number(apr_int64_t value, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT, value);
}

int sessions_is_sid(const char *text)
{
    return strlen(text) == SESSIONS_SID_DIGITS &&
           strspn(text, "0123456789abcdef") == SESSIONS_SID_DIGITS;
}

const char *sessions_adopted_sid(const char *user_id, const char *jti, apr_pool_t *p)
{
    char *sid = apr_palloc(p, DIGEST_MARK_SIZE);

    return digest_mark(sid, apr_pstrcat(p, user_id, " ", jti, NULL)) == APR_SUCCESS
               ? sid
               : NULL;
}

/* No id ends in a line feed. */
const char *sessions_opened_sid(const char *user_id, const char *jti, apr_pool_t *p)
{
    return sessions_adopted_sid(apr_pstrcat(p, user_id, "\n", NULL), jti, p);
}

apr_status_t sessions_add(db_t *db, const session_t *session, const char **why,
                          apr_pool_t *p)
{
    const char *args[TEXTS + NUMBERS] = {
        session->sid,
        session->user.source,
        session->user.id,
        session->current_jti,
        session->previous_jti,
        session->password_mark,
        session->address,
        session->user_agent,
        number(session->created_at, p),
        number(session->auth_time, p),
        number(session->refreshed_at, p),
        number(session->idle_seconds, p),
        number(session->expires_at, p),
        number(session->absolute_until, p),
        number(session->revoked_at, p),
        number(session->remember, p),
    };
    int added;

    return db_execute(&added, db, &add, args, why, p);
}

/* A column that is no text, or no number, is a table of somebody else's making. */
static int read_text(const char **out, const db_row_t *row, int column)
{
    *out = row->values[column];
    return *out != NULL;
}

static int read_number(apr_int64_t *out, const db_row_t *row, int column)
{
    const char *text = row->values[column];
    char *end_of_it;

    if (!text || !*text) {
        return 0;
    }
    *out = apr_strtoi64(text, &end_of_it, 10);
    return *end_of_it == '\0';
}

static const char odd_row[] =
    "a row of auth_jwt_session has a value that is NULL or no number; make the table by "
    "the module's own schema, and delete that row";

/* In the order of COLUMNS. */
static apr_status_t read_whole(session_t *out, const db_row_t *row, const char **why)
{
    apr_int64_t remember = 0;
    session_t session = {NULL};
    const char **const texts[TEXTS] = {&session.sid,          &session.user.source,
                                       &session.user.id,      &session.current_jti,
                                       &session.previous_jti, &session.password_mark,
                                       &session.address,      &session.user_agent};
    apr_int64_t *const numbers[NUMBERS] = {&session.created_at,   &session.auth_time,
                                           &session.refreshed_at, &session.idle_seconds,
                                           &session.expires_at,   &session.absolute_until,
                                           &session.revoked_at,   &remember};
    int i, is_good = 1;

    for (i = 0; is_good && i < TEXTS; i++) {
        is_good = read_text(texts[i], row, i);
    }
    for (i = 0; is_good && i < NUMBERS; i++) {
        is_good = read_number(numbers[i], row, TEXTS + i);
    }
    if (!is_good) {
        *why = odd_row;
        return APR_EGENERAL;
    }
    session.remember = remember != 0;
    *out = session;
    return APR_SUCCESS;
}

/* In the order of its columns. */
static apr_status_t read_judged(session_t *out, const db_row_t *row, const char *sid,
                                const char **why)
{
    session_t session = {.sid = sid};

    if (!read_text(&session.user.id, row, 0) ||
        !read_text(&session.user.source, row, 1) ||
        !read_text(&session.password_mark, row, 2) ||
        !read_number(&session.expires_at, row, 3) ||
        !read_number(&session.revoked_at, row, 4)) {
        *why = odd_row;
        return APR_EGENERAL;
    }
    *out = session;
    return APR_SUCCESS;
}

apr_status_t sessions_read(session_t *out, sessions_part_t part, const db_row_t *row,
                           const char *sid, const char **why)
{
    if (row->columns < sessions_column_counts[part]) {
        *why = odd_row;
        return APR_EGENERAL;
    }
    return part == SESSIONS_WHOLE ? read_whole(out, row, why)
                                  : read_judged(out, row, sid, why);
}

apr_status_t sessions_find(session_t *out, sessions_part_t part, db_t *db,
                           const char *sid, const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    db_row_t row;

    rv = db_get_row(&row, db, &find[part], &sid, why, p);
    return rv == APR_SUCCESS ? sessions_read(out, part, &row, sid, why) : rv;
}

apr_status_t sessions_rotate(int *won, db_t *db, const sessions_rotation_t *rotation,
                             const char **why, apr_pool_t *p)
{
    const char *args[] = {
        rotation->successor,
        number(rotation->now, p),
        number(rotation->expires_at, p),
        rotation->sid,
        rotation->presented,
        number(rotation->now, p),
        number(rotation->not_since, p),
    };

    return db_execute(won, db, &rotate, args, why, p);
}

apr_status_t sessions_end(int *ended, db_t *db, const char *sid,
                          const sessions_user_t *user, apr_int64_t now, const char **why,
                          apr_pool_t *p)
{
    const char *args[] = {number(now, p), sid, user->id, user->source};

    return db_execute(ended, db, &end, args, why, p);
}

apr_status_t sessions_end_all(int *ended, db_t *db, const sessions_user_t *user,
                              const char *but, apr_int64_t now, const char **why,
                              apr_pool_t *p)
{
    const char *args[] = {number(now, p), user->id, user->source, but, number(now, p)};

    return db_execute(ended, db, &end_all, args, why, p);
}

apr_status_t sessions_list(const apr_array_header_t **out, int most, db_t *db,
                           const sessions_user_t *user, apr_int64_t now, const char **why,
                           apr_pool_t *p)
{
    const char *args[] = {user->id, user->source, number(now, p)};
    apr_array_header_t *sessions = apr_array_make(p, 4, sizeof(session_t));
    const apr_array_header_t *rows;
    apr_status_t rv;
    int i;

    rv = db_get_rows(&rows, most, db, &list, args, why, p);
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        rv = sessions_read(apr_array_push(sessions), SESSIONS_WHOLE,
                           &APR_ARRAY_IDX(rows, i, db_row_t), NULL, why);
    }
    if (rv == APR_SUCCESS) {
        *out = sessions;
    }
    return rv;
}

apr_status_t sessions_probe(db_t *db, const char **why, apr_pool_t *p)
{
    apr_status_t rv = APR_NOTFOUND;
    session_t session;
    int part;

    for (part = 0; rv == APR_NOTFOUND && part < SESSIONS_PARTS; part++) {
        rv = sessions_find(&session, (sessions_part_t)part, db, "", why, p);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
