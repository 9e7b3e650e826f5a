/**
 * JSON texts of strangers (RFC 8259), read strictly and within limits.
 */
#ifndef JOSE_JSONTEXT_H
#define JOSE_JSONTEXT_H

#include <apr_pools.h>
#include <jansson.h>

/** Deepest nesting and largest number of members and elements of one text. */
#define JSONTEXT_MAX_DEPTH  32
#define JSONTEXT_MAX_VALUES 256

/** Where and how a text is wrong. */
typedef struct {
    const char *text;    /* what the parser said, without any part of the text */
    apr_size_t position; /* bytes from the start */
} jsontext_error_t;

/**
 * Parse a text of any JSON type.
 *
 * Refused, beside what RFC 8259 refuses: duplicate member names, invalid UTF-8,
 * lone surrogates, anything behind the value, more than the limits above. The
 * limits are looked at before anything is allocated for the text.
 *
 * @param out    the value; released with @p p; untouched on error
 * @param text   @p len bytes, need not be NUL-terminated
 * @param flags  0, or JSON_ALLOW_NUL to let strings hold U+0000
 * @param error  may be NULL
 * @return APR_SUCCESS or APR_EINVAL
 */
apr_status_t jsontext_parse(json_t **out, const char *text, apr_size_t len, size_t flags,
                            jsontext_error_t *error, apr_pool_t *p);

/**
 * Give a JSON value that the caller owns to a pool.
 *
 * @return @p value
 */
json_t *jsontext_own(json_t *value, apr_pool_t *p);

/**
 * From now on jansson gets memory or the process ends, as with APR's pools.
 *
 * Its parser does not look whether its buffer could grow: it drops that byte of a
 * string and goes on, and one user's id is another's, or one key. Callers need not fear
 * NULL, either. This holds for the whole process, but no longer than the pool: httpd
 * unloads a module when the configuration's pool is cleared.
 *
 * @param p  its abort function is called with APR_ENOMEM; it must have one
 */
void jsontext_insist_on_memory(apr_pool_t *p);

#endif
