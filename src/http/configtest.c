/* Directives say nothing of each other when they are read. Here the tree of the
 * configuration is walked once more, section by section, with the settings that
 * hold there, and what cannot work or is not safe stops the start. */
#include "http/configtest.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <unistd.h>
#include <unixd.h>

#include "http/config.h"
#include "http/dbd.h"
#include "http/keysource.h"

APLOG_USE_MODULE(auth_jwt);

/* A section, with what holds in it. */
typedef struct {
    server_rec *server;
    const config_t *own;         /* what was written in it; NULL: nothing of ours */
    const config_t *config;      /* with what it inherits from its server and sections */
    const ap_directive_t *where; /* for messages; NULL: the server itself */
    const char *auth_type;       /* as written, also inherited; NULL: none */
    const char *handler;         /* SetHandler's argument, likewise */
    const char *driver, *params; /* DBDDriver and DBDParams of the server; NULL: none */
} section_t;

typedef struct {
    apr_pool_t *p;
    server_rec *main_server;
    apr_array_header_t *sections; /* section_t */
} walk_t;

static apr_array_header_t *sources; /* dbd_source_t, for the children */

const apr_array_header_t *configtest_sources(void)
{
    return sources;
}

/* --- The walk ------------------------------------------------------------------- */

static int is_directive(const ap_directive_t *node, const char *name)
{
    return ap_cstr_casecmp(node->directive, name) == 0;
}

static const char *first_word(const ap_directive_t *node, apr_pool_t *p)
{
    const char *args = node->args ? node->args : "";

    return ap_getword_conf(p, &args);
}

/* The settings that a section wrote itself; they know where they stand. */
static const config_t *find_own(const ap_directive_t *section, const server_rec *server)
{
    const apr_array_header_t *all = config_sections();
    int i;

    for (i = 0; i < all->nelts; i++) {
        const config_t *config = APR_ARRAY_IDX(all, i, const config_t *);

        if (config->first->parent == section && (section || config->server == server)) {
            return config;
        }
    }
    return NULL;
}

static server_rec *find_server(const ap_directive_t *host, server_rec *main_server)
{
    server_rec *s;

    for (s = main_server->next; s; s = s->next) {
        if (s->defn_name && strcmp(s->defn_name, host->filename) == 0 &&
            s->defn_line_number == (unsigned int)host->line_num) {
            return s;
        }
    }
    return main_server;
}

/* Directives of other modules that matter here. */
static void read_facts(section_t *section, const ap_directive_t *first, apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (is_directive(node, "AuthType")) {
            section->auth_type = first_word(node, p);
        } else if (is_directive(node, "SetHandler")) {
            section->handler = first_word(node, p);
        } else if (is_directive(node, "DBDriver")) {
            section->driver = first_word(node, p);
        } else if (is_directive(node, "DBDParams")) {
            section->params = first_word(node, p);
        }
    }
}

static int is_transparent(const ap_directive_t *node)
{
    static const char *const names[] = {"<Limit",      "<LimitExcept", "<RequireAll",
                                        "<RequireAny", "<RequireNone", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        if (is_directive(node, names[i])) {
            return 1;
        }
    }
    return 0;
}

static void walk(walk_t *w, const section_t *outer, const ap_directive_t *first);

static void walk_section(walk_t *w, const section_t *outer, const ap_directive_t *node)
{
    section_t *section;
    section_t inner = *outer;

    inner.where = node;
    if (is_directive(node, "<VirtualHost")) {
        inner.server = find_server(node, w->main_server);
        inner.own = find_own(node, inner.server);
        inner.config = config_of_server(inner.server);
    } else {
        inner.own = find_own(node, inner.server);
        inner.config = inner.own
                           ? config_merge(w->p, (void *)(apr_uintptr_t)outer->config,
                                          (void *)(apr_uintptr_t)inner.own)
                           : outer->config;
    }
    read_facts(&inner, node->first_child, w->p);
    section = apr_array_push(w->sections);
    *section = inner;
    walk(w, &inner, node->first_child);
}

static void walk(walk_t *w, const section_t *outer, const ap_directive_t *first)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (*node->directive == '<' && !is_transparent(node)) {
            walk_section(w, outer, node);
        }
    }
}

static apr_array_header_t *list_sections(server_rec *main_server, apr_pool_t *p)
{
    walk_t w = {p, main_server, apr_array_make(p, 16, sizeof(section_t))};
    section_t top = {.server = main_server};

    top.own = find_own(NULL, main_server);
    top.config = config_of_server(main_server);
    read_facts(&top, ap_conftree, p);
    *(section_t *)apr_array_push(w.sections) = top;
    walk(&w, &top, ap_conftree);
    return w.sections;
}

/* --- Messages --------------------------------------------------------------------- */

