/**
 * Passwords and tokens, from the terminal without echo or from standard input.
 */
#ifndef HTJWT_TERMINAL_H
#define HTJWT_TERMINAL_H

#include <apr_pools.h>

/**
 * One line of standard input, or, where that is a terminal, one that is typed unseen.
 *
 * @param what  is asked for, as the prompt and errors name it
 * @return not empty, without the end of the line, allocated from @p p
 */
const char *terminal_read_line(const char *what, apr_pool_t *p);

/**
 * A new password: of a terminal it is asked twice.
 *
 * @param reads_stdin  whether it is read from standard input even if that is a terminal
 */
const char *terminal_read_password(int reads_stdin, apr_pool_t *p);

#endif
