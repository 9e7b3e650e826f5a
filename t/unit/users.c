/* Users from a table: the SQL that is made for it, what counts as active, and which row
 * is a user at all. */
#include "store/users.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

#include "sqlite.h"

static apr_pool_t *pool;

static const char *name_of(const char *subject, const char *reason)
{
    return apr_psprintf(pool, "'%s': %s", subject, reason);
}

static users_t preset(void)
{
    users_t users = {NULL};

    users_table(&users, "auth_jwt_user", users_column_names, pool);
    return users;
}

/* Own SQL without conditions, so that rows of any shape can be shown to the code. */
static users_t showing(const char *select)
{
    const char *sql = apr_pstrcat(pool, "SELECT ", select, " WHERE %s IS NOT NULL", NULL);
    users_t users = {"test", db_query_make(sql, pool), db_query_make(sql, pool), NULL};

    return users;
}

/* --- Making queries -------------------------------------------------------------- */

static void test_table(void)
{
    static const char *const theirs[USERS_COLUMNS] = {"uid", "login", "pw_hash",
                                                      "enabled"};
    static const char *const all_active[USERS_COLUMNS] = {"uid", "login", "pw_hash",
                                                          NULL};
    users_t users = preset();

    is_str(users.by_name->sql,
           "SELECT id AS id, username AS username, is_active AS is_active, password AS "
           "password FROM auth_jwt_user WHERE username = %s",
           "the preset, by name");
    is_str(users.by_id->sql,
           "SELECT id AS id, username AS username, is_active AS is_active, password AS "
           "password FROM auth_jwt_user WHERE id = %s",
           "by id, with the hash, whose change ends sessions");
    is_str(users_table(&users, "shop.members", theirs, pool), NULL, "other names");
    is_str(
        users.by_name->sql,
        "SELECT uid AS id, login AS username, enabled AS is_active, pw_hash AS password "
        "FROM shop.members WHERE login = %s",
        "stand where they belong");
    is_str(users_table(&users, "members", all_active, pool), NULL, "no is_active");
    is_str(users.by_id->sql,
           "SELECT uid AS id, login AS username, pw_hash AS password FROM members WHERE "
           "uid = %s",
           "is not asked for");
}

static void test_presets(void)
{
    static const struct {
        const char *name, *by_name;
        int does_rehash;
    } cases[] = {
        {"auth_jwt",
         "SELECT id AS id, username AS username, is_active AS is_active, password AS "
         "password FROM auth_jwt_user WHERE username = %s",
         0},
        {"django",
         "SELECT id AS id, username AS username, is_active AS is_active, password AS "
         "password FROM auth_user WHERE username = %s",
         1},
        {"WordPress",
         "SELECT ID AS id, user_login AS username, user_pass AS password FROM wp_users "
         "WHERE user_login = %s",
         1},
        {"wordpress:site2.blog_",
         "SELECT ID AS id, user_login AS username, user_pass AS password FROM "
         "site2.blog_users WHERE user_login = %s",
         1},
        {"laravel",
         "SELECT id AS id, email AS username, password AS password FROM users WHERE "
         "email = %s",
         1},
    };
    users_t users = {NULL};
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_str(users_preset(&users, cases[i].name, pool), NULL,
               name_of(cases[i].name, "a preset"));
        is_str(users.by_name->sql, cases[i].by_name,
               name_of(cases[i].name, "its table and columns"));
        ok(users.by_id && users.ids,
           name_of(cases[i].name, "asks by id on every database"));
        is_int(users.does_rehash, cases[i].does_rehash,
               name_of(cases[i].name, "whether hashes change at its own logins"));
    }
    is_str(users_table(&users, "members", users_column_names, pool), NULL, "any table");
    is_int(users.does_rehash, 0, "another table's application is not known to");
}

