/* Directives say nothing of each other when they are read. Here the tree of the
 * configuration is walked once more, section by section, with the settings that
 * hold there, and what cannot work or is not safe stops the start.
 */
#include "http/configtest.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "http/config.h"
#include "http/dbd.h"
#include "http/dump.h"
#include "http/keycheck.h"
#include "http/provider.h"
#include "http/sections.h"
#include "http/tree.h"

APLOG_USE_MODULE(auth_jwt);

static apr_array_header_t *sources; /* dbd_source_t, for the children */

const apr_array_header_t *configtest_sources(void)
{
    return sources;
}

/* --- Messages ---------------------------------------------------------------------- */

/* Whether a section is one of the server's, here with what a virtual host makes of it. */
static int is_borrowed(const sections_place_t *section)
{
    const ap_directive_t *host = section->host->where, *node;

    for (node = section->where; node && node != host; node = node->parent) {
    }
    return node != host;
}

/* With a name the place of that directive, where the section is a whole host. */
static const char *place(const sections_place_t *section, const char *name, apr_pool_t *p)
{
    const ap_directive_t *host = section->host->where, *at = section->where;

    if (at == host) {
        at = tree_find(host ? host->first_child : ap_conftree, name);
        at = at ? at : host;
    }
    if (!at) {
        at = section->own ? section->own->first : NULL;
    }
    if (!at) {
        return "server config";
    }
    return is_borrowed(section)
               ? apr_psprintf(p, "%s, for %s", tree_text(at, p), tree_text(host, p))
               : tree_text(at, p);
}

static int refuse(server_rec *s, const char *error)
{
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s, "JWT0001: %s", error);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int refuse_section(const sections_place_t *section, const char *error,
                          apr_pool_t *p)
{
    const char *name = apr_pstrmemdup(p, error, strcspn(error, ": "));

    return refuse(section->host->server,
                  apr_psprintf(p, "%s (in %s)", error, place(section, name, p)));
}

static void warn(const sections_place_t *section, const char *text, apr_pool_t *p)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, section->host->server,
                 "JWT0002: %s (in %s)", text, place(section, "", p));
}

