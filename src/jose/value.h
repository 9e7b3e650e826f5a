/**
 * One value of a claim, and values that a configuration compares it with.
 */
#ifndef JOSE_VALUE_H
#define JOSE_VALUE_H

#include <apr_pools.h>
#include <jansson.h>

typedef enum {
    VALUE_ABSENT,
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
} value_type_t;

typedef struct {
    value_type_t type;
    const char *text; /* of a string, @c len bytes and a NUL */
    apr_size_t len;
    apr_int64_t integer; /* of an integer; a boolean is 0 or 1 */
    double real;
    const json_t *tree; /* of an array or object */
} value_t;

/** A member or element of a tree; NULL: there is none. Owned by the tree. */
value_t value_of_json(const json_t *json);

/** An element of an array, counted from 0; VALUE_ABSENT where there is none. */
value_t value_element(const value_t *array, apr_size_t index);

/** A string with a NUL behind it. */
value_t value_of_text(const char *text);

/**
 * Read a word of a configuration: a number, boolean or null as JSON writes them, else a
 * string.
 *
 * @param out        points into @p word; untouched on error
 * @param is_quoted  whether it stood in quotation marks: then it is a string
 * @return NULL, or what is wrong, as a sentence
 */
const char *value_parse(value_t *out, const char *word, int is_quoted, apr_pool_t *p);

/**
 * Compare two scalars: numbers as numbers, strings byte for byte, false before true.
 * Nothing is converted.
 *
 * @param order  below, equal to or above 0, as @p a is to @p b
 * @return 0 where they have no order, since their types differ or one is no scalar
 */
int value_compare(int *order, const value_t *a, const value_t *b);

/** Whether two scalars are the same. */
int value_is_equal(const value_t *a, const value_t *b);

/**
 * A value as text: a string as it is, everything else as JSON has it, compact and with up
 * to 15 digits behind a real number; "" for a value that is not there.
 *
 * @return allocated from @p p, or the string's own
 */
const char *value_text(const value_t *value, apr_pool_t *p);

/** Whether a text is UTF-8, as everything in JSON is. */
int value_is_utf8(const char *text);

#endif
