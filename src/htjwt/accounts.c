#include "htjwt/accounts.h"

#include <apr_strings.h>
#include <string.h>

#include "htjwt/database.h"
#include "htjwt/hash.h"
#include "htjwt/say.h"
#include "htjwt/terminal.h"

/* Of Django's users, and of our own tables. */
#define MOST_CHARACTERS 150

/* --- Names ----------------------------------------------------------------------------
 */

/* Bytes of the character of UTF-8 at @p at, NUL-terminated; 0 for none (RFC 3629). */
static int character_len(const unsigned char *at)
{
    int len = *at < 0x80   ? 1
              : *at < 0xc2 ? 0
              : *at < 0xe0 ? 2
              : *at < 0xf0 ? 3
              : *at < 0xf5 ? 4
                           : 0;
    int i;

    for (i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f)) {
        return 0;
    }
    return len;
}

/* A login trims names, and refuses what is no text. */
static void check_name(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;
    int len, count = 0;

    if (!*name || *name == ' ' || name[strlen(name) - 1] == ' ') {
        say_fail(SAY_BAD_USER, "a user's name is not empty and neither begins nor ends "
                               "with a blank; write it without");
    }
    for (; *at; at += len, count++) {
        len = character_len(at);
        if (len == 0 || *at < 0x20 || *at == 0x7f) {
            say_fail(SAY_BAD_USER, "the user's name has a control character or is no "
                                   "UTF-8; write it without, or in a UTF-8 locale");
        }
    }
    if (count > MOST_CHARACTERS) {
        say_fail(SAY_TOO_LONG,
                 "the user's name has %d characters, more than %d; choose a "
                 "shorter one",
                 count, MOST_CHARACTERS);
    }
}

/* --- Rows ------------------------------------------------------------------------------
 */

typedef struct {
    const char *name;
    site_t site;
    db_t db;
    const user_t *user; /* NULL: there is none of this name */
    apr_pool_t *p;
} account_t;

static const char *column(const account_t *account, int which)
{
    return account->site.users.columns[which];
}

static void open_account(account_t *out, const options_t *options, apr_pool_t *p)
{
    const char *why = "";
    apr_status_t rv;
    user_t *user = apr_palloc(p, sizeof *user);

    out->name = options->operands[0];
    out->p = p;
    check_name(out->name);
    site_read(&out->site, options, p);
    if (!out->site.has_users) {
        say_fail(SAY_BAD_CONF,
                 "the users of this site are those of AuthJWTProvider; change "
                 "them there, as by htpasswd");
    }
    if (!out->site.users.table) {
        say_fail(SAY_BAD_CONF, "the users of this site are found by SQL of its own "
                               "(AuthJWTUserQuery), which does not tell how to change "
                               "them; do so in the application that owns them");
    }
    database_open(&out->db, &out->site, p);
    rv = users_by_name(user, &out->site.users, &out->db, out->name, &why, p);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        say_fail(SAY_FAILED, "%s (the module's own tables are made by: htjwt init)", why);
    }
    out->user = rv == APR_SUCCESS ? user : NULL;
}

static void must_be_there(const account_t *account)
{
    if (!account->user) {
        say_fail(SAY_BAD_USER, "there is no user '%s'; add one by: htjwt adduser",
                 account->name);
    }
}

/* One row, or nothing was done. */
static void change(account_t *account, const char *sql, const char **args)
{
    const char *why = "";
    int rows;

    if (db_execute(&rows, &account->db, db_statement_make(sql, account->p), args, &why,
                   account->p) != APR_SUCCESS) {
        say_fail(SAY_FAILED,
                 "%s; the connection must be one that may change %s (-p or "
                 "HTJWT_PARAMS)",
                 why, account->site.users.table);
    }
    if (rows != 1) {
        say_fail(SAY_FAILED, "%d rows of %s were changed in place of one; look at them",
                 rows, account->site.users.table);
    }
}

/* --- Commands --------------------------------------------------------------------------
 */

/* What an application hashes itself it must be able to read. */
static const char *new_hash(const account_t *account, const options_t *options,
                            apr_pool_t *p)
{
    if (account->site.users.does_rehash) {
        say_fail(SAY_BAD_CONF,
                 "the users of %s belong to an application with password hashes of its "
                 "own; add them and set their passwords there",
                 account->site.users.table);
    }
    return hash_make(terminal_read_password(options->reads_stdin, p),
                     options->bcrypt_cost, p);
}

void accounts_add(const options_t *options, apr_pool_t *p)
{
    const char *is_active, *args[2], *why = "";
    account_t account;
    user_t user;

    open_account(&account, options, p);
    if (account.user) {
        say_fail(SAY_BAD_USER,
                 "there is a user '%s' already; another password is set "
                 "by: htjwt passwd",
                 account.name);
    }
    args[0] = account.name;
    args[1] = new_hash(&account, options, p);
    is_active = column(&account, USERS_IS_ACTIVE);
    /* In quotes '1' is a BOOLEAN, a number and a text, as the column wants it. */
    change(&account,
           apr_pstrcat(p, "INSERT INTO ", account.site.users.table, "(",
                       column(&account, USERS_USERNAME), ", ",
                       column(&account, USERS_PASSWORD), is_active ? ", " : "",
                       is_active ? is_active : "", ") VALUES (%s, %s",
                       is_active ? ", '1'" : "", ")", NULL),
           args);
    if (users_by_name(&user, &account.site.users, &account.db, account.name, &why, p) !=
        APR_SUCCESS) {
        say_fail(SAY_FAILED, "the user was added, but is not found: %s", why);
    }
    say_line("Added user %s (id %s).", account.name, user.id);
}

void accounts_passwd(const options_t *options, apr_pool_t *p)
{
    account_t account;
    const char *args[2];

    open_account(&account, options, p);
    must_be_there(&account);
    args[0] = new_hash(&account, options, p);
    args[1] = account.name;
    change(&account,
           apr_pstrcat(p, "UPDATE ", account.site.users.table, " SET ",
                       column(&account, USERS_PASSWORD), " = %s WHERE ",
                       column(&account, USERS_USERNAME), " = %s", NULL),
           args);
    say_line("Changed the password of user %s.", account.name);
}

static void set_active(const options_t *options, int is_active, apr_pool_t *p)
{
    account_t account;
    const char *args[1];

    open_account(&account, options, p);
    must_be_there(&account);
    if (!column(&account, USERS_IS_ACTIVE)) {
        say_fail(SAY_BAD_CONF,
                 "the table %s has no column that tells who is active; name "
                 "one in AuthJWTUserTable",
                 account.site.users.table);
    }
    /* MySQL would tell of no changed row. */
    if (account.user->is_active != is_active) {
        args[0] = account.name;
        change(&account,
               apr_pstrcat(p, "UPDATE ", account.site.users.table, " SET ",
                           column(&account, USERS_IS_ACTIVE), " = ",
                           is_active ? "'1'" : "'0'", " WHERE ",
                           column(&account, USERS_USERNAME), " = %s", NULL),
               args);
    }
    say_line("User %s is %s.", account.name, is_active ? "active" : "not active");
}

void accounts_disable(const options_t *options, apr_pool_t *p)
{
    set_active(options, 0, p);
}

void accounts_enable(const options_t *options, apr_pool_t *p)
{
    set_active(options, 1, p);
}
