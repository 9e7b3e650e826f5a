/* First the keys of a batch, then their rows: not every SQLite knows DELETE … LIMIT, and
 * MySQL has no subquery on the table that it deletes from. A row that was given more time
 * in between stays. */
#include "store/expired.h"

#include <apr_strings.h>

#define TEN "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s"
#define HUNDRED                                                                          \
    TEN ", " TEN ", " TEN ", " TEN ", " TEN ", " TEN ", " TEN ", " TEN ", " TEN ", " TEN

#define TABLE(name, column)                                                              \
    {                                                                                    \
        name,                                                                            \
            DB_QUERY(                                                                    \
                "SELECT " column " FROM " name " WHERE expires_at < %lld LIMIT 100", 1), \
            DB_STATEMENT("DELETE FROM " name " WHERE expires_at < %lld AND " column      \
                         " IN (" HUNDRED ")",                                            \
                         1 + EXPIRED_BATCH)                                              \
    }

static const struct {
    const char *name;
    db_query_t find, delete;
} tables[EXPIRED_TABLES] = {
    [EXPIRED_SESSIONS] = TABLE("auth_jwt_session", "sid"),
    [EXPIRED_BLACKLIST] = TABLE("auth_jwt_blacklist", "jti"),
};

const char *expired_table_name(expired_table_t table)
{
    return tables[table].name;
}

apr_status_t expired_delete(int *deleted, db_t *db, expired_table_t table,
                            apr_int64_t before, const char **why, apr_pool_t *p)
{
    const char *args[1 + EXPIRED_BATCH] = {apr_psprintf(p, "%" APR_INT64_T_FMT, before)};
    const apr_array_header_t *rows;
    apr_status_t rv;
    int i;

    rv = db_get_rows(&rows, EXPIRED_BATCH, db, &tables[table].find, args, why, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rows->nelts == 0) {
        *deleted = 0;
        return APR_SUCCESS;
    }
    /* What is left of the placeholders names the first row again. */
    for (i = 0; i < EXPIRED_BATCH; i++) {
        const db_row_t *row =
            &APR_ARRAY_IDX(rows, i < rows->nelts ? i : 0, const db_row_t);

        args[1 + i] = row->values[0] ? row->values[0] : "";
    }
    return db_execute(deleted, db, &tables[table].delete, args, why, p);
}
