#include "http/client.h"

static const struct {
    client_delivery_t delivery;
    int silent_refresh;
} clients[] = {
    [CONFIG_API] = {{CONFIG_IN_BODY, CONFIG_IN_BODY}, 0},
    [CONFIG_SPA] = {{CONFIG_IN_BODY, CONFIG_IN_COOKIE}, 0},
    [CONFIG_BROWSER] = {{CONFIG_IN_COOKIE, CONFIG_IN_COOKIE}, 1},
};

client_delivery_t client_delivery(const config_t *config)
{
    client_delivery_t delivery = clients[config->client].delivery;

    if (config->access_delivery) {
        delivery.access = config->access_delivery;
    }
    if (config->refresh_delivery) {
        delivery.refresh = config->refresh_delivery;
    }
    return delivery;
}

#define SOURCES(list)                                                                    \
    {                                                                                    \
        .elt_size = sizeof *(list), .nelts = sizeof(list) / sizeof *(list),              \
        .nalloc = sizeof(list) / sizeof *(list), .elts = (char *)(list)                  \
    }

static config_source_t in_header[] = {{CONFIG_HEADER, NULL}};
static config_source_t in_both[] = {{CONFIG_HEADER, NULL}, {CONFIG_COOKIE, NULL}};
static const apr_array_header_t sources_header = SOURCES(in_header);
static const apr_array_header_t sources_both = SOURCES(in_both);

const apr_array_header_t *client_token_sources(const config_t *config)
{
    if (config->token_sources) {
        return config->token_sources;
    }
    return config->client == CONFIG_BROWSER ? &sources_both : &sources_header;
}

int client_looks_in(const config_t *config, config_place_t place)
{
    const apr_array_header_t *sources = client_token_sources(config);
    int i;

    for (i = 0; i < sources->nelts; i++) {
        if (APR_ARRAY_IDX(sources, i, config_source_t).place == place) {
            return 1;
        }
    }
    return 0;
}

const char *client_source_name(const config_t *config, const config_source_t *source)
{
    return source->name ? source->name : config->access_cookie->name;
}

int client_has_cookies(const config_t *config)
{
    client_delivery_t delivery = client_delivery(config);

    return ((delivery.access | delivery.refresh) & CONFIG_IN_COOKIE) ||
           client_looks_in(config, CONFIG_COOKIE);
}

int client_looks_in_own_cookie(const config_t *config)
{
    const apr_array_header_t *sources = client_token_sources(config);
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const config_source_t *source = &APR_ARRAY_IDX(sources, i, config_source_t);

        if (source->place == CONFIG_COOKIE && strcmp(client_source_name(config, source),
                                                     config->access_cookie->name) == 0) {
            return 1;
        }
    }
    return 0;
}

int client_refreshes_silently(const config_t *config)
{
    return config->silent_refresh < 0 ? clients[config->client].silent_refresh &&
                                            client_looks_in_own_cookie(config)
                                      : config->silent_refresh;
}
