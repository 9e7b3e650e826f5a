/**
 * A site with all that the rules of src/auth ask for.
 */
#ifndef HTJWT_PLACE_H
#define HTJWT_PLACE_H

#include "htjwt/database.h"

/** Points into itself: it stays where it was made. */
typedef struct {
    site_t site;
    db_t db;
    policy_store_t store;
    policy_t policy; /* as it is at the virtual host, outside of sections */
} place_t;

/** Read the site; the policy has neither keys nor a store yet. */
void place_read(place_t *out, const options_t *options, apr_pool_t *p);

/** Read its keys: before the database, see database_connect(). */
void place_load_keys(place_t *place, apr_pool_t *p);

/** Open its database. */
void place_open(place_t *place, apr_pool_t *p);

#endif
