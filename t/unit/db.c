/* One row or none from SQLite, and what becomes of a statement when the database
 * changes, fails, or is another one than before. */
#include "store/db.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

#include "sqlite.h"

#define USERS                                                                            \
    "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, note TEXT);"                  \
    "INSERT INTO users VALUES(1, 'alice', NULL), (2, 'bob', ''), (3, 'bob', 'twice'),"   \
    "(4, 'al' || char(0) || 'ice', 'with a NUL'), (5, 'zo\xc3\xab', 'UTF-8');"

#define SECOND apr_time_from_sec(1)

static apr_pool_t *pool;

static const char *name_of(const char *subject, const char *reason)
{
    return apr_pstrcat(pool, subject, ": ", reason, NULL);
}

/* Column NAME of the one row, "(NULL)", "(none)", or "error: why". */
static const char *ask(db_t *db, const char *sql, const char *arg, const char *column)
{
    const db_query_t *query = db_query_make(sql, pool);
    const char *why = "(unset)", *value = NULL;
    db_row_t row;
    apr_status_t rv;

    rv = db_get_row(&row, db, query, &arg, &why, pool);
    if (rv == APR_NOTFOUND) {
        return "(none)";
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(pool, "error%s: %s", rv == APR_EGENERAL ? "" : " of a kind",
                            why);
    }
    if (!db_row_find(&value, &row, column)) {
        return "(no column)";
    }
    return value ? value : "(NULL)";
}

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int has(const char *text, const char *part)
{
    int found = strstr(text, part) != NULL;

    if (!found) {
        fprintf(stderr, "# '%s' is not in: %s\n", part, text);
    }
    return found;
}

/* --- Queries --------------------------------------------------------------------- */

static void test_params(void)
{
    static const struct {
        const char *sql;
        int params;
        const char *reason;
    } cases[] = {
        {"SELECT 1", 0, "none"},
        {"SELECT 1 WHERE a = %s", 1, "one"},
        {"SELECT 1 WHERE a = '%s'", 1, "APR sees no quotes"},
        {"SELECT 1 WHERE a LIKE '%%s' AND b = %s", 1, "a doubled sign is none"},
        {"SELECT 1 WHERE a = %s AND b = %d", 2, "two"},
        {"SELECT 1 WHERE a = %lld", 1, "a longer name"},
        {"SELECT 1 WHERE a LIKE '%' || %s", 1,
         "APR takes a sign before a quote as it is"},
        {"SELECT 10 % 3", 0, "and one before a blank"},
        {"SELECT 1 WHERE a = %s AND b > 5%", 1, "and one at the end"},
        {"SELECT 1 WHERE a = %%%s", 1, "three signs"},
        {"SELECT 1 WHERE a = %pDb", 4, "drivers read four values for a binary one"},
        {"SELECT 1 WHERE a = %pDc", 4, "likewise"},
        {"SELECT 1 WHERE a = %pDt", 1, "a text"},
        {"%", 0, "nothing else"},
        {"", 0, "nothing at all"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int(db_query_make(cases[i].sql, pool)->params, cases[i].params,
               name_of(cases[i].sql, cases[i].reason));
    }
}

/* --- Rows ------------------------------------------------------------------------ */

static void test_rows(void)
{
    static const char by_id[] = "SELECT id, name, note FROM users WHERE id = %s";
    static const char by_name[] = "SELECT id, name FROM users WHERE name = %s";
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, USERS);
    is_str(ask(&db, by_id, "1", "name"), "alice", "the value of the one row");
    is_str(ask(&db, by_id, "1", "id"), "1", "numbers come as text");
    is_str(ask(&db, by_id, "1", "note"), "(NULL)", "NULL is told from a text");
    is_str(ask(&db, by_id, "2", "note"), "", "and an empty text from NULL");
    is_str(ask(&db, by_id, "5", "name"), "zo\xc3\xab", "UTF-8 stays as it is");
    is_str(ask(&db, by_id, "4", "name"), "(NULL)", "a text with a NUL byte is none");
    is_str(ask(&db, by_id, "4", "note"), "with a NUL", "and its neighbour stays");
    is_str(ask(&db, by_id, "9", "id"), "(none)", "no row");
    is_str(ask(&db, by_name, "alice", "id"), "1", "by text");
    is_str(ask(&db, by_name, "nobody", "id"), "(none)", "nobody");
    is_str(ask(&db, by_name, "' OR 1=1 --", "id"), "(none)", "an argument is never SQL");
    is_str(ask(&db, by_name, "%s", "id"), "(none)", "nor a placeholder");
    ok(begins(ask(&db, by_name, "bob", "id"), "error: more than one row"),
       "two rows are an error");
    is_str(ask(&db, by_name, "alice", "id"), "1", "and harm nobody else");
    is_str(ask(&db, "SELECT 7 AS a, 10 % 3 AS b WHERE %s LIKE '%%x%%'", "axb", "b"), "1",
           "percent signs are SQL's again");
    sqlite_close(&db);
}

