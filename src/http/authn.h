/**
 * Who is it? The hooks of AuthType JWT.
 */
#ifndef HTTP_AUTHN_H
#define HTTP_AUTHN_H

#include <httpd.h>

/** check_user_id: a good token makes r->user, anything else is refused. */
int authn_check(request_rec *r);

/**
 * force_authn, which httpd asks where a request is granted without a user: whether to
 * look at its token all the same (AuthJWTOptional).
 */
int authn_force(request_rec *r);

/** fixups: the environment again, for requests whose authentication httpd skipped. */
int authn_fixups(request_rec *r);

#endif
