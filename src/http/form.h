/**
 * The two kinds of HTML form bodies: application/x-www-form-urlencoded (WHATWG URL
 * standard) and multipart/form-data (RFC 7578), from a body that is wholly in
 * memory and bounded. Pure functions of bytes.
 */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <apr_pools.h>
#include <apr_tables.h>

/** One field; the value may hold any bytes. */
typedef struct {
    const char *name; /* NUL-terminated, decoded; a name with a NUL is dropped */
    const char *value;
    apr_size_t len;
    int is_file;
} form_field_t;

/** Most fields that are read of one body; no login form comes near. */
#define FORM_MAX_FIELDS 64

/**
 * Read a urlencoded body.
 *
 * @param fields  receives an array of form_field_t, allocated from @p p
 * @return NULL, or what is wrong with the body, as a phrase for the client
 */
const char *form_parse_urlencoded(apr_array_header_t **fields, const char *body,
                                  apr_size_t len, apr_pool_t *p);

/**
 * Read a multipart body.
 *
 * @param content_type  the header with its boundary parameter
 * @return NULL, or what is wrong with the body, in Django's words
 */
const char *form_parse_multipart(apr_array_header_t **fields, const char *content_type,
                                 const char *body, apr_size_t len, apr_pool_t *p);

#endif
