/* Who inserted a jti is told by the number of rows, never by an error: drivers have no
 * common code for a row that is there already, and SQLite's has none at all.
 *
 * SimpleJWT looks, then inserts, and so lets several requests spend one token. It also
 * keeps the whole refresh token in the database, where whoever reads it can use it; here
 * that column is left empty, as nothing of SimpleJWT's ever reads it. */
#include "store/blacklist.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* MySQL knows no ON CONFLICT, PostgreSQL takes every parameter for a text. */

struct blacklist_t {
    const char *name;
    db_query_t has;
    db_query_t introduce[DB_DIALECTS]; /* in front of add; no SQL: not needed */
    db_query_t add[DB_DIALECTS];
    const char **(*introduce_args)(const blacklist_entry_t *entry, db_dialect_t dialect,
                                   apr_pool_t *p);
    const char **(*add_args)(const blacklist_entry_t *entry, db_dialect_t dialect,
                             apr_pool_t *p);
};

static const char **list_of(const char *first, const char *second, apr_pool_t *p)
{
    const char **args = apr_palloc(p, sizeof(char *) * 4);

    args[0] = first;
    args[1] = second;
    return args;
}

/* --- auth_jwt_blacklist ----------------------------------------------------------- */

static const char **own_args(const blacklist_entry_t *entry, db_dialect_t dialect,
                             apr_pool_t *p)
{
    (void)dialect;
    return list_of(entry->jti, apr_psprintf(p, "%" APR_INT64_T_FMT, entry->expires_at),
                   p);
}

#define OWN_ADD " INTO auth_jwt_blacklist(jti, expires_at) VALUES(%s, %lld)"

const blacklist_t blacklist_own = {
    .name = "auth_jwt_blacklist",
    .has = DB_QUERY("SELECT COUNT(*) FROM auth_jwt_blacklist WHERE jti = %s", 1),
    .add = {[DB_SQLITE] = DB_STATEMENT("INSERT" OWN_ADD " ON CONFLICT DO NOTHING", 2),
            [DB_PGSQL] = DB_STATEMENT("INSERT" OWN_ADD " ON CONFLICT DO NOTHING", 2),
            [DB_MYSQL] = DB_STATEMENT("INSERT IGNORE" OWN_ADD, 2)},
    .add_args = own_args,
};

/* --- SimpleJWT's tables ----------------------------------------------------------- */

/* Beyond the year 9999 Django reads no time, and the databases differ. */
#define LATEST APR_INT64_C(253402300799)

/* As Django writes it: UTC, which is said to PostgreSQL alone. */
static const char *time_text(apr_int64_t seconds, db_dialect_t dialect, apr_pool_t *p)
{
    apr_int64_t at = seconds < 0 ? 0 : seconds > LATEST ? LATEST : seconds;
    apr_time_exp_t t;

    /* Every second that apr_time_t can hold, which goes to the year 294,000. */
    apr_time_exp_gmt(&t, apr_time_from_sec(at));
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d:%02d%s", t.tm_year + 1900,
                        t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                        dialect == DB_PGSQL ? "+00:00" : "");
}

/* A user's id for a column of integers; 0, which nobody has, for any other text. */
static const char *number_of(const char *user_id)
{
    apr_size_t digits = strspn(user_id, "0123456789");

    return digits && digits < 19 && !user_id[digits] ? user_id : "0";
}

static const char **introduce_args(const blacklist_entry_t *entry, db_dialect_t dialect,
                                   apr_pool_t *p)
{
    const char **args = list_of(number_of(entry->user_id), entry->jti, p);

    args[2] = time_text(entry->now, dialect, p);
    args[3] = time_text(entry->expires_at, dialect, p);
    return args;
}

static const char **django_args(const blacklist_entry_t *entry, db_dialect_t dialect,
                                apr_pool_t *p)
{
    return list_of(time_text(entry->now, dialect, p), entry->jti, p);
}

/* A user who was deleted leaves the column empty, as Django's ON DELETE does. */
#define INTRODUCE(id, time)                                                              \
    " INTO token_blacklist_outstandingtoken(user_id, jti, token, created_at, "           \
    "expires_at) VALUES((SELECT id FROM auth_user WHERE id = " id "), %s, '', " time     \
    ", " time ")"
