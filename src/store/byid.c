/* PostgreSQL compares nothing with a text, and uses no index for what is cast to one. */
#include "store/byid.h"

#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *type; /* as pg_typeof() has it */
    int form;
} forms[] = {
    {"bigint", BYID_NUMBER},  {"integer", BYID_NUMBER}, {"smallint", BYID_NUMBER},
    {"numeric", BYID_NUMBER}, {"uuid", BYID_UUID},      {"character", BYID_PADDED},
};

/* @param condition  with %s for the id */
static const db_query_t *make(const byid_sql_t *sql, const char *condition, apr_pool_t *p)
{
    return db_ordered_make(apr_pstrcat(p, sql->head, condition, sql->tail, NULL), p);
}

const byid_t *byid_make(const byid_sql_t *sql, const char *table, const char *column,
                        apr_pool_t *p)
{
    byid_t *made = apr_pcalloc(p, sizeof *made);
    const char *is = apr_pstrcat(p, sql->column, " = ", NULL);

    made->usual = make(sql, apr_pstrcat(p, is, "%s", NULL), p);
    /* MySQL may compare a number with a text as two doubles, which are the same for ids
     * above 2^53 that are not. The first condition finds by the index, the second is
     * exact. */
    made->mysql = make(
        sql, apr_pstrcat(p, is, "%s AND CAST(", sql->column, " AS CHAR) = %s", NULL), p);
    made->pgsql_type =
        db_ordered_make(apr_pstrcat(p, "SELECT CAST(pg_typeof((SELECT ", column, " FROM ",
                                    table, " WHERE FALSE)) AS TEXT)", NULL),
                        p);
    made->pgsql[BYID_NUMBER] =
        make(sql, apr_pstrcat(p, is, "CAST(%s AS BIGINT)", NULL), p);
    made->pgsql[BYID_UUID] = make(sql, apr_pstrcat(p, is, "CAST(%s AS UUID)", NULL), p);
    made->pgsql[BYID_PADDED] =
        make(sql, apr_pstrcat(p, is, "CAST(%s AS BPCHAR)", NULL), p);
    made->pgsql[BYID_TEXT] =
        make(sql, apr_pstrcat(p, "CAST(", sql->column, " AS TEXT) = %s", NULL), p);
    made->key = apr_pstrcat(p, "auth_jwt form of ", column, " in ", table, NULL);
    return made;
}

static apr_status_t ask_form(int *form, const byid_t *byid, db_t *db, const char **why,
                             apr_pool_t *p)
{
    apr_status_t rv;
    db_row_t row;
    apr_size_t i;

    rv = db_get_row(&row, db, byid->pgsql_type, NULL, why, p);
    if (rv != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    *form = BYID_TEXT;
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (row.values[0] && !strcmp(row.values[0], forms[i].type)) {
            *form = forms[i].form;
        }
    }
    return APR_SUCCESS;
}

/* Where this connection remembers the form. Nothing is ever taken out of that table, as
 * the statements there are numbered by their count. */
static int *form_of(const byid_t *byid, db_t *db)
{
    int *form = apr_hash_get(db->statements, byid->key, APR_HASH_KEY_STRING);

    if (!form) {
        form = apr_pcalloc(db->pool, sizeof *form);
        apr_hash_set(db->statements, apr_pstrdup(db->pool, byid->key),
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
    return form == BYID_NUMBER ? is_bigint(id) : form == BYID_UUID ? is_uuid(id) : 1;
}

static apr_status_t get_row_pgsql(db_row_t *row, const byid_t *byid, db_t *db,
                                  const char **args, const char **why, apr_pool_t *p)
{
    int *form = form_of(byid, db);
    const char *id = args[0];
    apr_status_t rv;

    /* An id that does not fit may be one of a column that has another type by now. */
    if ((*form == BYID_UNKNOWN || !may_be_cast(id, *form)) &&
        ask_form(form, byid, db, why, p) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    if (!may_be_cast(id, *form)) {
        *why = *form == BYID_UUID ? "the id is no UUID" : "the id is no integer";
        return APR_BADARG;
    }
    rv = db_get_row(row, db, byid->pgsql[*form], args, why, p);
    if (rv == APR_EGENERAL) {
        *form = BYID_UNKNOWN; /* likewise */
    }
    return rv;
}

apr_status_t byid_get_row(db_row_t *row, const byid_t *byid, db_t *db, const char *id,
                          const char *last, const char **why, apr_pool_t *p)
{
    const char *args[] = {id, last}, *twice[] = {id, id, last};

    switch (db_dialect(db)) {
    case DB_PGSQL:
        return get_row_pgsql(row, byid, db, args, why, p);
    case DB_MYSQL:
        return db_get_row(row, db, byid->mysql, twice, why, p);
    default:
        return db_get_row(row, db, byid->usual, args, why, p);
    }
}

const char *const byid_nobodies[BYID_NOBODIES] = {"0",
                                                  "00000000-0000-0000-0000-000000000000"};

apr_status_t byid_probe(const byid_t *byid, db_t *db, const char *last, const char **why,
                        apr_pool_t *p)
{
    apr_status_t rv = APR_BADARG;
    db_row_t row;
    int i;

    for (i = 0; i < BYID_NOBODIES && rv == APR_BADARG; i++) {
        rv = byid_get_row(&row, byid, db, byid_nobodies[i], last, why, p);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
