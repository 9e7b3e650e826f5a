/*
 * htjwt: users, keys and tokens of mod_auth_jwt from the command line, in the manner of
 * htpasswd and of the same source as the module.
 *
 *   main       which commands there are
 *   options    the command line                 site      what holds for the site
 *   tables     init                             keys      its keys
 *   accounts   adduser passwd disable enable    database  its connection
 *   logins     sessions logout token purge      place     site, keys, connection in one
 *   keygen     keygen                           hash      new password hashes
 *   tokens     decode verify                    terminal  passwords and tokens
 *   checkup    check                            program   other programs, as httpd
 *                                               say       results and errors
 *
 * A command runs once and ends: what cannot be done ends the program by say_fail(), with
 * one line and the exit status of its kind.
 */
#include <apr_general.h>
#include <stdlib.h>

#include "htjwt/accounts.h"
#include "htjwt/checkup.h"
#include "htjwt/keygen.h"
#include "htjwt/logins.h"
#include "htjwt/options.h"
#include "htjwt/say.h"
#include "htjwt/tables.h"
#include "htjwt/tokens.h"
#include "jose/jsontext.h"

/* Letters of options.c. */
#define DATABASE "fsdpH"
#define PASSWORD "iBC"
#define CLAIMS   "kIAU"

static const options_command_t commands[] = {
    {"init", "", 0, 0, DATABASE, tables_init, "make the module's tables"},
    {"check", "", 0, 0, DATABASE, checkup_run,
     "driver, connection, tables, statements, grants"},
    {"adduser", "USER", 1, 1, DATABASE PASSWORD, accounts_add, "add a user"},
    {"passwd", "USER", 1, 1, DATABASE PASSWORD, accounts_passwd, "set a new password"},
    {"disable", "USER", 1, 1, DATABASE, accounts_disable, "shut a user out"},
    {"enable", "USER", 1, 1, DATABASE, accounts_enable, "let a user in again"},
    {"sessions", "[USER]", 0, 1, DATABASE, logins_list, "list the sessions that go on"},
    {"logout", "USER|SID", 1, 1, DATABASE, logins_end, "end a session, or all of a user"},
    {"token", "USER LIFETIME", 2, 2, DATABASE CLAIMS, logins_token,
     "make an access token for scripts"},
    {"purge", "", 0, 0, DATABASE, logins_purge, "delete sessions that are long over"},
    {"keygen", "ALG [FILE]", 1, 2, "F", keygen_run, "make a key for AuthJWTKey"},
    {"decode", "", 0, 0, "", tokens_decode, "show what a token says, unverified"},
    {"verify", "", 0, 0, DATABASE CLAIMS, tokens_verify,
     "say whether a token is good, and why not"},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

static int no_memory(int status)
{
    (void)status;
    say_fail(SAY_FAILED, "memory ran out; try again");
}

int main(int argc, char *argv[])
{
    const options_command_t *command;
    options_t options;
    apr_pool_t *p;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create_ex(&p, NULL, no_memory, NULL) != APR_SUCCESS) {
        say_fail(SAY_FAILED, "APR does not start; memory ran out");
    }
    atexit(apr_terminate);
    jsontext_insist_on_memory(p);
    command = options_read(&options, commands, argc, argv, p);
    command->run(&options, p);
    say_end(SAY_GOOD);
}
