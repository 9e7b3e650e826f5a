#include "http/gate.h"

#include <apr_errno.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_time.h>

#include "http/clock.h"

#define PATIENCE apr_time_from_sec(1)
#define HANGS    apr_time_from_sec(2)

struct gate_t {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    int opening;
    apr_time_t started[GATE_CALLS]; /* 0: free */
};

apr_status_t gate_make(gate_t **out, apr_pool_t *p)
{
    gate_t *gate = apr_pcalloc(p, sizeof *gate);
    apr_status_t rv;

    rv = apr_thread_mutex_create(&gate->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&gate->changed, p);
    }
    if (rv == APR_SUCCESS) {
        *out = gate;
    }
    return rv;
}

/* A free place, or -1. */
static int find_place(const gate_t *gate)
{
    int i;

    for (i = 0; i < GATE_CALLS; i++) {
        if (!gate->started[i]) {
            return i;
        }
    }
    return -1;
}

static int has_hanging_call(const gate_t *gate, apr_time_t now)
{
    int i;

    for (i = 0; i < GATE_CALLS; i++) {
        if (gate->started[i] && now - gate->started[i] > HANGS) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t take_place(gate_t *gate, int *call)
{
    /* Not the time of day: set forward, it would make every call look like one that
     * hangs; set back, it would keep callers waiting. */
    apr_time_t now = clock_monotonic(), deadline = now + PATIENCE;
    int place;

    for (;;) {
        if (has_hanging_call(gate, now)) {
            return APR_EBUSY;
        }
        place = gate->opening ? -1 : find_place(gate);
        if (place >= 0) {
            gate->started[place] = now;
            gate->opening = 1;
            *call = place;
            return APR_SUCCESS;
        }
        if (now >= deadline) {
            return APR_TIMEUP;
        }
        apr_thread_cond_timedwait(gate->changed, gate->mutex, deadline - now);
        now = clock_monotonic();
    }
}

apr_status_t gate_enter(gate_t *gate, int *call)
{
    apr_status_t rv;

    apr_thread_mutex_lock(gate->mutex);
    rv = take_place(gate, call);
    apr_thread_mutex_unlock(gate->mutex);
    return rv;
}

void gate_opened(gate_t *gate)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->opening = 0;
    apr_thread_cond_signal(gate->changed);
    apr_thread_mutex_unlock(gate->mutex);
}

void gate_leave(gate_t *gate, int call)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->started[call] = 0;
    apr_thread_cond_signal(gate->changed);
    apr_thread_mutex_unlock(gate->mutex);
}
