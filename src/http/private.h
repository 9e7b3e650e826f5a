/**
 * Protected answers belong to one user: no shared cache may keep them.
 */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include <httpd.h>

/** Register the output filter. */
void private_register(void);

/** insert_filter and insert_error_filter: put it on answers behind a token. */
void private_insert(request_rec *r);

#endif
