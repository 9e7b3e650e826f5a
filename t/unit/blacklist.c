/* Blacklists: what a jti must be, who of several ends a token, what Django finds in its
 * own tables afterwards, and that nothing but a count of 0 says that a token is good. */
#include "store/blacklist.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

#include "sqlite.h"

#define NOW APR_INT64_C(1800000000) /* 2027-01-15 08:00:00 UTC */

static apr_pool_t *pool;
static db_t db;
static const char *why;

#define OWN "CREATE TABLE auth_jwt_blacklist(jti TEXT PRIMARY KEY, expires_at INTEGER)"

/* As Django migrates them on SQLite. */
#define DJANGO                                                                           \
    "CREATE TABLE auth_user(id INTEGER PRIMARY KEY AUTOINCREMENT);"                      \
    "INSERT INTO auth_user VALUES(7);"                                                   \
    "CREATE TABLE token_blacklist_blacklistedtoken(blacklisted_at datetime NOT NULL, "   \
    "token_id bigint NOT NULL UNIQUE REFERENCES token_blacklist_outstandingtoken(id) "   \
    "DEFERRABLE INITIALLY DEFERRED, id integer NOT NULL PRIMARY KEY AUTOINCREMENT);"     \
    "CREATE TABLE token_blacklist_outstandingtoken(token text NOT NULL, created_at "     \
    "datetime NULL, expires_at datetime NOT NULL, user_id integer NULL REFERENCES "      \
    "auth_user(id) DEFERRABLE INITIALLY DEFERRED, jti varchar(255) NOT NULL UNIQUE, id " \
    "integer NOT NULL PRIMARY KEY AUTOINCREMENT);PRAGMA foreign_keys = ON"

static void set_up(const char *tables)
{
    db = sqlite_open(":memory:", pool);
    sqlite_do(&db, tables);
}

/* A second later, so that no statement that failed is left alone. */
static void after(void)
{
    db.now += apr_time_from_sec(60);
}

/* 1 ended, 0 not, -1 nobody knows */
static int has(const blacklist_t *list, const char *jti)
{
    int ended = 7;
    apr_status_t rv;

    after();
    rv = blacklist_has(&ended, &db, list, jti, &why, pool);
    return rv == APR_SUCCESS ? ended : ended == 7 ? -1 : -2;
}

static int add_of(const blacklist_t *list, const char *jti, const char *user_id,
                  apr_int64_t expires_at)
{
    blacklist_entry_t entry = {jti, user_id, expires_at, NOW};
    int added = 7;
    apr_status_t rv;

    after();
    rv = blacklist_add(&added, &db, list, &entry, &why, pool);
    return rv == APR_SUCCESS ? added : added == 7 ? -1 : -2;
}

static int add(const blacklist_t *list, const char *jti)
{
    return add_of(list, jti, "7", NOW + 300);
}

/* All values of a row, separated by bars. */
static const char *row_of(const char *sql)
{
    const char *args[] = {NULL}, *text = "";
    db_row_t row;
    int i;

    if (db_get_row(&row, &db, db_query_make(sql, pool), args, &why, pool) !=
        APR_SUCCESS) {
        return why;
    }
    for (i = 0; i < row.columns; i++) {
        text = apr_pstrcat(pool, text, i ? "|" : "",
                           row.values[i] ? row.values[i] : "NULL", NULL);
    }
    return text;
}

static void test_jti(void)
{
    char longest[BLACKLIST_MAX_JTI + 2];

    memset(longest, 'x', sizeof longest);
    longest[BLACKLIST_MAX_JTI + 1] = '\0';
    ok(!blacklist_is_usable(longest), "256 bytes do not fit");
    longest[BLACKLIST_MAX_JTI] = '\0';
    ok(blacklist_is_usable(longest), "255 do");
    ok(blacklist_is_usable("9f86d081884c7d659a2feaa0c55ad015"), "SimpleJWT's");
    ok(blacklist_is_usable("urn:uuid:{x}/~!"), "any plain text");
    ok(!blacklist_is_usable(""), "nothing");
    ok(!blacklist_is_usable("a "), "a blank at the end, which MySQL does not see");
    ok(!blacklist_is_usable("a\tb"), "a control character");
    ok(!blacklist_is_usable("a\x7f"), "DEL");
    ok(!blacklist_is_usable("j\xc3\xbc"), "what a column of another charset would alter");
}

static void test_both(const blacklist_t *list, const char *tables)
{
    set_up(tables);
    is_int(blacklist_probe(&db, list, &why, pool), APR_SUCCESS, blacklist_name(list));
    is_int(has(list, "a"), 0, "a token of which nothing is known");
    is_int(add(list, "a"), 1, "is ended");
    is_int(has(list, "a"), 1, "and has ended");
    is_int(add(list, "a"), 0, "a second time somebody else was first");
    is_int(has(list, "A"), 0, "another case is another token");
    is_int(has(list, "%"), 0, "nor is there a pattern");
    is_int(add(list, "x' OR '1'='1"), 1, "an odd one");
    is_int(has(list, "b"), 0, "is itself alone");
    is_int(add_of(list, "c", "7", APR_INT64_C(9007199254740991)), 1, "the last time");
    is_int(add_of(list, "d", "7", -5), 1, "a time before 1970");
    is_int(has(list, "c") + has(list, "d"), 2, "both are in");
    sqlite_close(&db);
}

