/* httpd reads its configuration itself, and the module in it writes down what is asked
 * for here (see http/dump.c): there is no second parser that could understand a site in
 * another way than the server does. */
#include "htjwt/site.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "htjwt/program.h"
#include "htjwt/say.h"

/* Reading a configuration may run the programs of its keys, of 10 seconds each. */
#define PATIENCE 60
#define MOST     (4 * 1024 * 1024)

static const char *text(const json_t *object, const char *name, apr_pool_t *p)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? apr_pstrdup(p, value) : NULL;
}

static apr_int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* "-" stands for a key without kid. */
static const apr_array_header_t *texts(const json_t *object, const char *name,
                                       const char *none, apr_pool_t *p)
{
    const json_t *array = json_object_get(object, name);
    apr_array_header_t *list;
    size_t i;

    if (!json_is_array(array)) {
        return NULL;
    }
    list = apr_array_make(p, 2, sizeof(const char *));
    for (i = 0; i < json_array_size(array); i++) {
        const char *item = json_string_value(json_array_get(array, i));

        APR_ARRAY_PUSH(list, const char *) =
            item && none && strcmp(item, none) == 0 ? NULL : apr_pstrdup(p, item);
    }
    return list;
}

/* --- What the configuration says ---------------------------------------------------- */

static const db_query_t *query(const json_t *users, const char *name, apr_pool_t *p)
{
    const char *sql = text(users, name, p);

    return sql ? db_query_make(sql, p) : NULL;
}

static void read_users(users_t *out, const json_t *users, apr_pool_t *p)
{
    const json_t *columns = json_object_get(users, "columns");
    const char *table = text(users, "table", p), *names[USERS_COLUMNS];
    int i;

    for (i = 0; i < USERS_COLUMNS; i++) {
        names[i] = text(columns, users_column_names[i], p);
    }
    if (table) {
        users_table(out, table, names, p);
        out->does_rehash = json_is_true(json_object_get(users, "does_rehash"));
    } else {
        *out = (users_t){.source = text(users, "source", p),
                         .by_name = query(users, "by_name", p),
                         .by_id = query(users, "by_id", p)};
    }
}

static void read_trial(site_trial_t *out, const json_t *from, apr_pool_t *p)
{
    const json_t *users = json_object_get(from, "users");
    const char *sql = text(from, "note", p);
    users_note_t *note = apr_palloc(p, sizeof *note);
    users_t *owner = apr_palloc(p, sizeof *owner);

    *out = (site_trial_t){.place = text(from, "place", p)};
    out->trial.roles = query(from, "roles", p);
    out->trial.column = text(from, "column", p);
    if (sql) {
        users_note(note, sql, p);
        out->trial.note = note;
    }
    if (json_is_object(users)) {
        read_users(owner, users, p);
        out->trial.users = owner;
    }
}

static const apr_array_header_t *read_trials(const json_t *array, apr_pool_t *p)
{
    apr_array_header_t *trials = apr_array_make(p, 2, sizeof(site_trial_t));
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        read_trial(apr_array_push(trials), json_array_get(array, i), p);
    }
    return trials;
}

static const apr_array_header_t *read_keys(const json_t *array, apr_pool_t *p)
{
    apr_array_header_t *keys = apr_array_make(p, 2, sizeof(site_key_t));
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        site_key_t *key = apr_array_push(keys);

        key->kid = text(object, "kid", p);
        key->alg = text(object, "alg", p);
        key->source = text(object, "source", p);
        key->can_sign = json_is_true(json_object_get(object, "sign"));
    }
    return keys;
}

static policy_sessions_t read_sessions(const char *word)
{
    return word && strcmp(word, "on") == 0          ? POLICY_SESSIONS_ON
           : word && strcmp(word, "migrate") == 0   ? POLICY_SESSIONS_MIGRATE
           : word && strcmp(word, "blacklist") == 0 ? POLICY_SESSIONS_BLACKLIST
                                                    : POLICY_SESSIONS_OFF;
}

