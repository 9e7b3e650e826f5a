/* For LD_PRELOAD under httpd: a server that is told another time of day, or that it lacks
 * functions of another module.
 *
 *   PRETEND_AHEAD    a file; the time is ahead by as many seconds as it has bytes
 *   PRETEND_WITHOUT  what the names of optional functions begin with that nobody finds */
#include <apr_optional.h>
#include <apr_time.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC apr_time_t apr_time_now(void)
{
    const char *file = getenv("PRETEND_AHEAD");
    struct timeval now;
    struct stat info;

    gettimeofday(&now, NULL);
    if (!file || stat(file, &info) != 0) {
        info.st_size = 0;
    }
    return apr_time_from_sec(now.tv_sec + info.st_size) + now.tv_usec;
}

PUBLIC apr_opt_fn_t *apr_dynamic_fn_retrieve(const char *name)
{
    const char *without = getenv("PRETEND_WITHOUT");
    apr_opt_fn_t *(*next)(const char *) = NULL;

    if (without && strncmp(name, without, strlen(without)) == 0) {
        return NULL;
    }
    *(void **)(void *)&next = dlsym(RTLD_NEXT, "apr_dynamic_fn_retrieve");
    return next ? next(name) : NULL;
}
