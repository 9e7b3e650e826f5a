#include "http/dump.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unixd.h>

#include "http/config.h"
#include "http/dbd.h"
#include "http/keyring.h"
#include "http/sources.h"
#include "http/tree.h"

int dump_is_asked_for(void)
{
    return ap_exists_config_define("AUTH_JWT_DUMP") &&
           ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST;
}

/* The functions below give a value that the caller owns, or NULL where there is a text
 * that is no UTF-8, which json_object_set_new() and its like pass on as an error. */

static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *list(const apr_array_header_t *texts, const char *null)
{
    json_t *array;
    int i;

    if (!texts) {
        return json_null();
    }
    array = json_array();
    for (i = 0; i < texts->nelts; i++) {
        const char *item = APR_ARRAY_IDX(texts, i, const char *);

        if (json_array_append_new(array, text(item ? item : null)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *sql(const db_query_t *query)
{
    return text(query ? query->sql : NULL);
}

static json_t *columns(const users_t *users)
{
    json_t *object = json_object();
    int i;

    for (i = 0; i < USERS_COLUMNS; i++) {
        json_object_set_new(object, users_column_names[i], text(users->columns[i]));
    }
    return object;
}

/* Of a table its names are enough: htjwt makes the queries of them as the module does. */
static json_t *users(const users_t *from)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "source", text(from->source),
                     "by_name", sql(from->by_name), "by_id", sql(from->by_id), "table",
                     text(from->table), "columns", columns(from), "does_rehash",
                     from->does_rehash);
}

static json_t *keys(const config_t *config)
{
    const apr_array_header_t *all = keyring_sources();
    json_t *array = json_array();
    int i;

    for (i = 0; i < all->nelts; i++) {
        const keyring_source_t *key = &APR_ARRAY_IDX(all, i, keyring_source_t);

        if (key->ring != config->keys) {
            continue;
        }
        if (json_array_append_new(array,
                                  json_pack("{s:o, s:s, s:o, s:b}", "kid", text(key->kid),
                                            "alg", key->alg, "source", text(key->source),
                                            "sign", key->can_sign)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static const char *sessions(policy_sessions_t mode)
{
    return mode == POLICY_SESSIONS_ON          ? "on"
           : mode == POLICY_SESSIONS_MIGRATE   ? "migrate"
           : mode == POLICY_SESSIONS_BLACKLIST ? "blacklist"
                                               : "off";
}

/* A preset's statement is one for each database, and has a name. */
static const char *note(const users_note_t *from)
{
    return !from ? NULL : from->any ? from->any->sql : "django";
}

static json_t *trial(const dbd_source_t *source)
{
    const trial_t *from = source->trial;
    apr_pool_t *p = sources_all()->pool;

    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "place",
                     text(tree_text(source->where, p)), "roles", sql(from->roles), "note",
                     text(note(from->note)), "column", text(from->column), "users",
                     from->users ? users(from->users) : json_null());
}

static const sections_host_t *host_of(const server_rec *server,
                                      const apr_array_header_t *all)
{
    const sections_place_t *place = (const sections_place_t *)all->elts;

    while (place->host->server != server) {
        place++;
    }
    return place->host;
}

/* All that is asked of a host's database, for whichever place of whichever host. */
static json_t *trials(const sections_host_t *host, const apr_array_header_t *all)
{
    const apr_array_header_t *sources = sources_all();
    json_t *array = json_array();
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const dbd_source_t *source = &APR_ARRAY_IDX(sources, i, const dbd_source_t);

        if (source->trial && sections_same_database(host_of(source->server, all), host) &&
            json_array_append_new(array, trial(source)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *host(const sections_host_t *from, const apr_array_header_t *all)
{
    const config_t *config = from->config;
    const blacklist_t *blacklist = config_blacklist(config);
    json_t *object, *settings;

    settings = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:s, s:o, s:b, "
        "s:o}",
        "verify_keys", list(config->verify_kids, "-"), "signing_key",
        text(config->signing_kid), "issuer", text(config->issuer), "audience",
        list(config->audience, NULL), "leeway", (json_int_t)config->leeway,
        "max_token_age", (json_int_t)config->max_token_age, "max_login_age",
        (json_int_t)config->max_login_age, "max_token_length",
        (json_int_t)config->max_token_length, "user_id_claim",
        text(config->user_id_claim), "jti_claim", text(config->jti_claim),
        "token_type_claim", text(config->token_type_claim), "sessions",
        sessions(config->sessions), "blacklist",
        text(blacklist ? blacklist_name(blacklist) : NULL), "end_on_password_change",
        config_ends_on_password_change(config), "revoke_claim",
        text(config->revoke_claim));
    object = json_pack(
        "{s:b, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "is_main", !from->where, "name",
        text(from->server->server_hostname), "port", (int)from->server->port, "driver",
        text(from->driver), "params", text(from->params), "users",
        config_has_users(config) ? users(&config_users(config)->queries) : json_null(),
        "providers", list(config->providers, NULL), "keys", keys(config), "trials",
        trials(from, all));
    if (!object || json_object_update_missing(object, settings) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(settings);
    return object;
}

/* The places of one host stand together. */
static json_t *hosts(const apr_array_header_t *all)
{
    const sections_host_t *last = NULL;
    json_t *array = json_array();
    int i;

    for (i = 0; i < all->nelts; i++) {
        const sections_place_t *place = &APR_ARRAY_IDX(all, i, sections_place_t);

        if (place->host == last) {
            continue;
        }
        last = place->host;
        if (json_array_append_new(array, host(last, all)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

const char *dump_print(const apr_array_header_t *all, apr_pool_t *p)
{
    /* Who is not root starts the server as himself, whatever User says. */
    const char *user = geteuid() == 0 ? ap_unixd_config.user_name : NULL;
    json_t *root = json_pack("{s:i, s:o, s:o}", "version", 1, "user", text(user), "hosts",
                             hosts(all));
    char *line = root ? json_dumps(root, JSON_COMPACT) : NULL;
    apr_file_t *out;

    json_decref(root);
    if (!line) {
        return "-D AUTH_JWT_DUMP: a value of the configuration is no UTF-8; write it in "
               "UTF-8";
    }
    apr_file_open_stdout(&out, p);
    apr_file_puts(line, out);
    apr_file_puts("\n", out);
    jwk_wipe((bytes_t){(unsigned char *)line, strlen(line)});
    free(line);
    return NULL;
}
