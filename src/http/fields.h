/**
 * The fields of a body, whichever way it is written: JSON, form or multipart, as one
 * JSON object. Pure functions of bytes.
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <apr_pools.h>
#include <jansson.h>

/**
 * Read a body. An empty one of JSON is an empty object.
 *
 * Fields of a form are strings; a file, or bytes that are not UTF-8, become what
 * fields_text() refuses.
 *
 * @param error  set when NULL is returned: what the client is told, owned by the caller
 * @param type   the Content-Type
 * @param data   @p len bytes, need not be NUL-terminated
 * @return the object, which lives as long as @p p, or NULL
 */
typedef json_t *fields_parser_t(json_t **error, const char *type, const char *data,
                                apr_size_t len, apr_pool_t *p);

/**
 * What reads bodies of a type.
 *
 * @param type  a Content-Type with its parameters
 * @return NULL when no body of this type is read
 */
fields_parser_t *fields_find_parser(const char *type);

/**
 * A field as text, by the rules of Django REST framework's CharField: numbers are
 * written out, everything else that is no string is refused.
 *
 * @param trim   whether white space around the value is dropped
 * @param error  NULL, or an object that earlier calls made; what is wrong with the
 *               field is added under its name, so that several can be complained about
 * @return as long-lived as @p fields or allocated from @p p; NULL when it was refused
 */
const char *fields_text(const json_t *fields, const char *name, int trim, json_t **error,
                        apr_pool_t *p);

#endif