/* How many rows a statement changed, or -1 with the reason as a comment. */
static int change(db_t *db, const char *sql, const char *arg)
{
    const db_query_t *query = db_statement_make(sql, pool);
    const char *why = "(unset)";
    int affected = -1;

    if (db_execute(&affected, db, query, &arg, &why, pool) != APR_SUCCESS) {
        printf("# %s\n", why);
        return -1;
    }
    return affected;
}

static void test_changes(void)
{
    static const char rename[] = "UPDATE users SET name = 'x' WHERE name = %s";
    static const char insert[] = "INSERT INTO users(id, name) VALUES(%s, 'new')";
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, USERS);
    is_int(change(&db, rename, "alice"), 1, "one row is changed");
    is_int(change(&db, rename, "alice"), 0, "and none the second time");
    is_int(change(&db, rename, "bob"), 2, "two");
    is_int(change(&db, insert, "9"), 1, "a row is added");
    is_int(change(&db, insert, "9"), -1, "not twice");
    is_int(change(&db, rename, "nobody"), 0,
           "the count of a statement that failed is not that of the next");
    is_int(change(&db, "UPDATE missing SET a = %s", "1"), -1, "no such table");
    is_str(ask(&db, "SELECT name FROM users WHERE id = %s", "9", "name"), "new",
           "and questions go on");
    sqlite_close(&db);
}

static void test_many_rows(void)
{
    const char *why = "(unset)", *least = "1", *value = NULL;
    const db_query_t *query =
        db_query_make("SELECT id FROM users WHERE id > %s ORDER BY id", pool);
    const apr_array_header_t *rows = NULL;
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, USERS);
    is_int(db_get_rows(&rows, 3, &db, query, &least, &why, pool), APR_SUCCESS, "rows");
    is_int(rows->nelts, 3, "no more than asked for");
    db_row_find(&value, &APR_ARRAY_IDX(rows, 2, db_row_t), "id");
    is_str(value, "4", "in their order");
    least = "4";
    db_get_rows(&rows, 3, &db, query, &least, &why, pool);
    is_int(rows->nelts, 1, "or as many as there are");
    least = "5";
    is_int(db_get_rows(&rows, 3, &db, query, &least, &why, pool), APR_SUCCESS,
           "none is an answer, too");
    is_int(rows->nelts, 0, "of no row");
    sqlite_close(&db);
}

static void test_names(void)
{
    static const char sql[] = "SELECT 1 AS ID, 2 AS \"user name\", 3 AS Username, 4 AS "
                              "\"is active\" WHERE %s = ''";
    db_t db = sqlite_open(":memory:", pool);

    is_str(ask(&db, sql, "", "id"), "1", "a column's case does not matter");
    is_str(ask(&db, sql, "", "username"), "3", "a blank does");
    is_str(ask(&db, sql, "", "is_active"), "(no column)", "no column is not NULL");
    sqlite_close(&db);
}

static void test_outputs(void)
{
    const db_query_t *query = db_query_make("SELECT name FROM users WHERE id = %s", pool);
    db_row_t row = {.columns = -7};
    const char *why = "unset", *arg = "9";
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, USERS);
    db_get_row(&row, &db, query, &arg, &why, pool);
    is_int(row.columns, -7, "without a row the answer is untouched");
    is_str(why, "no row", "and there is a reason");
    query = db_query_make("SELECT absent FROM users WHERE id = %s", pool);
    db_get_row(&row, &db, query, &arg, &why, pool);
    is_int(row.columns, -7, "and after an error");
    ok(has(why, "no such column: absent") &&
           has(why, "check that the table and its columns"),
       "cause and cure are named");
    sqlite_close(&db);
}

/* --- A driver with faults -------------------------------------------------------- */

