/* Connections are opened and closed around each short use: ap_dbd_acquire() would
 * hold one until the last byte of the answer is sent. Statements are prepared by
 * store/db on the handle itself: one bad statement given to ap_dbd_prepare() would
 * break every user of the database in the virtual host. */
#include "http/dbd.h"

#include <apr_atomic.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "http/clock.h"
#include "http/gate.h"
#include "store/standing.h"

APLOG_USE_MODULE(auth_jwt);

/* mod_dbd drops a dead connection and fails the caller; the next try gets another.
 * Only a failure this quick is worth a repetition: others have waited already. */
#define OPEN_TRIES 3
#define QUICK      apr_time_from_msec(100)

/* For so long after a refusal nobody tries again: each try leaves lines in the log, and
 * memory in mod_dbd's pool while it has no connection at all. */
#define RECOVERY apr_time_from_msec(200)
#define REFUSALS 16

#define SLOTS 32

/* Shared by all children. */
typedef struct {
    volatile apr_uint32_t probed;  /* by a child of this generation */
    volatile apr_uint32_t endings; /* counts whatever ends sessions */
    dbd_purge_t purge;
    effort_t efforts[SLOTS];
} shared_t;

/* Of this process; made before its threads are. */
static gate_t *gate;
static cache_t *cache;
static shared_t *shared;
static apr_hash_t *files; /* of db_note_file() */

/* Servers whose database refused a connection, the oldest of them overwritten first.
 * Only the one caller who has entered the gate and has not opened yet comes here. */
static struct {
    const server_rec *server;
    apr_time_t at;
} refusals[REFUSALS];
static unsigned int next_refusal;

static apr_status_t make_keys(shared_t *made)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < SLOTS && rv == APR_SUCCESS; i++) {
        rv = apr_generate_random_bytes(made->efforts[i].key, EFFORT_KEY_SIZE);
    }
    return rv;
}

/* The segment outlives a graceful restart, so that unknown users do not show for a while
 * after each by what their hash costs. Its size is in its name, since another version of
 * this module may have made it. */
static shared_t *get_segment(server_rec *s, apr_status_t *rv)
{
    apr_shm_t *segment;
    shared_t **kept;
    char name[40];

    apr_snprintf(name, sizeof name, "mod_auth_jwt, %d bytes", (int)sizeof(shared_t));
    kept = ap_retained_data_get(name);
    if (!kept) {
        *rv = apr_shm_create(&segment, sizeof(shared_t), NULL, s->process->pool);
        if (*rv != APR_SUCCESS) {
            return NULL;
        }
        kept = ap_retained_data_create(name, sizeof *kept);
        *kept = apr_shm_baseaddr_get(segment);
        memset(*kept, 0, sizeof **kept);
        *rv = make_keys(*kept);
        if (*rv != APR_SUCCESS) {
            *kept = NULL;
        }
    }
    return *kept;
}

int dbd_post_config(server_rec *s)
{
    apr_status_t rv = APR_SUCCESS;

    shared = get_segment(s, &rv);
    if (!shared) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "JWT0010: no shared memory for %d bytes; raise the system's limits",
                     (int)sizeof(shared_t));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_atomic_set32(&shared->probed, 0);
    return OK;
}

static int is_refused(const server_rec *server, apr_time_t now)
{
    int i;

    for (i = 0; i < REFUSALS; i++) {
        /* A clock that was set back ends it. */
        if (refusals[i].server == server && now >= refusals[i].at &&
            now - refusals[i].at < RECOVERY) {
            return 1;
        }
    }
    return 0;
}

static void note_refusal(const server_rec *server)
{
    refusals[next_refusal].server = server;
    refusals[next_refusal].at = apr_time_now();
    next_refusal = (next_refusal + 1) % REFUSALS;
}

static ap_dbd_t *open_handle(dbd_t *dbd)
{
    APR_OPTIONAL_FN_TYPE(ap_dbd_open) *open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    apr_time_t began = apr_time_now();
    ap_dbd_t *handle = NULL;
    int i;

    if (is_refused(dbd->server, began)) {
        return NULL;
    }
    for (i = 0; open && !handle && i < OPEN_TRIES && apr_time_now() - began < QUICK;
         i++) {
        handle = open(dbd->pool, dbd->server);
    }
    if (!handle) {
        note_refusal(dbd->server);
    }
    return handle;
}

