#include "http/keysource.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <stdlib.h>
#include <string.h>

#include "http/keyprogram.h"

APLOG_USE_MODULE(auth_jwt);

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
    if (info->size > KEYPROGRAM_MAX_BYTES) {
        return apr_psprintf(p,
                            "%s has more than %d bytes; name a file that has the key "
                            "and nothing else",
                            path, KEYPROGRAM_MAX_BYTES);
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

/* --- Any of them ---------------------------------------------------------------------
 */

const char *keysource_read(apr_array_header_t **out, const char *source,
                           const char *command, cmd_parms *cmd)
{
    *out = apr_array_make(cmd->temp_pool, 1, sizeof(keysource_text_t));
    if (strncmp(source, "env:", 4) == 0) {
        return read_variable(add_text(*out), source + 4, cmd);
    }
    if (strncmp(source, "exec:", 5) == 0) {
        return keyprogram_read(&add_text(*out)->contents, source + 5, cmd->temp_pool);
    }
    return read_path(*out, source, command, cmd);
}

/* --- Who may read them ------------------------------------------------------------- */

static void remember(const char *path, const apr_finfo_t *info, int is_secret,
                     server_rec *server)
{
    int group = is_secret ? APR_GREAD | APR_GWRITE : APR_GWRITE;
    int others = is_secret ? APR_WREAD | APR_WWRITE : APR_WWRITE;
    file_t *file = apr_array_push(files);

    file->server = server;
    file->path = apr_pstrdup(files->pool, path);
    file->owner = info->user;
    file->group = info->group;
    /* What is open to all is told of at once. */
    file->is_open = (info->protection & group) && !(info->protection & others);
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

static const char *judge(const char *path, const apr_finfo_t *info, int is_secret,
                         cmd_parms *cmd)
{
    int matters = is_secret ? APR_WREAD | APR_WWRITE : APR_WWRITE;

    remember(path, info, is_secret, cmd->server);
    if (!(info->protection & matters)) {
        return NULL;
    }
    return settle(
        apr_psprintf(cmd->pool,
                     "%s can be %s by every user of this machine; run: chmod %s "
                     "%s",
                     path, is_secret ? "read or written" : "written",
                     is_secret ? "600" : "go-w", path),
        cmd->server);
}

/* Whoever may write a directory puts another file into the place of one, but for that
 * with a sticky bit. */
static const char *judge_directory(const char *path, cmd_parms *cmd)
{
    const char *slash = strrchr(path, '/');
    apr_finfo_t info;
    apr_status_t rv;

    if (!slash || slash == path) {
        return NULL;
    }
    path = apr_pstrmemdup(cmd->temp_pool, path, (apr_size_t)(slash - path));
    rv = apr_stat(&info, path, APR_FINFO_NORM, cmd->temp_pool);
    return (rv == APR_SUCCESS || rv == APR_INCOMPLETE) && !(info.protection & APR_WSTICKY)
               ? judge(path, &info, 0, cmd)
               : NULL;
}

const char *keysource_protect(const keysource_text_t *text, int is_secret, cmd_parms *cmd)
{
    const char *error;

    if (!text->path) {
        return NULL;
    }
    error = judge(text->path, &text->info, is_secret, cmd);
    return error ? error : judge_directory(text->path, cmd);
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
