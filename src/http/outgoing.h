/**
 * Header fields of an answer that several have a word in: those of a proxied answer, of
 * mod_headers and ours, in both of httpd's tables.
 */
#ifndef HTTP_OUTGOING_H
#define HTTP_OUTGOING_H

#include <httpd.h>

/** All values of a field as one list, or NULL when there is none. */
const char *outgoing_list(request_rec *r, const char *name);

/** Give a field this value alone; NULL: none. */
void outgoing_set(request_rec *r, const char *name, const char *value);

/** Say that the answer depends on a field of the request (RFC 9110 section 12.5.5). */
void outgoing_add_vary(request_rec *r, const char *name);

#endif
