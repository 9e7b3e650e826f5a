/* A question is spelled out as bytes and compared as a whole: its hash only says where to
 * look. Each place has a lock that is tried and never waited for; readers share it. */
#include "http/cache.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* Places among which a question has the choice. */
#define WAYS 4

#define WRITER 0x80000000u

/* What stands in front of the texts of a key. */
typedef struct {
    const void *database, *users;
    int sessions, ends_on_password_change;
} head_t;

typedef struct {
    apr_size_t len;
    apr_uint32_t hash;
    unsigned char bytes[sizeof(head_t) + CACHE_MAX_KEY + 5];
} line_t;

typedef struct {
    apr_uint32_t lock; /* WRITER, or the number of readers */
    apr_uint32_t hash; /* of the key; also read without the lock */
    cache_moment_t asked;
    apr_int64_t until;
    apr_size_t len; /* of the key; 0: nothing was ever kept here */
    unsigned char key[sizeof(((line_t *)0)->bytes)];
    char username[CACHE_MAX_NAME + 1];
} place_t;

struct cache_t {
    place_t *places;
};

static apr_status_t free_places(void *cache)
{
    free(((cache_t *)cache)->places);
    return APR_SUCCESS;
}

/* Not from the pool, which would have to write zeros over all of it: most servers use a
 * small part, and what nobody touches takes no memory. */
apr_status_t cache_make(cache_t **out, apr_pool_t *p)
{
    cache_t *cache = apr_palloc(p, sizeof *cache);

    cache->places = calloc(CACHE_PLACES, sizeof *cache->places);
    if (!cache->places) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(p, cache, free_places, apr_pool_cleanup_null);
    *out = cache;
    return APR_SUCCESS;
}

/* --- Keys ------------------------------------------------------------------------- */

/* The NUL behind each text keeps it apart from the next. */
static int add_text(line_t *line, const char *text)
{
    apr_size_t len = strlen(text ? text : "") + 1;

    if (len > sizeof line->bytes - line->len) {
        return 0;
    }
    memcpy(line->bytes + line->len, text ? text : "", len);
    line->len += len;
    return 1;
}

/* Whether the question is short enough to be kept. */
static int spell(line_t *line, const cache_question_t *question)
{
    const policy_question_t *asked = question->asked;
    apr_ssize_t len;
    head_t head;

    memset(&head, 0, sizeof head);
    head.database = question->database;
    head.users = asked->users;
    head.sessions = (int)asked->sessions;
    head.ends_on_password_change = asked->ends_on_password_change;
    memcpy(line->bytes, &head, sizeof head);
    line->len = sizeof head;
    if (!add_text(line, asked->user_id) || !add_text(line, asked->jti) ||
        !add_text(line, asked->sid) || !add_text(line, asked->revoke_claim) ||
        !add_text(line, asked->password_says)) {
        return 0;
    }
    len = (apr_ssize_t)line->len;
    line->hash = apr_hashfunc_default((const char *)line->bytes, &len);
    return 1;
}

static int is_key(const place_t *place, const line_t *line)
{
    return place->len == line->len && memcmp(place->key, line->bytes, line->len) == 0;
}

/* --- Places ----------------------------------------------------------------------- */

static place_t *first_place(const cache_t *cache, const line_t *line)
{
    return cache->places + line->hash % (CACHE_PLACES / WAYS) * WAYS;
}

static int begin_reading(place_t *place)
{
    if (__atomic_fetch_add(&place->lock, 1, __ATOMIC_ACQUIRE) & WRITER) {
        __atomic_fetch_sub(&place->lock, 1, __ATOMIC_RELAXED);
        return 0;
    }
    return 1;
}

static void end_reading(place_t *place)
{
    __atomic_fetch_sub(&place->lock, 1, __ATOMIC_RELEASE);
}

static int begin_writing(place_t *place)
{
    apr_uint32_t nobody = 0;

    return __atomic_compare_exchange_n(&place->lock, &nobody, WRITER, 0, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* Readers who were turned away may not have left yet. */
static void end_writing(place_t *place)
{
    __atomic_fetch_sub(&place->lock, WRITER, __ATOMIC_RELEASE);
}

static int is_good(const place_t *place, const cache_moment_t *now,
                   apr_interval_time_t age)
{
    return place->asked.endings == now->endings && now->at >= place->asked.at &&
           now->at - place->asked.at < age;
}

int cache_get(policy_answer_t *out, cache_t *cache, const cache_question_t *question,
              const cache_moment_t *now, apr_interval_time_t age, apr_pool_t *p)
{
    int i, is_found = 0;
    place_t *place;
    line_t line;

    if (!spell(&line, question)) {
        return 0;
    }
    place = first_place(cache, &line);
    for (i = 0; i < WAYS && !is_found; i++, place++) {
        if (__atomic_load_n(&place->hash, __ATOMIC_RELAXED) != line.hash ||
            !begin_reading(place)) {
            continue;
        }
        is_found = is_key(place, &line) && is_good(place, now, age);
        if (is_found) {
            out->username = apr_pstrdup(p, place->username);
            out->until = place->until;
        }
        end_reading(place);
    }
    return is_found;
}

/* That of an earlier answer to the question, else the one that was not renewed for the
 * longest time. */
static place_t *choose(const cache_t *cache, const line_t *line)
{
    place_t *place = first_place(cache, line), *oldest = place;
    int i;

    for (i = 0; i < WAYS; i++) {
        if (__atomic_load_n(&place[i].hash, __ATOMIC_RELAXED) == line->hash) {
            return &place[i];
        }
        if (__atomic_load_n(&place[i].asked.at, __ATOMIC_RELAXED) <
            __atomic_load_n(&oldest->asked.at, __ATOMIC_RELAXED)) {
            oldest = &place[i];
        }
    }
    return oldest;
}

void cache_put(cache_t *cache, const cache_question_t *question,
               const policy_answer_t *answer, const cache_moment_t *asked)
{
    apr_size_t len = strlen(answer->username);
    place_t *place;
    line_t line;

    if (len > CACHE_MAX_NAME || !spell(&line, question)) {
        return;
    }
    place = choose(cache, &line);
    if (!begin_writing(place)) {
        return;
    }
    __atomic_store_n(&place->hash, line.hash, __ATOMIC_RELAXED);
    __atomic_store_n(&place->asked.at, asked->at, __ATOMIC_RELAXED);
    place->asked.endings = asked->endings;
    place->until = answer->until;
    place->len = line.len;
    memcpy(place->key, line.bytes, line.len);
    memcpy(place->username, answer->username, len + 1);
    end_writing(place);
}