static void test_bad_names(void)
{
    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"", "empty"},
        {"1st", "begins with a digit"},
        {"a b", "a blank"},
        {"a-b", "a minus"},
        {"a;DROP TABLE b", "SQL"},
        {"\"a\"", "quotes"},
        {"a%s", "a placeholder"},
        {"a.b.c", "two schemas"},
        {"a.", "half a name"},
        {".a", "the other half"},
        {"a,b", "two names"},
        {"\xc3\xa4", "no ASCII"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *columns[USERS_COLUMNS] = {"id", cases[i].name, "password", NULL};
        users_t users = {NULL};
        const char *error = users_table(&users, cases[i].name, users_column_names, pool);

        ok(error && strstr(error, "no plain table name") && !users.by_name,
           name_of(cases[i].name, cases[i].reason));
        error = users_table(&users, "t", columns, pool);
        ok(error && strstr(error, "no plain column name") && !users.by_name,
           name_of(cases[i].name, "nor as a column"));
    }
}

static void test_own_sql(void)
{
    static const struct {
        const char *sql, *error, *reason;
    } cases[] = {
        {"SELECT 1 WHERE a = %s", NULL, "one placeholder"},
        {"SELECT 1 WHERE a = %d", NULL, "of another type"},
        {"SELECT 1 WHERE a LIKE 'x%' AND b = %s", NULL, "a percent sign that is none"},
        {"SELECT 1", "has 0 placeholders", "none: one answer for everybody"},
        {"SELECT 1 WHERE a = %s AND b = %s", "has 2 placeholders",
         "the driver would read on"},
        {"SELECT 1 WHERE a = %pDb", "has 4 placeholders", "likewise"},
        {"SELECT '%foo' WHERE a = %s", "has 2 placeholders", "forgotten to double"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const db_query_t *query = NULL;
        const char *error = users_query(&query, cases[i].sql, pool);

        ok(cases[i].error ? error && strstr(error, cases[i].error) && !query
                          : !error && query,
           name_of(cases[i].sql, cases[i].reason));
    }
}

/* --- Rows ------------------------------------------------------------------------ */

static void test_active(void)
{
    static const struct {
        const char *sql;
        int is_active;
        const char *reason;
    } cases[] = {
        {"1", 1, "SQLite, MySQL"},
        {"'t'", 1, "PostgreSQL"},
        {"'true'", 1, "a word"},
        {"'TRUE'", 1, "in any case"},
        {"'y'", 1, "a letter"},
        {"'Yes'", 1, "another word"},
        {"0", 0, "no"},
        {"'f'", 0, "PostgreSQL"},
        {"'false'", 0, "a word"},
        {"'n'", 0, "a letter"},
        {"NULL", 0, "unknown is no permission"},
        {"''", 0, "nor is nothing"},
        {"2", 0, "nor is another number"},
        {"-1", 0, "likewise"},
        {"1.0", 0, "likewise"},
        {"'01'", 0, "likewise"},
        {"' 1'", 0, "a blank"},
        {"'t rue'", 0, "blanks are not skipped"},
        {"'truely'", 0, "more than a word"},
        {"'tr'", 0, "less than a word"},
        {"x'01'", 0, "a bit, which MySQL gives as a byte"},
        {"x'00'", 0, "likewise"},
        {"'active'", 0, "a word of somebody else"},
    };
    db_t db = sqlite_open(":memory:", pool);
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        users_t users = showing(apr_psprintf(
            pool, "1 AS id, 'alice' AS username, '' AS password, %s AS is_active",
            cases[i].sql));
        const char *why = NULL;
        user_t user = {.is_active = -1};

        users_by_name(&user, &users, &db, "", &why, pool);
        is_int(user.is_active, cases[i].is_active,
               name_of(cases[i].sql, cases[i].reason));
    }
    sqlite_close(&db);
}

