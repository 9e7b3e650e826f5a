/* The work is done by a thread of mod_watchdog's, with mod_dbd's connections. That thread
 * is not waited for when a child ends, though the connections are closed then: so it is
 * waited for here. Should the database hang, it cannot be called back, and closing what
 * it uses would crash; the child then ends without closing anything. */
#include "http/purge.h"

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>
#include <http_log.h>
#include <http_protocol.h>
#include <mod_watchdog.h>
#include <unistd.h>

#include "http/dbd.h"
#include "store/expired.h"

APLOG_USE_MODULE(auth_jwt);

/* Seconds. */
#define INTERVAL 3600
#define FIRST    300
#define LEFT_FOR 86400

/* Of a run, for each table: at most so many batches, with a pause behind each, so that
 * requests come first. */
#define MOST_BATCHES 1000
#define PAUSE        apr_time_from_msec(50)

/* How long the end of a child waits for a batch; the parent grows impatient after three
 * seconds. */
#define PATIENCE apr_time_from_sec(2)

/* Without mod_watchdog: refreshes from one batch to the next. */
#define REFRESHES 256

static ap_watchdog_t *watchdog;           /* NULL: there is none */
static const apr_array_header_t *sources; /* dbd_source_t */

/* Of this process. A child that has just begun counts as stopping: there is no gate yet.
 */
static apr_uint32_t is_stopping = 1, is_busy;

/* --- Which tables ----------------------------------------------------------------- */

/* Of sessions, or of ended tokens; EXPIRED_TABLES for none of ours: Django's rows are
 * Django's to delete. */
static expired_table_t table_of(const blacklist_t *blacklist)
{
    return !blacklist                    ? EXPIRED_SESSIONS
           : blacklist == &blacklist_own ? EXPIRED_BLACKLIST
                                         : EXPIRED_TABLES;
}

/* --- One batch -------------------------------------------------------------------- */

static apr_status_t delete_batch(int *deleted, server_rec *s, expired_table_t table,
                                 const char **why, apr_pool_t *p)
{
    apr_int64_t before = apr_time_sec(apr_time_now()) - LEFT_FOR;
    apr_status_t rv;
    dbd_t dbd;
    db_t db;

    dbd_attach_server(&dbd, s, p);
    rv = dbd.store.open(&db, why, dbd.store.context);
    if (rv == APR_SUCCESS) {
        rv = expired_delete(deleted, &db, table, before, why, p);
        dbd.store.close(dbd.store.context);
    }
    return rv;
}

static void say(server_rec *s, expired_table_t table, int deleted, apr_status_t rv,
                const char *why)
{
    if (deleted) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     "JWT0021: %d rows of %s that expired more than a day ago were "
                     "deleted",
                     deleted, expired_table_name(table));
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     "JWT0022: expired rows of %s cannot be deleted, and stay for now: "
                     "%s (it needs SELECT and DELETE)",
                     expired_table_name(table), why);
    }
}

/* --- By mod_watchdog --------------------------------------------------------------- */

/* Each sets its own mark first and looks at the other's then: one of them sees it. */
static int enter(void)
{
    __atomic_store_n(&is_busy, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&is_stopping, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&is_busy, 0, __ATOMIC_SEQ_CST);
        return 0;
    }
    return 1;
}

static void leave(void)
{
    __atomic_store_n(&is_busy, 0, __ATOMIC_SEQ_CST);
}

static void purge_table(server_rec *s, expired_table_t table, apr_pool_t *p)
{
    int batch, all = 0, deleted = EXPIRED_BATCH;
    apr_status_t rv = APR_SUCCESS;
    const char *why = "";
    apr_pool_t *scratch;

    apr_pool_create(&scratch, p);
    for (batch = 0; batch < MOST_BATCHES && rv == APR_SUCCESS && deleted == EXPIRED_BATCH;
         batch++) {
        apr_pool_clear(scratch);
        deleted = 0;
        if (enter()) {
            rv = delete_batch(&deleted, s, table, &why, scratch);
            leave();
            all += deleted;
            apr_sleep(PAUSE);
        }
    }
    say(s, table, all, rv, why);
    apr_pool_destroy(scratch);
}

