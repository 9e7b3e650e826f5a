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

/* "theirs AS ours", NULL for a column that the table does not have. */
static const char *column(const char *const columns[], int which, apr_pool_t *p)
{
    return columns[which]
               ? apr_psprintf(p, ", %s AS %s", columns[which], users_column_names[which])
               : "";
}

/* --- By id ----------------------------------------------------------------------- */

/* How PostgreSQL is asked, which compares nothing with a text: by the type of the
 * column, or no index would be used. */
enum { FORM_UNKNOWN, FORM_NUMBER, FORM_UUID, FORM_PADDED, FORM_TEXT, FORMS };

struct users_dialects {
    const db_query_t *mysql;
    const db_query_t *pgsql_type; /* gives the type of the column */
    const db_query_t *pgsql[FORMS];
    const char *key; /* for the form, among a handle's statements */
};

static const struct {
    const char *type; /* as pg_typeof() has it */
    int form;
} forms[] = {
    {"bigint", FORM_NUMBER},  {"integer", FORM_NUMBER}, {"smallint", FORM_NUMBER},
    {"numeric", FORM_NUMBER}, {"uuid", FORM_UUID},      {"character", FORM_PADDED},
};

/* @param select  up to FROM, with the table */
static const struct users_dialects *make_dialects(const char *select, const char *table,
                                                  const char *id, apr_pool_t *p)
{
    struct users_dialects *made = apr_pcalloc(p, sizeof *made);
    const char *where = apr_pstrcat(p, select, " WHERE ", NULL);

    /* MySQL may compare a number with a text as two doubles, which are the same for ids
     * above 2^53 that are not. The first condition finds by the index, the second is
     * exact. */
    made->mysql = db_query_make(
        apr_pstrcat(p, where, id, " = %s AND CAST(", id, " AS CHAR) = %s", NULL), p);
    made->pgsql_type =
        db_query_make(apr_pstrcat(p, "SELECT CAST(pg_typeof((SELECT ", id, " FROM ",
                                  table, " WHERE FALSE)) AS TEXT) AS type", NULL),
                      p);
    made->pgsql[FORM_NUMBER] =
        db_query_make(apr_pstrcat(p, where, id, " = CAST(%s AS BIGINT)", NULL), p);
    made->pgsql[FORM_UUID] =
        db_query_make(apr_pstrcat(p, where, id, " = CAST(%s AS UUID)", NULL), p);
    made->pgsql[FORM_PADDED] =
        db_query_make(apr_pstrcat(p, where, id, " = CAST(%s AS BPCHAR)", NULL), p);
    made->pgsql[FORM_TEXT] =
        db_query_make(apr_pstrcat(p, where, "CAST(", id, " AS TEXT) = %s", NULL), p);
    made->key = apr_pstrcat(p, "auth_jwt form of ", id, " in ", table, NULL);
    return made;
}

static apr_status_t ask_form(int *form, const struct users_dialects *dialects, db_t *db,
                             const char **why, apr_pool_t *p)
{
    const char *type = NULL;
    apr_status_t rv;
    db_row_t row;
    apr_size_t i;

    rv = db_get_row(&row, db, dialects->pgsql_type, NULL, why, p);
    if (rv != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    *form = FORM_TEXT;
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (db_row_find(&type, &row, "type") && type && !strcmp(type, forms[i].type)) {
            *form = forms[i].form;
        }
    }
    return APR_SUCCESS;
}

/* Where this connection remembers the form. Nothing is ever taken out of that table, as
 * the statements there are numbered by their count. */
static int *form_of(const struct users_dialects *dialects, db_t *db)
{
    int *form = apr_hash_get(db->statements, dialects->key, APR_HASH_KEY_STRING);

    if (!form) {
        form = apr_pcalloc(db->pool, sizeof *form);
        apr_hash_set(db->statements, apr_pstrdup(db->pool, dialects->key),
                     APR_HASH_KEY_STRING, form);
    }
    return form;
}

/* Whether a text is what PostgreSQL prints for some BIGINT. */
static int is_bigint(const char *text)
{
    apr_int64_t number;
    char *end, again[24];

    if (strlen(text) > 20) {
        return 0;
    }
    number = apr_strtoi64(text, &end, 10);
    apr_snprintf(again, sizeof again, "%" APR_INT64_T_FMT, number);
    return strcmp(text, again) == 0;
}

/* Whether a text is what PostgreSQL prints for some UUID. */
static int is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    apr_size_t i;

    for (i = 0; form[i]; i++) {
        if (form[i] == '-' ? text[i] != '-'
                           : !text[i] || !strchr("0123456789abcdef", text[i])) {
            return 0;
        }
    }
    return text[i] == '\0';
}

/* What is no value of the column's type would be an error, answered by 503. */
static int may_be_cast(const char *id, int form)
{
    return form == FORM_NUMBER ? is_bigint(id) : form == FORM_UUID ? is_uuid(id) : 1;
}

