#include "htjwt/checkup.h"

#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "htjwt/database.h"
#include "htjwt/say.h"
#include "htjwt/tables.h"
#include "store/blacklist.h"
#include "store/standing.h"

/* What is found, in the order in which one needs the other. Each check gives NULL, or
 * what is wrong and how to mend it, and may tell what is well. */
typedef struct {
    site_t site;
    db_t db;
    const char *detail;
    apr_pool_t *p;
} checkup_t;

static const char *check_driver(checkup_t *c)
{
    c->detail = c->site.driver;
    return database_load(&c->db, &c->site, c->p);
}

/* Before the connection: root becomes the file's owner for that. */
static const char *check_file(checkup_t *c)
{
    const char *path = database_file(&c->site, c->p);
    const struct passwd *owner = c->site.owner ? getpwnam(c->site.owner) : NULL;
    struct stat info;

    c->detail = path;
    if (!path) {
        return NULL;
    }
    if (stat(path, &info) != 0) {
        return apr_psprintf(c->p, "%s: %s; htjwt init makes it", path, strerror(errno));
    }
    if (owner && owner->pw_uid != info.st_uid) {
        return apr_psprintf(c->p,
                            "%s does not belong to %s, whom the server runs as; run: "
                            "chown %s %s*",
                            path, owner->pw_name, owner->pw_name, path);
    }
    if (info.st_uid == 0 && !(info.st_mode & S_IWGRP)) {
        return apr_psprintf(c->p,
                            "%s belongs to root, as whom no server runs; run: chown "
                            "SERVERS-USER %s*",
                            path, path);
    }
    return info.st_mode & S_IRWXO
               ? apr_psprintf(c->p,
                              "%s, which has password hashes, is open to every user of "
                              "this machine; run: chmod o= %s*",
                              path, path)
               : NULL;
}

static const char *check_connection(checkup_t *c)
{
    c->detail = "open";
    return database_connect(&c->db, &c->site, c->p);
}

/* The name behind CREATE TABLE IF NOT EXISTS, or NULL. */
static const char *table_of(const char *statement, apr_pool_t *p)
{
    static const char head[] = "CREATE TABLE IF NOT EXISTS ";
    const char *name = statement + sizeof head - 1;

    return strncmp(statement, head, sizeof head - 1) == 0
               ? apr_pstrmemdup(p, name, strcspn(name, " ("))
               : NULL;
}

static int has_sessions(const checkup_t *c)
{
    return c->site.sessions == POLICY_SESSIONS_ON ||
           c->site.sessions == POLICY_SESSIONS_MIGRATE;
}

/* A site with users of its own needs no table of ours for them. */
static int is_needed(const checkup_t *c, const char *table)
{
    const char *users = c->site.has_users ? c->site.users.table : NULL;

    if (!table) {
        return 0;
    }
    return strcmp(table, "auth_jwt_user") == 0      ? users && strcmp(users, table) == 0
           : strcmp(table, "auth_jwt_session") == 0 ? has_sessions(c)
           : strcmp(table, "auth_jwt_blacklist") == 0
               ? c->site.blacklist == &blacklist_own
               : 1;
}

static const char *check_tables(checkup_t *c)
{
    const char *const *statement = tables_statements(c->site.driver);
    const char *why = "";
    db_row_t row;

    c->detail = "";
    for (; statement && *statement; statement++) {
        const char *table = table_of(*statement, c->p);
        const db_query_t *query;

        if (!is_needed(c, table)) {
            continue;
        }
        query = db_query_make(
            apr_pstrcat(c->p, "SELECT * FROM ", table, " WHERE 1 = 0", NULL), c->p);
        if (db_get_row(&row, &c->db, query, NULL, &why, c->p) != APR_NOTFOUND) {
            return apr_psprintf(c->p, "%s: %s; missing tables are made by: htjwt init",
                                table, why);
        }
        c->detail = apr_pstrcat(c->p, c->detail, *c->detail ? " " : "", table, NULL);
    }
    return NULL;
}

static const char *check_trials(checkup_t *c)
{
    const char *why = "";
    int i;

    for (i = 0; i < c->site.trials->nelts; i++) {
        const site_trial_t *trial = &APR_ARRAY_IDX(c->site.trials, i, const site_trial_t);

        if (trial_run(&trial->trial, &c->db, &why, c->p) == APR_EGENERAL) {
            return apr_psprintf(c->p, "%s does not answer: %s; %s", trial->place, why,
                                trial_cure(&trial->trial));
        }
    }
    return NULL;
}

