/* Answers that are remembered: given to the same question alone, never longer than said,
 * never after something was ended, and by many threads at once. */
#include "http/cache.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdlib.h>

#include "http/clock.h"
#include "tap.h"

#define AGE     apr_time_from_sec(5)
#define THREADS 8
#define ROUNDS  20000

static apr_pool_t *pool;
static cache_t *cache;
static const int here, there; /* two databases */
static users_t users, others;

static const policy_question_t question = {&users, POLICY_SESSIONS_ON, 1, "1", "a jti",
                                           "a sid"};
static const cache_question_t whole = {&here, &question};
static const policy_answer_t alice = {"alice", 1000};
static const cache_moment_t start = {7, APR_INT64_C(1000000000)};

static cache_moment_t moment(apr_uint32_t endings, apr_interval_time_t later)
{
    cache_moment_t moment = {start.endings + endings, start.at + later};

    return moment;
}

/* The name that is found after a while; "(none)". */
static const char *find(const cache_question_t *asked, apr_uint32_t endings,
                        apr_interval_time_t later)
{
    cache_moment_t now = moment(endings, later);
    policy_answer_t answer = {"(none)", 0};

    cache_get(&answer, cache, asked, &now, AGE, pool);
    return answer.username;
}

static void test_age(void)
{
    cache_moment_t later;
    policy_answer_t answer;

    is_str(find(&whole, 0, 0), "(none)", "nothing is there at first");
    cache_put(cache, &whole, &alice, &start);
    is_str(find(&whole, 0, 0), "alice", "an answer is kept");
    is_str(find(&whole, 0, AGE - 1), "alice", "as long as it is young");
    is_str(find(&whole, 0, AGE), "(none)", "and no longer");
    is_str(find(&whole, 0, -1), "(none)", "a clock that went back makes it no younger");
    is_str(find(&whole, 1, 0), "(none)", "something was ended since");
    is_str(find(&whole, (apr_uint32_t)-1, 0), "(none)", "whatever the number is now");
    is_str(find(&whole, 0, 1), "alice", "the same number: nothing was");
    ok(cache_get(&answer, cache, &whole, &start, AGE, pool) && answer.until == 1000,
       "it tells when the session ends");
    later = moment(1, AGE);
    cache_put(cache, &whole, &alice, &later);
    is_str(find(&whole, 1, 2 * AGE - 1), "alice", "asked again: it counts from then");
    is_str(find(&whole, 0, AGE), "(none)", "and not as before");
}

/* Each part of a question makes it another one. */
static void test_key(void)
{
    static const struct {
        policy_question_t question;
        const void *database;
        const char *reason;
    } cases[] = {
        {{&users, POLICY_SESSIONS_ON, 1, "1", "a jti", "a sid"}, &there, "a database"},
        {{&others, POLICY_SESSIONS_ON, 1, "1", "a jti", "a sid"}, &here, "other users"},
        {{&users, POLICY_SESSIONS_MIGRATE, 1, "1", "a jti", "a sid"}, &here, "a mode"},
        {{&users, POLICY_SESSIONS_ON, 0, "1", "a jti", "a sid"}, &here, "passwords"},
        {{&users, POLICY_SESSIONS_ON, 1, "2", "a jti", "a sid"}, &here, "a user"},
        {{&users, POLICY_SESSIONS_ON, 1, "1", "b jti", "a sid"}, &here, "a token"},
        {{&users, POLICY_SESSIONS_ON, 1, "1", "a jti", "b sid"}, &here, "a session"},
        {{&users, POLICY_SESSIONS_ON, 1, "1", "a jti", NULL}, &here, "no session"},
        {{&users, POLICY_SESSIONS_ON, 1, "1a", " jti", "a sid"}, &here, "a border"},
        {{&users, POLICY_SESSIONS_ON, 1, "1", "a jtia", " sid"}, &here, "another border"},
        {{&users, POLICY_SESSIONS_ON, 1, "", "1a jti", "a sid"}, &here, "no user"},
    };
    apr_size_t i;

    cache_make(&cache, pool);
    cache_put(cache, &whole, &alice, &start);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        cache_question_t asked = {cases[i].database, &cases[i].question};

        is_str(find(&asked, 0, 0), "(none)", cases[i].reason);
    }
    is_str(find(&whole, 0, 0), "alice", "only the question itself has the answer");
}

