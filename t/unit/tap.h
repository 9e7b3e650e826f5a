/* TAP for unit tests: what prove(1) reads, on standard output.
 *
 *   ok(parts == 3, "three parts");
 *   is_str(why, "no key", "the reason is named");
 *   is_int(code, 401, "refused");
 *   return done_testing();
 *
 * Without plan() the plan is printed at the end, so that a test which dies early has
 * none and fails. A failure's details go to standard error. */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int planned, run, failed;
} tap;

/* How many tests there will be; optional, and if given before the first of them. */
static inline void plan(int tests)
{
    tap.planned = tests;
    printf("1..%d\n", tests);
}

/* A name ends at a '#' for TAP, and at a line's end. */
static inline void tap_name(const char *name)
{
    for (; *name; name++) {
        if (*name == '#') {
            putchar('\\');
        }
        putchar(*name == '\n' ? ' ' : *name);
    }
    putchar('\n');
}

/* Then a program is many times slower, and each part of it by a factor of its own. */
static inline int is_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

/* One test, passed if cond is not 0; returns whether it did. */
static inline int ok(int cond, const char *name)
{
    printf("%sok %d - ", cond ? "" : "not ", ++tap.run);
    tap_name(name);
    fflush(stdout); /* what was tested last is known after a crash */
    if (!cond) {
        tap.failed++;
        fprintf(stderr, "# failed: %s\n", name);
    }
    return cond;
}

/* Both texts equal, or both NULL. */
static inline int is_str(const char *got, const char *expected, const char *name)
{
    int same = got && expected ? strcmp(got, expected) == 0 : got == expected;

    if (!ok(same, name)) {
        fprintf(stderr, "#      got: %s\n# expected: %s\n", got ? got : "(NULL)",
                expected ? expected : "(NULL)");
    }
    return same;
}

static inline int is_int(long long got, long long expected, const char *name)
{
    if (!ok(got == expected, name)) {
        fprintf(stderr, "#      got: %lld\n# expected: %lld\n", got, expected);
    }
    return got == expected;
}

/* main's last statement: 0 if all went well and, after plan(), as many as planned. */
static inline int done_testing(void)
{
    if (tap.planned == 0) {
        plan(tap.run);
    }
    if (tap.planned != tap.run) {
        fprintf(stderr, "# planned %d tests, ran %d\n", tap.planned, tap.run);
    }
    return tap.failed > 0 || tap.run == 0 || tap.planned != tap.run;
}

#endif
