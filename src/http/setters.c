#include "http/setters.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "auth/duration.h"
#include "jose/claims.h"
#include "store/users.h"

config_row_t setters_row(const cmd_parms *cmd)
{
    return (config_row_t)(apr_uintptr_t)cmd->info;
}

const char *setters_refuse(const cmd_parms *cmd, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = apr_pvsprintf(cmd->pool, format, args);
    va_end(args);
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", text, NULL);
}

/* --- Putting ---------------------------------------------------------------------- */

const char *setters_put_number(cmd_parms *cmd, void *dir, config_row_t row,
                               apr_int64_t value)
{
    config_mark(dir, row, cmd);
    *(apr_int64_t *)config_member(dir, row) = value;
    return NULL;
}

const char *setters_put_int(cmd_parms *cmd, void *dir, int value)
{
    config_mark(dir, setters_row(cmd), cmd);
    *(int *)config_member(dir, setters_row(cmd)) = value;
    return NULL;
}

const char *setters_put_text(cmd_parms *cmd, void *dir, const char *value)
{
    config_mark(dir, setters_row(cmd), cmd);
    *(const char **)config_member(dir, setters_row(cmd)) = value;
    return NULL;
}

int setters_is_token(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("!#$%&'*+-.^_`|~", *at)) {
            return 0;
        }
    }
    return *text != '\0';
}

/* "HTTP_X_ACCESS_TOKEN" to "X-Access-Token". */
static const char *field_of_variable(const char *variable, apr_pool_t *p)
{
    char *name = apr_pstrdup(p, variable + strlen("HTTP_")), *at;

    for (at = name; *at; at++) {
        if (*at == '_') {
            *at = '-';
        } else if (at > name && at[-1] != '-') {
            *at = (char)apr_tolower(*at);
        }
    }
    return name;
}

/* Fields that servers and clients fill by themselves carry no token. */
const char *setters_check_field(const cmd_parms *cmd, const char *arg, const char *good)
{
    static const char *const taken[] = {
        "Accept",         "Connection", "Content-Length",
        "Content-Type",   "Cookie",     "Expect",
        "Host",           "Origin",     "Referer",
        "Sec-Fetch-Site", "Upgrade",    "Transfer-Encoding",
        "User-Agent",     NULL};
    int i;

    if (!setters_is_token(arg)) {
        return setters_refuse(
            cmd, "'%s' is no name of a header field; write one such as %s", arg, good);
    }
    if (strncmp(arg, "HTTP_", 5) == 0 && arg[5]) {
        return setters_refuse(
            cmd, "'%s' is a variable's name; write that of the header field: %s", arg,
            field_of_variable(arg, cmd->pool));
    }
    for (i = 0; taken[i]; i++) {
        if (ap_cstr_casecmp(arg, taken[i]) == 0) {
            return setters_refuse(
                cmd,
                "'%s' has a meaning of its own in a request; write another "
                "name, such as %s",
                arg, good);
        }
    }
    return NULL;
}

/* --- Numbers ---------------------------------------------------------------------- */

int setters_count(const char *arg, int most)
{
    char *end;
    apr_int64_t count = apr_strtoi64(arg, &end, 10);

    return apr_isdigit(*arg) && !*end && count >= 1 && count <= most ? (int)count : 0;
}

static const char *set_time(cmd_parms *cmd, void *dir, config_row_t row, const char *arg)
{
    apr_int64_t seconds = duration_parse(arg);

    return seconds < 1 || seconds > DURATION_LONGEST
               ? setters_refuse(cmd,
                                "'%s' is not a time; write a number above 0 with a unit, "
                                "such as 5min, 1h, 14d or 900s",
                                arg)
               : setters_put_number(cmd, dir, row, seconds);
}

const char *setters_seconds(cmd_parms *cmd, void *dir, const char *arg)
{
    return set_time(cmd, dir, setters_row(cmd), arg);
}

const char *setters_seconds_or_none(cmd_parms *cmd, void *dir, const char *arg)
{
    return ap_cstr_casecmp(arg, "none") == 0
               ? setters_put_number(cmd, dir, setters_row(cmd), 0)
               : setters_seconds(cmd, dir, arg);
}

