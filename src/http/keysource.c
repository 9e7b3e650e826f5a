#include "http/keysource.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

APLOG_USE_MODULE(auth_jwt);

/* No key of any kind is larger, and a set of keys hardly. */
#define MAX_BYTES 65536

/* How long a program may think. */
#define PATIENCE apr_time_from_sec(10)

/* What one reading of the configuration used. */
static apr_array_header_t *files; /* file_t */
static int only_warn;

typedef struct {
    server_rec *server;
    const char *path;
    apr_uid_t owner;
    apr_gid_t group;
    int is_open;   /* to the group, for what matters */
    int is_secret; /* read by others it is lost; else written */
} file_t;

void keysource_reset(apr_pool_t *pconf)
{
    files = apr_array_make(pconf, 2, sizeof(file_t));
}

static apr_status_t be_strict(void *unused)
{
    (void)unused;
    only_warn = 0;
    return APR_SUCCESS;
}

void keysource_only_warn(apr_pool_t *pconf)
{
    only_warn = 1;
    apr_pool_cleanup_register(pconf, NULL, be_strict, apr_pool_cleanup_null);
}

static keysource_text_t *add_text(apr_array_header_t *out)
{
    return apr_array_push(out);
}

/* --- Files ------------------------------------------------------------------------- */

static const char *check_kind(const apr_finfo_t *info, const char *path, apr_pool_t *p)
{
    if (info->filetype != APR_REG) {
        return apr_psprintf(p, "%s is no regular file; name the file that has the key",
                            path);
    }
    if (info->size > MAX_BYTES) {
        return apr_psprintf(p,
                            "%s has more than %d bytes; name a file that has the key "
                            "and nothing else",
                            path, MAX_BYTES);
    }
    return NULL;
}

static const char *read_open_file(keysource_text_t *out, apr_file_t *file,
                                  const char *path, apr_pool_t *p)
{
    const char *error;
    unsigned char *data;
    apr_status_t rv;

    rv = apr_file_info_get(&out->info, APR_FINFO_NORM, file);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return apr_psprintf(p, "cannot look at %s: %pm", path, &rv);
    }
    error = check_kind(&out->info, path, p);
    if (error) {
        return error;
    }
    data = apr_pcalloc(p, (apr_size_t)out->info.size + 1);
    rv = apr_file_read_full(file, data, (apr_size_t)out->info.size, &out->contents.len);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return apr_psprintf(p, "cannot read %s: %pm", path, &rv);
    }
    out->contents.data = data;
    out->path = path;
    return NULL;
}

/* Only a missing file is made anew: the cure must never overwrite a key. */
static const char *cannot_open(const char *path, const char *command, apr_status_t rv,
                               apr_pool_t *p)
{
    const char *cure = "name a file that can be read";

    if (APR_STATUS_IS_ENOENT(rv)) {
        cure = command
                   ? apr_psprintf(p, "make it with: (umask 077; %s > %s)", command, path)
                   : "name a file or directory that is there";
    } else if (APR_STATUS_IS_EACCES(rv)) {
        cure = "start httpd as root, or give the file to the user who starts it";
    }
    return apr_psprintf(p, "cannot read %s: %pm; %s", path, &rv, cure);
}

static const char *read_file(keysource_text_t *out, const char *path, const char *command,
                             apr_pool_t *p)
{
    const char *error;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;

    /* To open a pipe would wait for its writer. */
    if (apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS &&
        info.filetype != APR_REG) {
        return check_kind(&info, path, p);
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p);
    if (rv != APR_SUCCESS) {
        return cannot_open(path, command, rv, p);
    }
    error = read_open_file(out, file, path, p);
    apr_file_close(file);
    return error;
}