static const char *gate_reason(apr_status_t rv)
{
    return APR_STATUS_IS_EBUSY(rv)
               ? "the database has not answered an earlier call for more than 2 seconds; "
                 "look at the database server"
           : APR_STATUS_IS_TIMEUP(rv)
               ? "all calls to the database that are allowed at once were taken for a "
                 "second; the database is too slow for this load"
               : "this child has no gate to the database, as JWT0013 said when it "
                 "started";
}

static apr_status_t store_open(db_t *out, const char **why, void *context)
{
    dbd_t *dbd = context;
    apr_status_t rv = gate ? gate_enter(gate, &dbd->call) : APR_EGENERAL;

    if (rv != APR_SUCCESS) {
        *why = gate_reason(rv);
        return rv;
    }
    dbd->handle = open_handle(dbd);
    gate_opened(gate);
    if (!dbd->handle) {
        gate_leave(gate, dbd->call);
        *why =
            "no connection to the database (mod_dbd's line above has its reason); check "
            "DBDParams, that the database runs, and that the server's user may open it";
        return APR_EGENERAL;
    }
    out->driver = dbd->handle->driver;
    out->handle = dbd->handle->handle;
    out->pool = dbd->handle->pool;
    out->statements = dbd->handle->prepared;
    out->files = files;
    out->now = apr_time_now();
    return APR_SUCCESS;
}

static void store_close(void *context)
{
    APR_OPTIONAL_FN_TYPE(ap_dbd_close) *close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    dbd_t *dbd = context;

    close(dbd->server, dbd->handle);
    gate_leave(gate, dbd->call);
}

/* Behind what was done in the database: whoever reads the new number finds it there. */
static void store_ended(void *context)
{
    (void)context;
    __atomic_add_fetch(&shared->endings, 1, __ATOMIC_SEQ_CST);
}

static int answer_get(policy_answer_t *out, const policy_question_t *question,
                      apr_pool_t *p, void *context)
{
    dbd_t *dbd = context;
    cache_question_t whole = {dbd->server, question};

    dbd->asked.endings = __atomic_load_n(&shared->endings, __ATOMIC_SEQ_CST);
    dbd->asked.at = clock_monotonic();
    return cache && cache_get(out, cache, &whole, &dbd->asked, dbd->answer_age, p);
}

static void answer_put(const policy_answer_t *answer, const policy_question_t *question,
                       void *context)
{
    dbd_t *dbd = context;
    cache_question_t whole = {dbd->server, question};

    if (cache) {
        cache_put(cache, &whole, answer, &dbd->asked);
    }
}

void dbd_attach_server(dbd_t *dbd, server_rec *server, apr_pool_t *p)
{
    memset(dbd, 0, sizeof *dbd);
    dbd->store.open = store_open;
    dbd->store.close = store_close;
    dbd->store.ended = store_ended;
    dbd->store.context = dbd;
    dbd->answers.get = answer_get;
    dbd->answers.put = answer_put;
    dbd->answers.context = dbd;
    dbd->server = server;
    dbd->pool = p;
}

void dbd_attach(policy_t *policy, dbd_t *dbd, const config_t *config, request_rec *r)
{
    dbd_attach_server(dbd, r->server, r->pool);
    policy->store = &dbd->store;
    policy->effort = &shared->efforts[config_users(config)->slot % SLOTS];
}

dbd_purge_t *dbd_purge(void)
{
    return &shared->purge;
}

void dbd_remember(policy_t *policy, dbd_t *dbd, apr_interval_time_t age)
{
    dbd->answer_age = age;
    policy->answers = &dbd->answers;
}

static const char *place(const dbd_source_t *source, apr_pool_t *p)
{
    return source->blacklist ? blacklist_name(source->blacklist)
           : source->where
               ? apr_psprintf(p, "%s (line %d of %s)", source->where->directive,
                              source->where->line_num, source->where->filename)
           : source->users ? "AuthJWTUserQuery auth_jwt (the default)"
                           : "auth_jwt_session";
}

/* What it is for, and how a table is come by that is missing or of another layout. */
static const char *subject_of(const dbd_source_t *source, apr_pool_t *p)
{
    return source->trial       ? (source->trial->column
                                      ? apr_pstrcat(p, "column ", source->trial->column, NULL)
                                      : "statement")
           : source->users     ? "users' table"
           : source->blacklist ? "table of ended tokens"
                               : "table of sessions";
}

