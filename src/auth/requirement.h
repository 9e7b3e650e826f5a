/**
 * What an administrator asks of the claims of a token: the lines "Require jwt-claim" and
 * "Require jwt-scope".
 */
#ifndef AUTH_REQUIREMENT_H
#define AUTH_REQUIREMENT_H

#include "jose/path.h"

/** A word of a line. */
typedef struct {
    const char *text;
    int is_quoted; /* stood in quotation marks */
} requirement_word_t;

typedef enum {
    REQUIREMENT_UNMET,
    REQUIREMENT_MET,
    REQUIREMENT_GAVE_UP /* nobody knows: it would have taken too long */
} requirement_result_t;

/** Regular expressions, of the floor above. */
typedef struct {
    /** @return the expression, allocated from @p p; NULL when it is none */
    const void *(*compile)(const char *text, apr_pool_t *p);
    requirement_result_t (*match)(const void *compiled, const char *text, apr_size_t len);
} requirement_regex_t;

/** One line; constant once it is made. */
typedef struct {
    const struct requirement_operator *op; /* NULL: scopes */
    path_t path;
    const apr_array_header_t *values; /* value_t; the names of scopes */
    const requirement_regex_t *regex;
    const void *compiled; /* of it; NULL: none */
} requirement_t;

/**
 * Read PATH OP VALUE….
 *
 * @param out    allocated from @p p; untouched on error
 * @param words  requirement_word_t
 * @param regex  must live as long as @p out
 * @return NULL, or what is wrong, as a sentence
 */
const char *requirement_parse_claim(requirement_t *out, const apr_array_header_t *words,
                                    const requirement_regex_t *regex, apr_pool_t *p);

/** Read NAME…, likewise. */
const char *requirement_parse_scope(requirement_t *out, const apr_array_header_t *words,
                                    apr_pool_t *p);

/** Whether the claims of a good token are as a line says. */
requirement_result_t requirement_test(const requirement_t *requirement,
                                      const claims_t *claims);

#endif
