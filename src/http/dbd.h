/**
 * mod_dbd's connections for the floors below, answers that were had a moment ago, and
 * what all children remember of the cost of password hashes.
 */
#ifndef HTTP_DBD_H
#define HTTP_DBD_H

#include <httpd.h>

#include "auth/policy.h"
#include "http/cache.h"
#include "http/config.h"
#include "store/trial.h"

/* Needs apr_dbd.h in front, which store/db.h includes. */
#include <mod_dbd.h>

/** What stands behind a policy's store and answers; lives as long as the policy. */
typedef struct {
    policy_store_t store;
    policy_answers_t answers;
    server_rec *server;
    apr_pool_t *pool;
    ap_dbd_t *handle;               /* between open and close */
    int call;                       /* the gate's name for it */
    apr_interval_time_t answer_age; /* how old a remembered answer may be */
    cache_moment_t asked;           /* when the question was asked */
} dbd_t;

/** What all children know of the purge of expired rows. */
typedef struct {
    volatile apr_uint32_t at;        /* when the last one began, in seconds since 1970 */
    volatile apr_uint32_t refreshes; /* where these make it begin */
} dbd_purge_t;

/** Tables of a server, and what else is asked there, to be tried when the first child
 *  starts. */
typedef struct {
    server_rec *server;
    const config_users_t *users;  /* NULL: another table */
    const blacklist_t *blacklist; /* NULL: likewise */
    const trial_t *trial;         /* NULL: no table; without all three that of sessions */
    const ap_directive_t *where;  /* of the users or the trial; NULL: the preset */
    int has_sessions;             /* of the users: whether theirs are in that database */
} dbd_source_t;

/**
 * Make the memory that the children share.
 *
 * @return OK, or an HTTP status that stops the start
 */
int dbd_post_config(server_rec *s);

/**
 * Make this child's gate, note which files its databases are in, and in the first child
 * of a generation try all statements and say how that went. Never in the parent: as root
 * it would create SQLite files that the children cannot write.
 *
 * @param sources  dbd_source_t
 */
void dbd_child_init(apr_pool_t *pchild, server_rec *s, const apr_array_header_t *sources);

/** Let a policy ask this server's database. */
void dbd_attach(policy_t *policy, dbd_t *dbd, const config_t *config, request_rec *r);

/** Let something that is no request ask a server's database: by @p dbd's store. */
void dbd_attach_server(dbd_t *dbd, server_rec *server, apr_pool_t *p);

/** The purge, in the memory that the children share. */
dbd_purge_t *dbd_purge(void);

/** Let a policy to which dbd_attach() was done be content with answers of this age. */
void dbd_remember(policy_t *policy, dbd_t *dbd, apr_interval_time_t age);

#endif
