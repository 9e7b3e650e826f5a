/**
 * The sections of the configuration with the settings that hold in each.
 */
#ifndef HTTP_SECTIONS_H
#define HTTP_SECTIONS_H

#include <httpd.h>

#include "http/config.h"

/** The server, or a virtual host. */
typedef struct {
    server_rec *server;
    const ap_directive_t *where; /* NULL: the server */
    const config_t *config;
    const char *driver, *params;    /* DBDriver and DBDParams; NULL: none */
    int lends_keys, lends_database; /* the server has none, but virtual hosts do */
} sections_host_t;

/** What was laid over what, the last one on top. */
typedef struct sections_layer_t sections_layer_t;

struct sections_layer_t {
    const sections_layer_t *below;
    const ap_directive_t *section; /* or virtual host; NULL: the server */
};

/** A place with what holds there. */
typedef struct {
    const sections_host_t *host;
    const ap_directive_t *where; /* a section, or AuthJWTEndpoints */
    const config_t *own;         /* what was written in it; NULL: nothing of ours */
    const config_t *config;      /* with what it inherits */
    const char *auth_type;       /* as written, also inherited; NULL: none */
    const char *handler;         /* SetHandler's argument, likewise, or a mounted one */
    const char *path;            /* of a Location or Directory; NULL: no plain one */
    const ap_directive_t *users; /* the directive that says where they are, or NULL */
    const sections_layer_t *layers; /* of all that */
} sections_place_t;

/**
 * List every section once for each host in which it holds.
 *
 * Virtual hosts that take no part are detached on the way: keys and endpoints of the
 * server do not hold in one that has another database and no directive of ours.
 *
 * @return sections_place_t, allocated from @p p
 */
apr_array_header_t *sections_list(server_rec *s, apr_pool_t *pconf, apr_pool_t *p);

/**
 * What holds for a path, as far as <Location> sections say it.
 *
 * @param path  lives as long as @p out, which is allocated from @p p
 */
void sections_at(sections_place_t *out, const sections_host_t *host, const char *path,
                 apr_pool_t *p);

/**
 * Find the line by which something holds in a place.
 *
 * @param directive  its name
 * @param word       its first argument, where several lines add to each other; or NULL
 * @return NULL where there is none
 */
const ap_directive_t *sections_line(const sections_place_t *place, const char *directive,
                                    const char *word, apr_pool_t *p);

/** Whether AuthType JWT holds in a place. */
int sections_is_protected(const sections_place_t *place);

/** Whether one of our endpoints is there, and whether it makes tokens. */
int sections_is_endpoint(const sections_place_t *place);
int sections_issues(const sections_place_t *place);

/** Whether tokens are issued to users there, or it is looked up whose token is shown. */
int sections_knows_users(const sections_place_t *place);

/** What a message says of a place that lacks something. */
const char *sections_subject(const sections_place_t *place, apr_pool_t *p);

/** Whether two hosts ask one database. */
int sections_same_database(const sections_host_t *a, const sections_host_t *b);

/** Whether a path is the first @p len bytes of @p top, or below them. */
int sections_is_below(const char *path, const char *top, apr_size_t len);

#endif
