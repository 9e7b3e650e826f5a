/**
 * Claims that a site adds to its tokens, made of texts.
 */
#ifndef JOSE_ADDED_H
#define JOSE_ADDED_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/** What a text is read as. */
typedef enum {
    ADDED_STRING,
    ADDED_INT,
    ADDED_BOOL,
    ADDED_LIST,
    ADDED_JSON,
    ADDED_TYPES
} added_type_t;

extern const char *const added_type_names[ADDED_TYPES];

/** Values that they may have, members and elements of all of them; and how deep. */
#define ADDED_MAX_VALUES 200
#define ADDED_MAX_DEPTH  16

typedef struct {
    json_t *claims;            /* an object; owned by the pool */
    apr_array_header_t *names; /* const char *: of all, also of those without a value */
} added_t;

/** None yet. */
added_t *added_make(apr_pool_t *p);

/**
 * Add a claim.
 *
 * @param name  lives as long as @p to
 * @param text  NULL: it has no value
 * @return NULL, or what is wrong, as the end of a sentence about the text; the claim then
 *         has no value
 */
const char *added_text(added_t *to, const char *name, added_type_t type, const char *text,
                       apr_pool_t *p);

/** Add a claim that is an array of strings: const char *. */
const char *added_texts(added_t *to, const char *name, const apr_array_header_t *texts);

/**
 * Whether all of them fit into a token.
 *
 * @param most  bytes of JSON
 * @return NULL, or what is wrong, as the end of a sentence about the claims
 */
const char *added_check(const added_t *added, apr_size_t most, apr_pool_t *p);

#endif