/* By the table that it names. */
static const blacklist_t *read_blacklist(const char *table)
{
    return !table                                                  ? NULL
           : strcmp(table, blacklist_name(&blacklist_django)) == 0 ? &blacklist_django
                                                                   : &blacklist_own;
}

static void read_host(site_t *out, const json_t *host, apr_pool_t *p)
{
    out->driver = text(host, "driver", p);
    out->params = text(host, "params", p);
    out->providers = texts(host, "providers", NULL, p);
    out->has_users = json_is_object(json_object_get(host, "users"));
    if (out->has_users) {
        read_users(&out->users, json_object_get(host, "users"), p);
    }
    out->trials = read_trials(json_object_get(host, "trials"), p);
    out->keys = read_keys(json_object_get(host, "keys"), p);
    out->verify_kids = texts(host, "verify_keys", "-", p);
    out->signing_kid = text(host, "signing_key", p);
    out->issuer = text(host, "issuer", p);
    out->audience = texts(host, "audience", NULL, p);
    out->user_id_claim = text(host, "user_id_claim", p);
    out->claim_names.jti = text(host, "jti_claim", p);
    out->claim_names.token_type = text(host, "token_type_claim", p);
    out->leeway = number(host, "leeway");
    out->max_token_age = number(host, "max_token_age");
    out->max_login_age = number(host, "max_login_age");
    out->max_token_length = number(host, "max_token_length");
    out->sessions = read_sessions(text(host, "sessions", p));
    out->blacklist = read_blacklist(text(host, "blacklist", p));
    out->revoke_claim = text(host, "revoke_claim", p);
    out->ends_on_password_change =
        json_is_true(json_object_get(host, "end_on_password_change"));
}

static const char *host_name(const json_t *host, apr_pool_t *p)
{
    const char *name = text(host, "name", p);
    apr_int64_t port = number(host, "port");

    name = name ? name : "";
    return port ? apr_psprintf(p, "%s:%" APR_INT64_T_FMT, name, port) : name;
}

static const char *host_names(const json_t *hosts, apr_pool_t *p)
{
    const char *names = "";
    size_t i;

    for (i = 0; i < json_array_size(hosts); i++) {
        names = apr_pstrcat(p, names, *names ? " " : "",
                            host_name(json_array_get(hosts, i), p), NULL);
    }
    return names;
}

/* By its name, with its port where two have one name. */
static int is_named(const json_t *host, const char *wanted, apr_pool_t *p)
{
    const char *name = text(host, "name", p);

    return (name && strcasecmp(name, wanted) == 0) ||
           strcasecmp(host_name(host, p), wanted) == 0;
}

/* A server whose virtual hosts have all of it holds nothing itself. */
static int is_of_use(const json_t *host)
{
    return json_array_size(json_object_get(host, "keys")) > 0 ||
           json_is_string(json_object_get(host, "params"));
}

static const json_t *choose_host(const json_t *hosts, const options_t *options,
                                 apr_pool_t *p)
{
    const json_t *found = NULL;
    size_t i;

    for (i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        int is_main = json_is_true(json_object_get(host, "is_main"));

        if (options->host ? !is_named(host, options->host, p) : !is_of_use(host)) {
            continue;
        }
        if (!options->host && is_main) {
            return host;
        }
        if (found) {
            say_fail(SAY_USAGE,
                     "%s: there are several virtual hosts; name one by -s, "
                     "of: %s",
                     options->conf, host_names(hosts, p));
        }
        found = host;
    }
    if (!found) {
        say_fail(SAY_BAD_CONF,
                 options->host ? "%s: no virtual host with settings of its own has that "
                                 "name; -s takes one of: %s"
                               : "%s: there is neither a key nor a database in it; add "
                                 "AuthJWTKey and DBDParams (known hosts: %s)",
                 options->conf, host_names(hosts, p));
    }
    return found;
}

/* --- Asking httpd ------------------------------------------------------------------- */

