/**
 * What directives take, by the kind of value: each sets the row of config.h whose number
 * stands in cmd->info, and marks it as written by its section.
 *
 * All return NULL, or a message that names the directive, the value seen and a good one.
 */
#ifndef HTTP_SETTERS_H
#define HTTP_SETTERS_H

#include "http/config.h"

/** The row of a directive. */
config_row_t setters_row(const cmd_parms *cmd);

/** The directive's name in front of a message, allocated from cmd->pool. */
const char *setters_refuse(const cmd_parms *cmd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Set a value that was read already. */
const char *setters_put_number(cmd_parms *cmd, void *dir, config_row_t row,
                               apr_int64_t value);
const char *setters_put_int(cmd_parms *cmd, void *dir, int value);
const char *setters_put_text(cmd_parms *cmd, void *dir, const char *value);

/** Whether a text is a token of RFC 9110 section 5.6.2, such as a field's name. */
int setters_is_token(const char *text);

/**
 * What is wrong with the name of a header field that carries a token.
 *
 * @param good  what to write instead, for the message
 * @return NULL when it can be used
 */
const char *setters_check_field(const cmd_parms *cmd, const char *arg, const char *good);

/** A whole number from 1 to @p most, of digits alone; 0 for anything else. */
int setters_count(const char *arg, int most);

/** A time above 0, in seconds; the second also "none", which is 0. */
const char *setters_seconds(cmd_parms *cmd, void *dir, const char *arg);
const char *setters_seconds_or_none(cmd_parms *cmd, void *dir, const char *arg);

/** The same, of which a .htaccess file has a row of its own, behind that of others. */
const char *setters_age(cmd_parms *cmd, void *dir, const char *arg);

const char *setters_flag(cmd_parms *cmd, void *dir, int flag);
const char *setters_bytes(cmd_parms *cmd, void *dir, const char *arg);

/** A text without control characters that is not empty; the second also "none". */
const char *setters_text(cmd_parms *cmd, void *dir, const char *arg);
const char *setters_text_or_none(cmd_parms *cmd, void *dir, const char *arg);
const char *setters_check_text(const cmd_parms *cmd, const char *arg);

/** The name of a claim, of the directive with this row: none that our tokens have. */
const char *setters_check_claim(const cmd_parms *cmd, config_row_t row, const char *arg);

/** One more text of a list: the first one of a section replaces what it inherits. */
const char *setters_add_text(cmd_parms *cmd, void *dir, const char *arg);
const char *setters_add_text_or_none(cmd_parms *cmd, void *dir, const char *arg);

#endif