static void test_own(void)
{
    set_up(OWN);
    add(&blacklist_own, "a");
    is_str(row_of("SELECT jti, expires_at, typeof(expires_at) FROM auth_jwt_blacklist"),
           "a|1800000300|integer", "the row: jti and when the token ends");
    sqlite_close(&db);
}

static void test_django(void)
{
    set_up(DJANGO);
    add(&blacklist_django, "a");
    is_str(row_of("SELECT token, created_at, expires_at, user_id, jti, id FROM "
                  "token_blacklist_outstandingtoken"),
           "|2027-01-15 08:00:00|2027-01-15 08:05:00|7|a|1",
           "the token's row, without the token");
    is_str(
        row_of("SELECT blacklisted_at, token_id FROM token_blacklist_blacklistedtoken"),
        "2027-01-15 08:00:00|1", "and that it was ended");
    sqlite_do(&db, "INSERT INTO token_blacklist_outstandingtoken(token, expires_at, "
                   "user_id, jti) VALUES('eyJ', '2027-01-16 08:00:00', 7, 'theirs')");
    is_int(has(&blacklist_django, "theirs"), 0, "a token that Django gave is good");
    is_int(add(&blacklist_django, "theirs"), 1, "until it is ended here");
    is_int(has(&blacklist_django, "theirs"), 1, "as Django would");
    is_str(row_of("SELECT token, expires_at FROM token_blacklist_outstandingtoken WHERE "
                  "jti = 'theirs'"),
           "eyJ|2027-01-16 08:00:00", "its row stays as it was");
    is_int(add_of(&blacklist_django, "b", "8", NOW), 1, "of a user who is gone");
    is_int(add_of(&blacklist_django, "c", "7; --", NOW), 1, "of an id that is none");
    is_int(add_of(&blacklist_django, "d", "99999999999999999999", NOW), 1, "or too long");
    is_str(row_of("SELECT count(*) FROM token_blacklist_outstandingtoken WHERE user_id "
                  "IS NULL"),
           "3", "nobody's, as when Django deletes a user");
    add_of(&blacklist_django, "e", "7", APR_INT64_C(9007199254740991));
    is_str(row_of("SELECT expires_at FROM token_blacklist_outstandingtoken WHERE jti = "
                  "'e'"),
           "9999-12-31 23:59:59", "no time that Django could not read");
    sqlite_close(&db);
}

/* Whatever is wrong, the answer is never that a token is good. */
static void test_faults(const blacklist_t *list, const char *tables, const char *table)
{
    set_up(tables);
    sqlite_do(&db, apr_psprintf(pool,
                                "CREATE TRIGGER t BEFORE INSERT ON %s BEGIN SELECT "
                                "RAISE(ABORT, 'no'); END",
                                table));
    is_int(add(list, "a"), -1, "the insert fails");
    sqlite_do(&db, apr_psprintf(pool,
                                "DROP TRIGGER t; CREATE TRIGGER t BEFORE INSERT ON %s "
                                "BEGIN SELECT RAISE(IGNORE); END",
                                table));
    is_int(add(list, "a"), -1, "it is swallowed: nobody says that the token has ended");
    ok(strstr(why, "does not take a row") != NULL, "but why");
    sqlite_do(&db, "DROP TRIGGER t");
    is_int(add(list, "a"), 1, "afterwards it works");
    sqlite_do(&db, apr_psprintf(pool, "ALTER TABLE %s RENAME TO elsewhere", table));
    is_int(has(list, "a"), -1, "no table: that says nothing of the token");
    is_int(has(list, "b"), -1, "of none");
    is_int(add(list, "b"), -1, "nor is any ended");
    ok(blacklist_probe(&db, list, &why, pool) != APR_SUCCESS, "which the start tells");
    sqlite_close(&db);
}

/* Tables without the constraints that make a jti one row. */
static void test_strange(void)
{
    set_up("CREATE TABLE auth_jwt_blacklist(jti, expires_at);"
           "INSERT INTO auth_jwt_blacklist VALUES('a', 1), ('a', 2)");
    is_int(has(&blacklist_own, "a"), -1, "two rows of one token are a fault");
    ok(strstr(why, "neither 0 nor 1") != NULL, "that is told");
    sqlite_close(&db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_jti();
    test_both(&blacklist_own, OWN);
    test_both(&blacklist_django, DJANGO);
    test_own();
    test_django();
    test_faults(&blacklist_own, OWN, "auth_jwt_blacklist");
    test_faults(&blacklist_django, DJANGO, "token_blacklist_blacklistedtoken");
    test_strange();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
