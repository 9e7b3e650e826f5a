/**
 * AuthJWTClaimEnv and AuthJWTClaimHeader: claims for applications, in variables and in
 * header fields that nobody else can set.
 */
#ifndef HTTP_EXPORT_H
#define HTTP_EXPORT_H

#include "auth/check.h"
#include "http/config.h"

/** Forget the names of an earlier reading of the configuration. */
void export_reset(apr_pool_t *pconf);

/** AuthJWTClaimEnv CLAIM [NAME], or none: one more of a list. */
const char *export_add_env(cmd_parms *cmd, void *dir, const char *claim,
                           const char *name);

/** AuthJWTClaimHeader CLAIM NAME, or none, likewise. */
const char *export_add_header(cmd_parms *cmd, void *dir, const char *claim,
                              const char *name);

/**
 * Check the names of the whole server against the fields that tokens are in, and that no
 * client can send one behind a body.
 *
 * @return NULL, or what is wrong
 */
const char *export_check(apr_pool_t *p);

/** post_read_request: take out every field that could be taken for one of ours. */
int export_scrub(request_rec *r);

/** Take out what any section exports. */
void export_clear(request_rec *r);

/** Set what the section of a request exports. */
void export_set(request_rec *r, const identity_t *identity);

#endif
