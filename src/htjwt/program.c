#include "htjwt/program.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a program says of its failure is short. */
#define MOST_ERRORS 65536

typedef struct {
    int fd; /* -1: at its end */
    unsigned char *data;
    apr_size_t len, most;
    int is_cut;
} stream_t;

static void open_stream(stream_t *stream, apr_size_t most, int *write_end, apr_pool_t *p)
{
    int ends[2] = {-1, -1};

    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
    }
    stream->fd = ends[0];
    stream->data = apr_pcalloc(p, most + 1);
    stream->len = 0;
    stream->most = most;
    stream->is_cut = 0;
    *write_end = ends[1];
}

/* Of what is too much nothing is kept, but it is read on: the program shall end. */
static void read_some(stream_t *stream)
{
    unsigned char rest[4096];
    int is_full = stream->len == stream->most;
    ssize_t got = is_full ? read(stream->fd, rest, sizeof rest)
                          : read(stream->fd, stream->data + stream->len,
                                 stream->most - stream->len);

    if (got > 0 && is_full) {
        stream->is_cut = 1;
    } else if (got > 0) {
        stream->len += (apr_size_t)got;
    } else if (got == 0 || errno != EINTR) {
        close(stream->fd);
        stream->fd = -1;
    }
}

static int read_streams(stream_t streams[2], apr_time_t deadline)
{
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd polled[2] = {{streams[0].fd, POLLIN, 0},
                                   {streams[1].fd, POLLIN, 0}};
        apr_interval_time_t left = deadline - apr_time_now();
        int i;

        if (left <= 0) {
            return 0;
        }
        poll(polled, 2, (int)apr_time_as_msec(left) + 1);
        for (i = 0; i < 2; i++) {
            if (polled[i].revents) {
                read_some(&streams[i]);
            }
        }
    }
    return 1;
}

/* In a process group of its own, so that what it starts ends with it. */
static int start(pid_t *pid, const char *const argv[], int out, int errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    error = posix_spawnp(pid, argv[0], &actions, &attributes,
                         (char *const *)(apr_uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int wait_for(pid_t pid, apr_time_t deadline)
{
    int status = -1;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (apr_time_now() >= deadline) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *program_run(program_output_t *output, const char *const argv[], int seconds,
                        apr_size_t most, apr_pool_t *p)
{
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(seconds);
    int ends[2], error, in_time, status;
    stream_t streams[2];
    apr_status_t rv;
    pid_t pid;

    open_stream(&streams[0], most, &ends[0], p);
    open_stream(&streams[1], MOST_ERRORS, &ends[1], p);
    error = start(&pid, argv, ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
    if (error) {
        rv = APR_FROM_OS_ERROR(error);
        return apr_psprintf(p, "cannot be started: %pm", &rv);
    }
    in_time = read_streams(streams, deadline);
    status = wait_for(pid, in_time ? deadline : 0);
    output->out = (bytes_t){streams[0].data, streams[0].len};
    output->errors = (bytes_t){streams[1].data, streams[1].len};
    if (!in_time) {
        return apr_psprintf(p, "did not end within %d seconds", seconds);
    }
    if (streams[0].is_cut) {
        return apr_psprintf(p, "wrote more than %" APR_SIZE_T_FMT " bytes", most);
    }
    return status == 0 ? NULL : "failed";
}