static const char *place(const section_t *section, apr_pool_t *p)
{
    const ap_directive_t *at = section->where;

    if (!at) {
        at = section->own ? section->own->first : NULL;
    }
    return at ? apr_psprintf(p, "%s%s%s%s, line %d of %s", at->directive,
                             *at->directive == '<' ? " " : "",
                             *at->directive == '<' ? at->args : "",
                             *at->directive == '<' ? ">" : "", at->line_num, at->filename)
              : "server config";
}

static void say(int level, const section_t *section, const char *text, apr_pool_t *p)
{
    ap_log_error(APLOG_MARK, level | APLOG_STARTUP, 0, section->server, "%s (in %s)",
                 text, place(section, p));
}

/* --- The checks: each returns what is wrong, or NULL ------------------------------ */

static int is_protected(const section_t *section)
{
    return section->auth_type && ap_cstr_casecmp(section->auth_type, "JWT") == 0;
}

static int is_endpoint(const section_t *section)
{
    return section->handler && mount_has_handler(section->handler);
}

/* Whether tokens are issued in the section: by SetHandler, or mounted in its server. */
static int issues(const section_t *section)
{
    return is_endpoint(section) || section->config->mount;
}

static int is_used(const section_t *section)
{
    return is_protected(section) || issues(section);
}

static const char *check_keys(const section_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    (void)p;
    if (config->keys || !is_used(section)) {
        return NULL;
    }
    return is_protected(section) ? "AuthType JWT: there is no key; add one to the "
                                   "server, such as: AuthJWTKey "
                                   "2026-11 HS256 jwt/site.key"
                                 : "endpoints cannot sign: there is no key; add one to "
                                   "the server, such as: "
                                   "AuthJWTKey 2026-11 HS256 jwt/site.key";
}

static const char *check_signing_key(const section_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const char *kid = config->signing_kid;

    if (!config->keys || config_signing_key(config)) {
        return NULL;
    }
    if (kid) {
        return apr_psprintf(
            p,
            "AuthJWTSigningKey: '%s' is no key of this server, or one that "
            "only verifies; name an AuthJWTKey that can sign",
            kid);
    }
    return issues(section)
               ? "endpoints cannot sign: every AuthJWTKey here is for verify; add "
                 "one that can sign"
               : NULL;
}

static const char *check_handler(const section_t *section, apr_pool_t *p)
{
    if (!section->handler || strncmp(section->handler, "jwt-", 4) != 0 ||
        is_endpoint(section)) {
        return NULL;
    }
    return apr_psprintf(p, "SetHandler: '%s' is no endpoint; known are %s",
                        section->handler, mount_handlers(p));
}

static const char *check_lifetimes(const section_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    if (config->access_lifetime <= config->refresh_lifetime) {
        return NULL;
    }
    return apr_psprintf(p,
                        "AuthJWTAccessLifetime: %" APR_INT64_T_FMT "s is longer than "
                        "AuthJWTRefreshLifetime, %" APR_INT64_T_FMT
                        "s, so a refresh token "
                        "would end before what it renews; make the first the shorter one",
                        config->access_lifetime, config->refresh_lifetime);
}

static const char *check_users(const section_t *section, apr_pool_t *p)
{
    const users_t *users = &config_users(section->config)->queries;

    (void)p;
    if (users->by_name && users->by_id) {
        return NULL;
    }
    return users->by_name
               ? "AuthJWTUserQuery: AuthJWTUserByIdQuery is missing; own SQL needs "
                 "both, in one section"
               : "AuthJWTUserByIdQuery: AuthJWTUserQuery is missing; own SQL needs "
                 "both, in one section";
}

static const char *check_database(const section_t *section, apr_pool_t *p)
{
    (void)p;
    if (!is_used(section) || (!issues(section) && !section->config->check_user)) {
        return NULL;
    }
    if (!ap_find_linked_module("mod_dbd.c")) {
        return "users are looked up in SQL, which needs mod_dbd; load dbd_module "
               "(a2enmod dbd)";
    }
    if (!section->driver || !section->params) {
        return "users are looked up in SQL: there is no database; add DBDriver and "
               "DBDParams "
               "to the server, such as: DBDriver sqlite3, DBDParams "
               "/var/lib/auth_jwt/site.db";
    }
    return NULL;
}

static const char *check_remote_user(const section_t *section, apr_pool_t *p)
{
    (void)p;
    if (section->config->check_user || section->config->remote_user != CONFIG_USERNAME) {
        return NULL;
    }
    return "AuthJWTCheckUser: with Off the user's name is not known; name what becomes "
           "REMOTE_USER, such as: AuthJWTRemoteUser id";
}

typedef const char *check_t(const section_t *section, apr_pool_t *p);

static check_t *const checks[] = {
    check_keys,  check_signing_key, check_handler,     check_lifetimes,
    check_users, check_database,    check_remote_user,
};

