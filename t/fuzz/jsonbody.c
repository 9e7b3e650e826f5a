/* The JSON body of a login: an object or an error that can be written, and fields that
 * are text without NUL, blanks around them or anything of the error in them. */
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "http/fields.h"
#include "pool.h"

/* What a client is told: JSON that can be written and read again. */
static void check_error(json_t *error)
{
    char *text = error ? json_dumps(error, JSON_COMPACT) : NULL;
    json_t *again = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    CHECK(text && json_equal(error, again) && json_object_size(error) > 0);
    json_decref(again);
    json_decref(error);
    free(text);
}

/* U+3000 stands for the blanks that are not ASCII. */
static int is_trimmed(const char *text)
{
    size_t len = strlen(text);

    return !apr_isspace(text[0]) && !apr_isspace(text[len - 1]) &&
           strncmp(text, "\xe3\x80\x80", 3) != 0 &&
           (len < 3 || strcmp(text + len - 3, "\xe3\x80\x80") != 0);
}

static void check_text(const json_t *value, const char *text, int trim)
{
    json_t *copy = json_string(text); /* NULL for what is no UTF-8 */

    CHECK(copy && *text);
    if (json_is_string(value)) {
        CHECK(strlen(json_string_value(value)) == json_string_length(value));
        CHECK(strstr(json_string_value(value), text));
        CHECK(trim ? is_trimmed(text) : strcmp(text, json_string_value(value)) == 0);
    } else {
        CHECK(json_is_number(value));
    }
    json_decref(copy);
}

static void check_field(const json_t *object, const char *name, int trim, apr_pool_t *p)
{
    json_t *error = NULL;
    const char *text = fields_text(object, name, trim, &error, p);

    CHECK(!text == !!error);
    if (text) {
        check_text(json_object_get(object, name), text, trim);
    } else {
        CHECK(json_array_size(json_object_get(error, name)) == 1);
        check_error(error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char type[] = "application/json";
    apr_pool_t *p = pool_begin();
    json_t *error = NULL;
    const json_t *object =
        fields_find_parser(type)(&error, type, (const char *)data, size, p);

    CHECK(!object == !!error);
    if (object) {
        CHECK(json_is_object(object));
        check_field(object, "username", 1, p);
        check_field(object, "password", 0, p);
    } else {
        check_error(error);
    }
    return pool_end();
}
