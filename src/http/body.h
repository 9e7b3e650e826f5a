/**
 * The body of a request to an endpoint: JSON, form or multipart, as one JSON object.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <httpd.h>

#include <jansson.h>

#include "http/config.h"

/** Why a body or a field was not accepted: what the client is told. */
typedef struct {
    int status;   /* HTTP; 0: nothing is wrong */
    json_t *body; /* NULL: httpd answers by itself */
} body_error_t;

/**
 * Read and parse the body, chunked or not, of at most AuthJWTMaxBody bytes.
 *
 * Fields of a form are strings; a file, or bytes that are not UTF-8, become what
 * body_field() refuses. No body at all is an empty object.
 *
 * @param out    lives as long as the request
 * @param error  zeroed by the caller; set when NULL is returned
 * @return the object, or NULL
 */
json_t *body_read(request_rec *r, const config_t *config, body_error_t *error);

/**
 * A field as text, by the rules of Django REST framework's CharField: numbers are
 * written out, everything else that is no string is refused.
 *
 * What is wrong with it is added to error->body under its name, so that several
 * fields can be complained about at once.
 *
 * @param trim  whether white space around the value is dropped
 * @return allocated from r->pool; NULL when the field was refused
 */
const char *body_field(request_rec *r, const json_t *body, const char *name, int trim,
                       body_error_t *error);

/**
 * The one field of a request, read as by the two above with white space dropped.
 *
 * @param status  set when NULL is returned: the request was answered, and this is what
 *                the handler must return
 */
const char *body_read_field(request_rec *r, const config_t *config, const char *name,
                            int *status);

/**
 * A field that says yes: true, 1, "true", "1", "on" or "yes", without regard to case.
 * Whatever else it is, or no such field, is no.
 */
int body_flag(const json_t *body, const char *name);

/** For each child of httpd: reading a body either has the memory it needs or ends it. */
void body_child_init(apr_pool_t *pchild);

#endif
