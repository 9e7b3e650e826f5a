/* Form bodies, both kinds: what is read of them, and what is refused.
 *
 * Every body is handed over in memory of its own, as long as the body and not a byte
 * longer, so that valgrind or AddressSanitizer sees a read beyond it: APR's pools
 * would hide it. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "http/form.h"
#include "tap.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool, *brief; /* for the run; for one call, cleared often */

static const char *name_of(const char *subject, const char *detail)
{
    return apr_pstrcat(pool, subject, ": ", detail, NULL);
}

/* Fields as text: name=value|name=value; a file's name has a < in front, a NUL in a
 * value stands as ~. Values that are longer than the body are a defect of their own. */
static const char *shown(const apr_array_header_t *fields, apr_size_t body_len)
{
    const char *text = "";
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const form_field_t *field = &APR_ARRAY_IDX(fields, i, form_field_t);
        char *value;
        apr_size_t at;

        if (field->len > body_len || !field->name || !*field->name || !field->value) {
            return "a field that cannot be";
        }
        value = apr_pstrmemdup(pool, field->value, field->len);
        for (at = 0; at < field->len; at++) {
            value[at] = field->value[at] ? field->value[at] : '~';
        }
        text = apr_pstrcat(pool, text, *text ? "|" : "", field->is_file ? "<" : "",
                           field->name, "=", value, NULL);
    }
    return text;
}

/* What was read, or "error: " and what the client is told. */
static const char *parse(const char *type, const char *body, apr_size_t len)
{
    apr_array_header_t *fields = NULL;
    const char *error, *text;
    char *copy = malloc(len);

    if (len) {
        memcpy(copy, body, len);
    }
    error = type ? form_parse_multipart(&fields, type, copy, len, brief)
                 : form_parse_urlencoded(&fields, copy, len, brief);
    free(copy);
    text = error ? apr_pstrcat(pool, "error: ", error, NULL) : shown(fields, len);
    apr_pool_clear(brief);
    return text;
}

/* --- application/x-www-form-urlencoded ---------------------------------------------- */

static void test_urlencoded(void)
{
    static const struct {
        const char *body, *fields;
    } rows[] = {
        {"", ""},
        {"username=alice&password=x", "username=alice|password=x"},
        {"a", "a="},
        {"a=", "a="},
        {"=b", ""},
        {"=", ""},
        {"&", ""},
        {"=&=&=&", ""},
        {"&&a=1&&&b=2&&", "a=1|b=2"},
        {"a=1=2", "a=1=2"},
        {"a==", "a=="},
        {"a=1&a=2", "a=1|a=2"},
        {"a+b=c+d", "a b=c d"},
        {"%61=%62", "a=b"},
        {"a%3Db=c%26d", "a=b=c&d"},
        {"a=%2b%2B+", "a=++ "},
        {"a=%25%32%35", "a=%25"},
        {"a=%c3%A4", "a=\xc3\xa4"},
        {"a=%ff", "a=\xff"},
        {"a=%", "a=%"},
        {"a=%4", "a=%4"},
        {"a=%4g", "a=%4g"},
        {"a=%g4", "a=%g4"},
        {"a=%%41", "a=%A"},
        {"a=%+1", "a=% 1"},
        {"a=%&b=4", "a=%|b=4"},
        {"a=%4&b=1", "a=%4|b=1"},
        {"a=%00", "a=~"},
        {"a=x%00y", "a=x~y"},
        {"%00=x", ""},
        {"username%00=x", ""},
        {"username%00=x&b=1", "b=1"},
        {"a=1;b=2", "a=1;b=2"},
        {"a=\r\n", "a=\r\n"},
        {"{\"a\": 1}", "{\"a\": 1}="},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_str(parse(NULL, rows[i].body, strlen(rows[i].body)), rows[i].fields,
               name_of("form", rows[i].body));
    }
    is_str(parse(NULL, "a=\0b", 4), "a=~b", "form: a raw NUL in a value");
    is_str(parse(NULL, "a\0=b", 4), "", "form: a raw NUL in a name");
}

/* count times the text, between two others. */
static const char *repeated(const char *before, const char *text, int count,
                            const char *after)
{
    apr_size_t len = strlen(text);
    char *body =
        apr_palloc(pool, strlen(before) + len * (apr_size_t)count + strlen(after) + 1);
    char *to = body + strlen(before);

    memcpy(body, before, strlen(before));
    for (; count > 0; count--, to += len) {
        memcpy(to, text, len);
    }
    memcpy(to, after, strlen(after) + 1);
    return body;
}

