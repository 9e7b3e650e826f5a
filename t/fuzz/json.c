/* The JSON policy: what is accepted keeps the limits and is what jansson reads, and what
 * jansson reads is refused only for the limits. */
#include <apr_errno.h>
#include <string.h>

#include "jose/jsontext.h"
#include "pool.h"

/* Members and elements below a value, and how deep they nest. */
static int count_values(const json_t *value, int *depth)
{
    int deepest = 0, below, count = 0;
    const char *name;
    json_t *member, *object = (json_t *)(uintptr_t)value; /* for jansson's iterator */
    size_t i;

    json_array_foreach(value, i, member)
    {
        count += 1 + count_values(member, &below);
        deepest = below > deepest ? below : deepest;
    }
    json_object_foreach(object, name, member)
    {
        CHECK(json_object_get(value, name) == member);
        count += 1 + count_values(member, &below);
        deepest = below > deepest ? below : deepest;
    }
    *depth = deepest + (json_is_array(value) || json_is_object(value));
    return count;
}

static int is_within_limits(const json_t *value)
{
    int depth, count = count_values(value, &depth);

    return depth <= JSONTEXT_MAX_DEPTH && count <= JSONTEXT_MAX_VALUES;
}

/* Our words or jansson's, never the stranger's. */
static void check_error(const jsontext_error_t *error, size_t size)
{
    const char *at;

    CHECK(error->position <= size);
    CHECK(error->text && *error->text && !strstr(error->text, " near "));
    for (at = error->text; *at; at++) {
        CHECK(*at >= ' ' && *at <= '~');
    }
}

static json_t *check_flags(const char *text, size_t size, size_t flags, apr_pool_t *p)
{
    jsontext_error_t error = {NULL, 0};
    json_t *value = NULL, *peer;

    peer = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, NULL);
    if (jsontext_parse(&value, text, size, flags, &error, p) == APR_SUCCESS) {
        CHECK(json_equal(value, peer));
        CHECK(is_within_limits(value));
    } else {
        CHECK(!value);
        CHECK(!peer || !is_within_limits(peer));
        check_error(&error, size);
    }
    json_decref(peer);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = pool_begin();
    const char *text = (const char *)data;
    json_t *strict = check_flags(text, size, 0, p);
    json_t *lenient = check_flags(text, size, JSON_ALLOW_NUL, p);

    CHECK(!strict || json_equal(strict, lenient));
    return pool_end();
}