static apr_status_t get_row_pgsql(db_row_t *row, const struct users_dialects *dialects,
                                  db_t *db, const char *id, const char **why,
                                  apr_pool_t *p)
{
    int *form = form_of(dialects, db);
    apr_status_t rv;

    /* An id that does not fit may be one of a column that has another type by now. */
    if ((*form == FORM_UNKNOWN || !may_be_cast(id, *form)) &&
        ask_form(form, dialects, db, why, p) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    if (!may_be_cast(id, *form)) {
        *why = *form == FORM_UUID ? "the id is no UUID" : "the id is no integer";
        return APR_NOTFOUND;
    }
    rv = db_get_row(row, db, dialects->pgsql[*form], &id, why, p);
    if (rv == APR_EGENERAL) {
        *form = FORM_UNKNOWN; /* likewise */
    }
    return rv;
}

static apr_status_t get_row_by_id(db_row_t *row, const users_t *users, db_t *db,
                                  const char *id, const char **why, apr_pool_t *p)
{
    db_dialect_t dialect = users->dialects ? db_dialect(db) : DB_DIALECTS;
    const char *both[] = {id, id};

    if (dialect == DB_PGSQL) {
        return get_row_pgsql(row, users->dialects, db, id, why, p);
    }
    if (dialect == DB_MYSQL) {
        return db_get_row(row, db, users->dialects->mysql, both, why, p);
    }
    return db_get_row(row, db, users->by_id, &id, why, p);
}

/* --- Making queries -------------------------------------------------------------- */

const char *users_table(users_t *out, const char *table,
                        const char *const columns[USERS_COLUMNS], apr_pool_t *p)
{
    const char *error = check_names(table, columns, p), *select;

    if (error) {
        return error;
    }
    select = apr_pstrcat(p, "SELECT ", columns[USERS_ID], " AS id",
                         column(columns, USERS_USERNAME, p),
                         column(columns, USERS_IS_ACTIVE, p),
                         column(columns, USERS_PASSWORD, p), " FROM ", table, NULL);
    out->by_name = db_query_make(
        apr_pstrcat(p, select, " WHERE ", columns[USERS_USERNAME], " = %s", NULL), p);
    out->by_id = db_query_make(
        apr_pstrcat(p, select, " WHERE ", columns[USERS_ID], " = %s", NULL), p);
    out->dialects = make_dialects(select, table, columns[USERS_ID], p);
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

apr_status_t users_note_login(const users_note_t *note, db_t *db, const char *id,
                              const char **why, apr_pool_t *p)
{
    db_dialect_t dialect = db_dialect(db);
    const db_query_t *query = note->any;
    int affected;

    if (!query && dialect == DB_DIALECTS) {
        *why = apr_psprintf(p, "no statement is known for the driver %s; write it in SQL",
                            apr_dbd_name(db->driver));
        return APR_EGENERAL;
    }
    query = query ? query : note->of_dialect[dialect];
    /* Not how many rows: MySQL does not count one that was the same already. */
    return db_execute(&affected, db, query, &id, why, p);
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

/* A text that must be there; NULL with the reason if it is not. */
static const char *get_text(const db_row_t *row, const char *column, const char **why,
                            apr_pool_t *p)
{
    const char *value = NULL;

    if (!db_row_find(&value, row, column)) {
        *why = no_column(column, p);
    } else if (!value || !*value) {
        *why = apr_psprintf(p, "a user's row has no %s; every user needs one", column);
    } else if (!users_is_printable(value)) {
        *why =
            apr_psprintf(p, "a user's %s has a control character; mend that row", column);
    } else {
        return value;
    }
    return NULL;
}

static apr_status_t read_user(user_t *user, const db_row_t *row, const char **why,
                              apr_pool_t *p)
{
    const char *active;
    user_t found;

    found.id = get_text(row, "id", why, p);
    if (!found.id) {
        return APR_EGENERAL;
    }
    found.username = get_text(row, "username", why, p);
    if (!found.username) {
        *why = apr_psprintf(p, "%s (id '%s')", *why, found.id);
        return APR_EGENERAL;
    }
    found.has_password = db_row_find(&found.password, row, "password");
    if (!found.has_password) {
        found.password = NULL;
    }
    found.is_active = !db_row_find(&active, row, "is_active") || is_true(active);
    *user = found;
    return APR_SUCCESS;
}

apr_status_t users_by_name(user_t *user, const users_t *users, db_t *db, const char *name,
                           const char **why, apr_pool_t *p)
{
    db_row_t row;
    apr_status_t rv = db_get_row(&row, db, users->by_name, &name, why, p);

    return rv == APR_SUCCESS ? read_user(user, &row, why, p) : rv;
}

apr_status_t users_by_id(user_t *user, const users_t *users, db_t *db, const char *id,
                         const char **why, apr_pool_t *p)
{
    user_t found = {NULL};
    apr_status_t rv;
    db_row_t row;

    rv = get_row_by_id(&row, users, db, id, why, p);
    if (rv == APR_SUCCESS) {
        rv = read_user(&found, &row, why, p);
    }
    if (rv == APR_SUCCESS && strcmp(found.id, id) != 0) {
        *why = "the database found another id than the one asked for";
        return APR_NOTFOUND;
    }
    if (rv == APR_SUCCESS) {
        *user = found;
    }
    return rv;
}

apr_status_t users_probe(const users_t *users, db_t *db, const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    user_t user;

    rv = users_by_name(&user, users, db, "", why, p);
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = users_by_id(&user, users, db, "0", why, p);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
