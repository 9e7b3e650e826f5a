/* For tests in which calls fail: each try is made in a process of its own, so that
 * whatever it breaks is gone with it. */
#ifndef APART_H
#define APART_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"
#include "tap.h"

#define APART_PATIENCE 20 /* seconds; the slowest try takes a tenth of one */

/* Only there in a build that measures coverage. */
void __gcov_dump(void) __attribute__((weak));

/* What such a process reached counts as well. */
static inline void apart_record(void)
{
    inject_disarm();
    if (__gcov_dump) {
        __gcov_dump();
    }
}

/* What pools do without memory, as httpd has it. */
static inline int apart_out_of_memory(int rv)
{
    (void)rv;
    apart_record();
    abort();
}

/* A checker of memory has a malloc() of its own. */
static inline int apart_is_possible(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    return !is_under_valgrind();
#endif
}

/* Memory that both processes see. */
static inline void *apart_shared(size_t size)
{
    static const struct rlimit none = {0, 0}; /* no image of those that abort */

    setrlimit(RLIMIT_CORE, &none);
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Whether this is the new process, which ends by apart_end(). In the old one *killed_by
 * is the signal that ended it, or 0. */
static inline int apart_begin(int *killed_by)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        alarm(APART_PATIENCE);
        return 1;
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        fprintf(stderr, "# no process could be made\n");
        exit(1);
    }
    *killed_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 0;
}

static inline void apart_end(void)
{
    apart_record();
    _exit(0);
}

#endif
