/* Passwords, tokens and keys are no options: every user of a machine sees the arguments
 * of all programs. A connection string may hold a password, so it may come otherwise. */
#include "htjwt/options.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "htjwt/say.h"
#include "htjwt/terminal.h"

/* Letters of options that have no short form. */
enum { HTTPD = 'H', ISSUER = 'I', AUDIENCE = 'A', USER_ID_CLAIM = 'U', HELP = 'h' };

static const struct option longs[] = {
    {"httpd", required_argument, NULL, HTTPD},
    {"issuer", required_argument, NULL, ISSUER},
    {"audience", required_argument, NULL, AUDIENCE},
    {"user-id-claim", required_argument, NULL, USER_ID_CLAIM},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

#define SHORTS "f:s:d:p:k:iBC:Fh"

/* The form of most of them: one says so where a command does not know it. */
static const char *option_text(int letter, apr_pool_t *p)
{
    const struct option *row;

    for (row = longs; row->name; row++) {
        if (row->val == letter) {
            return apr_pstrcat(p, "--", row->name, NULL);
        }
    }
    return apr_psprintf(p, "-%c", letter);
}

static void help(const options_command_t *command, apr_pool_t *p)
{
    say_line("usage: htjwt COMMAND [OPTION...] [OPERAND...]");
    for (; command->name; command++) {
        say_line("  %-28s %s",
                 apr_pstrcat(p, command->name, *command->operands ? " " : "",
                             command->operands, NULL),
                 command->help);
    }
    say_line(
        "The database: -f httpd.conf [-s HOST], or [-d DRIVER] -p PARAMS; more is in "
        "htjwt(1).");
    say_end(SAY_GOOD);
}

static const options_command_t *find_command(const options_command_t *commands,
                                             const char *name)
{
    const options_command_t *command = commands;

    while (command->name && strcmp(command->name, name) != 0) {
        command++;
    }
    if (!command->name) {
        say_fail(SAY_USAGE, "'%s' is no command; htjwt --help lists them", name);
    }
    return command;
}

static void add(const apr_array_header_t **list, const char *text, apr_pool_t *p)
{
    apr_array_header_t *grown =
        *list ? apr_array_copy(p, *list) : apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(grown, const char *) = text;
    *list = grown;
}

#define LEAST_COST   8
#define MOST_COST    15 /* what src/store/password computes */
#define DEFAULT_COST 12

static int read_cost(const char *text)
{
    char *end;
    apr_int64_t cost = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(*text) || *end || cost < LEAST_COST || cost > MOST_COST) {
        say_fail(SAY_USAGE, "-C: '%s' is no cost of bcrypt; write a number from %d to %d",
                 text, LEAST_COST, MOST_COST);
    }
    return (int)cost;
}

/* "password =", "pass=" and the like, or "postgresql://user:password@host". */
static int has_password(const char *params)
{
    const char *uri = strstr(params, "://"), *at;

    for (at = params; *at; at++) {
        if (strncasecmp(at, "pass", 4) == 0) {
            const char *end = at + strspn(at, "PASWORDpasword");

            if (end[strspn(end, " \t")] == '=') {
                return 1;
            }
        }
    }
    return uri && strchr(uri, '@') && memchr(uri + 3, ':', strcspn(uri + 3, "@"));
}

static const char *read_params(const char *text, apr_pool_t *p)
{
    if (strcmp(text, "-") == 0) {
        return terminal_read_line("connection parameters", p);
    }
    if (has_password(text)) {
        say_fail(SAY_USAGE, "-p: a password in an argument is seen by every user of this "
                            "machine; write the parameters to the variable HTJWT_PARAMS, "
                            "or to standard input and -p -");
    }
    return text;
}

static void set(options_t *out, int letter, const char *value, apr_pool_t *p)
{
    switch (letter) {
    case 'f':
        out->conf = value;
        break;
    case 's':
        out->host = value;
        break;
    case 'd':
        out->driver = value;
        break;
    case 'p':
        out->params = read_params(value, p);
        break;
    case 'k':
        add(&out->keys, value, p);
        break;
    case 'i':
        out->reads_stdin = 1;
        break;
    case 'B':
        out->bcrypt_cost = DEFAULT_COST;
        break;
    case 'F':
        out->may_overwrite = 1;
        break;
    case HTTPD:
        out->httpd = value;
        break;
    case ISSUER:
        out->issuer = value;
        break;
    case AUDIENCE:
        add(&out->audience, value, p);
        break;
    case USER_ID_CLAIM:
        out->user_id_claim = value;
        break;
    }
}

/* Each option's letter is noted, since the command may stand behind it. */
static void read_options(options_t *out, char *letters, int argc, char *const argv[],
                         const options_command_t *commands, apr_pool_t *p)
{
    const char *cost = NULL;
    int letter;

    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":" SHORTS, longs, NULL)) != -1) {
        if (letter == HELP) {
            help(commands, p);
        }
        if (letter == ':') {
            say_fail(SAY_USAGE, "%s: its value is missing; htjwt(1) has all options",
                     option_text(optopt, p));
        }
        if (letter == '?') {
            say_fail(SAY_USAGE, "'%s' is no option; htjwt(1) has all of them",
                     optopt ? apr_psprintf(p, "-%c", optopt) : argv[optind - 1]);
        }
        if (!strchr(letters, letter)) {
            letters[strlen(letters)] = (char)letter;
        }
        if (letter == 'C') {
            cost = optarg;
        } else {
            set(out, letter, optarg, p);
        }
    }
    if (cost && !out->bcrypt_cost) {
        say_fail(SAY_USAGE, "-C: the cost is one of bcrypt; add -B");
    }
    if (cost) {
        out->bcrypt_cost = read_cost(cost);
    }
}

static void check(const options_t *out, const options_command_t *command,
                  const char *letters, int operands, apr_pool_t *p)
{
    for (; *letters; letters++) {
        if (!strchr(command->options, *letters)) {
            say_fail(SAY_USAGE, "%s: means nothing to %s; leave it away",
                     option_text(*letters, p), command->name);
        }
    }
    if (operands < command->operands_min || operands > command->operands_max) {
        say_fail(SAY_USAGE, "%s: %d operands; write: htjwt %s%s%s", command->name,
                 operands, command->name, *command->operands ? " " : "",
                 command->operands);
    }
    if (out->host && !out->conf) {
        say_fail(SAY_USAGE, "-s: names a virtual host of a configuration; add -f");
    }
}

const options_command_t *options_read(options_t *out, const options_command_t *commands,
                                      int argc, char *const argv[], apr_pool_t *p)
{
    char letters[2 * sizeof SHORTS] = "";
    const options_command_t *command;

    memset(out, 0, sizeof *out);
    out->httpd = HTJWT_HTTPD;
    read_options(out, letters, argc, argv, commands, p);
    if (optind == argc) {
        say_fail(SAY_USAGE, "no command; htjwt --help lists them");
    }
    command = find_command(commands, argv[optind]);
    out->operands = (const char *const *)&argv[optind + 1];
    check(out, command, letters, argc - optind - 1, p);
    if (!out->params) {
        out->params = getenv("HTJWT_PARAMS");
    }
    return command;
}
