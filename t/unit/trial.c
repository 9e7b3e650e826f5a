/* What is tried at start beside users and sessions: what is missing is found, what is
 * only written in an unusual way is not complained of, and nothing is changed. */
#include "store/trial.h"

#include <apr_general.h>
#include <string.h>

#include "tap.h"

#include "sqlite.h"

#define TABLES                                                                           \
    "CREATE TABLE u(nr INTEGER, login TEXT, pw TEXT, mail TEXT, seen INTEGER);"          \
    "INSERT INTO u VALUES(0, 'null', 'hash', 'm', 0);"                                   \
    "CREATE TABLE r(nr INTEGER, role TEXT);"
#define BY_NAME                                                                          \
    "SELECT nr AS id, login AS username, pw AS password FROM u WHERE login = %s"

static apr_pool_t *pool;

static apr_status_t run(trial_t trial, const char **why)
{
    db_t db = sqlite_open(":memory:", pool);
    apr_status_t rv;

    sqlite_do(&db, TABLES);
    *why = NULL;
    rv = trial_run(&trial, &db, why, pool);
    *why = *why ? apr_pstrdup(pool, *why) : NULL;
    sqlite_close(&db);
    return rv;
}

static users_t own(const char *by_id)
{
    return (users_t){.by_name = db_query_make(BY_NAME, pool),
                     .by_id = db_query_make(by_id, pool)};
}

static void test_own_sql(void)
{
    static const struct {
        const char *by_id, *name;
        apr_status_t expected;
    } rows[] = {
        {"SELECT nr AS id, mail, login AS username FROM u WHERE nr = %s",
         "a column that is named", APR_SUCCESS},
        {"SELECT u.*, nr AS id, login AS username FROM u WHERE nr = %s",
         "a column that a star gives", APR_SUCCESS},
        {"SELECT nr AS id, login AS username, u.MAIL FROM u JOIN r USING (nr) WHERE "
         "nr = %s",
         "a column of a table, in capitals", APR_SUCCESS},
        {"WITH a AS (SELECT * FROM u) SELECT *, nr AS id, login AS username FROM a WHERE "
         "nr = %s",
         "a column of a common table expression", APR_SUCCESS},
        {"SELECT nr AS id, login AS username FROM u WHERE nr = %s AND login LIKE '%%'",
         "a column that is not there", APR_EGENERAL},
        {"SELECT r.*, nr AS id, login AS username FROM u JOIN r USING (nr) WHERE nr = %s",
         "a column that no star gives", APR_EGENERAL},
        {"SELECT nr AS id, login AS username FROM u WHERE nr = %s;",
         "SQL with a semicolon is let be", APR_SUCCESS},
        {"SELECT id FROM nowhere WHERE id = %s", "users that cannot be asked",
         APR_INCOMPLETE},
    };
    const char *why;
    apr_size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        users_t users = own(rows[i].by_id);
        trial_t trial = {.column = "mail", .users = &users};

        is_int(run(trial, &why), rows[i].expected, rows[i].name);
        if (rows[i].expected == APR_EGENERAL) {
            is_str(why, "AuthJWTUserByIdQuery gives no column mail", "... is named");
        }
    }
}

static void test_table(void)
{
    static const char *const columns[USERS_COLUMNS] = {"nr", "login", "pw", NULL};
    const char *why;
    users_t users = {NULL};
    trial_t trial = {.users = &users};

    users_table(&users, "u", columns, pool);
    trial.column = "mail";
    is_int(run(trial, &why), APR_SUCCESS, "a column of a table");
    trial.column = "username";
    is_int(run(trial, &why), APR_SUCCESS, "one by our name for it");
    trial.column = "phone";
    is_int(run(trial, &why), APR_EGENERAL, "one that the table does not have");
    ok(why && strstr(why, "no such column: phone"), "... is named");
    users_table(&users, "nowhere", columns, pool);
    is_int(run(trial, &why), APR_INCOMPLETE, "a table that is not there");
}

static void test_roles(void)
{
    const char *why;
    trial_t trial = {.roles = db_query_make("SELECT role FROM r WHERE nr = %s", pool)};

    is_int(run(trial, &why), APR_SUCCESS, "roles");
    trial.roles =
        db_query_make("SELECT role FROM r WHERE CASE WHEN length(%s) = 36 THEN 1 ELSE "
                      "abs(-9223372036854775808) END",
                      pool);
    is_int(run(trial, &why), APR_SUCCESS, "roles of a type that takes UUIDs alone");
    trial.roles = db_query_make("SELECT role FROM gone WHERE nr = %s", pool);
    is_int(run(trial, &why), APR_EGENERAL, "roles of no table");
    ok(why && strstr(why, "no such table: gone") && !strstr(why, "a second ago"),
       "... the first answer is told");
}

/* There is a user with nobody's id. */
static void test_note(void)
{
    db_t db = sqlite_open(":memory:", pool);
    const char *why = "";
    users_note_t note;
    trial_t trial = {.note = &note};
    db_row_t row;

    sqlite_do(&db, TABLES);
    users_note(&note, "UPDATE u SET seen = seen + 1 WHERE nr = %s", pool);
    is_int(trial_run(&trial, &db, &why, pool), APR_SUCCESS, "what notes a login");
    db_get_row(&row, &db, db_query_make("SELECT seen FROM u", pool), NULL, &why, pool);
    is_str(row.values[0], "0", "... is not run");
    users_note(&note, "UPDATE gone SET seen = 1 WHERE nr = %s", pool);
    is_int(trial_run(&trial, &db, &why, pool), APR_EGENERAL, "... in no table");
    ok(strstr(why, "no such table: gone") != NULL, "... is named");
    sqlite_close(&db);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_own_sql();
    test_table();
    test_roles();
    test_note();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