static void test_rows(void)
{
    static const struct {
        const char *select, *error, *reason;
    } cases[] = {
        {"1 AS id, 'a' AS username, 'h' AS password", NULL,
         "the least that there must be"},
        {"1 AS ID, 'a' AS UserName, 'h' AS PASSWORD", NULL, "in any case"},
        {"1 AS id, 'a' AS username, NULL AS password", NULL, "no password"},
        {"'a' AS username, 'h' AS password", "gives no column id", "forgotten"},
        {"1 AS id, 'h' AS password", "gives no column username", "forgotten"},
        {"1 AS uid, 'a' AS username, 'h' AS password",
         "gives no column id; add it, or \"AS id\"", "not renamed"},
        {"NULL AS id, 'a' AS username, 'h' AS password", "no id; every user", "NULL"},
        {"'' AS id, 'a' AS username, 'h' AS password", "no id", "empty"},
        {"7 AS id, NULL AS username, 'h' AS password",
         "no username; every user needs one "
         "(id '7')",
         "NULL"},
        {"7 AS id, '' AS username, 'h' AS password", "no username", "empty"},
        {"7 AS id, 'a' || char(10) || 'b' AS username, 'h' AS password",
         "username has a control character; mend that row (id '7')",
         "a new line in a log"},
        {"7 AS id, char(13) AS username, 'h' AS password", "control character",
         "one alone"},
        {"7 AS id, 'a' || char(127) AS username, 'h' AS password", "control character",
         "DEL"},
        {"7 AS id, 'a' || char(0) || 'b' AS username, 'h' AS password", "no username",
         "cut off, it would be somebody else's"},
        {"7 || char(0) || 1 AS id, 'a' AS username, 'h' AS password", "no id",
         "likewise"},
        {"'7' || char(9) AS id, 'a' AS username, 'h' AS password", "id has a control",
         "a tab"},
        {"1 AS id, 'zo\xc3\xab' AS username, 'h' AS password", NULL, "UTF-8 has none"},
    };
    db_t db = sqlite_open(":memory:", pool);
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        users_t users = showing(cases[i].select);
        const char *why = "(unset)";
        user_t user = {.id = "untouched"};
        apr_status_t rv = users_by_name(&user, &users, &db, "", &why, pool);

        if (!cases[i].error) {
            ok(rv == APR_SUCCESS, name_of(cases[i].select, cases[i].reason));
        } else if (!ok(rv == APR_EGENERAL && strstr(why, cases[i].error) &&
                           strcmp(user.id, "untouched") == 0,
                       name_of(cases[i].select, cases[i].reason))) {
            fprintf(stderr, "#      got: %d, %s\n# expected: %s\n", rv, why,
                    cases[i].error);
        }
    }
    sqlite_close(&db);
}

static void test_two(void)
{
    users_t users = showing("id, name AS username, '' AS password FROM u");
    db_t db = sqlite_open(":memory:", pool);
    const char *why = NULL;
    user_t user;

    sqlite_do(&db, "CREATE TABLE u(id, name); INSERT INTO u VALUES(1, 'a'), (1, 'a')");
    is_int(users_by_name(&user, &users, &db, "a", &why, pool), APR_EGENERAL,
           "two rows by name");
    is_int(users_by_id(&user, &users, &db, "1", &why, pool), APR_EGENERAL,
           "two rows by id");
    sqlite_close(&db);
}

/* --- Finding --------------------------------------------------------------------- */

static db_t open_table(void)
{
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, "CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username TEXT, "
                   "password TEXT, is_active INTEGER);"
                   "INSERT INTO auth_jwt_user VALUES(1, 'alice', 'hash', 1), "
                   "(9223372036854775807, 'max', 'hash', 0), (-5, 'minus', 'hash', 1);");
    return db;
}

static void test_by_name(void)
{
    users_t users = preset();
    db_t db = open_table();
    const char *why = NULL;
    user_t user = {NULL};

    is_int(users_by_name(&user, &users, &db, "alice", &why, pool), APR_SUCCESS, "alice");
    is_str(user.id, "1", "her id");
    is_str(user.username, "alice", "her name");
    is_str(user.password, "hash", "her hash");
    is_int(users_by_name(&user, &users, &db, "Alice", &why, pool), APR_NOTFOUND,
           "this database tells case");
    is_int(users_by_name(&user, &users, &db, "", &why, pool), APR_NOTFOUND, "nobody");
    is_int(users_by_id(&user, &users, &db, "1", &why, pool), APR_SUCCESS, "by id");
    is_str(user.password, "hash", "with the hash, too");
    is_int(users_by_id(&user, &users, &db, "-5", &why, pool), APR_SUCCESS,
           "a negative one");
    is_int(users_by_id(&user, &users, &db, "9223372036854775807", &why, pool),
           APR_SUCCESS, "the largest");
    is_int(user.is_active, 0, "not active");
    sqlite_close(&db);
}

