#include "http/form.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static form_field_t *add_field(apr_array_header_t *fields)
{
    form_field_t *field;

    if (fields->nelts >= FORM_MAX_FIELDS) {
        return NULL;
    }
    field = apr_array_push(fields);
    memset(field, 0, sizeof *field);
    return field;
}

static int hex_value(char c)
{
    return apr_isdigit(c)                       ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* Decode + and %XX; a % that begins no escape stands for itself, as browsers and
 * Django have it. */
static char *decode(apr_size_t *out_len, const char *from, apr_size_t len, apr_pool_t *p)
{
    char *text = apr_palloc(p, len + 1), *to = text;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        int high, low;

        if (from[i] == '%' && len - i > 2 && (high = hex_value(from[i + 1])) >= 0 &&
            (low = hex_value(from[i + 2])) >= 0) {
            *to++ = (char)(high << 4 | low);
            i += 2;
        } else {
            *to++ = from[i] == '+' ? ' ' : from[i];
        }
    }
    *to = '\0';
    *out_len = (apr_size_t)(to - text);
    return text;
}

static const char *add_pair(apr_array_header_t *fields, const char *from, apr_size_t len,
                            apr_pool_t *p)
{
    const char *equals = memchr(from, '=', len), *name;
    apr_size_t name_len = equals ? (apr_size_t)(equals - from) : len;
    form_field_t *field;

    name = decode(&name_len, from, name_len, p);
    if (!name_len || strlen(name) != name_len) {
        return NULL; /* no name that could be asked for */
    }
    field = add_field(fields);
    if (!field) {
        return "too many fields";
    }
    field->name = name;
    field->value =
        equals ? decode(&field->len, equals + 1, len - (apr_size_t)(equals + 1 - from), p)
               : "";
    return NULL;
}

const char *form_parse_urlencoded(apr_array_header_t **fields, const char *body,
                                  apr_size_t len, apr_pool_t *p)
{
    const char *end = body + len, *next, *error = NULL;

    *fields = apr_array_make(p, 4, sizeof(form_field_t));
    while (body < end && !error) {
        next = memchr(body, '&', (apr_size_t)(end - body));
        if (!next) {
            next = end;
        }
        if (next > body) {
            error = add_pair(*fields, body, (apr_size_t)(next - body), p);
        }
        body = next + 1;
    }
    return error;
}

/* The next semicolon that stands in no quoted text (RFC 9110 section 5.6.4). */
static const char *find_semicolon(const char *at)
{
    int quoted = 0;

    for (; *at && (quoted || *at != ';'); at++) {
        quoted ^= *at == '"';
        at += quoted && *at == '\\' && at[1];
    }
    return *at ? at : NULL;
}

/* A parameter of a header value, quoted or not; NULL when there is none. */
static const char *find_parameter(const char *header, const char *name, apr_pool_t *p)
{
    apr_size_t len = strlen(name);

    while ((header = find_semicolon(header))) {
        header++;
        while (*header == ' ' || *header == '\t') {
            header++;
        }
        if (strncasecmp(header, name, len) == 0 && header[len] == '=') {
            header += len + 1;
            if (*header == '"') {
                len = strcspn(++header, "\"");
                return header[len] == '"' ? apr_pstrmemdup(p, header, len) : NULL;
            }
            return apr_pstrmemdup(p, header, strcspn(header, "; \t"));
        }
    }
    return NULL;
}

/* RFC 2046 section 5.1.1: 1 to 70 characters. */
static int is_boundary(const char *text)
{
    const char *at;

    for (at = text; at && *at; at++) {
        if (!apr_isalnum(*at) && !strchr("'()+_,-./:=? ", *at)) {
            return 0;
        }
    }
    return text && at > text && at - text <= 70;
}

static const char *find_bytes(const char *in, const char *end, const char *what)
{
    apr_size_t len = strlen(what);

    while (in && in <= end && (apr_size_t)(end - in) >= len) {
        in = memchr(in, *what, (apr_size_t)(end - in) - len + 1);
        if (in && memcmp(in, what, len) == 0) { /* public bytes */
            return in;
        }
        in = in ? in + 1 : NULL;
    }
    return NULL;
}

/* Read one part's header lines for its name. */
static void read_disposition(form_field_t *field, const char *from, const char *end,
                             apr_pool_t *p)
{
    static const char header[] = "content-disposition:";
    const char *line, *next;

    for (line = from; line < end; line = next + 2) {
        next = find_bytes(line, end, "\r\n");
        if (!next) {
            next = end;
        }
        if (strncasecmp(line, header, sizeof header - 1) == 0) {
            const char *value = apr_pstrmemdup(p, line, (apr_size_t)(next - line));

            field->name = find_parameter(value, "name", p);
            field->is_file = find_parameter(value, "filename", p) != NULL;
        }
    }
}

/* One part, from behind its delimiter's line to the next delimiter. */
static const char *add_part(apr_array_header_t *fields, const char *from, const char *end,
                            apr_pool_t *p)
{
    const char *blank = find_bytes(from, end, "\r\n\r\n");
    form_field_t part = {NULL}, *field;

    if (!blank) {
        return "a part without a header";
    }
    read_disposition(&part, from, blank + 2, p);
    if (!part.name || !*part.name) {
        return NULL;
    }
    field = add_field(fields);
    if (!field) {
        return "too many fields";
    }
    *field = part;
    field->len = (apr_size_t)(end - blank - 4);
    field->value = apr_pstrmemdup(p, blank + 4, field->len);
    return NULL;
}

/* Where the first part begins. Its delimiter has no line break in front when the body
 * begins with it. */
static const char *find_first(const char *body, const char *end, const char *delimiter)
{
    const char *bare = delimiter + 2, *at;

    if ((apr_size_t)(end - body) >= strlen(bare) && !strncmp(body, bare, strlen(bare))) {
        return body + strlen(bare);
    }
    at = find_bytes(body, end, delimiter);
    return at ? at + strlen(delimiter) : NULL;
}

const char *form_parse_multipart(apr_array_header_t **fields, const char *content_type,
                                 const char *body, apr_size_t len, apr_pool_t *p)
{
    const char *boundary = find_parameter(content_type, "boundary", p), *error = NULL;
    const char *at, *end = body + len, *next, *delimiter;

    *fields = apr_array_make(p, 4, sizeof(form_field_t));
    if (!is_boundary(boundary)) {
        return boundary ? "Invalid boundary in multipart"
                        : "Invalid boundary in multipart: None";
    }
    delimiter = apr_pstrcat(p, "\r\n--", boundary, NULL);
    at = find_first(body, end, delimiter);
    while (at && !error) {
        if (end - at >= 2 && at[0] == '-' && at[1] == '-') {
            return NULL;
        }
        if (end - at < 2 || at[0] != '\r' || at[1] != '\n') {
            break;
        }
        /* Behind this line's end: two delimiters never share one. */
        next = find_bytes(at + 2, end, delimiter);
        if (!next) {
            break;
        }
        error = add_part(*fields, at + 2, next, p);
        at = next + strlen(delimiter);
    }
    return error ? error : "the body does not end with its boundary";
}