/* A time as somebody would write it. */
static const char *time_text(apr_int64_t seconds, apr_pool_t *p)
{
    static const struct {
        const char *unit;
        int seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
    int i = 0;

    while (seconds % units[i].seconds != 0) {
        i++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", seconds / units[i].seconds,
                        units[i].unit);
}

/* --- The checks: each returns what is wrong, or NULL ------------------------------ */

/* Whether a place issues tokens to users, or looks up whose token it is shown. */
static int knows_users(const sections_place_t *section)
{
    return (sections_is_endpoint(section) && mount_asks_users(section->handler)) ||
           (sections_is_protected(section) && section->config->check_user);
}

static int asks_users(const sections_place_t *section)
{
    return knows_users(section) && config_has_users(section->config);
}

static int asks_database(const sections_place_t *section)
{
    return (knows_users(section) && config_asks_database(section->config)) ||
           (sections_issues(section) && section->config->last_login);
}

static const char *check_mount(const sections_place_t *section, apr_pool_t *p)
{
    const mount_t *mount = section->host->config->mount;

    if (!mount || section->path != mount->path ||
        (!strstr(mount->path, "//") && !strstr(mount->path, "/.") &&
         !strchr(mount->path, '%'))) {
        return NULL;
    }
    return apr_psprintf(p,
                        "%s: no request has such a path when it is looked at; write it "
                        "without //, /. and %%, such as /auth",
                        sections_subject(section, p));
}

static const char *check_handler(const sections_place_t *section, apr_pool_t *p)
{
    if (!section->handler || strncmp(section->handler, "jwt-", 4) != 0 ||
        sections_is_endpoint(section)) {
        return NULL;
    }
    return apr_psprintf(p, "SetHandler: '%s' is no endpoint; known are %s",
                        section->handler, mount_handlers(p));
}

/* Where nothing is issued, one of the two may be meant for a section further inside. */
static int are_meant(const sections_place_t *section, config_row_t one,
                     config_row_t other)
{
    return sections_issues(section) ||
           (section->own && config_is_set(section->own, one) &&
            config_is_set(section->own, other));
}

static const char *check_lifetimes(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    if (config->access_lifetime > config->refresh_lifetime &&
        are_meant(section, CONFIG_ACCESS_LIFETIME, CONFIG_REFRESH_LIFETIME)) {
        return apr_psprintf(p,
                            "AuthJWTAccessLifetime: %s is longer than "
                            "AuthJWTRefreshLifetime, %s, so a refresh token would end "
                            "before what it renews; make the first the shorter one",
                            time_text(config->access_lifetime, p),
                            time_text(config->refresh_lifetime, p));
    }
    if (config->sliding_lifetime > config->sliding_refresh_lifetime &&
        are_meant(section, CONFIG_SLIDING_LIFETIME, CONFIG_SLIDING_REFRESH_LIFETIME)) {
        return apr_psprintf(p,
                            "AuthJWTSlidingLifetime: %s is longer than "
                            "AuthJWTSlidingRefreshLifetime, %s, so a sliding token could "
                            "not be refreshed; make the first the shorter one",
                            time_text(config->sliding_lifetime, p),
                            time_text(config->sliding_refresh_lifetime, p));
    }
    return NULL;
}

static const char *check_users(const sections_place_t *section, apr_pool_t *p)
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

/* A query by SELECT * may give any column; others must write it down. */
static int may_give(const db_query_t *query, const char *column)
{
    return strchr(query->sql, '*') || ap_strcasestr(query->sql, column);
}

static const char *check_password_column(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;

    (void)p;
    if (!asks_users(section) || !config_ends_on_password_change(config) ||
        may_give(config_users(config)->queries.by_id, "password")) {
        return NULL;
    }
    return "AuthJWTUserByIdQuery: gives no column password, by which tokens end when "
           "the password changes; add it, or write AuthJWTEndOnPasswordChange Off";
}

/* A cache finds users of all who fill it, and their ids begin with the provider. */
static const char *check_cache(const sections_place_t *section, apr_pool_t *p)
{
    const apr_array_header_t *names = section->config->providers;
    int i;

    (void)p;
    if (config_has_users(section->config)) {
        return NULL;
    }
    for (i = 0; i < names->nelts && !provider_is_cache(names, i); i++) {
    }
    return i == names->nelts || (i == 0 && names->nelts == 2)
               ? NULL
               : "AuthJWTProvider: socache cannot say which provider's user it has "
                 "found; "
                 "write it in front of exactly one, such as: AuthJWTProvider socache "
                 "file";
}

static const char *check_database(const sections_place_t *section, apr_pool_t *p)
{
    const sections_host_t *host = section->host;

    if (!asks_database(section) || (host->driver && host->params)) {
        return NULL;
    }
    if (!ap_find_linked_module("mod_dbd.c")) {
        return apr_psprintf(p,
                            "%s: users are looked up in SQL, which needs mod_dbd; load "
                            "dbd_module (a2enmod dbd)",
                            sections_subject(section, p));
    }
    if (host->lends_database && !host->driver && !host->params) {
        return NULL;
    }
    return apr_psprintf(p,
                        "%s: users are looked up in SQL, and there is no %s; add to the "
                        "server, for example: DBDriver sqlite3, DBDParams "
                        "/var/lib/auth_jwt/site.db",
                        sections_subject(section, p),
                        host->driver ? "DBDParams" : "DBDriver");
}

static const char *check_remote_user(const sections_place_t *section, apr_pool_t *p)
{
    (void)p;
    if (section->config->check_user || section->config->remote_user != CONFIG_USERNAME ||
        !sections_is_protected(section) || sections_is_endpoint(section) ||
        !config_has_users(section->config)) {
        return NULL;
    }
    return "AuthJWTCheckUser: with Off the user's name is not known; name what becomes "
           "REMOTE_USER, such as: AuthJWTRemoteUser id";
}

/* One name for two claims: the second would overwrite the first. */
static const char *check_claims(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const struct {
        const char *directive, *name;
    } claims[] = {
        {"AuthJWTUserIdClaim", config->user_id_claim},
        {"AuthJWTJtiClaim", config->jti_claim},
        {"AuthJWTTokenTypeClaim", config->token_type_claim},
        {"AuthJWTEndOnPasswordChange", config->revoke_claim},
    };
    apr_size_t i, j;

    for (i = 1; i < sizeof claims / sizeof *claims; i++) {
        for (j = 0; j < i; j++) {
            if (claims[i].name && strcmp(claims[i].name, claims[j].name) == 0) {
                return apr_psprintf(
                    p, "%s: '%s' is the claim of %s, too; write another name",
                    claims[i].directive, claims[i].name, claims[j].directive);
            }
        }
    }
    return NULL;
}

typedef const char *check_t(const sections_place_t *section, apr_pool_t *p);

static check_t *const checks[] = {
    check_mount,  keycheck_section, check_handler,     check_lifetimes,
    check_users,  check_database,   check_remote_user, check_password_column,
    check_claims, check_cache,
};

/* --- What has no effect where it stands ------------------------------------------- */

/* In a group of httpd's, which limits Require lines and nothing of ours. */
static const ap_directive_t *find_grouped(const ap_directive_t *first)
{
    const ap_directive_t *node, *found = NULL;

    for (node = first; node && !found; node = node->next) {
        if (tree_is_ours(node) && node->parent && tree_is_group(node->parent)) {
            return node;
        }
        found = find_grouped(node->first_child);
    }
    return found;
}

/* Whether some endpoint inherits from the section, or might: a pattern can match. */
static int has_endpoint(const sections_place_t *section, const apr_array_header_t *all)
{
    const ap_directive_t *node;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const sections_place_t *other = &APR_ARRAY_IDX(all, i, sections_place_t);

        if (other->host != section->host || !sections_issues(other)) {
            continue;
        }
        for (node = other->where; node && node != section->where; node = node->parent) {
        }
        if (node || !section->path ||
            (other->path &&
             sections_is_below(other->path, section->path, strlen(section->path)))) {
            return 1;
        }
    }
    return 0;
}

