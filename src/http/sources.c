#include "http/sources.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "http/client.h"
#include "http/dbd.h"
#include "http/tree.h"

/* Each, of places looked at so far: const sections_place_t *. */
struct sources_t {
    apr_array_header_t *places;        /* of which no two are alike */
    apr_array_header_t *with_users;    /* of which no two have the same users */
    apr_array_header_t *with_sessions; /* of which no two have the same table of them */
    apr_hash_t *trials;                /* dbd_source_t, by database and what is asked */
};

/* Users among all sources, and the place that they were found at first. */
typedef struct {
    const sections_place_t *place;
    int source;
} users_place_t;

static apr_array_header_t *all; /* dbd_source_t, for the children */

sources_t *sources_make(apr_pool_t *pconf, apr_pool_t *p)
{
    sources_t *sources = apr_palloc(p, sizeof *sources);

    all = apr_array_make(pconf, 2, sizeof(dbd_source_t));
    sources->places = apr_array_make(p, 4, sizeof(const sections_place_t *));
    sources->with_users = apr_array_make(p, 2, sizeof(users_place_t));
    sources->with_sessions = apr_array_make(p, 2, sizeof(const sections_place_t *));
    sources->trials = apr_hash_make(p);
    return sources;
}

const apr_array_header_t *sources_all(void)
{
    return all;
}

/* --- Comparing -------------------------------------------------------------------- */

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
    int i;

    for (i = 0; i < a->nelts && i < b->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(a, i, const char *),
                   APR_ARRAY_IDX(b, i, const char *))) {
            return 0;
        }
    }
    return a->nelts == b->nelts;
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

static int has_sessions(const sections_place_t *section)
{
    return section->config->sessions == POLICY_SESSIONS_ON ||
           section->config->sessions == POLICY_SESSIONS_MIGRATE;
}

/* Most places of a site differ in nothing of this; one of them is enough to look at. */
static int is_alike(const sections_place_t *a, const sections_place_t *b)
{
    return a->config->keys == b->config->keys &&
           a->config->verify_kids == b->config->verify_kids &&
           a->config->issuer == b->config->issuer &&
           a->config->audience == b->config->audience &&
           config_users(a->config) == config_users(b->config) &&
           has_sessions(a) == has_sessions(b) && !a->config->providers &&
           !b->config->providers && sections_same_database(a->host, b->host);
}

/* Where users of this place are among all sources; they are added if they are not. */
static dbd_source_t *get_users(sources_t *sources, const sections_place_t *section,
                               apr_pool_t *p)
{
    users_place_t *noted;
    dbd_source_t *source;
    int i;

    for (i = 0; i < sources->with_users->nelts; i++) {
        noted = &APR_ARRAY_IDX(sources->with_users, i, users_place_t);
        if (same_users(noted->place, section, p)) {
            return &APR_ARRAY_IDX(all, noted->source, dbd_source_t);
        }
    }
    noted = apr_array_push(sources->with_users);
    *noted = (users_place_t){section, all->nelts};
    source = apr_array_push(all);
    *source = (dbd_source_t){.server = section->host->server,
                             .users = config_users(section->config),
                             .where = section->users};
    return source;
}

static void add_users(sources_t *sources, const sections_place_t *section, apr_pool_t *p)
{
    if (config_has_users(section->config)) {
        get_users(sources, section, p)->has_sessions |= has_sessions(section);
    }
}

/* The table of sessions, or of ended tokens, once for each database that has it. */
static void add_sessions(sources_t *sources, const sections_place_t *section)
{
    const blacklist_t *blacklist = config_blacklist(section->config);
    apr_array_header_t *noted = sources->with_sessions;
    dbd_source_t *source;
    int i;

    if (section->config->sessions == POLICY_SESSIONS_OFF) {
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
    source = apr_array_push(all);
    *source = (dbd_source_t){.blacklist = blacklist, .server = section->host->server};
}

/* --- What else is asked ------------------------------------------------------------- */

/* Once for each database, and of lines that say the same the first one. */
static void add_trial(sources_t *sources, const sections_place_t *section,
                      const trial_t *trial, const ap_directive_t *where, apr_pool_t *p)
{
    const sections_host_t *host = section->host;
    const char *key;
    trial_t *kept;

    if (!where) {
        return;
    }
    key = apr_pstrcat(p, host->driver ? host->driver : "", "\n",
                      host->params ? host->params : "", "\n",
                      trial->users ? trial->users->by_id->sql : "", "\n",
                      trial->column ? trial->column : "", "\n", where->directive, " ",
                      where->args, NULL);
    if (apr_hash_get(sources->trials, key, APR_HASH_KEY_STRING)) {
        return;
    }
    kept = apr_pmemdup(all->pool, trial, sizeof *trial);
    apr_hash_set(sources->trials, key, APR_HASH_KEY_STRING, kept);
    *(dbd_source_t *)apr_array_push(all) =
        (dbd_source_t){.trial = kept, .where = where, .server = host->server};
}

/* @param are_named  whether each column has a line of its own, by its claim */
static void add_columns(sources_t *sources, const sections_place_t *section,
                        const char *directive, const apr_array_header_t *columns,
                        int are_named, apr_pool_t *p)
{
    trial_t trial = {.users = &config_users(section->config)->queries};
    int i;

    for (i = 0; columns && i < columns->nelts; i++) {
        const policy_claim_t *claim = &APR_ARRAY_IDX(columns, i, const policy_claim_t);

        trial.column = claim->column;
        if (claim->column) {
            add_trial(
                sources, section, &trial,
                sections_line(section, directive, are_named ? claim->name : NULL, p), p);
        }
    }
}

static void add_trials(sources_t *sources, const sections_place_t *section, apr_pool_t *p)
{
    const config_t *config = section->config;
    int has_users = config_has_users(config);
    trial_t roles = {.roles = config->roles}, note = {.note = config->last_login};

    if (sections_issues(section) ||
        (sections_is_protected(section) && client_refreshes_silently(config))) {
        add_columns(sources, section, "AuthJWTClaim", has_users ? config->claims : NULL,
                    1, p);
        if (roles.roles) {
            add_trial(sources, section, &roles,
                      sections_line(section, "AuthJWTRolesQuery", NULL, p), p);
        }
    }
    if (sections_issues(section) && note.note) {
        add_trial(sources, section, &note,
                  sections_line(section, "AuthJWTLastLoginQuery", NULL, p), p);
    }
    if (has_users && section->handler && mount_asks_users(section->handler)) {
        add_columns(sources, section, "AuthJWTUserColumns", config->user_columns, 0, p);
    }
}

/* What it differs in from a place before it, or NULL. */
static const char *compare(const sections_place_t **other, sources_t *sources,
                           const sections_place_t *section, apr_pool_t *p)
{
    int i;

    if (!sections_knows_users(section)) {
        return NULL;
    }
    add_sessions(sources, section);
    for (i = 0; i < sources->places->nelts; i++) {
        *other = APR_ARRAY_IDX(sources->places, i, const sections_place_t *);
        if (is_alike(*other, section)) {
            return NULL;
        }
        if (confuses(*other, section, p)) {
            return other_source(section, *other, p);
        }
    }
    add_users(sources, section, p);
    APR_ARRAY_PUSH(sources->places, const sections_place_t *) = section;
    return NULL;
}

const char *sources_add(const sections_place_t **other, sources_t *sources,
                        const sections_place_t *section, apr_pool_t *p)
{
    const char *difference = compare(other, sources, section, p);

    if (!difference) {
        add_trials(sources, section, p);
    }
    return difference;
}
