#include "http/browser.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "http/origin.h"
#include "http/setters.h"

/* --- Words ------------------------------------------------------------------------ */

typedef struct {
    const char *word;
    int value;
} word_t;

/* The row of a table that ends with NULL, or NULL. */
static const word_t *find_word(const word_t *words, const char *arg)
{
    while (words->word && ap_cstr_casecmp(words->word, arg) != 0) {
        words++;
    }
    return words->word ? words : NULL;
}

const char *browser_set_client(cmd_parms *cmd, void *dir, const char *arg)
{
    static const word_t words[] = {
        {"api", CONFIG_API}, {"spa", CONFIG_SPA}, {"browser", CONFIG_BROWSER}, {NULL, 0}};
    const word_t *found = find_word(words, arg);

    if (!found) {
        return setters_refuse(cmd, "'%s' is no kind of client; write api, spa or browser",
                              arg);
    }
    config_mark(dir, setters_row(cmd), cmd);
    *(config_client_t *)config_member(dir, setters_row(cmd)) =
        (config_client_t)found->value;
    return NULL;
}

const char *browser_set_delivery(cmd_parms *cmd, void *dir, const char *arg)
{
    static const word_t words[] = {{"body", CONFIG_IN_BODY},
                                   {"cookie", CONFIG_IN_COOKIE},
                                   {"both", CONFIG_IN_BODY | CONFIG_IN_COOKIE},
                                   {NULL, 0}};
    const word_t *found = find_word(words, arg);

    return found
               ? setters_put_int(cmd, dir, found->value)
               : setters_refuse(
                     cmd, "'%s' is no way to a client; write body, cookie or both", arg);
}

/* --- Names ------------------------------------------------------------------------ */

const char *browser_set_cookie(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const cookie_t **row = config_member(dir, setters_row(cmd));
    cookie_t *made = apr_palloc(cmd->pool, sizeof *made);
    const char *error;

    *made = *(const cookie_t *)*row;
    made->path = "/";
    made->domain = NULL;
    made->same_site = "Lax";
    made->is_secure = 1;
    made->is_partitioned = 0;
    error = cookie_parse(made, argc, argv, cmd->pool);
    if (error) {
        return setters_refuse(cmd, "%s", error);
    }
    config_note_cookie(cmd->server, made->name);
    config_mark(dir, setters_row(cmd), cmd);
    *row = made;
    return NULL;
}

const char *browser_set_cookie_name(cmd_parms *cmd, void *dir, const char *arg)
{
    cookie_t unheeded = {arg, "/", NULL, "Lax", 1, 0, 1};
    char *argv[] = {apr_pstrdup(cmd->pool, arg), NULL};
    const char *error = cookie_parse(&unheeded, 1, argv, cmd->pool);

    if (error) {
        return setters_refuse(cmd, "%s", error);
    }
    config_note_cookie(cmd->server, arg);
    return setters_put_text(cmd, dir, arg);
}

const char *browser_set_field_name(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *error = setters_check_field(cmd, arg, "X-CSRFToken");

    return error ? error : setters_put_text(cmd, dir, arg);
}

/* --- Places ----------------------------------------------------------------------- */

/* Whether a host stands behind a scheme. */
static int is_absolute(const char *text, const char *scheme)
{
    apr_size_t len = strlen(scheme);

    return strncmp(text, scheme, len) == 0 && text[len] && !strchr("/?#:@", text[len]);
}

/* A path of this site, or a URL of http or https: nothing that runs, nothing that a
 * browser takes for another host than the one that is read here. */
static int is_url(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f || strchr("\\\"<>", *at)) {
            return 0;
        }
    }
    return (*text == '/' && text[1] != '/') || is_absolute(text, "https://") ||
           is_absolute(text, "http://");
}

const char *browser_set_url(cmd_parms *cmd, void *dir, const char *arg)
{
    return is_url(arg) ? setters_put_text(cmd, dir, arg)
                       : setters_refuse(cmd,
                                        "'%s' is no place to go to; write a path that "
                                        "begins with one slash, or a URL of http or "
                                        "https",
                                        arg);
}

const char *browser_set_url_or_none(cmd_parms *cmd, void *dir, const char *arg)
{
    return ap_cstr_casecmp(arg, "none") == 0 ? setters_put_text(cmd, dir, NULL)
                                             : browser_set_url(cmd, dir, arg);
}

/* --- Lists ------------------------------------------------------------------------ */

/* "header", "cookie", "cookie:NAME" or "query:NAME". */
static int read_source(config_source_t *out, const char *arg, apr_pool_t *p)
{
    static const word_t words[] = {{"header", CONFIG_HEADER},
                                   {"cookie", CONFIG_COOKIE},
                                   {"query", CONFIG_QUERY},
                                   {NULL, 0}};
    apr_size_t len = strcspn(arg, ":");
    const word_t *found = find_word(words, apr_pstrmemdup(p, arg, len));
    const char *name = arg[len] ? arg + len + 1 : NULL;

    if (!found || (name && !setters_is_token(name)) ||
        (name ? found->value == CONFIG_HEADER : found->value == CONFIG_QUERY)) {
        return 0;
    }
    out->place = (config_place_t)found->value;
    out->name = name;
    return 1;
}

/* Of parameters one is enough, and one is taken out of queries. */
static int is_same_source(const config_source_t *a, const config_source_t *b)
{
    return a->place == b->place &&
           (a->place == CONFIG_QUERY ||
            (a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name));
}

static int has_source(const apr_array_header_t *list, const config_source_t *source)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (is_same_source(&APR_ARRAY_IDX(list, i, config_source_t), source)) {
            return 1;
        }
    }
    return 0;
}

const char *browser_add_source(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_array_header_t **list = config_member(dir, setters_row(cmd));
    config_source_t source;

    if (!read_source(&source, arg, cmd->pool)) {
        return setters_refuse(cmd,
                              "'%s' is no place of a token; write header, cookie, "
                              "cookie:NAME or query:NAME",
                              arg);
    }
    if (!config_is_set(dir, setters_row(cmd))) {
        *list = apr_array_make(cmd->pool, 2, sizeof(config_source_t));
    }
    if (has_source(*list, &source)) {
        return setters_refuse(cmd,
                              "'%s' comes a second time; write header, each cookie and "
                              "one query:NAME once",
                              arg);
    }
    if (source.place == CONFIG_COOKIE && source.name) {
        config_note_cookie(cmd->server, source.name);
    } else if (source.place == CONFIG_QUERY) {
        config_note_parameter(cmd->server, source.name);
    }
    config_mark(dir, setters_row(cmd), cmd);
    APR_ARRAY_PUSH(*list, config_source_t) = source;
    return NULL;
}

const char *browser_add_origin(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *origin = origin_parse(arg, cmd->pool);

    if (ap_cstr_casecmp(arg, "none") == 0) {
        return setters_add_text_or_none(cmd, dir, arg);
    }
    return origin ? setters_add_text(cmd, dir, origin)
                  : setters_refuse(cmd,
                                   "'%s' is no origin; write scheme, host and port as "
                                   "browsers do, such as https://www.example.com or "
                                   "http://localhost:3000",
                                   arg);
}
