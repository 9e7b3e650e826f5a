/**
 * Where AuthJWTKey's keys come from: files, directories, the environment, programs.
 */
#ifndef HTTP_KEYSOURCE_H
#define HTTP_KEYSOURCE_H

#include <httpd.h>

#include <http_config.h>

#include "jose/jwk.h"

/** One text that was read, with a key or several in it. */
typedef struct {
    const char *name; /* of a directory's file, less its extension; else NULL */
    bytes_t contents; /* the caller wipes them */
    const char *path; /* NULL: from no file */
    apr_finfo_t info; /* of the file */
} keysource_text_t;

/**
 * Read "env:NAME", "exec:/path args", a file or all files of a directory, relative to
 * ServerRoot.
 *
 * A directory's files come sorted by name; those that begin with a dot are left out.
 * A program is started without a shell, must belong to root or to whoever starts httpd,
 * and has 10 seconds. A variable is gone from the environment afterwards, and found again
 * at the next reading of the configuration.
 *
 * @param out      keysource_text_t, allocated from cmd->temp_pool
 * @param command  writes a key for a missing file, for the message; NULL: none does
 * @return NULL, or what is wrong and how to mend it
 */
const char *keysource_read(apr_array_header_t **out, const char *source,
                           const char *command, cmd_parms *cmd);

/** What is wrong with a file of a directory, and that it need not be there. */
const char *keysource_in_directory(const char *error, apr_pool_t *p);

/**
 * Judge who may read or write the file of a text, now that its keys are known.
 *
 * A file is remembered for keysource_check_group() and keysource_check_owner().
 *
 * @param is_secret  whether whoever reads it could sign
 * @return NULL, or what is wrong and how to mend it
 */
const char *keysource_protect(const keysource_text_t *text, int is_secret,
                              cmd_parms *cmd);

/**
 * Let what keysource_protect() and the checks below find be a warning, no error.
 *
 * Said while the files of the configuration are read, which is before keysource_reset().
 *
 * @param pconf  it holds as long as this pool
 */
void keysource_only_warn(apr_pool_t *pconf);

/**
 * The files that were read and that the server's group may read, too.
 *
 * Asked when all of the configuration is known, as Group may stand behind the key.
 *
 * @param gid  the group that the children run as
 * @return NULL, or a message about the first such file
 */
const char *keysource_check_group(gid_t gid, apr_pool_t *p);

/** The same for files that belong to the user whom the children run as. */
const char *keysource_check_owner(uid_t uid, apr_pool_t *p);

/** Forget the files of an earlier reading of the configuration. */
void keysource_reset(apr_pool_t *pconf);

#endif
