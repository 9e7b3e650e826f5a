/**
 * The command line.
 */
#ifndef HTJWT_OPTIONS_H
#define HTJWT_OPTIONS_H

#include <apr_tables.h>

typedef struct {
    const char *conf;                   /* -f, NULL: none */
    const char *host;                   /* -s, NULL: the one that there is */
    const char *httpd;                  /* --httpd, or the one of the build */
    const char *driver;                 /* -d, NULL: not said */
    const char *params;                 /* -p or the environment; NULL: not said */
    const apr_array_header_t *keys;     /* -k: const char *, lines as of AuthJWTKey */
    const char *issuer;                 /* --issuer */
    const apr_array_header_t *audience; /* --audience: const char *; NULL: none */
    const char *user_id_claim;          /* --user-id-claim */
    int reads_stdin;                    /* -i */
    int bcrypt_cost;                    /* -B, -C; 0: yescrypt */
    int may_overwrite;                  /* -F */
    const char *const *operands;        /* behind the command, with NULL at the end */
} options_t;

/** A command: each gets a pool of its own, and ends the program by say_fail() when it
 *  cannot do its work. */
typedef struct {
    const char *name;
    const char *operands; /* as the usage shows them */
    int operands_min, operands_max;
    const char *options; /* letters of those that mean something to it */
    void (*run)(const options_t *options, apr_pool_t *p);
    const char *help;
} options_command_t;

/**
 * Read the command line; whatever is wrong with it ends the program.
 *
 * @param commands  of which the last has no name
 */
const options_command_t *options_read(options_t *out, const options_command_t *commands,
                                      int argc, char *const argv[], apr_pool_t *p);

#endif