/* Texts that the hash of keys takes for one another: it multiplies by 33 and adds. */
static void test_collision(void)
{
    policy_question_t one = question, other = question;
    cache_question_t ask_one = {&here, &one}, ask_other = {&here, &other};
    policy_answer_t bob = {"bob", 1000};

    one.user_id = "ab";
    other.user_id = "bA"; /* 'a' * 33 + 'b' == 'b' * 33 + 'A' */
    cache_make(&cache, pool);
    cache_put(cache, &ask_one, &alice, &start);
    is_str(find(&ask_other, 0, 0), "(none)", "the same hash is not the same question");
    cache_put(cache, &ask_other, &bob, &start);
    is_str(find(&ask_other, 0, 0), "bob", "each has its own answer");
    ok(strcmp(find(&ask_one, 0, 0), "bob") != 0, "and none has the other's");
}

static const char *text_of(char letter, apr_size_t len)
{
    char *text = apr_palloc(pool, len + 1);

    memset(text, letter, len);
    text[len] = '\0';
    return text;
}

static void test_lengths(void)
{
    policy_question_t longest = question;
    cache_question_t asked = {&here, &longest};
    policy_answer_t answer = {text_of('n', CACHE_MAX_NAME), 1000};

    cache_make(&cache, pool);
    longest.user_id =
        text_of('u', CACHE_MAX_KEY - strlen(question.jti) - strlen(question.sid));
    cache_put(cache, &asked, &answer, &start);
    is_str(find(&asked, 0, 0), answer.username, "as long as may be");
    longest.user_id = text_of('u', strlen(longest.user_id) + 1);
    cache_put(cache, &asked, &alice, &start);
    is_str(find(&asked, 0, 0), "(none)", "a longer question is not kept");
    longest.user_id = "1";
    answer.username = text_of('n', CACHE_MAX_NAME + 1);
    cache_put(cache, &asked, &answer, &start);
    is_str(find(&asked, 0, 0), "(none)", "nor a longer name");
}

static void test_full(void)
{
    policy_question_t many = question;
    cache_question_t asked = {&here, &many};
    int i, found = 0;

    cache_make(&cache, pool);
    for (i = 0; i < 4 * CACHE_PLACES; i++) {
        cache_moment_t when = moment(0, i);

        many.user_id = apr_itoa(pool, i);
        cache_put(cache, &asked, &(policy_answer_t){many.user_id, 1000}, &when);
        if (strcmp(find(&asked, 0, i), many.user_id) != 0) {
            break;
        }
    }
    is_int(i, 4 * CACHE_PLACES, "more than it holds: what came last is always kept");
    for (i = 0; i < 4 * CACHE_PLACES; i++) {
        many.user_id = apr_itoa(pool, i);
        found += strcmp(find(&asked, 0, 4 * CACHE_PLACES), "(none)") != 0;
    }
    ok(found <= CACHE_PLACES, "no more than it holds");
    ok(found > CACHE_PLACES / 2, "and not much less");
}

/* --- Threads ---------------------------------------------------------------------- */

static struct {
    apr_uint32_t wrong, found, done;
} crowd;

static void count(apr_uint32_t *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* All use one set of places: four of eight users find theirs, at best. A name and the
 * time that belongs to it are written together, and must be read together. */
static void *APR_THREAD_FUNC use(apr_thread_t *thread, void *data)
{
    unsigned int seed = (unsigned int)(apr_uintptr_t)data;
    apr_pool_t *p;
    int i;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (i = 0; i < ROUNDS; i++) {
        int number = (int)((seed = seed * 1103515245 + 12345) >> 16 & 7);
        policy_question_t asked = question;
        cache_question_t all = {&here, &asked};
        policy_answer_t answer;

        asked.user_id = apr_psprintf(p, "%d", number);
        if (!cache_get(&answer, cache, &all, &start, AGE, p)) {
            answer.username = apr_psprintf(p, "user %d", number);
            answer.until = 100 + number;
            cache_put(cache, &all, &answer, &start);
        } else {
            count(&crowd.found);
            if (answer.until != 100 + number || atoi(answer.username + 5) != number) {
                count(&crowd.wrong);
            }
        }
        apr_pool_clear(p);
    }
    count(&crowd.done);
    apr_pool_destroy(p);
    return NULL;
}

static void test_threads(void)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv;
    apr_uintptr_t i;

    cache_make(&cache, pool);
    for (i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, use, (void *)(i + 1), pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
    }
    is_int(crowd.done, THREADS, "nobody waits for ever");
    is_int(crowd.wrong, 0, "nobody is given what another asked for");
    ok(crowd.found > THREADS * ROUNDS / 4, "and answers are found");
}

static void test_clock(void)
{
    apr_time_t before = clock_monotonic(), after;

    apr_sleep(apr_time_from_msec(30));
    after = clock_monotonic();
    ok(after - before >= apr_time_from_msec(30), "the clock goes on");
    ok(after - before < apr_time_from_sec(20), "in microseconds");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    cache_make(&cache, pool);
    test_age();
    test_key();
    test_collision();
    test_lengths();
    test_full();
    test_threads();
    test_clock();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