/* A setting that has no effect where it stands is a mistake, but harms nobody. */
static void warn_idle(const section_t *section, apr_pool_t *p)
{
    const config_t *own = section->own;

    if (!own || !section->where || is_directive(section->where, "<VirtualHost")) {
        return;
    }
    if (is_protected(section) && !is_endpoint(section) &&
        (config_is_set(own, CONFIG_ACCESS_LIFETIME) ||
         config_is_set(own, CONFIG_REFRESH_LIFETIME))) {
        say(APLOG_WARNING, section,
            "AuthJWTAccessLifetime, AuthJWTRefreshLifetime: these act where tokens are "
            "issued, "
            "and no endpoint is here; where tokens are accepted use AuthJWTMaxTokenAge",
            p);
    }
    if (is_endpoint(section) && config_is_set(own, CONFIG_MAX_TOKEN_AGE)) {
        say(APLOG_WARNING, section,
            "AuthJWTMaxTokenAge: this acts where tokens are accepted, and an endpoint is "
            "here; "
            "where tokens are issued use AuthJWTAccessLifetime",
            p);
    }
}

/* --- Two user sources under one key ------------------------------------------------ */

static int share_key(const jwk_ring_t *a, const jwk_ring_t *b)
{
    int i, j;

    for (i = 0; i < a->nelts; i++) {
        for (j = 0; j < b->nelts; j++) {
            if (a == b || jwk_is_same(APR_ARRAY_IDX(a, i, const jwk_t *),
                                      APR_ARRAY_IDX(b, j, const jwk_t *))) {
                return 1;
            }
        }
    }
    return 0;
}

static int share_audience(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i, j;

    if (!a || !b) {
        return !a && !b;
    }
    for (i = 0; i < a->nelts; i++) {
        for (j = 0; j < b->nelts; j++) {
            if (strcmp(APR_ARRAY_IDX(a, i, const char *),
                       APR_ARRAY_IDX(b, j, const char *)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static int same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static int same_users(const section_t *a, const section_t *b)
{
    const users_t *ours = &config_users(a->config)->queries;
    const users_t *theirs = &config_users(b->config)->queries;

    return same_text(a->driver, b->driver) && same_text(a->params, b->params) &&
           same_text(ours->by_name->sql, theirs->by_name->sql) &&
           same_text(ours->by_id->sql, theirs->by_id->sql);
}

/* Whether a token issued for one section would name somebody else in the other. An
 * issuer that only one of them requires keeps nothing apart: the other takes it. */
static int confuses(const section_t *a, const section_t *b)
{
    const char *issuer_a = a->config->issuer, *issuer_b = b->config->issuer;

    return share_key(a->config->keys, b->config->keys) &&
           share_audience(a->config->audience, b->config->audience) &&
           (!issuer_a || !issuer_b || strcmp(issuer_a, issuer_b) == 0) &&
           !same_users(a, b);
}

static const char *check_confusion(const section_t *section, const section_t *others,
                                   apr_pool_t *p)
{
    const section_t *other;

    if (!is_used(section)) {
        return NULL;
    }
    for (other = others; other < section; other++) {
        if (is_used(other) && confuses(other, section)) {
            return apr_psprintf(
                p,
                "two tables of users under one key: user 1 of one would be "
                "user 1 of the other; give this one its own AuthJWTAudience "
                "(or a key of its own), other than in %s",
                place(other, p));
        }
    }
    return NULL;
}

/* --- All of it ---------------------------------------------------------------------- */

static const char *check_section(const section_t *section, const section_t *others,
                                 apr_pool_t *p)
{
    const char *error = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof checks / sizeof *checks && !error; i++) {
        error = checks[i](section, p);
    }
    return error ? error : check_confusion(section, others, p);
}

static void add_source(const section_t *section)
{
    const config_users_t *users = config_users(section->config);
    dbd_source_t *source;
    int i;

    for (i = 0; i < sources->nelts; i++) {
        source = &APR_ARRAY_IDX(sources, i, dbd_source_t);
        if (source->users == users && source->server == section->server) {
            return;
        }
    }
    source = apr_array_push(sources);
    source->users = users;
    source->server = section->server;
    source->where = section->config->users ? section->config->first : NULL;
}

/* The group that the children have: of a server started as root the one that is
 * configured, else that of whoever starts it. */
static gid_t server_group(void)
{
    return geteuid() == 0 ? ap_unixd_config.group_id : getegid();
}

int configtest_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *s)
{
    const apr_array_header_t *all = list_sections(s, ptemp);
    const section_t *sections = (const section_t *)all->elts;
    const char *error = keysource_check_group(server_group(), ptemp);
    int i;

    (void)plog;
    sources = apr_array_make(pconf, 2, sizeof(dbd_source_t));
    if (error) {
        say(APLOG_EMERG, sections, error, ptemp);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (i = 0; i < all->nelts; i++) {
        error = check_section(&sections[i], sections, ptemp);
        if (error) {
            say(APLOG_EMERG, &sections[i], error, ptemp);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        warn_idle(&sections[i], ptemp);
        if (is_used(&sections[i])) {
            add_source(&sections[i]);
        }
    }
    return OK;
}
