#include "store/users.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "store/digest.h"

const char *const users_column_names[USERS_COLUMNS] = {
    [USERS_ID] = "id",
    [USERS_USERNAME] = "username",
    [USERS_PASSWORD] = "password",
    [USERS_IS_ACTIVE] = "is_active",
};

/* Names go into SQL unquoted, as quoting differs between databases. */
static int is_sql_name(const char *name, int may_have_schema)
{
    if (!apr_isalpha(*name) && *name != '_') {
        return 0;
    }
    while (apr_isalnum(*name) || *name == '_') {
        name++;
    }
    return *name == '\0' || (may_have_schema && *name == '.' && is_sql_name(name + 1, 0));
}

int users_is_column(const char *name)
{
    return is_sql_name(name, 0);
}

static const char *check_names(const char *table, const char *const columns[],
                               apr_pool_t *p)
{
    int i;

    if (!is_sql_name(table, 1)) {
        return apr_psprintf(p,
                            "'%s' is no plain table name; write AuthJWTUserQuery and "
                            "AuthJWTUserByIdQuery for it",
                            table);
    }
    for (i = 0; i < USERS_COLUMNS; i++) {
        if (columns[i] && !is_sql_name(columns[i], 0)) {
            return apr_psprintf(p,
                                "'%s' is no plain column name; write AuthJWTUserQuery "
                                "and AuthJWTUserByIdQuery for it",
                                columns[i]);
        }
    }
    return NULL;
}

/* --- Making queries -------------------------------------------------------------- */

/* The order in which the queries below have a table's columns. */
static const int order[USERS_COLUMNS] = {USERS_ID, USERS_USERNAME, USERS_IS_ACTIVE,
                                         USERS_PASSWORD};

/* "theirs AS ours" of each column that the table has, with what stands in front of it. */
static const char *list(const char *const columns[], const char *front, apr_pool_t *p)
{
    const char *list = "", *comma = "";
    int i;

    for (i = 0; i < USERS_COLUMNS; i++) {
        if (columns[order[i]]) {
            list = apr_pstrcat(p, list, comma, front, columns[order[i]], " AS ",
                               users_column_names[order[i]], NULL);
            comma = ", ";
        }
    }
    return list;
}

static const byid_t *make_with_session(const char *table, const char *const columns[],
                                       sessions_part_t part, apr_pool_t *p)
{
    byid_sql_t sql = {
        .head = apr_pstrcat(p, "SELECT ", sessions_columns[part], ", ",
                            list(columns, "u.", p), " FROM auth_jwt_session s LEFT JOIN ",
                            table, " u ON ", NULL),
        .column = apr_pstrcat(p, "u.", columns[USERS_ID], NULL),
        .tail = " WHERE s.sid = %s",
    };

    return byid_make(&sql, table, columns[USERS_ID], p);
}

const char *users_table(users_t *out, const char *table,
                        const char *const columns[USERS_COLUMNS], apr_pool_t *p)
{
    const char *error = check_names(table, columns, p);
    byid_sql_t sql = {.column = columns[USERS_ID], .tail = ""};
    int part;

    if (error) {
        return error;
    }
    sql.head =
        apr_pstrcat(p, "SELECT ", list(columns, "", p), " FROM ", table, " WHERE ", NULL);
    out->by_name = db_ordered_make(
        apr_pstrcat(p, sql.head, columns[USERS_USERNAME], " = %s", NULL), p);
    out->ids = byid_make(&sql, table, columns[USERS_ID], p);
    out->by_id = out->ids->usual;
    for (part = 0; part < SESSIONS_PARTS; part++) {
        out->with_session[part] =
            make_with_session(table, columns, (sessions_part_t)part, p);
    }
    out->does_rehash = 0;
    out->source = apr_pstrcat(p, table, ".", columns[USERS_ID], NULL);
    out->table = table;
    memcpy(out->columns, columns, sizeof out->columns);
    out->blacklist = NULL;
    return NULL;
}

const char *users_source(const users_t *users)
{
    return users ? users->source : "";
}

const char *users_sql_source(const char *sql, apr_pool_t *p)
{
    char mark[DIGEST_MARK_SIZE];

    return digest_mark(mark, sql) == APR_SUCCESS ? apr_pstrcat(p, "SQL ", mark, NULL)
                                                 : NULL;
}

