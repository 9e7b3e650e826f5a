/**
 * What follows from AuthJWTClient where nothing else is written: where tokens go, and
 * where they are looked for.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/config.h"

/** Where issued tokens go: CONFIG_IN_…, added up. */
typedef struct {
    int access, refresh;
} client_delivery_t;

client_delivery_t client_delivery(const config_t *config);

/** Where a page's token may be: config_source_t, in order, never empty. */
const apr_array_header_t *client_token_sources(const config_t *config);

/** Whether one of them is this place. */
int client_looks_in(const config_t *config, config_place_t place);

/** Whether one of them is the cookie that logins set. */
int client_looks_in_own_cookie(const config_t *config);

/** The name of a source's cookie or parameter. */
const char *client_source_name(const config_t *config, const config_source_t *source);

/** Whether a browser that logs in or out here has its cookies set or cleared. */
int client_has_cookies(const config_t *config);

/** Whether access cookies that are over are renewed in passing. */
int client_refreshes_silently(const config_t *config);

#endif
