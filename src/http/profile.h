/**
 * The endpoint jwt-user: who is logged in, for pages that greet or ask.
 */
#ifndef HTTP_PROFILE_H
#define HTTP_PROFILE_H

#include <httpd.h>

#include "http/config.h"

int profile_answer(request_rec *r, const config_t *config, const policy_t *policy);

#endif
