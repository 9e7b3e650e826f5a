#include "http/keysource.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include <http_core.h>

/* No key of any kind is larger. */
#define MAX_BYTES 65536

/* What one reading of the configuration used. */
static apr_array_header_t *files;     /* const file_t */
static apr_array_header_t *variables; /* const char * */

typedef struct {
    const char *path;
    apr_uid_t owner;
    apr_gid_t group;
    int group_readable;
} file_t;

void keysource_reset(apr_pool_t *pconf)
{
    files = apr_array_make(pconf, 2, sizeof(file_t));
    variables = apr_array_make(pconf, 1, sizeof(const char *));
}

static const char *check_permissions(const apr_finfo_t *info, const char *path,
                                     apr_pool_t *p)
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
    if (info->protection & (APR_WREAD | APR_WWRITE)) {
        return apr_psprintf(p,
                            "%s can be read or written by every user of this machine; "
                            "run: chmod 600 %s",
                            path, path);
    }
    return NULL;
}

static void remember(const char *path, const apr_finfo_t *info)
{
    file_t *file = apr_array_push(files);

    file->path = apr_pstrdup(files->pool, path);
    file->owner = info->user;
    file->group = info->group;
    file->group_readable = (info->protection & (APR_GREAD | APR_GWRITE)) != 0;
}

static const char *read_open_file(bytes_t *out, apr_file_t *file, const char *path,
                                  apr_pool_t *p)
{
    const char *error;
    unsigned char *data;
    apr_finfo_t info;
    apr_status_t rv;
    apr_size_t len;

    rv = apr_file_info_get(&info, APR_FINFO_NORM, file);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return apr_psprintf(p, "cannot look at %s: %pm", path, &rv);
    }
    error = check_permissions(&info, path, p);
    if (error) {
        return error;
    }
    data = apr_pcalloc(p, (apr_size_t)info.size + 1);
    rv = apr_file_read_full(file, data, (apr_size_t)info.size, &len);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return apr_psprintf(p, "cannot read %s: %pm", path, &rv);
    }
    remember(path, &info);
    out->data = data;
    out->len = len;
    return NULL;
}

/* Only a missing file is made anew: the cure must never overwrite a key. */
static const char *cannot_open(const char *path, apr_status_t rv, apr_pool_t *p)
{
    const char *cure = "name a file that can be read";

    if (APR_STATUS_IS_ENOENT(rv)) {
        cure = apr_psprintf(p, "make it with: (umask 077; openssl rand -base64 48 > %s)",
                            path);
    } else if (APR_STATUS_IS_EACCES(rv)) {
        cure = "start httpd as root, or give the file to the user who starts it";
    }
    return apr_psprintf(p, "cannot read %s: %pm; %s", path, &rv, cure);
}

static const char *read_file(bytes_t *out, const char *source, cmd_parms *cmd)
{
    const char *path = ap_server_root_relative(cmd->temp_pool, source), *error;
    apr_pool_t *p = cmd->temp_pool;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;

    if (!path) {
        return apr_psprintf(p, "'%s' is no file name; write one such as jwt/site.key",
                            source);
    }
    /* To open a pipe would wait for its writer. */
    if (apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS &&
        info.filetype != APR_REG) {
        return check_permissions(&info, path, p);
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p);
    if (rv != APR_SUCCESS) {
        return cannot_open(path, rv, p);
    }
    error = read_open_file(out, file, path, p);
    apr_file_close(file);
    return error;
}

static const char *read_variable(bytes_t *out, const char *name, cmd_parms *cmd)
{
    const char *value = getenv(name);

    if (!*name) {
        return "'env:' names no variable; write one such as env:JWT_KEY";
    }
    if (!value) {
        return apr_psprintf(cmd->temp_pool,
                            "the environment has no variable %s; set it where httpd is "
                            "started, or name a file",
                            name);
    }
    APR_ARRAY_PUSH(variables, const char *) = apr_pstrdup(variables->pool, name);
    out->len = strlen(value);
    out->data = apr_pmemdup(cmd->temp_pool, value, out->len + 1);
    return NULL;
}

const char *keysource_read(bytes_t *out, const char *source, cmd_parms *cmd)
{
    if (strncmp(source, "env:", 4) == 0) {
        return read_variable(out, source + 4, cmd);
    }
    if (strncmp(source, "exec:", 5) == 0) {
        return "programs are not run here; name a file or env:NAME";
    }
    return read_file(out, source, cmd);
}

const char *keysource_check_group(gid_t gid, apr_pool_t *p)
{
    int i;

    for (i = 0; i < files->nelts; i++) {
        const file_t *file = &APR_ARRAY_IDX(files, i, file_t);

        if (file->group_readable && file->group == gid) {
            return apr_psprintf(p,
                                "AuthJWTKey: %s can be read or written by the server's "
                                "group, so by every script of the site; run: chmod 600 "
                                "%s",
                                file->path, file->path);
        }
    }
    return NULL;
}

const char *keysource_check_owner(uid_t uid, apr_pool_t *p)
{
    int i;

    for (i = 0; i < files->nelts; i++) {
        const file_t *file = &APR_ARRAY_IDX(files, i, file_t);

        if (file->owner == uid) {
            return apr_psprintf(p,
                                "AuthJWTKey: %s belongs to the server's user, so every "
                                "script of the site can read it; run: chown root %s",
                                file->path, file->path);
        }
    }
    return NULL;
}

void keysource_forget_env(void)
{
    int i;

    for (i = 0; i < variables->nelts; i++) {
        unsetenv(APR_ARRAY_IDX(variables, i, const char *));
    }
}
