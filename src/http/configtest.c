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

#include "http/browsercheck.h"
#include "http/client.h"
#include "http/config.h"
#include "http/dbd.h"
#include "http/dump.h"
#include "http/export.h"
#include "http/extras.h"
#include "http/keycheck.h"
#include "http/lines.h"
#include "http/pairing.h"
#include "http/provider.h"
#include "http/sections.h"
#include "http/sources.h"
#include "http/tree.h"

APLOG_USE_MODULE(auth_jwt);

/* --- Messages ---------------------------------------------------------------------- */

/* Whether a line is one of the server's, here with what a virtual host makes of it. */
static int is_borrowed(const ap_directive_t *at, const ap_directive_t *host)
{
    for (; at && at != host; at = at->parent) {
    }
    return at != host;
}

/* The line of the first directive that a message names and that holds here, or NULL. Any
 * may be the message's first word, further on they are ours. */
static const ap_directive_t *find_line(const sections_place_t *section, const char *text,
                                       apr_pool_t *p)
{
    const ap_directive_t *line = NULL;
    apr_size_t len;

    for (; text && !line; text = strstr(text + 1, "AuthJWT")) {
        for (len = 0; apr_isalpha(text[len]); len++) {
        }
        line = len ? sections_line(section, apr_pstrmemdup(p, text, len), NULL, p) : NULL;
    }
    return line;
}

/* What a message is about: of a whole host, or of endpoints that stand in no section, the
 * line at fault says more than the place does. */
static const char *place(const sections_place_t *section, const char *text, apr_pool_t *p)
{
    const ap_directive_t *host = section->host->where, *at = section->where;

    if (at == host || tree_is(at, "AuthJWTEndpoints")) {
        const ap_directive_t *line = find_line(section, text, p);

        at = line ? line : at;
    }
    if (!at) {
        at = section->own ? section->own->first : NULL;
    }
    if (!at) {
        return "server config";
    }
    return is_borrowed(at, host)
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
    return refuse(section->host->server,
                  apr_psprintf(p, "%s (in %s)", error, place(section, error, p)));
}

static void warn(const sections_place_t *section, const char *text, apr_pool_t *p)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, section->host->server,
                 "JWT0002: %s (in %s)", text, place(section, text, p));
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

static int asks_users(const sections_place_t *section)
{
    return sections_knows_users(section) && config_has_users(section->config);
}