static void test_urlencoded_limits(void)
{
    const char *body = repeated("", "a=1&", FORM_MAX_FIELDS, "");

    is_int((long long)strlen(parse(NULL, body, strlen(body))), FORM_MAX_FIELDS * 4 - 1,
           "form: as many fields as are read");
    body = repeated("", "a=1&", FORM_MAX_FIELDS, "b");
    is_str(parse(NULL, body, strlen(body)), "error: too many fields", "form: one more");
    body = repeated("", "a=1&", 20000, "");
    is_str(parse(NULL, body, strlen(body)), "error: too many fields", "form: 20,000");
    body = repeated("", "=&", 8000, "a=1");
    is_str(parse(NULL, body, strlen(body)), "a=1", "form: what has no name is no field");
    body = repeated("a=", "%41", 5000, "");
    is_int((long long)strlen(parse(NULL, body, strlen(body))), 5002,
           "form: a long value");
}

/* --- multipart/form-data ---------------------------------------------------------------
 */

#define TYPE    "multipart/form-data; boundary=b"
#define PART(n) "Content-Disposition: form-data; name=\"" n "\"\r\n\r\n"
#define UNENDED "error: the body does not end with its boundary"

static void test_multipart(void)
{
    static const struct {
        const char *name, *body, *fields;
    } rows[] = {
        {"two fields",
         "--b\r\n" PART("username") "alice\r\n--b\r\n" PART(
             "password") "x y\r\n--b--\r\n",
         "username=alice|password=x y"},
        {"no line break at the end", "--b\r\n" PART("a") "1\r\n--b--", "a=1"},
        {"a preamble and an epilogue", "hello\r\n--b\r\n" PART("a") "1\r\n--b--\r\nbye",
         "a=1"},
        {"no fields", "--b--\r\n", ""},
        {"an empty value", "--b\r\n" PART("a") "\r\n--b--", "a="},
        {"a value of line breaks", "--b\r\n" PART("a") "\r\n\r\n\r\n--b--", "a=\r\n\r\n"},
        {"the boundary within a value", "--b\r\n" PART("a") "x--b--y\r\n-b\r\n--b--",
         "a=x--b--y\r\n-b"},
        {"nothing is decoded", "--b\r\n" PART("a") "%41+%42\r\n--b--", "a=%41+%42"},
        {"a name without quotation marks",
         "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--", "a=1"},
        {"other headers around",
         "--b\r\nX: y\r\ncontent-disposition:form-data;NAME=a\r\nContent-Type: "
         "text/plain\r\n"
         "\r\n1\r\n--b--",
         "a=1"},
        {"a file",
         "--b\r\nContent-Disposition: form-data; name=\"a\"; "
         "filename=\"x\"\r\n\r\n1\r\n--b--",
         "<a=1"},
        {"a file, told first",
         "--b\r\nContent-Disposition: form-data; filename=\"x\"; "
         "name=\"a\"\r\n\r\n1\r\n--b--",
         "<a=1"},
        {"a name within a quoted text",
         "--b\r\nContent-Disposition: form-data; x=\"; name=username; \"; name=\"a\"\r\n"
         "\r\n1\r\n--b--",
         "a=1"},
        {"a name within a quoted text, escaped",
         "--b\r\nContent-Disposition: form-data; x=\"\\\"; name=username; \"; "
         "name=\"a\"\r\n"
         "\r\n1\r\n--b--",
         "a=1"},
        {"a longer parameter",
         "--b\r\nContent-Disposition: form-data; xname=a\r\n\r\n1\r\n--b--", ""},
        {"no name", "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", ""},
        {"an empty name", "--b\r\n" PART("") "1\r\n--b--", ""},
        {"a name that does not end",
         "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--", ""},
        {"another header of that value",
         "--b\r\nX-Content-Disposition: x; name=a\r\n\r\n1\r\n--b--", ""},
        {"a part without a header", "--b\r\n\r\n1\r\n--b--",
         "error: a part without a header"},
        {"a part without a body",
         "--b\r\nContent-Disposition: form-data; name=a\r\n--b--",
         "error: a part without a header"},
        {"two delimiters with one line break between",
         "--b\r\n--b\r\n" PART("a") "1\r\n--b--", "a=1"},
        {"two delimiters and no end", "--b\r\n--b zz", UNENDED},
        {"a preamble and two delimiters", "x\r\n--b\r\n--b--", UNENDED},
        {"two delimiters and a short part", "--b\r\n--b\r\nX: y\r\n\r\nzz\r\n--b--", ""},
        {"no end", "--b\r\n" PART("a") "1\r\n", UNENDED},
        {"an end of another boundary", "--b\r\n" PART("a") "1\r\n--c--", UNENDED},
        {"a boundary that goes on", "--b\r\n" PART("a") "1\r\n--bb--", UNENDED},
        {"another case of the boundary", "--B\r\n" PART("a") "1\r\n--B--", UNENDED},
        {"bare line feeds", "--b\nContent-Disposition: form-data; name=a\n\n1\n--b--\n",
         UNENDED},
        {"an empty body", "", UNENDED},
        {"a dash", "-", UNENDED},
        {"only a boundary", "--b", UNENDED},
        {"a boundary and a dash", "--b-", UNENDED},
        {"a boundary and a line", "--b\r\n", UNENDED},
        {"something else", "username=alice&password=x", UNENDED},
    };
    static const char nul[] = "--b\r\n" PART("a") "x\0y\r\n--b--";
    static const char nul_name[] = "--b\r\n" PART("us\0er") "x\r\n--b--";
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_str(parse(TYPE, rows[i].body, strlen(rows[i].body)), rows[i].fields,
               name_of("multipart", rows[i].name));
    }
    is_str(parse(TYPE, nul, sizeof nul - 1), "a=x~y", "multipart: a NUL in a value");
    is_str(parse(TYPE, nul_name, sizeof nul_name - 1), "", "multipart: a NUL in a name");
}