/* --- Directories ------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *list_names(apr_array_header_t **out, const char *path, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    apr_finfo_t info;
    apr_status_t rv;
    apr_dir_t *dir;

    rv = apr_dir_open(&dir, path, p);
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p,
                            "cannot read the directory %s: %pm; name one that can be "
                            "read",
                            path, &rv);
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (*info.name != '.') {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, info.name);
        }
    }
    apr_dir_close(dir);
    if (names->nelts == 0) {
        return apr_psprintf(p, "the directory %s has no file; put a key into it", path);
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), by_text);
    *out = names;
    return NULL;
}

const char *keysource_in_directory(const char *error, apr_pool_t *p)
{
    return apr_pstrcat(p, error,
                       " (each file of the directory is a key; move others away)", NULL);
}

/* Whoever may write a directory puts a key of his own into it. */
static const char *check_directory(const char *path, const apr_finfo_t *info,
                                   cmd_parms *cmd)
{
    keysource_text_t directory = {NULL, {NULL, 0}, path, *info};

    return keysource_protect(&directory, 0, cmd);
}

static const char *read_directory(apr_array_header_t *out, const char *path,
                                  const apr_finfo_t *info, cmd_parms *cmd)
{
    const char *error = check_directory(path, info, cmd), *dot;
    apr_pool_t *p = cmd->temp_pool;
    apr_array_header_t *names;
    keysource_text_t *text;
    int i;

    if (!error) {
        error = list_names(&names, path, p);
    }
    for (i = 0; !error && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        text = add_text(out);
        error = read_file(text, apr_pstrcat(p, path, "/", name, NULL), NULL, p);
        error = error ? keysource_in_directory(error, p) : NULL;
        dot = strrchr(name, '.');
        text->name = dot ? apr_pstrmemdup(p, name, (apr_size_t)(dot - name)) : name;
    }
    return error;
}

static const char *read_path(apr_array_header_t *out, const char *source,
                             const char *command, cmd_parms *cmd)
{
    const char *path = ap_server_root_relative(cmd->temp_pool, source);
    apr_pool_t *p = cmd->temp_pool;
    apr_finfo_t info;
    apr_status_t rv;

    if (strstr(source, "://")) {
        return apr_psprintf(p,
                            "'%s' is no file, and keys are not fetched; save it to a "
                            "file, and name that",
                            source);
    }
    if (!path) {
        return apr_psprintf(p, "'%s' is no file name; write one such as jwt/site.key",
                            source);
    }
    rv = apr_stat(&info, path, APR_FINFO_NORM, p);
    return (rv == APR_SUCCESS || rv == APR_INCOMPLETE) && info.filetype == APR_DIR
               ? read_directory(out, path, &info, cmd)
               : read_file(add_text(out), path, command, p);
}

/* --- The environment --------------------------------------------------------------- */

/* A variable is moved from the environment to memory that outlives restarts: CGI programs
 * and daemons of other modules would inherit it, and /proc shows it. */
static apr_table_t *kept_variables(const cmd_parms *cmd)
{
    static const char key[] = "auth_jwt_variables";
    apr_table_t **kept = ap_retained_data_get(key);

    if (!kept) {
        kept = ap_retained_data_create(key, sizeof *kept);
        *kept = apr_table_make(cmd->server->process->pool, 1);
    }
    return *kept;
}

static const char *move_variable(const char *name, cmd_parms *cmd)
{
    apr_table_t *kept = kept_variables(cmd);
    char *value = getenv(name);

    if (value) {
        apr_table_set(kept, name, value);
        jwk_wipe((bytes_t){(const unsigned char *)value, strlen(value)});
        unsetenv(name);
    }
    return apr_table_get(kept, name);
}

static const char *read_variable(keysource_text_t *out, const char *name, cmd_parms *cmd)
{
    const char *value = move_variable(name, cmd);

    if (!*name) {
        return "'env:' names no variable; write one such as env:JWT_KEY";
    }
    if (!value) {
        return apr_psprintf(cmd->temp_pool,
                            "the environment has no variable %s; set it where httpd is "
                            "started (on Debian /etc/apache2/envvars), or name a file",
                            name);
    }
    out->contents.len = strlen(value);
    out->contents.data = apr_pmemdup(cmd->temp_pool, value, out->contents.len + 1);
    return NULL;
}

