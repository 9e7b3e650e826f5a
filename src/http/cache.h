/**
 * Answers of the database that this process has had a moment ago. The table is bounded,
 * nothing is allocated for a request, and nobody waits for anybody: who finds a place
 * taken asks the database.
 */
#ifndef HTTP_CACHE_H
#define HTTP_CACHE_H

#include "auth/policy.h"

typedef struct cache_t cache_t;

/** Answers that are kept at most; those of one user can push out those of another. */
#define CACHE_PLACES 4096

/** Most bytes of a user's id, a jti and a sid together, and of a user's name; what is
 * longer is not kept. */
#define CACHE_MAX_KEY  224
#define CACHE_MAX_NAME 127

/** A question with the database that it goes to. */
typedef struct {
    const void *database; /* no other one has this address */
    const policy_question_t *asked;
} cache_question_t;

/** A moment before the database is asked. */
typedef struct {
    apr_uint32_t endings; /* how much has been ended by then */
    apr_time_t at;        /* of clock_monotonic() */
} cache_moment_t;

/** Make the table of this process. */
apr_status_t cache_make(cache_t **out, apr_pool_t *p);

/**
 * Find the answer to a question, provided that nothing was ended since it was asked, and
 * that this was less than @p age ago.
 *
 * @return whether there is one; @p out is allocated from @p p, untouched if not
 */
int cache_get(policy_answer_t *out, cache_t *cache, const cache_question_t *question,
              const cache_moment_t *now, apr_interval_time_t age, apr_pool_t *p);

/** Keep an answer. @param asked  of before the question was asked */
void cache_put(cache_t *cache, const cache_question_t *question,
               const policy_answer_t *answer, const cache_moment_t *asked);

#endif
