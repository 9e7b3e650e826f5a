/**
 * What the tool tells its user: results on standard output, one line for an error.
 */
#ifndef HTJWT_SAY_H
#define HTJWT_SAY_H

#include <apr_pools.h>

/** Exit statuses; 1 to 6 mean what they mean of htpasswd. */
typedef enum {
    SAY_GOOD,
    SAY_FAILED,      /* a file, program or database */
    SAY_USAGE,       /* the command line */
    SAY_MISMATCH,    /* a password was not repeated as it was; a token is not good */
    SAY_INTERRUPTED, /* by a signal */
    SAY_TOO_LONG,    /* a name or a password */
    SAY_BAD_USER,    /* no such user, there already, or no name for one */
    SAY_BAD_CONF     /* the configuration lacks what the command needs */
} say_status_t;

/**
 * Write "htjwt: ..." to standard error, as one line, and end the program.
 *
 * @param format  cause and cure; never with a password, token or key
 */
void say_fail(say_status_t status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/** Write "htjwt: ..." to standard error and go on. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Write a line to standard output. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A time in seconds since 1970 as date and clock tell it, in UTC. */
const char *say_date(apr_int64_t seconds, apr_pool_t *p);

/** End the program well, or with an error where standard output took not all. */
void say_end(say_status_t status) __attribute__((noreturn));

#endif