const char *setters_age(cmd_parms *cmd, void *dir, const char *arg)
{
    int in_htaccess = ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL;
    config_row_t row = setters_row(cmd) + (in_htaccess ? 1 : 0);

    return ap_cstr_casecmp(arg, "none") == 0 ? setters_put_number(cmd, dir, row, 0)
                                             : set_time(cmd, dir, row, arg);
}

const char *setters_flag(cmd_parms *cmd, void *dir, int flag)
{
    return setters_put_int(cmd, dir, flag);
}

#define SMALLEST_BODY 256
#define LARGEST_BODY  1048576

const char *setters_bytes(cmd_parms *cmd, void *dir, const char *arg)
{
    int bytes = setters_count(arg, LARGEST_BODY);

    return bytes < SMALLEST_BODY
               ? setters_refuse(cmd,
                                "'%s' is not a size; write a number of bytes from %d to "
                                "%d",
                                arg, SMALLEST_BODY, LARGEST_BODY)
               : setters_put_number(cmd, dir, setters_row(cmd), bytes);
}

/* --- Texts ------------------------------------------------------------------------ */

const char *setters_check_text(const cmd_parms *cmd, const char *arg)
{
    if (!users_is_printable(arg)) {
        return setters_refuse(cmd, "the value has a control character; write it without");
    }
    return *arg ? NULL : setters_refuse(cmd, "the value is empty; write a name");
}

/* A claim whose name a site chooses: none that other claims of our tokens have. The
 * choices are compared with each other by configtest. */
const char *setters_check_claim(const cmd_parms *cmd, config_row_t row, const char *arg)
{
    static const struct {
        const char *name;
        config_row_t except; /* whose default it is, or good for */
    } taken[] = {
        {"exp", CONFIG_ROW_COUNT},
        {"iat", CONFIG_ROW_COUNT},
        {"nbf", CONFIG_ROW_COUNT},
        {"iss", CONFIG_ROW_COUNT},
        {"aud", CONFIG_ROW_COUNT},
        {"sid", CONFIG_ROW_COUNT},
        {"auth_time", CONFIG_ROW_COUNT},
        {"refresh_exp", CONFIG_ROW_COUNT},
        {"hash_password", CONFIG_REVOKE_CLAIM},
        {"sub", CONFIG_USER_ID_CLAIM},
        {CLAIMS_PASSWORD_MARK, CONFIG_ROW_COUNT},
        {"jti", CONFIG_JTI_CLAIM},
        {"token_type", CONFIG_TOKEN_TYPE_CLAIM},
    };
    apr_size_t i;

    for (i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (taken[i].except != row && strcmp(arg, taken[i].name) == 0) {
            return setters_refuse(
                cmd,
                "'%s' has a meaning of its own in a token; write another "
                "name, such as %s",
                arg,
                row == CONFIG_CLAIMS          ? "email or role"
                : row == CONFIG_USER_ID_CLAIM ? "user_id or sub"
                : row == CONFIG_JTI_CLAIM     ? "jti or token_id"
                : row == CONFIG_REVOKE_CLAIM  ? "hash_password"
                                              : "token_type or kind");
        }
    }
    return setters_check_text(cmd, arg);
}

const char *setters_text(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error = setters_check_text(cmd, arg);

    return error ? error : setters_put_text(cmd, dir, arg);
}

const char *setters_text_or_none(cmd_parms *cmd, void *dir, const char *arg)
{
    return ap_cstr_casecmp(arg, "none") == 0 ? setters_put_text(cmd, dir, NULL)
                                             : setters_text(cmd, dir, arg);
}

const char *setters_add_text(cmd_parms *cmd, void *dir, const char *arg)
{
    config_row_t row = setters_row(cmd);
    apr_array_header_t **list = config_member(dir, row);
    const char *error = setters_check_text(cmd, arg);

    if (error) {
        return error;
    }
    if (!config_is_set(dir, row) || !*list) {
        *list = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    config_mark(dir, row, cmd);
    APR_ARRAY_PUSH(*list, const char *) = arg;
    return NULL;
}

const char *setters_add_text_or_none(cmd_parms *cmd, void *dir, const char *arg)
{
    config_row_t row = setters_row(cmd);

    if (ap_cstr_casecmp(arg, "none") != 0) {
        return setters_add_text(cmd, dir, arg);
    }
    config_mark(dir, row, cmd);
    *(const apr_array_header_t **)config_member(dir, row) = NULL;
    return NULL;
}
