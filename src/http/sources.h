/**
 * Where users, sessions and ended tokens are kept, by all of the configuration, and
 * whether two places would take each other's users for their own.
 */
#ifndef HTTP_SOURCES_H
#define HTTP_SOURCES_H

#include "http/sections.h"

typedef struct sources_t sources_t;

/**
 * Begin anew.
 *
 * @param pconf  has what sources_all() gives
 * @param p      has all else
 */
sources_t *sources_make(apr_pool_t *pconf, apr_pool_t *p);

/**
 * Add what a place asks, and compare it with all places before it.
 *
 * @param other  set with an answer: the place that it is confused with
 * @return NULL, or in what they differ though they share a key
 */
const char *sources_add(const sections_place_t **other, sources_t *sources,
                        const sections_place_t *section, apr_pool_t *p);

/** The tables that this configuration asks: dbd_source_t, for the children. */
const apr_array_header_t *sources_all(void);

#endif