/* Whether a line, or one grouped below it, asks for something. */
static int has_require(const ap_directive_t *node)
{
    for (; node; node = node->next) {
        if (tree_is(node, "Require") ||
            (tree_is_group(node) && has_require(node->first_child))) {
            return 1;
        }
    }
    return 0;
}

/* httpd's nature: what is around a section holds where it has no Require itself, and
 * that is often "all granted". */
static void warn_open(const sections_place_t *section, apr_pool_t *p)
{
    const ap_directive_t *first = section->where ? section->where->first_child : NULL;

    /* Patterns and expressions often share out AuthType and Require. */
    if (section->path && sections_is_protected(section) && !is_borrowed(section) &&
        tree_find(first, "AuthType") && !has_require(first)) {
        warn(section,
             "AuthType JWT: no Require is here, so that of the surrounding place holds, "
             "which may let everybody in; add: Require valid-user",
             p);
    }
}

static void warn_lifetime(const sections_place_t *section, const char *name,
                          config_row_t row, apr_pool_t *p)
{
    const apr_int64_t *value;

    if (!config_is_set(section->own, row)) {
        return;
    }
    value = config_member((config_t *)(apr_uintptr_t)section->own, row);
    warn(section,
         apr_psprintf(p,
                      "%s %s: acts where tokens are issued, and no endpoint is here; "
                      "where tokens are accepted use AuthJWTMaxTokenAge",
                      name, time_text(*value, p)),
         p);
}

/* A mistake, but one that harms nobody. */
static void warn_idle(const sections_place_t *section, const apr_array_header_t *all,
                      apr_pool_t *p)
{
    const config_t *own = section->own;

    if (!own || section->where == section->host->where || is_borrowed(section)) {
        return;
    }
    if (sections_is_protected(section) &&
        (config_is_set(own, CONFIG_ACCESS_LIFETIME) ||
         config_is_set(own, CONFIG_REFRESH_LIFETIME)) &&
        !has_endpoint(section, all)) {
        warn_lifetime(section, "AuthJWTAccessLifetime", CONFIG_ACCESS_LIFETIME, p);
        warn_lifetime(section, "AuthJWTRefreshLifetime", CONFIG_REFRESH_LIFETIME, p);
    }
    if (sections_is_endpoint(section) && config_is_set(own, CONFIG_MAX_TOKEN_AGE) &&
        own->max_token_age) {
        warn(section,
             apr_psprintf(p,
                          "AuthJWTMaxTokenAge %s: acts where tokens are accepted, and an "
                          "endpoint is here; where tokens are issued use "
                          "AuthJWTAccessLifetime",
                          time_text(own->max_token_age, p)),
             p);
    }
}

/* --- Two user sources under one key ------------------------------------------------ */

