#include "http/keyprogram.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_main.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a program may think. */
#define PATIENCE apr_time_from_sec(10)

static int is_trusted(const apr_finfo_t *info)
{
    return info->user == 0 || info->user == geteuid();
}

/* Whoever may write a directory above puts another program, or a link to one, into its
 * place. Not asked is the group: Debian's /usr/local is of its group staff. */
static int is_replaceable(const char *path, apr_pool_t *p)
{
    char *directory = apr_pstrdup(p, path), *slash;
    apr_finfo_t info;
    apr_status_t rv;

    while ((slash = strrchr(directory, '/')) && slash[1]) {
        slash[slash == directory] = '\0';
        rv = apr_stat(&info, directory, APR_FINFO_NORM, p);
        if ((rv != APR_SUCCESS && rv != APR_INCOMPLETE) || !is_trusted(&info) ||
            (info.protection & (APR_WWRITE | APR_WSTICKY)) == APR_WWRITE) {
            return 1;
        }
    }
    return 0;
}

/* The same for where a link leads. */
static const char *check_directories(const char *path, apr_pool_t *p)
{
    char *real = realpath(path, NULL);
    int bad = !real || is_replaceable(path, p) || is_replaceable(real, p);

    free(real);
    return bad ? apr_psprintf(p,
                              "the program %s is in a directory that another user than "
                              "root can write; move it, such as to /usr/local/sbin",
                              path)
               : NULL;
}

/* Whoever may change the program has the key, and runs as the user who starts httpd. */
static const char *check_program(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_NORM, p);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return apr_psprintf(
            p, "cannot look at the program %s: %pm; name one that is there", path, &rv);
    }
    if (info.filetype != APR_REG) {
        return apr_psprintf(p, "%s is no program; name the file that is to run", path);
    }
    if (!is_trusted(&info) || (info.protection & (APR_GWRITE | APR_WWRITE))) {
        return apr_psprintf(p,
                            "the program %s does not belong to root alone; run: chown "
                            "root %s; chmod go-w %s",
                            path, path, path);
    }
    if (!(info.protection & (APR_UEXECUTE | APR_GEXECUTE | APR_WEXECUTE))) {
        return apr_psprintf(p, "the program %s cannot be run; run: chmod u+x %s", path,
                            path);
    }
    return check_directories(path, p);
}

/* Everything up to its end, and no longer than PATIENCE. */
static apr_status_t read_pipe(bytes_t *out, apr_file_t *pipe, apr_time_t deadline,
                              apr_pool_t *p)
{
    unsigned char *data = apr_pcalloc(p, KEYPROGRAM_MAX_BYTES + 1);
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len;

    out->data = data;
    while (rv == APR_SUCCESS) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            return APR_TIMEUP;
        }
        if (out->len == KEYPROGRAM_MAX_BYTES) {
            return APR_ENOSPC;
        }
        apr_file_pipe_timeout_set(pipe, left);
        len = KEYPROGRAM_MAX_BYTES - out->len;
        rv = apr_file_read(pipe, data + out->len, &len);
        out->len += rv == APR_SUCCESS ? len : 0;
    }
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* It has closed its output, but may sleep on. Where whoever started httpd ignores SIGCHLD
 * nobody learns how it ended, and a part of a key must not pass for one. */
static int ends_well(apr_proc_t *process, apr_time_t deadline)
{
    apr_exit_why_e why = APR_PROC_EXIT;
    apr_status_t rv;
    int status = 0;

    while ((rv = apr_proc_wait(process, &status, &why, APR_NOWAIT)) ==
           APR_CHILD_NOTDONE) {
        if (apr_time_now() >= deadline) {
            apr_proc_kill(process, SIGKILL);
            apr_proc_wait(process, &status, &why, APR_WAIT);
            return 0;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    return rv == APR_CHILD_DONE && APR_PROC_CHECK_EXIT(why) && status == 0;
}

static const char *run(bytes_t *out, char **argv, apr_pool_t *p)
{
    apr_time_t deadline = apr_time_now() + PATIENCE;
    apr_procattr_t *attributes;
    apr_proc_t process;
    apr_status_t rv;
    int good;

    rv = apr_procattr_create(&attributes, p);
    if (rv == APR_SUCCESS) {
        rv = apr_procattr_io_set(attributes, APR_NO_FILE, APR_PARENT_BLOCK, APR_NO_PIPE);
    }
    if (rv == APR_SUCCESS) {
        /* httpd goes to / when it leaves the terminal: relative names in the arguments
         * would pass configtest, and end the start without a word. */
        rv = apr_procattr_dir_set(attributes, ap_server_root);
    }
    if (rv == APR_SUCCESS) {
        /* With the environment, where such programs find whom to ask. */
        rv = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_proc_create(&process, argv[0], (const char *const *)argv, NULL,
                             attributes, p);
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "cannot start the program %s: %pm", argv[0], &rv);
    }
    rv = read_pipe(out, process.out, deadline, p);
    apr_file_close(process.out);
    good = ends_well(&process, rv == APR_SUCCESS ? deadline : 0);
    if (rv != APR_SUCCESS || !good) {
        return apr_psprintf(p,
                            "the program %s %s; see what it wrote to standard error, "
                            "above or in the error log, and run it by hand%s",
                            argv[0],
                            APR_STATUS_IS_TIMEUP(rv) ? "did not end within 10 seconds"
                            : rv == APR_ENOSPC       ? "wrote more than 65536 bytes"
                                                     : "failed",
                            rv == APR_SUCCESS ? " (a script begins with #!/bin/sh)" : "");
    }
    return NULL;
}

const char *keyprogram_read(bytes_t *out, const char *line, apr_pool_t *p)
{
    const char *error;
    char **argv;

    if (*line != '/' || apr_tokenize_to_argv(line, &argv, p) != APR_SUCCESS) {
        return apr_psprintf(p,
                            "'exec:%s' names no program; write its whole path, such as "
                            "exec:/usr/local/sbin/site-key",
                            line);
    }
    error = check_program(argv[0], p);
    return error ? error : run(out, argv, p);
}