#define BLACKLIST(time)                                                                  \
    " INTO token_blacklist_blacklistedtoken(token_id, blacklisted_at) SELECT id, " time  \
    " FROM token_blacklist_outstandingtoken WHERE jti = %s"
#define PG_TIME "CAST(%s AS TIMESTAMP WITH TIME ZONE)"

const blacklist_t blacklist_django = {
    .name = "token_blacklist_blacklistedtoken",
    .has =
        DB_QUERY("SELECT COUNT(*) FROM token_blacklist_blacklistedtoken b JOIN "
                 "token_blacklist_outstandingtoken o ON o.id = b.token_id WHERE o.jti = "
                 "%s",
                 1),
    .introduce = {[DB_SQLITE] = DB_STATEMENT(
                      "INSERT" INTRODUCE("%s", "%s") " ON CONFLICT DO NOTHING", 4),
                  [DB_PGSQL] =
                      DB_STATEMENT("INSERT" INTRODUCE("CAST(%s AS BIGINT)",
                                                      PG_TIME) " ON CONFLICT DO NOTHING",
                                   4),
                  [DB_MYSQL] = DB_STATEMENT("INSERT IGNORE" INTRODUCE("%s", "%s"), 4)},
    .add = {[DB_SQLITE] =
                DB_STATEMENT("INSERT" BLACKLIST("%s") " ON CONFLICT DO NOTHING", 2),
            [DB_PGSQL] =
                DB_STATEMENT("INSERT" BLACKLIST(PG_TIME) " ON CONFLICT DO NOTHING", 2),
            [DB_MYSQL] = DB_STATEMENT("INSERT IGNORE" BLACKLIST("%s"), 2)},
    .introduce_args = introduce_args,
    .add_args = django_args,
};

/* --- Both ------------------------------------------------------------------------- */

/* SQLite's is what the standard comes closest to. */
static db_dialect_t dialect_of(const db_t *db)
{
    db_dialect_t dialect = db_dialect(db);

    return dialect == DB_DIALECTS ? DB_SQLITE : dialect;
}

int blacklist_is_usable(const char *jti)
{
    apr_size_t len;

    for (len = 0; jti[len]; len++) {
        if (jti[len] <= ' ' || jti[len] > '~' || len == BLACKLIST_MAX_JTI) {
            return 0;
        }
    }
    return len != 0;
}

apr_status_t blacklist_has(int *ended, db_t *db, const blacklist_t *list, const char *jti,
                           const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    const char *count;
    db_row_t row;

    rv = db_get_row(&row, db, &list->has, &jti, why, p);
    if (rv != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    count = row.columns == 1 ? row.values[0] : NULL;
    if (!count || (strcmp(count, "0") != 0 && strcmp(count, "1") != 0)) {
        *why = apr_psprintf(p,
                            "the count of a token's rows in %s is neither 0 nor 1; make "
                            "the table by the schema that it belongs to",
                            list->name);
        return APR_EGENERAL;
    }
    *ended = *count == '1';
    return APR_SUCCESS;
}

apr_status_t blacklist_add(int *added, db_t *db, const blacklist_t *list,
                           const blacklist_entry_t *entry, const char **why,
                           apr_pool_t *p)
{
    db_dialect_t dialect = dialect_of(db);
    int count = 0, is_there = 0;
    apr_status_t rv = APR_SUCCESS;

    if (list->introduce_args) {
        rv = db_execute(&count, db, &list->introduce[dialect],
                        list->introduce_args(entry, dialect, p), why, p);
    }
    if (rv == APR_SUCCESS) {
        rv = db_execute(&count, db, &list->add[dialect],
                        list->add_args(entry, dialect, p), why, p);
    }
    if (rv == APR_SUCCESS && count != 1) {
        /* MySQL's IGNORE is for any fault of a row, not only for one that is there. */
        rv = blacklist_has(&is_there, db, list, entry->jti, why, p);
        if (rv == APR_SUCCESS && !is_there) {
            *why =
                apr_psprintf(p, "%s does not take a row, and has none such", list->name);
            rv = APR_EGENERAL;
        }
    }
    if (rv == APR_SUCCESS) {
        *added = count == 1;
    }
    return rv;
}

apr_status_t blacklist_probe(db_t *db, const blacklist_t *list, const char **why,
                             apr_pool_t *p)
{
    int ended;

    return blacklist_has(&ended, db, list, "-", why, p);
}

const char *blacklist_name(const blacklist_t *list)
{
    return list->name;
}
