/**
 * The gate in front of the database: a bounded number of calls at once, and none
 * behind a call that hangs.
 *
 * mod_dbd hands out connections without any time limit and connects while it holds
 * a lock, and a frozen server cannot be given up on; without a gate one dead
 * database would hold every thread of the process.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <apr_pools.h>

/** Calls in flight at once in a process: mod_dbd's default for DBDMax. */
#define GATE_CALLS 10

typedef struct gate_t gate_t;

/** Make the gate of this process. */
apr_status_t gate_make(gate_t **out, apr_pool_t *p);

/**
 * Wait to be let in, one second at most; only one caller at a time is between
 * gate_enter() and gate_opened().
 *
 * @param call  names the call for gate_leave()
 * @return APR_SUCCESS; APR_TIMEUP after a second; APR_EBUSY at once while some call
 *         has been in flight for more than two seconds
 */
apr_status_t gate_enter(gate_t *gate, int *call);

/** The connection is there, or was refused: let the next caller try. */
void gate_opened(gate_t *gate);

/** The call is over. */
void gate_leave(gate_t *gate, int call);

#endif
