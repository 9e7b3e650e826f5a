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
    return setters_is_token(arg)
               ? setters_put_text(cmd, dir, arg)
               : setters_refuse(cmd,
                                "'%s' is no name of a header field; write one such as "
                                "X-CSRFToken",
                                arg);
}

/* --- Places ----------------------------------------------------------------------- */

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
    return (*text == '/' && text[1] != '/') || strncmp(text, "https://", 8) == 0 ||
           strncmp(text, "http://", 7) == 0;
}

const char *browser_set_url(cmd_parms *cmd, void *dir, const char *arg)
{
    if (ap_cstr_casecmp(arg, "none") == 0) {
        return setters_put_text(cmd, dir, NULL);
    }
    return is_url(arg) ? setters_put_text(cmd, dir, arg)
                       : setters_refuse(cmd,
                                        "'%s' is no place to go to; write a path such as "
                                        "/auth/login, or a URL",
                                        arg);
}

/* --- Lists ------------------------------------------------------------------------ */

static const char *refuse_source(const cmd_parms *cmd, const char *arg)
{
    return setters_refuse(cmd,
                          "'%s' is no place of a token; write header, cookie, "
                          "cookie:NAME or query:NAME",
                          arg);
}

/* The name behind a colon; NULL when it is none. */
static const char *source_name(const char *text)
{
    return *text == ':' && setters_is_token(text + 1) ? text + 1 : NULL;
}

const char *browser_add_source(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_array_header_t **list = config_member(dir, setters_row(cmd));
    config_source_t source = {CONFIG_HEADER, NULL};
    apr_size_t len = strcspn(arg, ":");

    if (ap_cstr_casecmp(arg, "header") == 0) {
        source.place = CONFIG_HEADER;
    } else if (len == 6 && ap_cstr_casecmpn(arg, "cookie", 6) == 0) {
        source.place = CONFIG_COOKIE;
        source.name = source_name(arg + len);
        if (arg[len] && !source.name) {
            return refuse_source(cmd, arg);
        }
        if (source.name) {
            config_note_cookie(cmd->server, source.name);
        }
    } else if (len == 5 && ap_cstr_casecmpn(arg, "query", 5) == 0 &&
               source_name(arg + len)) {
        source.place = CONFIG_QUERY;
        source.name = source_name(arg + len);
    } else {
        return refuse_source(cmd, arg);
    }
    if (!config_is_set(dir, setters_row(cmd))) {
        *list = apr_array_make(cmd->pool, 2, sizeof(config_source_t));
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
