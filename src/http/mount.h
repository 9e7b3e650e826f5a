/**
 * Endpoints mounted under a path by AuthJWTEndpoints.
 */
#ifndef HTTP_MOUNT_H
#define HTTP_MOUNT_H

#include <httpd.h>

/** A path and which endpoints stand below it. */
typedef struct {
    const char *path; /* without trailing slash; "" for the root */
    apr_size_t path_len;
    unsigned int names; /* a bit for each row of the table in mount.c */
} mount_t;

/** Mount every endpoint below a path. */
mount_t *mount_make(const char *path, apr_pool_t *p);

/**
 * Restrict a mount to the endpoints named: the first call leaves only that one,
 * later ones add.
 *
 * @return NULL, or what is wrong with the name
 */
const char *mount_add(mount_t *mount, const char *name, apr_pool_t *p);

/**
 * The handler of a URL path, which may end in one slash.
 *
 * @return the handler's name, or NULL when nothing is mounted there
 */
const char *mount_find(const mount_t *mount, const char *uri);

/** The handler of one endpoint that is mounted: one that makes tokens, if there is one.
 */
const char *mount_first(const mount_t *mount);

/** Whether some row of the table has this handler. */
int mount_has_handler(const char *handler);

/** Whether it is the handler of an endpoint that makes tokens. */
int mount_issues(const char *handler);

/** Whether it is the handler of an endpoint that asks the database. */
int mount_asks_users(const char *handler);

/** The names of all endpoints' handlers, for messages. */
const char *mount_handlers(apr_pool_t *p);

#endif