static int share_key(const jwk_ring_t *a, const jwk_ring_t *b)
{
    int i, j;

    for (i = 0; i < a->nelts; i++) {
        for (j = 0; j < b->nelts; j++) {
            if (jwk_is_same(APR_ARRAY_IDX(a, i, const jwk_t *),
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

static int same_names(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i = 0;

    if (a->nelts == b->nelts) {
        for (; i < a->nelts && strcmp(APR_ARRAY_IDX(a, i, const char *),
                                      APR_ARRAY_IDX(b, i, const char *)) == 0;
             i++) {
        }
    }
    return i == a->nelts && i == b->nelts;
}

/* Where httpd's providers find their users, as far as these lines say. */
static const char *provider_lines(const ap_directive_t *node, apr_pool_t *p)
{
    static const char *const names[] = {"AuthUserFile", "AuthDBMUserFile",
                                        "AuthDBDUserPWQuery", "AuthLDAPURL", NULL};
    const char *lines = "";
    int i;

    for (; node; node = node->next) {
        for (i = 0; names[i]; i++) {
            if (tree_is(node, names[i])) {
                lines =
                    apr_pstrcat(p, lines, node->directive, " ", node->args, "\n", NULL);
            }
        }
    }
    return lines;
}

/* The same for a place: its own lines, or its host's, or the server's. */
static const char *provider_source(const sections_place_t *place, apr_pool_t *p)
{
    const ap_directive_t *const from[] = {
        tree_is_section(place->where) ? place->where->first_child : NULL,
        place->host->where ? place->host->where->first_child : NULL, ap_conftree};
    const char *lines = "";
    apr_size_t i;

    for (i = 0; i < sizeof from / sizeof *from && !*lines; i++) {
        lines = provider_lines(from[i], p);
    }
    return lines;
}

/* Providers are asked where tokens are made, and nowhere else. */
static int same_providers(const sections_place_t *a, const sections_place_t *b,
                          apr_pool_t *p)
{
    return same_names(a->config->providers, b->config->providers) &&
           (!sections_issues(a) || !sections_issues(b) ||
            strcmp(provider_source(a, p), provider_source(b, p)) == 0);
}

static int same_users(const sections_place_t *a, const sections_place_t *b, apr_pool_t *p)
{
    const users_t *ours = &config_users(a->config)->queries;
    const users_t *theirs = &config_users(b->config)->queries;

    if (!config_has_users(a->config) || !config_has_users(b->config)) {
        return !config_has_users(a->config) && !config_has_users(b->config) &&
               same_providers(a, b, p);
    }
    return sections_same_database(a->host, b->host) &&
           strcmp(ours->by_name->sql, theirs->by_name->sql) == 0 &&
           strcmp(ours->by_id->sql, theirs->by_id->sql) == 0;
}

/* Whether a token issued for one section would name somebody else in the other. An
 * issuer that only one of them requires keeps nothing apart: the other takes it. */
static int confuses(const sections_place_t *a, const sections_place_t *b, apr_pool_t *p)
{
    const char *issuer_a = a->config->issuer, *issuer_b = b->config->issuer;

    return !same_users(a, b, p) &&
           share_audience(a->config->audience, b->config->audience) &&
           (!issuer_a || !issuer_b || strcmp(issuer_a, issuer_b) == 0) &&
           share_key(config_keys(a->config, p), config_keys(b->config, p));
}

/* Never more of DBDParams than its name: it may hold a password. */
static const char *other_source(const sections_place_t *section,
                                const sections_place_t *other, apr_pool_t *p)
{
    const ap_directive_t *users = section->users ? section->users : other->users;

    if (!config_has_users(section->config) || !config_has_users(other->config)) {
        return "AuthJWTProvider: other providers, or other users of theirs, at another "
               "place";
    }
    if (!sections_same_database(section->host, other->host)) {
        return "DBDParams: another database";
    }
    return tree_is(users, "AuthJWTUserTable")
               ? apr_psprintf(p, "AuthJWTUserTable %s: another table of users",
                              tree_word(users, p))
               : apr_psprintf(p, "%s: another table of users", users->directive);
}

/* Most places of a site differ in nothing of this; one of them is enough to look at. */
static int is_alike(const sections_place_t *a, const sections_place_t *b)
{
    return a->config->keys == b->config->keys &&
           a->config->verify_kids == b->config->verify_kids &&
           a->config->issuer == b->config->issuer &&
           a->config->audience == b->config->audience &&
           config_users(a->config) == config_users(b->config) &&
           a->config->providers == b->config->providers && !a->config->providers &&
           sections_same_database(a->host, b->host);
}

static void add_source(const sections_place_t *section, const apr_array_header_t *others,
                       apr_pool_t *p)
{
    dbd_source_t *source;
    int i;

    if (!config_has_users(section->config)) {
        return;
    }
    for (i = 0; i < others->nelts; i++) {
        if (same_users(APR_ARRAY_IDX(others, i, const sections_place_t *), section, p)) {
            return;
        }
    }
    source = apr_array_push(sources);
    source->users = config_users(section->config);
    source->blacklist = NULL;
    source->server = section->host->server;
    source->where = section->users;
}

/* The table of sessions, or of ended tokens, once for each database that has it.
 *
 * noted  const sections_place_t *, of which no two have the same table */
static void add_sessions(const sections_place_t *section, apr_array_header_t *noted)
{
    const blacklist_t *blacklist = config_blacklist(section->config);
    dbd_source_t *source;
    int i;

    if (!knows_users(section) || section->config->sessions == POLICY_SESSIONS_OFF) {
        return;
    }
    for (i = 0; i < noted->nelts; i++) {
        const sections_place_t *other = APR_ARRAY_IDX(noted, i, const sections_place_t *);

        if (sections_same_database(other->host, section->host) &&
            config_blacklist(other->config) == blacklist) {
            return;
        }
    }
    APR_ARRAY_PUSH(noted, const sections_place_t *) = section;
    source = apr_array_push(sources);
    *source = (dbd_source_t){.blacklist = blacklist, .server = section->host->server};
}

/* Compare a place that asks users with all such places before it.
 *
 * @param others  const sections_place_t *, of which no two are alike
 */
static const char *check_confusion(const sections_place_t *section,
                                   apr_array_header_t *others, apr_pool_t *p)
{
    int i;

    if (!knows_users(section)) {
        return NULL;
    }
    for (i = 0; i < others->nelts; i++) {
        const sections_place_t *other =
            APR_ARRAY_IDX(others, i, const sections_place_t *);

        if (is_alike(other, section)) {
            return NULL;
        }
        if (confuses(other, section, p)) {
            return apr_psprintf(p,
                                "%s under one key, so that user 1 of the one would be "
                                "user 1 of the other; give this place an AuthJWTAudience "
                                "of its own, or its virtual host a key of its own; the "
                                "other is %s",
                                other_source(section, other, p), place(other, "", p));
        }
    }
    add_source(section, others, p);
    APR_ARRAY_PUSH(others, const sections_place_t *) = section;
    return NULL;
}

/* --- All of it ---------------------------------------------------------------------- */

static const char *check_section(const sections_place_t *section,
                                 apr_array_header_t *others, apr_pool_t *p)
{
    const char *error = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof checks / sizeof *checks && !error; i++) {
        error = checks[i](section, p);
    }
    return error ? error : check_confusion(section, others, p);
}

static const char *check_grouped(apr_pool_t *p)
{
    const ap_directive_t *node = find_grouped(ap_conftree);

    return node ? apr_psprintf(p,
                               "%s %s: %s %s around it has no effect on it; write it "
                               "outside (in %s)",
                               node->directive, node->args, node->parent->directive,
                               node->parent->args, tree_text(node, p))
                : NULL;
}

int configtest_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *s)
{
    const apr_array_header_t *all = sections_list(s, pconf, ptemp);
    apr_array_header_t *others =
        apr_array_make(ptemp, 4, sizeof(const sections_place_t *));
    apr_array_header_t *noted =
        apr_array_make(ptemp, 2, sizeof(const sections_place_t *));
    const sections_place_t *sections = (const sections_place_t *)all->elts;
    const char *error;
    int i;

    (void)plog;
    sources = apr_array_make(pconf, 2, sizeof(dbd_source_t));
    error = keycheck_readers(ptemp);
    error = error ? error : check_grouped(ptemp);
    if (error) {
        return refuse(s, error);
    }
    for (i = 0; i < all->nelts; i++) {
        error = check_section(&sections[i], others, ptemp);
        if (error) {
            return refuse_section(&sections[i], error, ptemp);
        }
        add_sessions(&sections[i], noted);
        warn_idle(&sections[i], all, ptemp);
        warn_open(&sections[i], ptemp);
    }
    error = dump_is_asked_for() ? dump_print(all, ptemp) : NULL;
    return error ? refuse(s, error) : OK;
}