static struct {
    apr_dbd_driver_t driver;
    const apr_dbd_driver_t *real;
    int prepares, selects, checks, queries;
    int failing_selects;  /* so many fail from now on */
    int failing_prepares; /* likewise */
    int is_dead;          /* what check_conn finds */
    const char *error;    /* in place of the driver's text */
    const char *last_query;
    int row_error; /* get_row's answer */
} fake;

static int fake_prepare(apr_pool_t *p, apr_dbd_t *handle, const char *sql,
                        const char *label, int nargs, int nvals, apr_dbd_type_e *types,
                        apr_dbd_prepared_t **out)
{
    fake.prepares++;
    if (fake.failing_prepares > 0) {
        fake.failing_prepares--;
        return 7;
    }
    return fake.real->prepare(p, handle, sql, label, nargs, nvals, types, out);
}

static int fake_pselect(apr_pool_t *p, apr_dbd_t *handle, apr_dbd_results_t **out,
                        apr_dbd_prepared_t *prepared, int seek, const char **args)
{
    fake.selects++;
    if (fake.failing_selects > 0) {
        fake.failing_selects--;
        return 7;
    }
    return fake.real->pselect(p, handle, out, prepared, seek, args);
}

static int fake_query(apr_dbd_t *handle, int *rows, const char *sql)
{
    (void)handle;
    *rows = 0;
    fake.queries++;
    fake.last_query = apr_pstrdup(pool, sql);
    return 7;
}

static int fake_get_row(apr_pool_t *p, apr_dbd_results_t *results, apr_dbd_row_t **row,
                        int number)
{
    return fake.row_error ? fake.row_error : fake.real->get_row(p, results, row, number);
}

static apr_status_t fake_check(apr_pool_t *p, apr_dbd_t *handle)
{
    (void)p;
    (void)handle;
    fake.checks++;
    return fake.is_dead ? APR_EGENERAL : APR_SUCCESS;
}

static const char *fake_error(apr_dbd_t *handle, int rv)
{
    return fake.error ? fake.error : fake.real->error(handle, rv);
}

/* A database in memory with one good statement behind it, driven by the fake. */
static db_t open_fake(const char *driver_name)
{
    db_t db = sqlite_open(":memory:", pool);

    sqlite_do(&db, USERS);
    memset(&fake, 0, sizeof fake);
    fake.real = db.driver;
    fake.driver = *db.driver;
    fake.driver.name = driver_name;
    fake.driver.prepare = fake_prepare;
    fake.driver.pselect = fake_pselect;
    fake.driver.query = fake_query;
    fake.driver.get_row = fake_get_row;
    fake.driver.check_conn = fake_check;
    fake.driver.error = fake_error;
    db.driver = &fake.driver;
    return db;
}

static const char one[] = "SELECT id, name FROM users WHERE id = %s";

static const char *ask_one(db_t *db)
{
    return ask(db, one, "1", "name");
}

static void test_prepared_once(void)
{
    db_t db = open_fake("sqlite3");

    ask_one(&db);
    ask_one(&db);
    ask(&db, one, "2", "name");
    is_int(fake.prepares, 1, "a statement is prepared once");
    ask(&db, "SELECT id FROM users WHERE name = %s", "alice", "id");
    is_int(fake.prepares, 2, "and another one apart from it");
    is_int(fake.selects, 4, "each question asks once");
    sqlite_close(&db);
}

/* A restarted server has forgotten the statement. */
static void test_forgotten(void)
{
    db_t db = open_fake("mysql");

    ask_one(&db);
    fake.failing_selects = 1;
    is_str(ask_one(&db), "alice", "a statement that failed is prepared again, unseen");
    is_int(fake.prepares, 2, "once");
    is_int(fake.queries, 0, "with nothing else, except on PostgreSQL");
    fake.failing_selects = 2;
    ok(begins(ask_one(&db), "error: mysql says"), "failing again is an error");
    is_str(ask_one(&db), "alice", "which does not stick");
    sqlite_close(&db);
}

static void test_dead(void)
{
    db_t db = open_fake("mysql");

    ask_one(&db);
    fake.failing_selects = 1;
    fake.is_dead = 1;
    ok(begins(ask_one(&db), "error: "), "without a connection nothing is tried again");
    is_int(fake.prepares, 1, "nor prepared");
    fake.is_dead = 0;
    fake.failing_selects = 1;
    is_str(ask_one(&db), "alice", "with one it is");
    sqlite_close(&db);
}