#define REFUSES "until it does, logins and protected pages answer 503"

static const char *cure_of(const dbd_source_t *source)
{
    return source->trial ? trial_cure(source->trial)
           : source->users
               ? (source->where ? REFUSES
                                : REFUSES " (where the table is missing run: htjwt init)")
           : source->blacklist == &blacklist_django ? REFUSES
               " (make it by Django: add rest_framework_simplejwt.token_blacklist to "
               "INSTALLED_APPS and run manage.py migrate, or write AuthJWTSessions On)"
                                                    : REFUSES
               " (where the table is missing run: htjwt init; where a column is, drop "
               "the table before; to do without it write AuthJWTSessions Off)";
}

/* How a table is made helps nobody whose database is away. */
static void say(const dbd_source_t *source, apr_status_t rv, const char *why,
                int is_connected, apr_pool_t *p)
{
    const char *subject = subject_of(source, p);

    if (rv == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, source->server,
                     "JWT0011: the %s answers: %s", subject, place(source, p));
    } else if (rv != APR_INCOMPLETE) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, source->server,
                     "JWT0012: the %s does not answer: %s: %s; %s", subject,
                     place(source, p), why, is_connected ? cure_of(source) : REFUSES);
    }
}

/* Users, and what is asked about them and their sessions at once. Whether the latter's
 * table is there at all is told by a line of its own. */
static apr_status_t probe_users(const dbd_source_t *source, db_t *db, const char **why,
                                apr_pool_t *p)
{
    const users_t *users = &source->users->queries;
    apr_status_t rv = users_probe(users, db, why, p);
    const char *unheeded;

    if (rv == APR_SUCCESS && source->has_sessions &&
        sessions_probe(db, &unheeded, p) == APR_SUCCESS) {
        rv = standing_probe(users, db, why, p);
    }
    return rv;
}

static apr_status_t probe(const dbd_source_t *source, db_t *db, const char **why,
                          apr_pool_t *p)
{
    return source->trial       ? trial_run(source->trial, db, why, p)
           : source->users     ? probe_users(source, db, why, p)
           : source->blacklist ? blacklist_probe(db, source->blacklist, why, p)
                               : sessions_probe(db, why, p);
}

/* Each child notes the files, since mod_dbd has opened connections to them by now.
 * Returns whether there is a database. */
static int meet(const dbd_source_t *source, int is_first, apr_pool_t *p)
{
    const char *why = "";
    apr_status_t rv;
    dbd_t dbd;
    db_t db;

    dbd_attach_server(&dbd, source->server, p);
    rv = store_open(&db, &why, &dbd);
    if (rv == APR_SUCCESS) {
        db_note_file(&db, p);
        if (is_first) {
            rv = probe(source, &db, &why, p);
        }
        store_close(&dbd);
    }
    if (is_first) {
        say(source, rv, why, dbd.handle != NULL, p);
    }
    return dbd.handle != NULL;
}

void dbd_child_init(apr_pool_t *pchild, server_rec *s, const apr_array_header_t *sources)
{
    apr_status_t rv = gate_make(&gate, pchild);
    int i, is_first, is_there = 1;
    apr_pool_t *p;

    if (rv != APR_SUCCESS) {
        gate = NULL;
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "JWT0013: no gate for the database; this child answers 503");
        return;
    }
    rv = cache_make(&cache, pchild);
    if (rv != APR_SUCCESS) {
        cache = NULL;
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "JWT0015: no memory for answers of the database; this child asks it "
                     "at each request, as by AuthJWTCheckUser On");
    }
    is_first = apr_atomic_inc32(&shared->probed) == 0;
    files = apr_hash_make(pchild);
    apr_pool_create(&p, pchild);
    /* One that is out of reach may cost seconds each time: only the first child asks on.
     */
    for (i = 0; i < sources->nelts && (is_first || is_there); i++) {
        const dbd_source_t *source = &APR_ARRAY_IDX(sources, i, dbd_source_t);

        /* A trial stands behind the tables of its database, which tell as much. */
        is_there = (is_there || !source->trial) && meet(source, is_first, p);
    }
    apr_pool_destroy(p);
}
