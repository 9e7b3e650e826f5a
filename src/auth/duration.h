/**
 * Times as people write them: 5min, 12h, 30d.
 */
#ifndef AUTH_DURATION_H
#define AUTH_DURATION_H

#include <apr.h>

/** A hundred years, in seconds: more is a slip of the hand, and must not reach a sum. */
#define DURATION_LONGEST (APR_INT64_C(36525) * 86400)

/**
 * A number with ms, s, m, mi, min, h, d or w, without a unit seconds. httpd's own parser
 * knows fewer units, and reads garbage as 0.
 *
 * @return seconds; -1 when it is none
 */
apr_int64_t duration_parse(const char *text);

#endif