static int asks_database(const sections_place_t *section)
{
    return (sections_knows_users(section) && config_asks_database(section->config)) ||
           (sections_issues(section) &&
            (section->config->last_login || section->config->roles));
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

static const char *check_extras(const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    const char *error = extras_check(config, sections_issues(section), p), *column;
    int i;

    if (error || !config->claims || !sections_issues(section) ||
        config_users(config)->by_table) {
        return error;
    }
    for (i = 0; i < config->claims->nelts; i++) {
        column = APR_ARRAY_IDX(config->claims, i, const policy_claim_t).column;
        if (column && !may_give(config_users(config)->queries.by_id, column)) {
            return apr_psprintf(p,
                                "AuthJWTUserByIdQuery: gives no column %s, which "
                                "AuthJWTClaim wants; add it",
                                column);
        }
    }
    return NULL;
}

typedef const char *check_t(const sections_place_t *section, apr_pool_t *p);

static check_t *const checks[] = {
    check_mount,         keycheck_section,
    check_handler,       check_lifetimes,
    check_users,         check_database,
    check_remote_user,   check_password_column,
    check_claims,        check_cache,
    check_extras,        browsercheck_cookies,
    browsercheck_query,  browsercheck_remember,
    browsercheck_silent, browsercheck_csrf_cookie,
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

/* httpd's nature: what is around a section holds where it has no Require itself, and
 * that is often "all granted". */
static void warn_open(const sections_place_t *section, apr_pool_t *p)
{
    const ap_directive_t *first = section->where ? section->where->first_child : NULL;

    /* Patterns and expressions often share out AuthType and Require. */
    if (section->path && sections_is_protected(section) &&
        !is_borrowed(section->where, section->host->where) &&
        tree_find(first, "AuthType") && !lines_has_require(first)) {
        warn(section,
             apr_pstrcat(p,
                         "AuthType JWT: no Require is here, so that of the surrounding "
                         "place holds, which may let everybody in; add: Require ",
                         section->config->optional
                             ? "all granted, for a public page, or Require valid-user"
                             : "valid-user",
                         NULL),
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

static void warn_claims(const sections_place_t *section, const char *name,
                        config_row_t row, apr_pool_t *p)
{
    if (config_is_set(section->own, row)) {
        warn(section,
             apr_psprintf(p,
                          "%s: acts where tokens are issued, and no endpoint is here; "
                          "write it outside of sections, or where the endpoints are",
                          name),
             p);
    }
}

/* A mistake, but one that harms nobody. */
static void warn_idle(const sections_place_t *section, const apr_array_header_t *all,
                      apr_pool_t *p)
{
    const config_t *own = section->own;

    if (!own || section->where == section->host->where ||
        is_borrowed(section->where, section->host->where)) {
        return;
    }
    if (sections_is_protected(section) && !client_refreshes_silently(section->config) &&
        (config_is_set(own, CONFIG_ACCESS_LIFETIME) ||
         config_is_set(own, CONFIG_REFRESH_LIFETIME)) &&
        !has_endpoint(section, all)) {
        warn_lifetime(section, "AuthJWTAccessLifetime", CONFIG_ACCESS_LIFETIME, p);
        warn_lifetime(section, "AuthJWTRefreshLifetime", CONFIG_REFRESH_LIFETIME, p);
    }
    if (sections_is_protected(section) && !client_refreshes_silently(section->config) &&
        !has_endpoint(section, all)) {
        warn_claims(section, "AuthJWTClaim", CONFIG_CLAIMS, p);
        warn_claims(section, "AuthJWTRolesQuery", CONFIG_ROLES, p);
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

typedef const char *pairing_t(const sections_place_t *section,
                              const apr_array_header_t *all, apr_pool_t *p);

static void warn_early(server_rec *s, apr_pool_t *p)
{
    const ap_directive_t *line = lines_find_early(ap_conftree);

    if (line) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, s,
            "JWT0002: %s: httpd looks at it before it knows any token, so claims "
            "are empty there; write Require jwt-claim, or RewriteCond expr in a "
            "<Directory> (in %s)",
            line->directive, tree_text(line, p));
    }
}

static void warn_pairs(const sections_place_t *section, const apr_array_header_t *all,
                       apr_pool_t *p)
{
    static pairing_t *const pairings[] = {pairing_set, pairing_looked_for, pairing_domain,
                                          pairing_claims, pairing_login};
    const char *text;
    apr_size_t i;

    for (i = 0; i < sizeof pairings / sizeof *pairings; i++) {
        text = pairings[i](section, all, p);
        if (text) {
            warn(section, text, p);
        }
    }
}

/* --- All of it ---------------------------------------------------------------------- */

static const char *check_confusion(const sections_place_t *section, sources_t *sources,
                                   apr_pool_t *p)
{
    const sections_place_t *other;
    const char *difference = sources_add(&other, sources, section, p);

    return difference ? apr_psprintf(p,
                                     "%s under one key, so that user 1 of the one would "
                                     "be user 1 of the other; give this place an "
                                     "AuthJWTAudience of its own, or its virtual host a "
                                     "key of its own; the other is %s",
                                     difference, place(other, "", p))
                      : NULL;
}

static const char *check_section(const sections_place_t *section, sources_t *sources,
                                 apr_pool_t *p)
{
    const char *error = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof checks / sizeof *checks && !error; i++) {
        error = checks[i](section, p);
    }
    return error ? error : check_confusion(section, sources, p);
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

static const char *check_expressions(apr_pool_t *p)
{
    const ap_directive_t *line = lines_find_blind(ap_conftree, p);

    return line ? apr_psprintf(p,
                               "Require %s: httpd decides this before it looks at the "
                               "token, when no claim is there, unless it names "
                               "REMOTE_USER; put in front: %%{REMOTE_USER} != '' && (in "
                               "%s)",
                               line->args, tree_text(line, p))
                : NULL;
}

int configtest_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *s)
{
    const apr_array_header_t *all = sections_list(s, pconf, ptemp);
    sources_t *sources = sources_make(pconf, ptemp);
    const sections_place_t *sections = (const sections_place_t *)all->elts;
    const char *error;
    int i;

    (void)plog;
    error = keycheck_readers(ptemp);
    error = error ? error : check_grouped(ptemp);
    error = error ? error : check_expressions(ptemp);
    error = error ? error : export_check(ptemp);
    if (error) {
        return refuse(s, error);
    }
    for (i = 0; i < all->nelts; i++) {
        error = check_section(&sections[i], sources, ptemp);
        if (error) {
            return refuse_section(&sections[i], error, ptemp);
        }
        warn_idle(&sections[i], all, ptemp);
        warn_open(&sections[i], ptemp);
        warn_pairs(&sections[i], all, ptemp);
    }
    warn_early(s, ptemp);
    error = dump_is_asked_for() ? dump_print(all, ptemp) : NULL;
    return error ? refuse(s, error) : OK;
}
