/* httpd merges sections anew for each request. Here each section is looked at as if
 * its own path were asked for: with all <Location> or <Directory> sections around that
 * path, and with the server's sections once for each virtual host, since they hold
 * there, too. What meets only by a pattern, an expression or a .htaccess file is not
 * seen; a request then finds no key or no user, and is refused. */
#include "http/sections.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "http/tree.h"

APLOG_USE_MODULE(auth_jwt);
extern module AP_MODULE_DECLARE_DATA auth_jwt_module;

typedef struct {
    apr_pool_t *p;
    apr_hash_t *settings;         /* const config_t *, by const ap_directive_t * */
    apr_array_header_t *sections; /* sections_place_t */
} walk_t;

/* --- Sections ---------------------------------------------------------------------- */

static int is_section(const ap_directive_t *node)
{
    return *node->directive == '<' && !tree_is_group(node) &&
           !tree_is(node, "<VirtualHost");
}

/* Whether something of this module stands here or further inside. */
static int is_jwt_used(const ap_directive_t *first, apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (tree_is_ours(node) || is_jwt_used(node->first_child, p) ||
            (tree_is(node, "AuthType") &&
             ap_cstr_casecmp(tree_word(node, p), "JWT") == 0) ||
            (tree_is(node, "SetHandler") &&
             strncmp(tree_word(node, p), "jwt-", 4) == 0)) {
            return 1;
        }
    }
    return 0;
}

/* What each section wrote itself, by its node: settings know where they stand. */
static apr_hash_t *index_settings(apr_pool_t *p)
{
    const apr_array_header_t *all = config_sections();
    apr_hash_t *index = apr_hash_make(p);
    int i;

    for (i = 0; i < all->nelts; i++) {
        const config_t *config = APR_ARRAY_IDX(all, i, const config_t *);

        /* NULL is the key of what stands in no section: the server's own settings. */
        apr_hash_set(index, &config->first->parent, sizeof config->first->parent, config);
    }
    return index;
}

static const config_t *find_own(const walk_t *w, const ap_directive_t *section)
{
    return apr_hash_get(w->settings, &section, sizeof section);
}

/* Directives of others that matter here, and ours that messages name. */
static void read_facts(sections_place_t *section, const ap_directive_t *first,
                       apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (tree_is(node, "AuthType")) {
            section->auth_type = tree_word(node, p);
        } else if (tree_is(node, "SetHandler")) {
            section->handler = tree_word(node, p);
        } else if (tree_is(node, "AuthJWTUserTable") ||
                   tree_is(node, "AuthJWTUserQuery")) {
            section->users = node;
        } else if (tree_is_group(node)) {
            read_facts(section, node->first_child, p);
        }
    }
}

static void add_layer(const walk_t *w, sections_place_t *to, const ap_directive_t *node)
{
    sections_layer_t *layer = apr_palloc(w->p, sizeof *layer);

    *layer = (sections_layer_t){to->layers, node};
    to->layers = layer;
}

/* Lay a section over what holds without it. */
static void apply(const walk_t *w, sections_place_t *to, const ap_directive_t *node)
{
    const config_t *own = find_own(w, node);

    if (own) {
        to->config = config_merge(w->p, (void *)(apr_uintptr_t)to->config,
                                  (void *)(apr_uintptr_t)own);
    }
    read_facts(to, node->first_child, w->p);
    add_layer(w, to, node);
}

/* The path of a section without the slash at its end; 0 when it is a pattern. Nothing
 * is copied, since every section is compared with every other. */
static int read_path(const char **path, apr_size_t *len, const ap_directive_t *node)
{
    const char *at = node->args ? node->args : "", *end = " \t>";

    at += strspn(at, " \t");
    if (*at == '"' || *at == '\'') {
        end = *at++ == '"' ? "\"" : "'";
    }
    *path = at;
    *len = strcspn(at, end);
    while (*len && at[*len - 1] == '/') {
        --*len;
    }
    return *at == '/' && strcspn(at, "*?[") >= *len;
}

