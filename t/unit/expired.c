/* Expired rows: which are deleted, and that it is a batch at a time. */
#include "store/expired.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "tap.h"

#include "sqlite.h"

#define BEFORE 1000

static apr_pool_t *pool;
static db_t db;
static const char *why;

static const char *value(const char *sql)
{
    db_row_t row;

    return db_get_row(&row, &db, db_query_make(sql, pool), NULL, &why, pool) ==
                   APR_SUCCESS
               ? row.values[0]
               : why;
}

/* Rows that all expired at the same time. */
static void add(int count, const char *expires_at)
{
    static int sid;

    while (count--) {
        sqlite_do(&db,
                  apr_psprintf(pool, "INSERT INTO auth_jwt_session VALUES('%032d', %s)",
                               ++sid, expires_at));
    }
}

static int purge(void)
{
    int deleted = -1;

    if (expired_delete(&deleted, &db, EXPIRED_SESSIONS, BEFORE, &why, pool) !=
        APR_SUCCESS) {
        return -2;
    }
    return deleted;
}

static void set_up(void)
{
    db = sqlite_open(":memory:", pool);
    sqlite_do(&db, "CREATE TABLE auth_jwt_session(sid TEXT PRIMARY KEY, expires_at "
                   "INTEGER)");
}

static void test_which(void)
{
    set_up();
    is_int(purge(), 0, "nothing is there");
    add(1, "1000");
    add(1, "1001");
    add(1, "9223372036854775807");
    is_int(purge(), 0, "nothing is old enough");
    add(1, "999");
    add(1, "5");
    is_int(purge(), 2, "what is");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "3", "the others stay");
    is_str(value("SELECT min(expires_at) FROM auth_jwt_session"), "1000", "indeed");
    sqlite_close(&db);
}

/* Of rows that expired in the same second, too, no more than a batch. */
static void test_batches(void)
{
    set_up();
    add(2 * EXPIRED_BATCH + 1, "7");
    add(1, "5000");
    is_int(purge(), EXPIRED_BATCH, "a batch");
    is_int(purge(), EXPIRED_BATCH, "another one");
    is_int(purge(), 1, "what is left");
    is_int(purge(), 0, "nothing");
    is_str(value("SELECT count(*) FROM auth_jwt_session"), "1", "one was good");
    sqlite_close(&db);
}

static void test_faults(void)
{
    set_up();
    add(3, "7");
    sqlite_do(&db, "CREATE TRIGGER never BEFORE DELETE ON auth_jwt_session BEGIN SELECT "
                   "RAISE(ABORT, 'never'); END");
    is_int(purge(), -2, "a database that refuses");
    ok(strstr(why, "never") != NULL, "is asked why");
    sqlite_do(&db, "DROP TRIGGER never");
    db.now += apr_time_from_sec(60);
    is_int(purge(), 3, "later it does not");
    sqlite_do(&db, "DROP TABLE auth_jwt_session");
    db.now += apr_time_from_sec(60);
    is_int(purge(), -2, "no table");
    ok(strstr(why, "no such table") != NULL, "is told, too");
    is_str(expired_table_name(EXPIRED_SESSIONS), "auth_jwt_session", "by its name");
    sqlite_close(&db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_which();
    test_batches();
    test_faults();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