/* httpd takes a name that is not whole for one below its ServerRoot. */
static const char *whole_path(const char *path, apr_pool_t *p)
{
    char *whole;
    apr_status_t rv = apr_filepath_merge(&whole, NULL, path, APR_FILEPATH_NATIVE, p);

    if (rv != APR_SUCCESS) {
        say_fail(SAY_FAILED,
                 "-f: '%s' is no file name: %pm; name the server's "
                 "configuration file",
                 path, &rv);
    }
    return whole;
}

static json_t *ask_httpd(const options_t *options, apr_pool_t *p)
{
    const char *path = whole_path(options->conf, p), *error;
    const char *argv[] = {options->httpd, "-t", "-D", "AUTH_JWT_DUMP", "-f", path, NULL};
    program_output_t output = {{NULL, 0}, {NULL, 0}};
    json_t *root;

    error = program_run(&output, argv, PATIENCE, MOST, p);
    if (error && output.errors.len) {
        say_fail(SAY_BAD_CONF, "%s: %s cannot use it, and says: %s", options->conf,
                 options->httpd, output.errors.data);
    }
    if (error) {
        say_fail(SAY_FAILED, "%s %s; name httpd, apache2 or apachectl by --httpd",
                 options->httpd, error);
    }
    root = json_loadb((const char *)output.out.data, output.out.len, 0, NULL);
    if (number(root, "version") != 1) {
        say_fail(SAY_BAD_CONF,
                 "%s: it loads no mod_auth_jwt, or one of another version; "
                 "add the LoadModule line (a2enmod auth_jwt), and install "
                 "module and htjwt together",
                 options->conf);
    }
    return root;
}

static void read_conf(site_t *out, const options_t *options, apr_pool_t *p)
{
    json_t *root = ask_httpd(options, p);

    out->is_configured = 1;
    out->owner = text(root, "user", p);
    read_host(out, choose_host(json_object_get(root, "hosts"), options, p), p);
    json_decref(root);
}

/* --- The command line ----------------------------------------------------------------
 */

static const apr_array_header_t *parse_keys(const apr_array_header_t *lines,
                                            apr_pool_t *p)
{
    apr_array_header_t *keys = apr_array_make(p, 2, sizeof(site_key_t));
    int i;

    for (i = 0; i < lines->nelts; i++) {
        site_key_t *key = apr_array_push(keys);
        char **words;
        int count = 0;

        apr_tokenize_to_argv(APR_ARRAY_IDX(lines, i, const char *), &words, p);
        while (words[count]) {
            count++;
        }
        if (count != 3) {
            say_fail(SAY_USAGE, "-k: it takes KID ALG SOURCE in quotes, as AuthJWTKey "
                                "does, such as: -k '2026-11 HS256 /etc/apache2/jwt/"
                                "site.key'");
        }
        *key = (site_key_t){words[0], words[1], words[2], 1};
    }
    return keys;
}

static void set_defaults(site_t *out, apr_pool_t *p)
{
    memset(out, 0, sizeof *out);
    users_table(&out->users, "auth_jwt_user", users_column_names, p);
    out->has_users = 1;
    out->trials = apr_array_make(p, 1, sizeof(site_trial_t));
    out->keys = apr_array_make(p, 1, sizeof(site_key_t));
    out->user_id_claim = "user_id";
    out->claim_names = claims_usual_names;
    out->leeway = -1;
    out->max_token_length = 8190;
    out->sessions = POLICY_SESSIONS_ON;
    out->ends_on_password_change = 1;
}

void site_read(site_t *out, const options_t *options, apr_pool_t *p)
{
    set_defaults(out, p);
    if (options->conf) {
        read_conf(out, options, p);
    }
    out->driver = options->driver ? options->driver : out->driver;
    out->params = options->params ? options->params : out->params;
    if (out->params && !out->driver) {
        out->driver = "sqlite3";
    }
    if (options->keys) {
        out->keys = parse_keys(options->keys, p);
        out->verify_kids = NULL;
        out->signing_kid = NULL;
    }
    out->issuer = options->issuer ? options->issuer : out->issuer;
    out->audience = options->audience ? options->audience : out->audience;
    out->user_id_claim =
        options->user_id_claim ? options->user_id_claim : out->user_id_claim;
}
