/**
 * The seats of those whose password is hashed: a bounded number at once, as many again
 * waiting, and nobody for long.
 *
 * A hash takes its processor for a tenth of a second and up to 256 MiB. Without a bound
 * a crowd at the login would take every thread, and the memory of the machine.
 */
#ifndef HTTP_SEATS_H
#define HTTP_SEATS_H

#include <apr_pools.h>

typedef struct seats_t seats_t;

/** Make the seats of this process. */
apr_status_t seats_make(seats_t **out, int count, apr_pool_t *p);

/**
 * Take a seat, or wait for one, a second at most.
 *
 * @return APR_SUCCESS; APR_TIMEUP after a second; APR_EBUSY at once where as many wait
 *         already as there are seats
 */
apr_status_t seats_take(seats_t *seats);

/** The hash is computed. */
void seats_leave(seats_t *seats);

/** How many processors this machine has for us, 1 at least. */
int seats_processors(void);

#endif