int sections_is_below(const char *path, const char *top, apr_size_t len)
{
    return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Lay the sections of a kind that are around to->path over what holds without them;
 * with a length only those of that length. */
static void apply_around(const walk_t *w, sections_place_t *to, const char *kind,
                         const apr_size_t *only)
{
    const ap_directive_t *host = to->host->where, *node;
    const char *top;
    apr_size_t len;
    int i, lists = host ? 2 : 1; /* of the server, and of the host itself */

    for (i = 0; i < lists; i++) {
        for (node = i ? host->first_child : ap_conftree; node; node = node->next) {
            if (tree_is(node, kind) && read_path(&top, &len, node) &&
                sections_is_below(to->path, top, len) && (!only || len == *only)) {
                apply(w, to, node);
            }
        }
    }
}

/* As httpd does it: each <Location> as it stands, each <Directory> behind shorter ones.
 */
static void apply_path(const walk_t *w, sections_place_t *to, const char *kind)
{
    apr_size_t len;

    if (ap_cstr_casecmp(kind, "<Location") == 0) {
        apply_around(w, to, kind, NULL);
        return;
    }
    for (len = 0; len <= strlen(to->path); len++) {
        apply_around(w, to, kind, &len);
    }
}

static void add(walk_t *w, const sections_place_t *section)
{
    *(sections_place_t *)apr_array_push(w->sections) = *section;
}

/* Around a mounted endpoint a Location may stand that only has settings for it. */
static const char *mounted_handler(const sections_place_t *section)
{
    const mount_t *mount = section->host->config->mount;

    return mount && section->path && tree_is(section->where, "<Location")
               ? mount_find(mount, section->path)
               : NULL;
}

static void visit(walk_t *w, const sections_place_t *outer, const ap_directive_t *node)
{
    int has_path = tree_is(node, "<Location") || tree_is(node, "<Directory");
    const ap_directive_t *child;
    sections_place_t section = *outer;
    const char *path;
    apr_size_t len;

    section.where = node;
    section.own = find_own(w, node);
    section.path = NULL;
    if (has_path && read_path(&path, &len, node)) {
        section.path = apr_pstrmemdup(w->p, path, len);
        apply_path(w, &section, node->directive);
    } else {
        apply(w, &section, node);
    }
    if (mounted_handler(&section)) {
        section.handler = mounted_handler(&section);
    }
    add(w, &section);
    for (child = node->first_child; child; child = child->next) {
        if (is_section(child)) {
            visit(w, &section, child);
        }
    }
}

/* The mounted endpoints, which stand in no section. */
static void visit_mount(walk_t *w, const sections_place_t *outer)
{
    const sections_host_t *host = outer->host;
    sections_place_t section = *outer;

    section.where =
        host->where ? tree_find(host->where->first_child, "AuthJWTEndpoints") : NULL;
    if (!section.where) {
        section.where = tree_find(ap_conftree, "AuthJWTEndpoints");
    }
    section.own = NULL;
    section.path = host->config->mount->path;
    apply_path(w, &section, "<Location");
    section.handler = mount_first(host->config->mount);
    add(w, &section);
}

/* What holds in a host outside of all sections. */
static void begin(sections_place_t *out, const walk_t *w, const sections_host_t *host)
{
    *out = (sections_place_t){.host = host, .where = host->where, .config = host->config};
    out->own = find_own(w, host->where);
    read_facts(out, ap_conftree, w->p);
    add_layer(w, out, NULL);
    if (host->where) {
        read_facts(out, host->where->first_child, w->p);
        add_layer(w, out, host->where);
    }
}

void sections_at(sections_place_t *out, const sections_host_t *host, const char *path,
                 apr_pool_t *p)
{
    walk_t w = {p, index_settings(p), NULL};

    begin(out, &w, host);
    out->path = path;
    apply_path(&w, out, "<Location");
    if (host->config->mount && mount_find(host->config->mount, path)) {
        out->handler = mount_find(host->config->mount, path);
    }
}

static void visit_host(walk_t *w, const sections_host_t *host)
{
    const ap_directive_t *node;
    sections_place_t section;
    int i;

    begin(&section, w, host);
    add(w, &section);
    if (host->config->mount) {
        visit_mount(w, &section);
    }
    for (i = 0; i < (host->where ? 2 : 1); i++) {
        for (node = i ? host->where->first_child : ap_conftree; node; node = node->next) {
            if (is_section(node)) {
                visit(w, &section, node);
            }
        }
    }
}

/* --- Hosts ------------------------------------------------------------------------- */

static int is_same_place(const ap_directive_t *a, const ap_directive_t *b)
{
    return a->line_num == b->line_num && strcmp(a->filename, b->filename) == 0;
}

/* A file may be included twice, and so define two hosts at one place. The last one is
 * the first of httpd's list. */
static server_rec *find_server(const ap_directive_t *host, server_rec *main_server)
{
    const ap_directive_t *later;
    int skip = 0;
    server_rec *s;

    for (later = host->next; later; later = later->next) {
        skip += tree_is(later, "<VirtualHost") && is_same_place(host, later);
    }
    for (s = main_server->next; s; s = s->next) {
        if (s->defn_name && strcmp(s->defn_name, host->filename) == 0 &&
            s->defn_line_number == (unsigned int)host->line_num && skip-- == 0) {
            return s;
        }
    }
    return NULL;
}

static void read_database(sections_host_t *host, const ap_directive_t *first,
                          apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (tree_is(node, "DBDriver")) {
            host->driver = tree_word(node, p);
        } else if (tree_is(node, "DBDParams")) {
            host->params = tree_word(node, p);
        }
    }
}

