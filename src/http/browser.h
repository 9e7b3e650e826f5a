/**
 * What the directives for browsers take: cookies, origins, where tokens go and where
 * pages lead. The kinds of values that others have too are in setters.h.
 *
 * All return NULL, or a message that names the directive, the value seen and a good one.
 */
#ifndef HTTP_BROWSER_H
#define HTTP_BROWSER_H

#include "http/config.h"

const char *browser_set_client(cmd_parms *cmd, void *dir, const char *arg);
const char *browser_set_delivery(cmd_parms *cmd, void *dir, const char *arg);
const char *browser_set_cookie(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *browser_set_cookie_name(cmd_parms *cmd, void *dir, const char *arg);
const char *browser_set_field_name(cmd_parms *cmd, void *dir, const char *arg);

/** A path or URL; the second also "none", which is NULL. */
const char *browser_set_url(cmd_parms *cmd, void *dir, const char *arg);
const char *browser_set_url_or_none(cmd_parms *cmd, void *dir, const char *arg);

/** One more of a list; the first of a section replaces what it inherits. */
const char *browser_add_source(cmd_parms *cmd, void *dir, const char *arg);
const char *browser_add_origin(cmd_parms *cmd, void *dir, const char *arg);

#endif
