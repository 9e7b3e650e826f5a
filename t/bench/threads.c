/* How many tokens a second one thread checks, and two: a lock or a counter that they
 * share would show. Prints a line "ALG ONE TWO", in tokens a second, the best of some
 * rounds; and before them "none ONE TWO" of a loop that touches no memory, which tells
 * what two processors of this machine are worth. */
#include <apr_general.h>
#include <apr_time.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jose/jws.h"
#include "keys.h"

#define ROUNDS 9
#define LENGTH apr_time_from_msec(150)

typedef struct {
    const jwk_ring_t *ring; /* NULL: the loop */
    const char *token;
    long checked, wrong;
} work_t;

static void check_tokens(work_t *work, apr_pool_t *p)
{
    apr_size_t len = strlen(work->token);
    const char *why;
    bytes_t payload;

    for (int i = 0; i < 16; i++) {
        work->wrong += jws_verify(&payload, NULL, work->token, len, work->ring, NULL,
                                  &why, p) != JWS_GOOD;
    }
    work->checked += 16;
}

/* About as long as 16 tokens of HS256. */
static void spin(work_t *work)
{
    for (int i = 0; i < 16384; i++) {
        __asm__ volatile("" : "+r"(i));
    }
    work->checked++;
}

static void *run(void *data)
{
    work_t *work = data;
    apr_time_t until = apr_time_now() + LENGTH;
    apr_pool_t *p;

    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    while (apr_time_now() < until) {
        if (work->ring) {
            check_tokens(work, p);
        } else {
            spin(work);
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

/* Tokens, or loops, a second of so many threads. */
static double measure(const work_t *like, int count)
{
    work_t work[2] = {*like, *like};
    pthread_t threads[2];
    apr_time_t began = apr_time_now();
    long checked = 0;
    int i;

    for (i = 0; i < count; i++) {
        pthread_create(&threads[i], NULL, run, &work[i]);
    }
    for (i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        checked += work[i].checked;
        if (work[i].wrong) {
            exit(1);
        }
    }
    return (double)checked * APR_USEC_PER_SEC / (double)(apr_time_now() - began);
}

static const jwk_t *load(const char *alg, const char *file, apr_pool_t *p)
{
    char contents[8192];
    FILE *in = fopen(file, "rb");
    size_t len = in ? fread(contents, 1, sizeof contents, in) : 0;
    const char *why = "no file";
    const jwk_t *key = NULL;

    if (in) {
        fclose(in);
        key = keys_load("k", alg, contents, len, &why, p);
    }
    if (!key) {
        fprintf(stderr, "%s: %s\n", file, why);
        exit(1);
    }
    return key;
}

/* Rounds of both in turn, since the machine is faster at one time than at another. */
static void report(const char *name, const work_t *work)
{
    double one = 0, two = 0;

    for (int round = 0; round < ROUNDS; round++) {
        double rate = measure(work, 1);

        one = rate > one ? rate : one;
        rate = measure(work, 2);
        two = rate > two ? rate : two;
    }
    printf("%s %.0f %.0f\n", name, one, two);
}

/* Arguments: ALG FILE, any number of times. */
int main(int argc, char **argv)
{
    static const char claims[] =
        "{\"token_type\":\"access\",\"exp\":4102444800,\"iat\":"
        "1767225600,\"jti\":\"0123456789abcdef0123456789abcdef\","
        "\"user_id\":\"54321\"}";
    static const work_t loop;
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    report("none", &loop);
    for (int i = 1; i + 1 < argc; i += 2) {
        const jwk_t *key = load(argv[i], argv[i + 1], p);
        work_t work = {keys_ring(key, NULL, p),
                       jws_sign(key, claims, sizeof claims - 1, p), 0, 0};

        report(argv[i], &work);
    }
    return 0;
}