static void test_postgresql(void)
{
    db_t db = open_fake("pgsql");

    ask_one(&db);
    is_int(fake.queries, 0, "a first preparation needs no room");
    fake.failing_selects = 1;
    is_str(ask_one(&db), "alice", "PostgreSQL: prepared again");
    ok(fake.last_query && begins(fake.last_query, "DEALLOCATE auth_jwt_"),
       "after the old one is given up, whether or not there is one");
    sqlite_close(&db);
}

/* What fails for one value may be good for all others. */
static void test_bad_value(void)
{
    db_t db = open_fake("mysql");

    fake.failing_selects = 2;
    ok(begins(ask_one(&db), "error: "), "a value that the database cannot take");
    is_str(ask(&db, one, "2", "name"), "bob", "keeps nobody else out, not for a moment");
    is_int(fake.prepares, 2, "the statement stays as it is");
    sqlite_close(&db);
}

/* A database that is down is asked, but not made to prepare, more than once a second. */
static void test_pause(void)
{
    db_t db = open_fake("mysql");
    int i;

    fake.failing_prepares = 1000;
    fake.error = "no such table: users";
    for (i = 0; i < 50; i++) {
        ok(begins(ask_one(&db), "error: mysql says: no such table"), "down");
        db.now += SECOND / 10;
    }
    is_int(fake.prepares, 5, "fifty questions in five seconds, five tries");
    is_int(fake.selects, 0, "and nothing is asked without a statement");
    fake.failing_prepares = 0;
    db.now += SECOND;
    is_str(ask_one(&db), "alice", "a second later all is well");
    fake.failing_prepares = 1;
    fake.failing_selects = 1;
    db.now += SECOND;
    ok(begins(ask_one(&db), "error: "), "down again");
    db.now -= 3600 * SECOND;
    is_str(ask_one(&db), "alice", "a clock that was set back makes nobody wait");
    sqlite_close(&db);
}

/* Where preparing anew is in vain, SQLite's driver keeps the old statements. */
static void test_in_vain(void)
{
    db_t db = open_fake("mysql");
    int i;

    ask_one(&db);
    fake.failing_selects = 1000000;
    fake.error = "disk I/O error";
    for (i = 0; i < 320; i++) {
        db.now += SECOND;
        ask_one(&db);
    }
    ok(fake.prepares <= 1 + 5 + 320 / 16, "they become rare");
    ok(fake.prepares >= 10, "and never stop");
    fake.failing_selects = 0;
    is_str(ask_one(&db), "alice", "the statement itself is good at once");
    fake.failing_selects = 1;
    is_str(ask_one(&db), "alice", "and prepared at once when it fails the next time");
    sqlite_close(&db);
}

static void test_row_errors(void)
{
    db_t db = open_fake("mysql");

    ask_one(&db);
    fake.row_error = 2013;
    fake.error = "lost connection";
    ok(begins(ask_one(&db), "error: mysql says: lost connection"),
       "an error while reading is not \"no row\"");
    fake.row_error = -1;
    is_str(ask_one(&db), "(none)", "as -1 is");
    sqlite_close(&db);
}

static void test_reasons(void)
{
    db_t db = open_fake("pgsql");

    fake.failing_prepares = 1;
    fake.error = "ERROR:  relation \"x\"\nLINE 1: SELECT\n\t\x1b[31m";
    ok(has(ask_one(&db),
           "pgsql says: ERROR:  relation \"x\" LINE 1: SELECT   [31m (code 7)"),
       "one line, whatever the driver says");
    db.now += SECOND;
    fake.failing_prepares = 1;
    fake.error = "";
    ok(has(ask_one(&db), "no reason given"), "or if it says nothing");
    sqlite_close(&db);
}

/* --- Files ----------------------------------------------------------------------- */

static const char *directory(void)
{
    static char *path;

    if (!path) {
        path = apr_pstrdup(pool, "/tmp/auth-jwt-unit-XXXXXX");
        if (!mkdtemp(path)) {
            perror(path);
            exit(1);
        }
    }
    return path;
}

static const char *file(const char *name)
{
    return apr_pstrcat(pool, directory(), "/", name, NULL);
}

