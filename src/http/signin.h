/**
 * The endpoint jwt-login: a page with a form, and what the form is sent to, for browsers
 * without a script.
 */
#ifndef HTTP_SIGNIN_H
#define HTTP_SIGNIN_H

#include <httpd.h>

#include "http/config.h"

int signin_answer(request_rec *r, const config_t *config, const policy_t *policy);

#endif
