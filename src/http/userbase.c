#include "http/userbase.h"

#include "http/setters.h"

/* The users that this section is building. */
static config_users_t *own_users(config_t *config, cmd_parms *cmd)
{
    if (!config_is_set(config, CONFIG_USERS)) {
        config->users = config_make_users(cmd->pool);
    }
    config_mark(config, CONFIG_USERS, cmd);
    return (config_users_t *)(apr_uintptr_t)config->users;
}

/* Which column NAME=OWN is about; USERS_COLUMNS: none of them. */
static int column_of(const char *arg)
{
    const char *equals = strchr(arg, '=');
    int column = 0;

    while (column < USERS_COLUMNS &&
           (equals != arg + strlen(users_column_names[column]) ||
            strncmp(arg, users_column_names[column], (apr_size_t)(equals - arg)) != 0)) {
        column++;
    }
    return column;
}

const char *userbase_set_table(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *columns[USERS_COLUMNS], *error, *own;
    config_t *config = dir;
    int i, column;

    memcpy(columns, users_column_names, sizeof columns);
    if (argc < 1) {
        return setters_refuse(
            cmd, "takes a table and its columns, such as: members password=pw_hash");
    }
    if (config_is_set(config, CONFIG_USERS)) {
        return setters_refuse(cmd, "users are configured twice in this section; keep one "
                                   "AuthJWTUserTable, or one of each query");
    }
    for (i = 1; i < argc; i++) {
        column = column_of(argv[i]);
        if (column == USERS_COLUMNS) {
            return setters_refuse(cmd,
                                  "'%s' is no column; write id=, username=, password= or "
                                  "is_active= and the table's own name for it",
                                  argv[i]);
        }
        own = strchr(argv[i], '=') + 1;
        columns[column] = column == USERS_IS_ACTIVE && !strcmp(own, "-") ? NULL : own;
    }
    own_users(config, cmd)->by_table = 1;
    error = users_table((users_t *)(apr_uintptr_t)&config->users->queries, argv[0],
                        columns, cmd->pool);
    return error ? setters_refuse(cmd, "%s", error) : NULL;
}

static const char *set_preset(cmd_parms *cmd, config_t *config, const char *name)
{
    config_users_t *users;
    const char *error;

    if (ap_cstr_casecmp(name, "auth_jwt") == 0) {
        config_mark(config, CONFIG_USERS, cmd);
        config->users = config_preset();
        return NULL;
    }
    users = own_users(config, cmd);
    users->by_table = 1;
    error = users_preset(&users->queries, name, cmd->pool);
    return error ? setters_refuse(cmd, "%s", error) : NULL;
}

const char *userbase_set_query(cmd_parms *cmd, void *dir, const char *arg)
{
    config_t *config = dir;
    const db_query_t *query;
    config_users_t *users;
    const char *error;
    int by_id = cmd->info != NULL;

    if (config_is_set(config, CONFIG_USERS) &&
        (config->users->by_table ||
         (by_id ? config->users->queries.by_id : config->users->queries.by_name))) {
        return setters_refuse(cmd, "users are configured twice in this section; keep one "
                                   "AuthJWTUserTable, or one of each query");
    }
    if (!by_id && !strpbrk(arg, " \t")) {
        return set_preset(cmd, config, arg);
    }
    error = users_query(&query, arg, cmd->pool);
    if (error) {
        return setters_refuse(cmd, "the SQL %s", error);
    }
    users = own_users(config, cmd);
    if (by_id) {
        users->queries.by_id = query;
        users->queries.source = users_sql_source(arg, cmd->pool);
        if (!users->queries.source) {
            return setters_refuse(
                cmd, "OpenSSL could not compute SHA-256; see its own settings");
        }
    } else {
        users->queries.by_name = query;
    }
    return NULL;
}

const char *userbase_set_last_login(cmd_parms *cmd, void *dir, const char *arg)
{
    const users_note_t **note = config_member(dir, setters_row(cmd));
    users_note_t *own = NULL;
    const char *error = NULL;

    if (ap_cstr_casecmp(arg, "none") != 0) {
        own = apr_palloc(cmd->pool, sizeof *own);
        error = users_note(own, arg, cmd->pool);
    }
    config_mark(dir, setters_row(cmd), cmd);
    *note = own;
    return error ? setters_refuse(cmd, "%s", error) : NULL;
}