/* A database file whose user 1 has this name. */
static const char *make_file(const char *name, const char *user)
{
    const char *path = file(name);
    db_t db = sqlite_open(path, pool);

    sqlite_do(&db, apr_psprintf(pool,
                                "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);"
                                "INSERT INTO users VALUES(1, '%s')",
                                user));
    sqlite_close(&db);
    return path;
}

static void test_schema(void)
{
    const char *path = make_file("schema.db", "alice");
    db_t db = sqlite_open(path, pool), other = sqlite_open(path, pool);

    is_str(ask_one(&db), "alice", "before");
    sqlite_do(&other, "ALTER TABLE users ADD COLUMN more TEXT DEFAULT 'new'");
    is_str(ask(&db, "SELECT id FROM users WHERE name = %s", "alice", "id"), "1",
           "a column is added by somebody else, then a statement is new");
    is_str(ask_one(&db), "alice", "and one is old");
    is_str(ask(&db, "SELECT * FROM users WHERE id = %s", "1", "more"), "new",
           "and is seen");
    sqlite_do(&other, "ALTER TABLE users RENAME COLUMN name TO login");
    ok(has(ask_one(&db), "no such column: name"), "one is renamed");
    db.now += SECOND;
    sqlite_do(&other, "ALTER TABLE users RENAME COLUMN login TO name");
    is_str(ask_one(&db), "alice", "and renamed back");
    sqlite_do(&other, "DROP TABLE users");
    ok(has(ask_one(&db), "no such table: users"), "the table is dropped");
    sqlite_do(&other, "CREATE TABLE users(id INTEGER PRIMARY KEY, name); INSERT INTO "
                      "users VALUES(1, 'alicia')");
    ok(has(ask_one(&db), "no such table"), "not asked again within a second");
    db.now += SECOND;
    is_str(ask_one(&db), "alicia", "but then");
    sqlite_close(&other);
    sqlite_close(&db);
}

/* SQLite prepares by the schema that it knows, and finds out later. */
static void test_schema_known_too_well(void)
{
    static const char other_query[] = "SELECT id FROM users WHERE id = %s";
    const char *path = make_file("known.db", "alice");
    db_t db = sqlite_open(path, pool), other = sqlite_open(path, pool);

    sqlite_do(&other, "ALTER TABLE users RENAME COLUMN name TO login");
    ok(has(ask_one(&db), "no such column: name"), "a column is missing");
    sqlite_do(&other, "ALTER TABLE users RENAME COLUMN login TO name");
    is_str(ask(&db, other_query, "1", "id"), "1", "it is back, as another statement saw");
    sqlite_do(&other, "ALTER TABLE users ADD COLUMN more TEXT");
    db.now += SECOND;
    is_str(ask_one(&db), "alice", "one more change is noticed after the preparation");
    sqlite_close(&other);
    sqlite_close(&db);
}

static void test_locked(void)
{
    const char *path = make_file("locked.db", "alice");
    db_t db = sqlite_open(path, pool), other = sqlite_open(path, pool);
    db_t fresh = sqlite_open(path, pool);
    apr_time_t began, took;
    const char *answer;

    ask_one(&db);
    sqlite_do(&other, "BEGIN EXCLUSIVE");
    began = apr_time_now();
    answer = ask_one(&db);
    took = apr_time_now() - began;
    ok(has(answer, "database is locked") && has(answer, "write briefly"),
       "cause and cure");
    ok(took > SECOND && took < 2 * SECOND + SECOND / 2, "waited for once, not twice");
    began = apr_time_now();
    answer = ask_one(&fresh);
    took = apr_time_now() - began;
    ok(has(answer, "database is locked"), "likewise on a new connection");
    ok(took > SECOND / 2 && took < 2 * SECOND, "which waits, too");
    sqlite_do(&other, "COMMIT");
    is_str(ask_one(&db), "alice", "well as soon as the lock is gone");
    is_str(ask_one(&fresh), "alice", "there, too");
    sqlite_close(&fresh);
    sqlite_close(&other);
    sqlite_close(&db);
}

/* The same a millisecond after the last time. */
static const char *use_one(db_t *db)
{
    static apr_time_t later;

    later += SECOND / 1000;
    db->now += later;
    return ask_one(db);
}