/* Where applications keep their users, and what of a row counts there. */
static const struct {
    const char *name, *table, *columns[USERS_COLUMNS];
    const char *prefix; /* of the table's name, that a site may have changed; or NULL */
    int does_rehash;
    const blacklist_t *blacklist;
} presets[] = {
    {"auth_jwt",
     "auth_jwt_user",
     {"id", "username", "password", "is_active"},
     NULL,
     0,
     NULL},
    {"django",
     "auth_user",
     {"id", "username", "password", "is_active"},
     NULL,
     1,
     &blacklist_django},
    /* Its user_status is a relic that WordPress itself never looks at. */
    {"wordpress", "users", {"ID", "user_login", "user_pass", NULL}, "wp_", 1, NULL},
    /* Not name: that one is free text, and anybody may take another's. */
    {"laravel", "users", {"id", "email", "password", NULL}, NULL, 1, NULL},
};

#define PRESETS (sizeof presets / sizeof *presets)

const char *users_preset(users_t *out, const char *name, apr_pool_t *p)
{
    const char *colon = strchr(name, ':'), *prefix, *error;
    apr_size_t i, len = colon ? (apr_size_t)(colon - name) : strlen(name);

    for (i = 0; i < PRESETS && (strlen(presets[i].name) != len ||
                                apr_cstr_casecmpn(presets[i].name, name, len) != 0 ||
                                (colon && !presets[i].prefix));
         i++) {
    }
    if (i == PRESETS) {
        return apr_psprintf(p,
                            "there is no preset '%s'; write auth_jwt, django, laravel, "
                            "wordpress, wordpress:PREFIX or SQL text in quotes",
                            name);
    }
    prefix = colon ? colon + 1 : presets[i].prefix ? presets[i].prefix : "";
    if (colon && !is_sql_name(prefix, 1)) {
        return apr_psprintf(p,
                            "'%s' is no prefix of a table's name; write the "
                            "$table_prefix of wp-config.php, such as wordpress:blog_",
                            prefix);
    }
    error = users_table(out, apr_pstrcat(p, prefix, presets[i].table, NULL),
                        presets[i].columns, p);
    out->does_rehash = presets[i].does_rehash;
    out->blacklist = presets[i].blacklist;
    return error;
}

/* What is wrong with own SQL, as the end of a sentence; or NULL. */
static const char *check_sql(const db_query_t *query, apr_pool_t *p)
{
    if (query->params != 1) {
        return apr_psprintf(p,
                            "has %d placeholders; it needs exactly one %%s (a percent "
                            "sign of the SQL is written %%%%)",
                            query->params);
    }
    if (strstr(query->sql, "'%s'") || strstr(query->sql, "\"%s\"")) {
        return "has %s in quotes, where it is no placeholder but text; write it without";
    }
    return NULL;
}

/* The first word, or the one behind parentheses. */
static int begins_with(const char *sql, const char *word)
{
    return apr_cstr_casecmpn(sql + strspn(sql, " \t\r\n("), word, strlen(word)) == 0;
}

