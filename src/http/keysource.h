/**
 * Where AuthJWTKey's keys come from.
 */
#ifndef HTTP_KEYSOURCE_H
#define HTTP_KEYSOURCE_H

#include <httpd.h>

#include <http_config.h>

#include "jose/jwk.h"

/**
 * Read "env:NAME" or a file relative to ServerRoot.
 *
 * The caller wipes the bytes (jwk_wipe()). A variable is remembered for
 * keysource_forget_env().
 *
 * @param out  allocated from cmd->temp_pool
 * @return NULL, or what is wrong and how to mend it
 */
const char *keysource_read(bytes_t *out, const char *source, cmd_parms *cmd);

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

/** Forget the files and variables of an earlier reading of the configuration. */
void keysource_reset(apr_pool_t *pconf);

/** Remove the variables from this process's environment: CGI programs inherit it. */
void keysource_forget_env(void);

#endif
