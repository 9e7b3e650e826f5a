/**
 * The time that passes, whatever is done to the time of day.
 */
#ifndef HTTP_CLOCK_H
#define HTTP_CLOCK_H

#include <apr_time.h>

/** Microseconds since some moment in the past; never goes back. */
apr_time_t clock_monotonic(void);

#endif