static void test_replaced(void)
{
    const char *path = make_file("site.db", "old"), *next = make_file("next.db", "new");
    const char *gone = file("gone.db");
    db_t db = sqlite_open(path, pool), copy = db;

    is_str(use_one(&copy), "old", "the file as it was opened");
    rename(next, path);
    is_str(ask_one(&copy), "old", "not looked for within a millisecond");
    is_str(use_one(&copy), "new", "another one in its place");
    is_str(use_one(&copy), "new", "and again");
    copy = db;
    is_str(use_one(&copy), "new", "also when the connection is given out anew");
    rename(path, gone);
    copy = db;
    ok(has(use_one(&copy), "/site.db: No such file"), "none in its place is an error");
    ok(has(use_one(&copy), "put it there again"), "each time");
    rename(gone, path);
    is_str(use_one(&copy), "new", "put there again");
    apr_file_remove(path, pool);
    make_file("site.db", "newest");
    copy = db;
    is_str(use_one(&copy), "newest", "a third one");
    sqlite_close(&db);
}

/* Put where the server had made an empty file, for want of one. */
static void test_late(void)
{
    const char *path = file("late.db");
    db_t db = sqlite_open(path, pool), copy = db;

    ok(has(use_one(&copy), "no such table"), "an empty file");
    rename(make_file("early.db", "alice"), path);
    is_str(use_one(&copy), "alice", "a good one takes its place, and no pause is kept");
    sqlite_close(&db);
}

/* A pool opened this connection long before its first question. */
static void test_early(void)
{
    const char *path = make_file("early-site.db", "old");
    apr_hash_t *files = apr_hash_make(pool);
    db_t first = sqlite_open(path, pool), second = sqlite_open(path, pool), copy;
    db_t other = sqlite_open(":memory:", pool);

    first.files = second.files = other.files = files;
    copy = first;
    db_note_file(&copy, pool);
    db_note_file(&other, pool);
    is_int(apr_hash_count(files), 1, "a database in memory is in no file");
    copy = second;
    is_str(use_one(&copy), "old", "the file that was noted");
    sqlite_close(&second);
    second = sqlite_open(path, pool);
    second.files = files;
    rename(make_file("early-next.db", "new"), path);
    copy = second;
    is_str(use_one(&copy), "new", "another one took its place before the first question");
    copy = first;
    is_str(use_one(&copy), "new", "and before one more");
    sqlite_close(&first);
    sqlite_close(&second);
    sqlite_close(&other);
}

/* The directory was closed for a while before the first question. */
static void test_first_sight(void)
{
    const char *path = make_file("first.db", "deleted");
    db_t db = sqlite_open(path, pool), copy = db;

    apr_file_remove(path, pool);
    ok(has(use_one(&copy), "No such file"), "gone before it was asked");
    make_file("first.db", "alice");
    is_str(use_one(&copy), "alice", "what was open then is not asked any more");
    sqlite_close(&db);
}

static void test_not_a_database(void)
{
    const char *path = make_file("garbage.db", "alice"), *garbage = file("garbage");
    db_t db = sqlite_open(path, pool), copy = db;
    apr_file_t *out;
    int i;

    use_one(&copy);
    apr_file_open(&out, garbage, APR_FOPEN_WRITE | APR_FOPEN_CREATE, APR_FPROT_OS_DEFAULT,
                  pool);
    for (i = 0; i < 1000; i++) {
        apr_file_puts("this is no database\n", out);
    }
    apr_file_close(out);
    rename(garbage, path);
    copy = db;
    ok(has(use_one(&copy), "file is not a database"), "a file of something else");
    rename(make_file("good.db", "alice"), path);
    copy = db;
    is_str(use_one(&copy), "alice", "and then a good one");
    sqlite_close(&db);
}

static void remove_directory(void)
{
    apr_dir_t *dir;
    apr_finfo_t info;

    if (apr_dir_open(&dir, directory(), pool) != APR_SUCCESS) {
        return;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_file_remove(file(info.name), pool);
    }
    apr_dir_close(dir);
    apr_dir_remove(directory(), pool);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_params();
    test_rows();
    test_changes();
    test_many_rows();
    test_names();
    test_outputs();
    test_prepared_once();
    test_forgotten();
    test_dead();
    test_postgresql();
    test_bad_value();
    test_pause();
    test_in_vain();
    test_row_errors();
    test_reasons();
    test_schema();
    test_schema_known_too_well();
    test_locked();
    test_replaced();
    test_late();
    test_early();
    test_first_sight();
    test_not_a_database();
    remove_directory();
    apr_terminate();
    return done_testing();
}
