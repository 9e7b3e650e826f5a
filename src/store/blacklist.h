/**
 * Tokens that were ended one by one: by their jti, in the module's own table or in those
 * of SimpleJWT's app token_blacklist.
 *
 * Times are seconds since 1970.
 */
#ifndef STORE_BLACKLIST_H
#define STORE_BLACKLIST_H

#include "store/db.h"

/** Most bytes of a jti that a row can hold. */
#define BLACKLIST_MAX_JTI 255

/** Where a blacklist lies: its statements. */
typedef struct blacklist_t blacklist_t;

/** The table auth_jwt_blacklist. */
extern const blacklist_t blacklist_own;

/**
 * token_blacklist_outstandingtoken and token_blacklist_blacklistedtoken, as Django
 * migrated them. The column token, which has the whole token there, is left empty.
 */
extern const blacklist_t blacklist_django;

/** A token that is to be ended. */
typedef struct {
    const char *jti;
    const char *user_id;    /* as the token has it; need not be anybody's */
    apr_int64_t expires_at; /* of the token */
    apr_int64_t now;
} blacklist_entry_t;

/**
 * Whether a jti is one for a blacklist: printable ASCII without blanks, so that every
 * database stores it as it is and finds no other one for it.
 */
int blacklist_is_usable(const char *jti);

/**
 * Whether a token was ended.
 *
 * The question has one row also for a token that was not: no row is never taken for
 * "good".
 *
 * @param ended  1 or 0, on success only
 * @param jti    blacklist_is_usable()
 * @return APR_SUCCESS, or APR_EGENERAL with @p why for a database that failed or an
 *         answer that is no count
 */
apr_status_t blacklist_has(int *ended, db_t *db, const blacklist_t *list, const char *jti,
                           const char **why, apr_pool_t *p);

/**
 * End a token. Of all who do so at once one has added it.
 *
 * @param added  1, or 0 for a token that was there, on success only
 * @param entry  its jti is blacklist_is_usable()
 * @return APR_SUCCESS when the token has ended now, whoever ended it; APR_EGENERAL when
 *         that is not known
 */
apr_status_t blacklist_add(int *added, db_t *db, const blacklist_t *list,
                           const blacklist_entry_t *entry, const char **why,
                           apr_pool_t *p);

/** Whether the tables are there. */
apr_status_t blacklist_probe(db_t *db, const blacklist_t *list, const char **why,
                             apr_pool_t *p);

/** The table that a message names. */
const char *blacklist_name(const blacklist_t *list);

#endif
