#include "http/seats.h"

#include <apr_errno.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE apr_time_from_sec(1)

struct seats_t {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *freed;
    int count, taken, waiting;
};

/* Not the time of day, which may be set. */
static apr_time_t monotonic_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

apr_status_t seats_make(seats_t **out, int count, apr_pool_t *p)
{
    seats_t *seats = apr_pcalloc(p, sizeof *seats);
    apr_status_t rv;

    seats->count = count;
    rv = apr_thread_mutex_create(&seats->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&seats->freed, p);
    }
    if (rv == APR_SUCCESS) {
        *out = seats;
    }
    return rv;
}

/* A seat that is free is seen before the clock is: whoever was woken for one takes it,
 * or else it would stay empty. */
static apr_status_t wait_for_seat(seats_t *seats)
{
    apr_time_t now = monotonic_now(), deadline = now + PATIENCE;

    while (seats->taken >= seats->count && now < deadline) {
        apr_thread_cond_timedwait(seats->freed, seats->mutex, deadline - now);
        now = monotonic_now();
    }
    return seats->taken < seats->count ? APR_SUCCESS : APR_TIMEUP;
}

apr_status_t seats_take(seats_t *seats)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(seats->mutex);
    /* A free seat is for those who wait: others would overtake them without end. */
    if (seats->waiting > 0 || seats->taken >= seats->count) {
        if (seats->waiting >= seats->count) {
            rv = APR_EBUSY;
        } else {
            seats->waiting++;
            rv = wait_for_seat(seats);
            seats->waiting--;
        }
    }
    if (rv == APR_SUCCESS) {
        seats->taken++;
    }
    apr_thread_mutex_unlock(seats->mutex);
    return rv;
}

void seats_leave(seats_t *seats)
{
    apr_thread_mutex_lock(seats->mutex);
    seats->taken--;
    apr_thread_cond_signal(seats->freed);
    apr_thread_mutex_unlock(seats->mutex);
}

int seats_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (int)count : 1;
}