static const char *check_statements(checkup_t *c)
{
    const blacklist_t *list = c->site.blacklist;
    const char *why = "";

    c->detail = apr_pstrcat(
        c->p,
        c->site.has_users ? "users are found by name and by id"
                          : "users are the providers'",
        has_sessions(c) ? ", sessions by sid" : "", list ? ", ended tokens by jti" : "",
        c->site.trials->nelts ? ", and what else logins ask" : "", NULL);
    if (c->site.has_users &&
        users_probe(&c->site.users, &c->db, &why, c->p) != APR_SUCCESS) {
        return why;
    }
    if (has_sessions(c) && sessions_probe(&c->db, &why, c->p) != APR_SUCCESS) {
        return apr_psprintf(c->p, "%s; %s", why, TABLES_OLDER);
    }
    if (c->site.has_users && has_sessions(c) &&
        standing_probe(&c->site.users, &c->db, &why, c->p) != APR_SUCCESS) {
        return why;
    }
    if (list && blacklist_probe(&c->db, list, &why, c->p) != APR_SUCCESS) {
        return apr_psprintf(c->p, "%s: %s", blacklist_name(list), why);
    }
    return check_trials(c);
}

/* Whether the database lets this connection run a statement, which changes no row. */
static int may(checkup_t *c, const char *sql, const char **why)
{
    int affected;

    return db_execute(&affected, &c->db, db_statement_make(sql, c->p), NULL, why, c->p) ==
           APR_SUCCESS;
}

/* Of users the server only reads; what adduser and passwd need is told, not asked for. */
static const char *check_grants(checkup_t *c)
{
    const users_t *users = &c->site.users;
    const char *why = "";

    if (has_sessions(c) &&
        (!may(c,
              "INSERT INTO auth_jwt_session SELECT * FROM auth_jwt_session WHERE 1 = 0",
              &why) ||
         !may(c, "UPDATE auth_jwt_session SET revoked_at = 0 WHERE 1 = 0", &why) ||
         !may(c, "DELETE FROM auth_jwt_session WHERE 1 = 0", &why))) {
        return apr_psprintf(c->p,
                            "%s; what the server needs: GRANT SELECT, INSERT, UPDATE, "
                            "DELETE ON auth_jwt_session",
                            why);
    }
    if (c->site.blacklist == &blacklist_own &&
        (!may(c,
              "INSERT INTO auth_jwt_blacklist SELECT * FROM auth_jwt_blacklist WHERE 1 = "
              "0",
              &why) ||
         !may(c, "DELETE FROM auth_jwt_blacklist WHERE 1 = 0", &why))) {
        return apr_psprintf(c->p,
                            "%s; what the server needs: GRANT SELECT, INSERT, DELETE ON "
                            "auth_jwt_blacklist",
                            why);
    }
    if (!c->site.has_users) {
        c->detail = "this connection may do what the server needs";
        return NULL;
    }
    if (!users->table) {
        c->detail =
            "this connection may read users; they belong to SQL of the site's own";
        return NULL;
    }
    c->detail = may(c,
                    apr_pstrcat(c->p, "UPDATE ", users->table, " SET ",
                                users->columns[USERS_PASSWORD], " = ",
                                users->columns[USERS_PASSWORD], " WHERE 1 = 0", NULL),
                    &why)
                    ? "this connection may read users and change them"
                    : "this connection may read users, which is all that the server "
                      "needs; for adduser and passwd name another one by HTJWT_PARAMS";
    return NULL;
}

void checkup_run(const options_t *options, apr_pool_t *p)
{
    static const struct {
        const char *name;
        const char *(*check)(checkup_t *c);
    } checks[] = {
        {"driver", check_driver},         {"file", check_file},
        {"connection", check_connection}, {"tables", check_tables},
        {"statements", check_statements}, {"grants", check_grants},
    };
    checkup_t c = {.p = p};
    apr_size_t i;

    site_read(&c.site, options, p);
    for (i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *error = checks[i].check(&c);

        if (error) {
            say_line("%-11s FAILED  %s", checks[i].name, error);
            say_end(SAY_FAILED);
        }
        if (c.detail) {
            say_line("%-11s good    %s", checks[i].name, c.detail);
        }
    }
}