static void test_boundaries(void)
{
#define NONE    "error: Invalid boundary in multipart: None"
#define INVALID "error: Invalid boundary in multipart"
#define SEVENTY "0123456789012345678901234567890123456789012345678901234567890123456789"
    static const struct {
        const char *type, *boundary, *fields;
    } rows[] = {
        {"multipart/form-data; boundary=b", "b", "a=1"},
        {"multipart/form-data;boundary=b", "b", "a=1"},
        {"multipart/form-data; BOUNDARY=b", "b", "a=1"},
        {"multipart/form-data; charset=utf-8; boundary=b; x=y", "b", "a=1"},
        {"multipart/form-data; boundary=\"b\"", "b", "a=1"},
        {"multipart/form-data; boundary=\"b c'()+_,-./:=?\"", "b c'()+_,-./:=?", "a=1"},
        {"multipart/form-data; x=\"; boundary=c\"; boundary=b", "b", "a=1"},
        {"multipart/form-data; boundary=" SEVENTY, SEVENTY, "a=1"},
        {"multipart/form-data; boundary=" SEVENTY "0", SEVENTY "0", INVALID},
        {"multipart/form-data; boundary=", "", INVALID},
        {"multipart/form-data; boundary=\"\"", "", INVALID},
        {"multipart/form-data; boundary=\"b", "b", NONE},
        {"multipart/form-data; boundary=b{", "b{", INVALID},
        {"multipart/form-data; boundary=\xc3\xa4", "\xc3\xa4", INVALID},
        {"multipart/form-data; boundaryx=b", "b", NONE},
        {"multipart/form-data; boundary", "b", NONE},
        {"multipart/form-data;", "b", NONE},
        {"multipart/form-data", "b", NONE},
        {"multipart/form-data boundary=b", "b", NONE},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *body = apr_pstrcat(pool, "--", rows[i].boundary, "\r\n", PART("a"),
                                       "1\r\n--", rows[i].boundary, "--\r\n", NULL);

        is_str(parse(rows[i].type, body, strlen(body)), rows[i].fields,
               name_of("boundary", rows[i].type));
    }
}

/* Bodies of pieces in any order, by a generator that is the same everywhere. */
static void test_multipart_shuffled(void)
{
    static const char *const pieces[] = {
        "--b",
        "\r\n",
        "\r\n--b",
        "--",
        "\r\n\r\n",
        "x",
        "-",
        "\r",
        "Content-Disposition: form-data; name=\"a\"",
        "; filename=f",
        " ",
        "\n",
    };
    apr_uint32_t seed = 20261122;
    char body[512];
    int i, j, wrong = 0;

    for (i = 0; i < 30000; i++) {
        *body = '\0';
        for (j = 0; j < 10; j++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(body, pieces[(seed >> 16) % COUNT(pieces)]);
        }
        wrong += !strcmp(parse(TYPE, body, strlen(body)), "a field that cannot be");
        if (i % 1000 == 0) {
            apr_pool_clear(brief);
        }
    }
    is_int(wrong, 0, "multipart: 30,000 bodies of shuffled pieces");
}

