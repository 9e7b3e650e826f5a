/* Seats for hashes: bounded, with as many who wait, and nobody for long. */
#include "http/seats.h"

#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <apr_time.h>

#include "tap.h"

#define THREADS 24
#define ROUNDS  100
#define SEATS   3

static apr_pool_t *pool;
static seats_t *seats;

/* Seconds that seats_take() took. */
static double take(apr_status_t expected, const char *reason)
{
    apr_time_t began = apr_time_now();

    is_int(seats_take(seats), expected, reason);
    return (double)(apr_time_now() - began) / APR_USEC_PER_SEC;
}

static apr_thread_t *begin(apr_thread_start_t function)
{
    apr_thread_t *thread = NULL;

    ok(apr_thread_create(&thread, NULL, function, NULL, pool) == APR_SUCCESS, "a thread");
    return thread;
}

static apr_status_t end(apr_thread_t *thread)
{
    apr_status_t rv = APR_EGENERAL;

    apr_thread_join(&rv, thread);
    return rv;
}

static void *APR_THREAD_FUNC wait_for_one(apr_thread_t *thread, void *data)
{
    (void)data;
    apr_thread_exit(thread, seats_take(seats));
    return NULL;
}

static void *APR_THREAD_FUNC leave_later(apr_thread_t *thread, void *data)
{
    (void)data;
    apr_sleep(apr_time_from_msec(300));
    seats_leave(seats);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void test_bound(void)
{
    apr_thread_t *thread;
    double took;

    seats_make(&seats, 2, pool);
    took = take(APR_SUCCESS, "one seat") + take(APR_SUCCESS, "and another");
    ok(took < 0.5, "at once");
    took = take(APR_TIMEUP, "no third");
    ok(took > 0.9 && took < 1.8, "after a second");
    thread = begin(leave_later);
    took = take(APR_SUCCESS, "unless somebody leaves");
    ok(took > 0.2 && took < 0.9, "as soon as he does");
    end(thread);
    seats_leave(seats);
    seats_leave(seats);
}

/* As many wait as there are seats; the next one is told at once. */
static void test_queue(void)
{
    apr_thread_t *waiting[2];
    double took;
    int i;

    take(APR_SUCCESS, "one seat");
    take(APR_SUCCESS, "both are taken");
    for (i = 0; i < 2; i++) {
        waiting[i] = begin(wait_for_one);
    }
    apr_sleep(apr_time_from_msec(300));
    took = take(APR_EBUSY, "no room to wait in");
    ok(took < 0.5, "is said at once");
    seats_leave(seats);
    seats_leave(seats);
    for (i = 0; i < 2; i++) {
        is_int(end(waiting[i]), APR_SUCCESS, "who waited has got a seat");
    }
    seats_leave(seats);
    seats_leave(seats);
    took = take(APR_SUCCESS, "all is free again");
    ok(took < 0.5, "at once");
    seats_leave(seats);
}

static struct {
    volatile apr_uint32_t sitting, most, got, busy, late;
} crowd;

static void sit(void)
{
    apr_uint32_t now = apr_atomic_inc32(&crowd.sitting) + 1, most;

    while (now > (most = apr_atomic_read32(&crowd.most)) &&
           apr_atomic_cas32(&crowd.most, now, most) != most) {
    }
    apr_atomic_inc32(&crowd.got);
    apr_sleep(50);
    apr_atomic_dec32(&crowd.sitting);
    seats_leave(seats);
}

static void *APR_THREAD_FUNC come_often(apr_thread_t *thread, void *data)
{
    int i;

    (void)data;
    for (i = 0; i < ROUNDS; i++) {
        apr_status_t rv = seats_take(seats);

        if (rv == APR_SUCCESS) {
            sit();
        } else {
            apr_atomic_inc32(rv == APR_EBUSY ? &crowd.busy : &crowd.late);
        }
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void test_crowd(void)
{
    apr_thread_t *threads[THREADS];
    int i;

    seats_make(&seats, SEATS, pool);
    for (i = 0; i < THREADS; i++) {
        threads[i] = begin(come_often);
    }
    for (i = 0; i < THREADS; i++) {
        end(threads[i]);
    }
    ok(crowd.most <= SEATS, "never more than there are seats");
    is_int(crowd.got + crowd.busy + crowd.late, THREADS * ROUNDS, "all are answered");
    ok(crowd.got > 0, "some by a seat");
    is_int(crowd.sitting, 0, "and all have left");
    for (i = 0; i < SEATS; i++) {
        ok(take(APR_SUCCESS, "every seat is free again") < 0.5, "at once");
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    ok(seats_processors() >= 1, "there is a processor");
    test_bound();
    test_queue();
    test_crowd();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
