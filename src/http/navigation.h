/**
 * Browsers that load pages, and where they are sent: to the login, and on from there.
 */
#ifndef HTTP_NAVIGATION_H
#define HTTP_NAVIGATION_H

#include <httpd.h>

#include "auth/verdict.h"
#include "http/config.h"

/** Whether a person looks at the answer, not a script: a page load, or a form that was
 *  sent. */
int navigation_is_page(const request_rec *r);

/**
 * Where a page load goes that was refused: AuthJWTLoginURL with the way back.
 *
 * @return NULL: nowhere, and the refusal is the answer
 */
const char *navigation_login(request_rec *r, const config_t *config, verdict_t verdict);

/** Log why a page load that was refused goes nowhere, where that is a mistake: the login
 *  page itself is protected. */
void navigation_explain(request_rec *r, const config_t *config);

/** The page of AuthJWTLoginURL, or this one, with what to tell there. */
const char *navigation_login_again(request_rec *r, const config_t *config,
                                   const char *error, const char *next);

/**
 * Where a login leads: the form's field, else the query, else the query of the page that
 * sent the form, as far as they are places of this site.
 *
 * @param field  of the form; NULL: none
 * @return NULL: none of them
 */
const char *navigation_next(request_rec *r, const char *field);

#endif
