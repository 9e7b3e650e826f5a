/**
 * Who is logged in, for pages that greet or ask: the endpoint jwt-user, and the same in
 * the answer to a login.
 */
#ifndef HTTP_PROFILE_H
#define HTTP_PROFILE_H

#include <httpd.h>

#include "auth/account.h"
#include "http/config.h"

/** The endpoint. */
int profile_answer(request_rec *r, const config_t *config, const policy_t *policy);

/**
 * Answer with a body to which the user is added.
 *
 * @return what the handler must return
 */
int profile_add(request_rec *r, const flat_t *body, const added_t *user);

#endif