/* --- Programs ---------------------------------------------------------------------- */

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
    unsigned char *data = apr_pcalloc(p, MAX_BYTES + 1);
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len;

    out->data = data;
    while (rv == APR_SUCCESS) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            return APR_TIMEUP;
        }
        if (out->len == MAX_BYTES) {
            return APR_ENOSPC;
        }
        apr_file_pipe_timeout_set(pipe, left);
        len = MAX_BYTES - out->len;
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

static const char *read_program(keysource_text_t *out, const char *line, cmd_parms *cmd)
{
    apr_pool_t *p = cmd->temp_pool;
    const char *error;
    char **argv;

    if (*line != '/' || apr_tokenize_to_argv(line, &argv, p) != APR_SUCCESS) {
        return apr_psprintf(p,
                            "'exec:%s' names no program; write its whole path, such as "
                            "exec:/usr/local/sbin/site-key",
                            line);
    }
    error = check_program(argv[0], p);
    return error ? error : run(&out->contents, argv, p);
}

const char *keysource_read(apr_array_header_t **out, const char *source,
                           const char *command, cmd_parms *cmd)
{
    *out = apr_array_make(cmd->temp_pool, 1, sizeof(keysource_text_t));
    if (strncmp(source, "env:", 4) == 0) {
        return read_variable(add_text(*out), source + 4, cmd);
    }
    if (strncmp(source, "exec:", 5) == 0) {
        return read_program(add_text(*out), source + 5, cmd);
    }
    return read_path(*out, source, command, cmd);
}

/* --- Who may read them ------------------------------------------------------------- */

static void remember(const keysource_text_t *text, int is_secret, server_rec *server)
{
    int matters = is_secret ? APR_GREAD | APR_GWRITE : APR_GWRITE;
    file_t *file = apr_array_push(files);

    file->server = server;
    file->path = apr_pstrdup(files->pool, text->path);
    file->owner = text->info.user;
    file->group = text->info.group;
    file->is_open = (text->info.protection & matters) != 0;
    file->is_secret = is_secret;
}

static const char *settle(const char *error, server_rec *s)
{
    if (only_warn && error) {
        ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, s, "JWT0004: %s",
                     error);
        error = NULL;
    }
    return error;
}

const char *keysource_protect(const keysource_text_t *text, int is_secret, cmd_parms *cmd)
{
    int matters = is_secret ? APR_WREAD | APR_WWRITE : APR_WWRITE;

    if (!text->path) {
        return NULL;
    }
    remember(text, is_secret, cmd->server);
    if (!(text->info.protection & matters)) {
        return NULL;
    }
    return settle(
        apr_psprintf(cmd->pool,
                     "%s can be %s by every user of this machine; run: chmod %s "
                     "%s",
                     text->path, is_secret ? "read or written" : "written",
                     is_secret ? "600" : "go-w", text->path),
        cmd->server);
}

const char *keysource_check_group(gid_t gid, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    for (i = 0; i < files->nelts && !error; i++) {
        const file_t *file = &APR_ARRAY_IDX(files, i, file_t);

        if (file->is_open && file->group == gid) {
            error =
                apr_psprintf(p,
                             "AuthJWTKey: %s can be %s by the server's group, so by "
                             "every script of the site; run: chmod %s %s",
                             file->path, file->is_secret ? "read or written" : "written",
                             file->is_secret ? "600" : "go-w", file->path);
            error = settle(error, file->server);
        }
    }
    return error;
}

const char *keysource_check_owner(uid_t uid, apr_pool_t *p)
{
    const char *error = NULL;
    int i;

    for (i = 0; i < files->nelts && !error; i++) {
        const file_t *file = &APR_ARRAY_IDX(files, i, file_t);

        if (file->owner == uid) {
            error = apr_psprintf(p,
                                 "AuthJWTKey: %s belongs to the server's user, so every "
                                 "script of the site can %s it; run: chown root %s",
                                 file->path, file->is_secret ? "read" : "replace",
                                 file->path);
            error = settle(error, file->server);
        }
    }
    return error;
}
