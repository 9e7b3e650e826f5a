/* The gate in front of the database: bounded, never two at the door, and shut while
 * somebody inside does not come back. */
#include "http/gate.h"

#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <apr_time.h>

#include "tap.h"

#define THREADS 32
#define ROUNDS  200

static apr_pool_t *pool;
static gate_t *gate;

/* Seconds that gate_enter() took. */
static double enter(apr_status_t expected, int *call, const char *reason)
{
    apr_time_t began = apr_time_now();

    is_int(gate_enter(gate, call), expected, reason);
    return (double)(apr_time_now() - began) / APR_USEC_PER_SEC;
}

static void test_opening(void)
{
    int first, second;
    double took;

    enter(APR_SUCCESS, &first, "the first gets in");
    took = enter(APR_TIMEUP, &second, "nobody else, while he opens");
    ok(took > 0.9 && took < 1.8, "they wait for a second");
    gate_opened(gate);
    took = enter(APR_SUCCESS, &second, "as soon as he has opened, the next one does");
    ok(took < 0.5, "at once");
    ok(first != second, "under another name");
    gate_opened(gate);
    gate_leave(gate, first);
    gate_leave(gate, second);
}

static void fill(int calls[GATE_CALLS])
{
    int i;

    for (i = 0; i < GATE_CALLS; i++) {
        enter(APR_SUCCESS, &calls[i], "room for ten");
        gate_opened(gate);
    }
}

static void *APR_THREAD_FUNC leave_later(apr_thread_t *thread, void *call)
{
    (void)thread;
    apr_sleep(apr_time_from_msec(300));
    gate_leave(gate, *(int *)call);
    return NULL;
}

static void test_bound(void)
{
    int calls[GATE_CALLS], last, i;
    apr_thread_t *thread;
    apr_status_t rv;
    double took;

    fill(calls);
    apr_thread_create(&thread, NULL, leave_later, &calls[3], pool);
    took = enter(APR_SUCCESS, &last, "the eleventh waits for one to leave");
    ok(took > 0.2 && took < 0.9, "and gets in then");
    is_int(last, calls[3], "in his place");
    gate_opened(gate);
    apr_thread_join(&rv, thread);
    took = enter(APR_TIMEUP, &last, "nobody leaves");
    ok(took > 0.9 && took < 1.8, "waits for a second");
    for (i = 0; i < GATE_CALLS; i++) {
        gate_leave(gate, calls[i]);
    }
}

/* A call that hangs is begun early, and looked at after the other tests. */
static gate_t *hanging_gate;
static int hanging_call;

static void begin_hanging(void)
{
    gate_make(&hanging_gate, pool);
    gate_enter(hanging_gate, &hanging_call);
    gate_opened(hanging_gate);
}

static void test_slow(void)
{
    int other;
    double took;

    gate = hanging_gate;
    took = enter(APR_SUCCESS, &other, "a call of one second is slow, no more");
    ok(took < 0.5, "it keeps nobody waiting");
    gate_opened(gate);
    gate_leave(gate, other);
}

static void test_hanging(void)
{
    int other;
    double took;

    gate = hanging_gate;
    took = enter(APR_EBUSY, &other, "one of more than two hangs");
    ok(took < 0.5, "nobody waits behind it");
    enter(APR_EBUSY, &other, "nobody at all");
    gate_leave(gate, hanging_call);
    took = enter(APR_SUCCESS, &other, "he came back");
    ok(took < 0.5, "all is well at once");
    gate_opened(gate);
    gate_leave(gate, other);
}

/* Waiters are told, too, when the one at the door turns out to hang. */
static gate_t *door_gate;
static int door_call;

static void begin_at_the_door(void)
{
    gate_make(&door_gate, pool);
    gate_enter(door_gate, &door_call);
}

static void test_at_the_door(void)
{
    int other;
    double took;

    gate = door_gate;
    took = enter(APR_EBUSY, &other, "at the door for too long");
    ok(took > 0.1 && took < 1.8, "a waiter learns it");
}

/* --- Many -------------------------------------------------------------------------- */

static volatile apr_uint32_t opening, inside, refused, broken, done;

static void once(void)
{
    int call;

    if (gate_enter(gate, &call) != APR_SUCCESS) {
        apr_atomic_inc32(&refused);
        return;
    }
    if (apr_atomic_inc32(&opening) != 0 || apr_atomic_inc32(&inside) >= GATE_CALLS) {
        apr_atomic_inc32(&broken);
    }
    apr_thread_yield();
    apr_atomic_dec32(&opening);
    gate_opened(gate);
    apr_thread_yield();
    apr_atomic_dec32(&inside);
    gate_leave(gate, call);
    apr_atomic_inc32(&done);
}

static void *APR_THREAD_FUNC many_times(apr_thread_t *thread, void *unused)
{
    int i;

    (void)thread;
    (void)unused;
    for (i = 0; i < ROUNDS; i++) {
        once();
    }
    return NULL;
}

static void test_many(void)
{
    apr_thread_t *threads[THREADS];
    apr_time_t began = apr_time_now();
    apr_status_t rv;
    int i;

    for (i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, many_times, NULL, pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
    }
    is_int(broken, 0, "never two at the door, never eleven inside");
    ok(refused < THREADS, "hardly any is turned away");
    is_int(done + refused, THREADS * ROUNDS, "none is lost");
    ok(apr_time_now() - began < apr_time_from_sec(10), "none sleeps through his turn");
}

int main(void)
{
    gate_t *usual;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    gate_make(&usual, pool);
    begin_hanging();
    gate = usual;
    test_opening();
    test_slow();
    begin_at_the_door();
    gate = usual;
    test_bound();
    apr_sleep(apr_time_from_msec(100));
    test_at_the_door();
    test_hanging();
    gate = usual;
    test_many();
    apr_terminate();
    return done_testing();
}