static void test_multipart_limits(void)
{
    const char *body =
        repeated("", "--b\r\n" PART("a") "1\r\n", FORM_MAX_FIELDS, "--b--");

    is_int((long long)strlen(parse(TYPE, body, strlen(body))), FORM_MAX_FIELDS * 4 - 1,
           "multipart: as many parts as are read");
    body = repeated("", "--b\r\n" PART("a") "1\r\n", FORM_MAX_FIELDS + 1, "--b--");
    is_str(parse(TYPE, body, strlen(body)), "error: too many fields",
           "multipart: one more");
    body = repeated("", "--b\r\n" PART("a") "1\r\n", 10000, "--b--");
    is_str(parse(TYPE, body, strlen(body)), "error: too many fields",
           "multipart: 10,000");
    body = repeated("--b\r\n", "X: y\r\n", 3000, PART("a") "1\r\n--b--");
    is_str(parse(TYPE, body, strlen(body)), "a=1", "multipart: 3,000 lines of header");
    body = repeated("", "\r\n--", 5000, "b--");
    is_str(parse(TYPE, body, strlen(body)), "", "multipart: what looks like boundaries");
}

/* --- Broken off and changed
 * -------------------------------------------------------------- */

static void test_truncated(void)
{
    static const char whole[] = "--b\r\n" PART(
        "a") "1\r\n--b\r\nContent-Disposition: form-data; name=\"c\"; "
             "filename=\"d\"\r\nContent-Type: text/plain\r\n\r\n2\r\n--b--";
    apr_size_t len;
    int good = 0;

    for (len = 0; len < sizeof whole - 1; len++) {
        good += strncmp(parse(TYPE, whole, len), "error: ", 7) != 0;
    }
    is_int(good, 0, "a multipart body is refused wherever it breaks off");
    is_str(parse(TYPE, whole, sizeof whole - 1), "a=1|<c=2", "and the whole one is read");
}

/* xorshift32: the same numbers everywhere. */
static apr_size_t below(apr_size_t limit)
{
    static apr_uint32_t state = 2463534242u;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

/* Change a text of n bytes in place; gives its new length. A slice of a few bytes, a
 * whole delimiter perhaps, goes, moves to the front of another or takes its place. */
static apr_size_t mutate(char *text, apr_size_t n)
{
    static const char special[] = "=&%+;\"\\-b:\r\n\0 ";
    apr_size_t at = below(n), other = below(n), slice = 1 + below(8);

    slice = slice > n - at ? n - at : slice;
    switch (below(5)) {
    case 0:
        text[at] = special[below(sizeof special - 1)];
        break;
    case 1:
        text[at] = (char)below(256);
        break;
    case 2:
        memmove(text + at, text + at + slice, n - at - slice);
        return n - slice;
    case 3:
        memmove(text + at + slice, text + at, n - at);
        memmove(text + at, text + (other < at ? other : 0), slice);
        return n + slice;
    case 4:
        memmove(text + (other > n - slice ? n - slice : other), text + at, slice);
        break;
    }
    return n;
}

/* Whatever a body says, its fields lie within it. */
static void test_mutations(const char *type, const char *body, const char *name)
{
    apr_size_t len = strlen(body), n, rounds;
    int i, impossible = 0;
    char text[400];

    for (i = 0; i < 20000; i++) {
        memcpy(text, body, len);
        n = len;
        for (rounds = 1 + below(4); rounds && n; rounds--) {
            n = mutate(text, n);
        }
        impossible += strcmp(parse(type, text, n), "a field that cannot be") == 0;
        if (i % 1000 == 0) {
            apr_pool_clear(pool);
            apr_pool_create(&brief, pool);
        }
    }
    is_int(impossible, 0, name);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&brief, pool);
    test_urlencoded();
    test_urlencoded_limits();
    test_multipart();
    test_boundaries();
    test_multipart_shuffled();
    test_multipart_limits();
    test_truncated();
    test_mutations(NULL, "username=al%69ce&password=correct+horse&=&x&%00=1&a=%ff",
                   "20,000 changed forms");
    test_mutations(
        TYPE,
        "--b\r\n" PART("a") "1\r\n--b\r\nContent-Disposition: form-data; "
                            "name=\"c\"; filename=d\r\nX: y\r\n\r\n2\r\n--b--\r\n",
        "20,000 changed multipart bodies");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