/* SQLite, like MySQL, converts these to 1 or rounds them to another id. */
static const char *const other_spellings[] = {
    "01",
    "1.0",
    "+1",
    " 1",
    "1 ",
    "1e0",
    "0x1",
    "1abc",
    "",
    "\xef\xbc\x91",
    "--1",
    "-0",
    "9223372036854775808",
    "18446744073709551617",
    "100000000000000000000000000000000",
};

static void test_byte_for_byte(const char *driver_name)
{
    users_t users = preset();
    db_t db = open_table();
    apr_dbd_driver_t driver = *db.driver;
    apr_size_t i;

    driver.name = driver_name;
    db.driver = &driver;
    for (i = 0; i < sizeof other_spellings / sizeof *other_spellings; i++) {
        const char *why = NULL, *id = other_spellings[i];
        user_t user = {.id = "untouched"};

        is_int(users_by_id(&user, &users, &db, id, &why, pool), APR_NOTFOUND,
               name_of(id, driver_name));
        ok(why && strcmp(user.id, "untouched") == 0, "nobody, and a reason");
    }
    db.driver = sqlite_driver(pool);
    sqlite_close(&db);
}

/* t/databases.t has the same with the other databases. */
static void test_other_keys(void)
{
    static const char *const columns[USERS_COLUMNS] = {"uid", "name", "pw", NULL};
    static const struct {
        const char *type, *id, *nobody;
    } cases[] = {
        {"CHAR(32)", "6ccd780cbaba102695645b8c656024db",
         "6CCD780CBABA102695645B8C656024DB"},
        {"UUID", "6ccd780c-baba-1026-9564-5b8c656024db",
         "6ccd780cbaba102695645b8c656024db"},
        {"TEXT", "alice", "Alice"},
        {"TEXT COLLATE NOCASE", "alice", "Alice"},
        {"TEXT", "01", "1"},
        {"BIGINT", "9007199254740993", "9007199254740992"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        db_t db = sqlite_open(":memory:", pool);
        users_t users = {NULL};
        const char *why = NULL;
        user_t user = {NULL};

        sqlite_do(&db, apr_psprintf(pool,
                                    "CREATE TABLE m(uid %s UNIQUE, name, pw); "
                                    "INSERT INTO m VALUES('%s', 'n', 'h')",
                                    cases[i].type, cases[i].id));
        users_table(&users, "m", columns, pool);
        is_int(users_by_id(&user, &users, &db, cases[i].id, &why, pool), APR_SUCCESS,
               name_of(cases[i].id, cases[i].type));
        is_str(user.id, cases[i].id, "as it stands there");
        is_int(users_by_id(&user, &users, &db, cases[i].nobody, &why, pool), APR_NOTFOUND,
               name_of(cases[i].nobody, "is somebody else"));
        sqlite_close(&db);
    }
}

static void test_probe(void)
{
    users_t users = preset(), half;
    const char *why = NULL;
    db_t db = sqlite_open(":memory:", pool);

    is_int(users_probe(&users, &db, &why, pool), APR_EGENERAL, "no table");
    ok(strstr(why, "no such table: auth_jwt_user") != NULL, "it is named");
    sqlite_close(&db);
    db = open_table();
    is_int(users_probe(&users, &db, &why, pool), APR_SUCCESS, "a table");
    half = (users_t){"test", db_query_make(users.by_name->sql, pool),
                     db_query_make("SELECT id FROM auth_jwt_user WHERE uid = %s", pool),
                     NULL};
    is_int(users_probe(&half, &db, &why, pool), APR_EGENERAL,
           "the second query is tried, too");
    sqlite_close(&db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_table();
    test_presets();
    test_bad_names();
    test_own_sql();
    test_active();
    test_rows();
    test_two();
    test_by_name();
    test_byte_for_byte("sqlite3");
    test_byte_for_byte("mysql");
    test_other_keys();
    test_probe();
    apr_terminate();
    return done_testing();
}