/* MySQL's driver takes it for granted that there are rows. */
static int gives_rows(const char *sql)
{
    static const char *const changes[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", NULL};
    int i = 0;

    while (changes[i] && !begins_with(sql, changes[i])) {
        i++;
    }
    return changes[i] == NULL;
}

const char *users_query(const db_query_t **out, const char *sql, apr_pool_t *p)
{
    const db_query_t *query = db_query_make(sql, p);
    const char *error = gives_rows(sql) ? check_sql(query, p)
                                        : "changes rows; write one that finds a user, "
                                          "such as SELECT";

    if (!error) {
        *out = query;
    }
    return error;
}

/* Django keeps UTC, as its USE_TZ has it, with a fraction of a second. */
#define DJANGO "UPDATE auth_user SET last_login = "

static const char *const notes[DB_DIALECTS] = {
    [DB_SQLITE] = DJANGO "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now') WHERE id = %s",
    [DB_PGSQL] = DJANGO "now() WHERE id = CAST(%s AS BIGINT)",
    [DB_MYSQL] = DJANGO "UTC_TIMESTAMP(6) WHERE id = %s",
};

const char *users_note(users_note_t *out, const char *text, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    memset(out, 0, sizeof *out);
    if (strpbrk(text, " \t")) {
        out->any = db_statement_make(text, p);
        /* MySQL's driver would leave the rows for the next statement to stumble over. */
        error = begins_with(text, "SELECT")
                    ? "gives rows; write one that changes some, such as UPDATE"
                    : check_sql(out->any, p);
        return error ? apr_pstrcat(p, "the SQL ", error, NULL) : NULL;
    }
    if (apr_cstr_casecmp(text, "django") != 0) {
        return apr_psprintf(p,
                            "there is no preset '%s'; write django or SQL text in "
                            "quotes",
                            text);
    }
    for (i = 0; i < DB_DIALECTS; i++) {
        out->of_dialect[i] = db_statement_make(notes[i], p);
    }
    return NULL;
}

/* The statement for a database; NULL with the reason where none is known. */
static const db_query_t *choose_note(const users_note_t *note, const db_t *db,
                                     const char **why, apr_pool_t *p)
{
    db_dialect_t dialect = db_dialect(db);

    if (!note->any && dialect == DB_DIALECTS) {
        *why = apr_psprintf(p, "no statement is known for the driver %s; write it in SQL",
                            apr_dbd_name(db->driver));
        return NULL;
    }
    return note->any ? note->any : note->of_dialect[dialect];
}

apr_status_t users_note_login(const users_note_t *note, db_t *db, const char *id,
                              const char **why, apr_pool_t *p)
{
    const db_query_t *query = choose_note(note, db, why, p);
    int affected;

    /* Not how many rows: MySQL does not count one that was the same already. */
    return query ? db_execute(&affected, db, query, &id, why, p) : APR_EGENERAL;
}

apr_status_t users_try_note(const users_note_t *note, db_t *db, const char **why,
                            apr_pool_t *p)
{
    const db_query_t *query = choose_note(note, db, why, p);

    return query ? db_try(db, query, why, p) : APR_EGENERAL;
}

/* The spellings of true that databases have; whatever else stands there is no
 * permission. */
static int is_true(const char *value)
{
    static const char *const spellings[] = {"1", "t", "true", "y", "yes", NULL};
    int i;

    for (i = 0; value && spellings[i]; i++) {
        if (apr_cstr_casecmp(value, spellings[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

int users_is_printable(const char *name)
{
    while (*name && !apr_iscntrl(*name)) {
        name++;
    }
    return *name == '\0';
}

static const char *no_column(const char *column, apr_pool_t *p)
{
    return apr_psprintf(p,
                        "the query gives no column %s; add it, or \"AS %s\" behind the "
                        "table's own name for it",
                        column, column);
}

/* A column of a user's row. */
typedef struct {
    int is_there;
    const char *value; /* NULL for SQL's NULL */
} column_t;

/* Of our own SQL the order is known, of the administrator's the names are. */
static void find_columns(column_t out[USERS_COLUMNS], const users_t *users,
                         const db_row_t *row, int first)
{
    int i;

    for (i = 0; i < USERS_COLUMNS; i++) {
        column_t *column = &out[order[i]];

        if (!users->table) {
            column->is_there =
                db_row_find(&column->value, row, users_column_names[order[i]]);
        } else {
            column->is_there = users->columns[order[i]] && first < row->columns;
            column->value = column->is_there ? row->values[first++] : NULL;
        }
    }
}

/* A text that must be there; NULL with the reason if it is not. */
static const char *get_text(const column_t columns[], int which, const char **why,
                            apr_pool_t *p)
{
    const char *name = users_column_names[which], *value = columns[which].value;

    if (!columns[which].is_there) {
        *why = no_column(name, p);
    } else if (!value || !*value) {
        *why = apr_psprintf(p, "a user's row has no %s; every user needs one", name);
    } else if (!users_is_printable(value)) {
        *why =
            apr_psprintf(p, "a user's %s has a control character; mend that row", name);
    } else {
        return value;
    }
    return NULL;
}

static apr_status_t read_user(user_t *user, const column_t columns[], const char **why,
                              apr_pool_t *p)
{
    user_t found;

    found.id = get_text(columns, USERS_ID, why, p);
    if (!found.id) {
        return APR_EGENERAL;
    }
    found.username = get_text(columns, USERS_USERNAME, why, p);
    if (!found.username) {
        *why = apr_psprintf(p, "%s (id '%s')", *why, found.id);
        return APR_EGENERAL;
    }
    found.has_password = columns[USERS_PASSWORD].is_there;
    found.password = found.has_password ? columns[USERS_PASSWORD].value : NULL;
    found.is_active =
        !columns[USERS_IS_ACTIVE].is_there || is_true(columns[USERS_IS_ACTIVE].value);
    *user = found;
    return APR_SUCCESS;
}

apr_status_t users_by_name(user_t *user, const users_t *users, db_t *db, const char *name,
                           const char **why, apr_pool_t *p)
{
    column_t columns[USERS_COLUMNS];
    db_row_t row;
    apr_status_t rv = db_get_row(&row, db, users->by_name, &name, why, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    find_columns(columns, users, &row, 0);
    return read_user(user, columns, why, p);
}

static const char other_id[] = "the database found another id than the one asked for";

static apr_status_t read_by_id(user_t *user, const column_t columns[], const char *id,
                               const char **why, apr_pool_t *p)
{
    user_t found;
    apr_status_t rv = read_user(&found, columns, why, p);

    if (rv == APR_SUCCESS && strcmp(found.id, id) != 0) {
        *why = other_id;
        return APR_NOTFOUND;
    }
    if (rv == APR_SUCCESS) {
        *user = found;
    }
    return rv;
}

apr_status_t users_by_id(user_t *user, const users_t *users, db_t *db, const char *id,
                         const char **why, apr_pool_t *p)
{
    column_t columns[USERS_COLUMNS];
    apr_status_t rv;
    db_row_t row;

    rv = users->ids ? byid_get_row(&row, users->ids, db, id, NULL, why, p)
                    : db_get_row(&row, db, users->by_id, &id, why, p);
    if (rv != APR_SUCCESS) {
        return rv == APR_BADARG ? APR_NOTFOUND : rv;
    }
    find_columns(columns, users, &row, 0);
    return read_by_id(user, columns, id, why, p);
}

apr_status_t users_read(user_t *user, const users_t *users, const db_row_t *row,
                        int first, const char *id, const char **why, apr_pool_t *p)
{
    column_t columns[USERS_COLUMNS];

    find_columns(columns, users, row, first);
    if (!columns[USERS_ID].value) {
        *why = "no row"; /* as db_get_row() has it */
        return APR_NOTFOUND;
    }
    return read_by_id(user, columns, id, why, p);
}

/* Columns of a table by the names that directives have for them: ours by our names,
 * others by their own. */
static const char *list_columns(const users_t *users, const apr_array_header_t *names,
                                apr_pool_t *p)
{
    const char *list = "", *theirs;
    int i, c;

    for (i = 0; i < names->nelts; i++) {
        theirs = APR_ARRAY_IDX(names, i, const char *);
        for (c = 0; c < USERS_COLUMNS; c++) {
            if (users->columns[c] &&
                !apr_cstr_casecmp(APR_ARRAY_IDX(names, i, const char *),
                                  users_column_names[c])) {
                theirs = users->columns[c];
            }
        }
        list = apr_pstrcat(p, list, i ? ", " : "", theirs, NULL);
    }
    return list;
}

static apr_status_t get_columns(db_row_t *row, const users_t *users, db_t *db,
                                const char *id, const apr_array_header_t *columns,
                                const char **why, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 5, sizeof(const char *));
    byid_sql_t sql = {.column = users->columns[USERS_ID], .tail = ""};
    apr_status_t rv;

    APR_ARRAY_PUSH(names, const char *) = users_column_names[USERS_ID];
    apr_array_cat(names, columns);
    sql.head = apr_pstrcat(p, "SELECT ", list_columns(users, names, p), " FROM ",
                           users->table, " WHERE ", NULL);
    rv = byid_get_row(row, byid_make(&sql, users->table, sql.column, p), db, id, NULL,
                      why, p);
    row->names = (const char **)names->elts;
    return rv == APR_BADARG ? APR_NOTFOUND : rv;
}

apr_status_t users_columns(db_row_t *row, const users_t *users, db_t *db, const char *id,
                           const apr_array_header_t *columns, const char **why,
                           apr_pool_t *p)
{
    const char *found = NULL;
    apr_status_t rv = users->table ? get_columns(row, users, db, id, columns, why, p)
                                   : db_get_row(row, db, users->by_id, &id, why, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!db_row_find(&found, row, users_column_names[USERS_ID]) || !found) {
        *why = no_column(users_column_names[USERS_ID], p);
        return APR_EGENERAL;
    }
    if (strcmp(found, id) != 0) {
        *why = other_id;
        return APR_NOTFOUND;
    }
    return APR_SUCCESS;
}

apr_status_t users_probe(const users_t *users, db_t *db, const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    user_t user;

    rv = users_by_name(&user, users, db, "", why, p);
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = users->ids ? byid_probe(users->ids, db, NULL, why, p)
                        : users_by_id(&user, users, db, "0", why, p);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