static int same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

int sections_same_database(const sections_host_t *a, const sections_host_t *b)
{
    return same_text(a->driver, b->driver) && same_text(a->params, b->params);
}

/* A host without a word of this module, but with a database for something else, takes
 * no part: the server's endpoints would ask the wrong users there. */
static void detach(sections_host_t *host, apr_pool_t *pconf)
{
    config_t *config = config_merge(pconf, (void *)(apr_uintptr_t)host->config,
                                    config_create(pconf, NULL));

    config->keys = NULL;
    config->mount = NULL;
    ap_log_error(APLOG_MARK, APLOG_INFO | APLOG_STARTUP, 0, host->server,
                 "JWT0003: the server's keys and endpoints do not hold in this virtual "
                 "host, which has another database and no directive of this module (%s)",
                 tree_text(host->where, pconf));
    ap_set_module_config(host->server->lookup_defaults, &auth_jwt_module, config);
}

static void visit_virtual_host(walk_t *w, sections_host_t *server,
                               const ap_directive_t *node, apr_pool_t *pconf)
{
    sections_host_t *host = apr_pmemdup(w->p, server, sizeof *host);

    host->where = node;
    host->server = find_server(node, server->server);
    if (!host->server) {
        return;
    }
    host->config = config_of_server(host->server);
    host->lends_keys = host->lends_database = 0;
    read_database(host, node->first_child, w->p);
    if (is_jwt_used(node->first_child, w->p)) {
        visit_host(w, host);
    } else if (server->driver && !sections_same_database(server, host)) {
        detach(host, pconf);
    }
}

/* What the server lacks is no fault of it where its virtual hosts have it: then it only
 * holds what they share. */
static void lend(sections_host_t *server, const ap_directive_t *host)
{
    server->lends_keys |= !server->config->keys && tree_find(host, "AuthJWTKey");
    server->lends_database |= !server->driver && tree_find(host, "DBDParams");
}

apr_array_header_t *sections_list(server_rec *s, apr_pool_t *pconf, apr_pool_t *p)
{
    walk_t w = {p, index_settings(p), apr_array_make(p, 16, sizeof(sections_place_t))};
    sections_host_t *server = apr_pcalloc(p, sizeof *server);
    const ap_directive_t *node;

    server->server = s;
    server->config = config_of_server(s);
    read_database(server, ap_conftree, p);
    for (node = ap_conftree; node; node = node->next) {
        if (tree_is(node, "<VirtualHost")) {
            lend(server, node->first_child);
        }
    }
    visit_host(&w, server);
    for (node = ap_conftree; node; node = node->next) {
        if (tree_is(node, "<VirtualHost")) {
            visit_virtual_host(&w, server, node, pconf);
        }
    }
    return w.sections;
}

const ap_directive_t *sections_line(const sections_place_t *place, const char *directive,
                                    const char *word, apr_pool_t *p)
{
    const sections_layer_t *layer;
    const ap_directive_t *node;

    for (layer = place->layers; layer; layer = layer->below) {
        node = layer->section ? layer->section->first_child : ap_conftree;
        node = tree_find(node, directive);
        while (node && word && strcmp(tree_word(node, p), word) != 0) {
            node = tree_find(node->next, directive);
        }
        if (node) {
            return node;
        }
    }
    return NULL;
}

int sections_is_protected(const sections_place_t *place)
{
    return place->auth_type && ap_cstr_casecmp(place->auth_type, "JWT") == 0;
}

int sections_is_endpoint(const sections_place_t *place)
{
    return place->handler && mount_has_handler(place->handler);
}

int sections_knows_users(const sections_place_t *place)
{
    return (sections_is_endpoint(place) && mount_asks_users(place->handler)) ||
           (sections_is_protected(place) && place->config->check_user);
}

int sections_issues(const sections_place_t *place)
{
    return place->handler && mount_issues(place->handler);
}

const char *sections_subject(const sections_place_t *place, apr_pool_t *p)
{
    if (place->where && tree_is(place->where, "AuthJWTEndpoints")) {
        return apr_psprintf(p, "AuthJWTEndpoints %s", tree_word(place->where, p));
    }
    return sections_is_endpoint(place) ? apr_psprintf(p, "SetHandler %s", place->handler)
                                       : "AuthType JWT";
}
