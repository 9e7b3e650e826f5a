#include "htjwt/say.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Texts of databases and programs have several lines, and may have what a terminal
 * obeys. Bytes above 0x7f are letters of UTF-8. */
static void put(FILE *out, const char *prefix, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void put(FILE *out, const char *prefix, const char *format, va_list args)
{
    char *text = NULL, *from, *to;

    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    for (from = to = text; *from; from++) {
        int is_control = (unsigned char)*from < 0x20 || *from == 0x7f;

        if (!is_control) {
            *to++ = *from;
        } else if (to > text && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    to -= to > text && to[-1] == ' ';
    *to = '\0';
    fprintf(out, "%s%s\n", prefix, text);
    free(text);
}

void say_fail(say_status_t status, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    va_start(args, format);
    put(stderr, "htjwt: ", format, args);
    va_end(args);
    exit(status);
}

void say_note(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    va_start(args, format);
    put(stderr, "htjwt: ", format, args);
    va_end(args);
}

void say_line(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(stdout, "", format, args);
    va_end(args);
}

void say_end(say_status_t status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say_fail(SAY_FAILED, "standard output cannot be written; make room or see where "
                             "it leads");
    }
    exit(status);
}

const char *say_date(apr_int64_t seconds, apr_pool_t *p)
{
    apr_time_exp_t at;

    if (seconds < 0 || seconds > APR_INT64_C(253402300799) ||
        apr_time_exp_gmt(&at, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT, seconds);
    }
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d:%02d UTC", at.tm_year + 1900,
                        at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
}
