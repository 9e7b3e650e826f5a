/**
 * Endpoints and the places that live on their cookies, laid side by side: settings that
 * are good by themselves and do not meet. Each function gives a warning, or NULL.
 */
#ifndef HTTP_PAIRING_H
#define HTTP_PAIRING_H

#include "http/sections.h"

/** Access cookies that are set and looked for nowhere, or never come along there. */
const char *pairing_set(const sections_place_t *section, const apr_array_header_t *all,
                        apr_pool_t *p);

/** AuthJWTClient where it has no effect, as endpoints have another. */
const char *pairing_looked_for(const sections_place_t *section,
                               const apr_array_header_t *all, apr_pool_t *p);

/** A cookie for a domain that is none of this site. */
const char *pairing_domain(const sections_place_t *section, const apr_array_header_t *all,
                           apr_pool_t *p);

/** Claims that tokens of the endpoints have, and those of a silent refresh have not. */
const char *pairing_claims(const sections_place_t *section, const apr_array_header_t *all,
                           apr_pool_t *p);

/** A login page that nobody sees who is not logged in. */
const char *pairing_login(const sections_place_t *section, const apr_array_header_t *all,
                          apr_pool_t *p);

#endif
