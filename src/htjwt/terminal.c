#include "htjwt/terminal.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "htjwt/say.h"

/* Longer ones are no passwords, and no tokens either. */
#define LONGEST 65536

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Without its end; NULL where nothing came. */
static const char *take_line(FILE *in, const char *what, apr_pool_t *p)
{
    char *line = NULL, *copy;
    size_t size = 0;
    ssize_t len = getline(&line, &size, in);

    if (len < 0) {
        free(line);
        return NULL;
    }
    len -= len > 0 && line[len - 1] == '\n';
    len -= len > 0 && line[len - 1] == '\r';
    if (len > LONGEST) {
        say_fail(SAY_TOO_LONG, "the %s has more than %d bytes; shorten it", what,
                 LONGEST);
    }
    if (memchr(line, '\0', (size_t)len)) {
        say_fail(SAY_MISMATCH, "the %s has a zero byte; write it without", what);
    }
    copy = apr_pstrmemdup(p, line, (apr_size_t)len);
    explicit_bzero(line, size);
    free(line);
    return copy;
}

/* Signals end the program after the echo is on again. */
static const char *type_line(const char *prompt, const char *what, apr_pool_t *p)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    struct sigaction action = {.sa_handler = note_signal}, before[5];
    struct termios usual, quiet;
    const char *line;
    FILE *terminal = fopen("/dev/tty", "w+");
    int i;

    if (!terminal || tcgetattr(fileno(terminal), &usual) != 0) {
        say_fail(SAY_FAILED,
                 "there is no terminal to ask for the %s; write it to "
                 "standard input",
                 what);
    }
    for (i = 0; i < 5; i++) {
        sigaction(signals[i], &action, &before[i]);
    }
    quiet = usual;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
    fprintf(terminal, "%s: ", prompt);
    fflush(terminal);
    line = take_line(terminal, what, p);
    tcsetattr(fileno(terminal), TCSAFLUSH, &usual);
    fputs("\n", terminal);
    fclose(terminal);
    for (i = 0; i < 5; i++) {
        sigaction(signals[i], &before[i], NULL);
    }
    if (interrupted) {
        say_fail(SAY_INTERRUPTED, "interrupted; nothing was changed");
    }
    return line;
}

static const char *must_be(const char *line, const char *what)
{
    if (!line || !*line) {
        say_fail(SAY_MISMATCH, "the %s is empty; write it to standard input, or type it",
                 what);
    }
    return line;
}

const char *terminal_read_line(const char *what, apr_pool_t *p)
{
    return must_be(isatty(STDIN_FILENO)
                       ? type_line(apr_psprintf(p, "The %s", what), what, p)
                       : take_line(stdin, what, p),
                   what);
}

const char *terminal_read_password(int reads_stdin, apr_pool_t *p)
{
    const char *password;

    if (reads_stdin || !isatty(STDIN_FILENO)) {
        return must_be(take_line(stdin, "password", p), "password");
    }
    password = must_be(type_line("New password", "password", p), "password");
    if (strcmp(password, must_be(type_line("Again", "password", p), "password")) != 0) {
        say_fail(SAY_MISMATCH, "the two passwords are not the same; nothing was changed, "
                               "try again");
    }
    return password;
}