static void purge_all(apr_pool_t *p)
{
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const dbd_source_t *source = &APR_ARRAY_IDX(sources, i, const dbd_source_t);
        expired_table_t table =
            source->users || source->trial ? EXPIRED_TABLES : table_of(source->blacklist);

        if (table != EXPIRED_TABLES) {
            purge_table(source->server, table, p);
        }
    }
}

/* Whether it is time, and nobody else has seen that before. A clock that was set back
 * begins a new hour. */
static int is_due(void)
{
    volatile apr_uint32_t *at = &dbd_purge()->at;
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t last = apr_atomic_read32(at);

    if (now >= last && now - last < INTERVAL) {
        return 0;
    }
    return apr_atomic_cas32(at, now, last) == last && now >= last;
}

static apr_status_t watch(int state, void *data, apr_pool_t *p)
{
    (void)data;
    if (state == AP_WATCHDOG_STATE_STARTING) {
        /* A signal ends the child in whatever thread it meets: not in this one, which
         * could not wait for itself. */
        apr_setup_signal_thread();
    } else if (state == AP_WATCHDOG_STATE_RUNNING &&
               !__atomic_load_n(&is_stopping, __ATOMIC_SEQ_CST) && is_due()) {
        purge_all(p);
    }
    return APR_SUCCESS;
}

void purge_post_config(apr_pool_t *pconf, server_rec *s)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_status_t rv;

    /* What was counted before a graceful restart goes on. */
    apr_atomic_cas32(&dbd_purge()->at, now - INTERVAL + FIRST, 0);
    watchdog = NULL;
    if (!get || !add) {
        return;
    }
    /* One of our own: where it hangs, it keeps nobody else's waiting. */
    rv = get(&watchdog, "auth_jwt", 0, 1, pconf);
    if (rv == APR_SUCCESS) {
        rv = add(watchdog, AP_WD_TM_INTERVAL, NULL, watch);
    }
    if (rv != APR_SUCCESS) {
        watchdog = NULL;
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "JWT0023: mod_watchdog does not call this module; expired rows are "
                     "deleted after refreshes");
    }
}

static apr_status_t stop(void *data)
{
    apr_interval_time_t waited = 0, slice = apr_time_from_msec(10);

    __atomic_store_n(&is_stopping, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&is_busy, __ATOMIC_SEQ_CST) && waited < PATIENCE) {
        apr_sleep(slice);
        waited += slice;
    }
    if (__atomic_load_n(&is_busy, __ATOMIC_SEQ_CST)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, data,
                     "JWT0024: the database has not answered the deletion of expired "
                     "rows; this child ends without closing its connections");
        _exit(0);
    }
    return APR_SUCCESS;
}

void purge_child_init(apr_pool_t *pchild, server_rec *s,
                      const apr_array_header_t *databases)
{
    sources = databases;
    /* Before the pools below it, of which mod_dbd's connections are. */
    apr_pool_pre_cleanup_register(pchild, s, stop);
    __atomic_store_n(&is_stopping, 0, __ATOMIC_SEQ_CST);
}

/* --- By refreshes ------------------------------------------------------------------ */

void purge_after_refresh(request_rec *r)
{
    const config_t *config = config_of_request(r);
    expired_table_t table = config->sessions == POLICY_SESSIONS_OFF
                                ? EXPIRED_TABLES
                                : table_of(config_blacklist(config));
    const char *why = "";
    apr_status_t rv;
    int deleted = 0;

    if (watchdog || table == EXPIRED_TABLES ||
        apr_atomic_inc32(&dbd_purge()->refreshes) % REFRESHES) {
        return;
    }
    ap_rflush(r);
    rv = delete_batch(&deleted, r->server, table, &why, r->pool);
    say(r->server, table, deleted, rv, why);
}
