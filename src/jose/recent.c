#include "jose/recent.h"

#include <openssl/crypto.h>
#include <string.h>

#include "jose/jsontext.h"

typedef struct {
    char *data; /* NULL: nothing is kept yet */
    apr_size_t len, room;
} kept_t;

struct recent_t {
    const jwk_t *key; /* that the token fitted */
    kept_t token;
    kept_t payload;
    json_t *tree; /* of the payload; NULL: none */
    apr_pool_t *pool;
};

static apr_status_t drop_tree(void *data)
{
    recent_t *recent = data;

    json_decref(recent->tree);
    recent->tree = NULL;
    return APR_SUCCESS;
}

recent_t *recent_make(apr_pool_t *p)
{
    recent_t *recent = apr_pcalloc(p, sizeof *recent);

    recent->pool = p;
    apr_pool_cleanup_register(p, recent, drop_tree, apr_pool_cleanup_null);
    return recent;
}

/* Twice the room each time, so that tokens that grow cost a connection no more than
 * twice the longest. */
static void keep(kept_t *kept, const void *data, apr_size_t len, apr_pool_t *p)
{
    apr_size_t room = kept->room ? kept->room : RECENT_MAX / 16;

    while (room < len) {
        room *= 2;
    }
    if (room > kept->room) {
        kept->data = apr_palloc(p, room);
        kept->room = room;
    }
    memcpy(kept->data, data, len);
    kept->len = len;
}

/* What the signature is of opens nothing without it, and need not be hidden. */
int recent_is_good(const recent_t *recent, const jwk_t *key, const char *token,
                   apr_size_t len, apr_size_t signed_len)
{
    const kept_t *kept = recent ? &recent->token : NULL;

    return kept && recent->key == key && kept->len == len &&
           memcmp(kept->data, token, signed_len) == 0 && /* public bytes */
           CRYPTO_memcmp(kept->data + signed_len, token + signed_len, len - signed_len) ==
               0;
}

void recent_keep_good(recent_t *recent, const jwk_t *key, const char *token,
                      apr_size_t len)
{
    if (recent && len <= RECENT_MAX) {
        keep(&recent->token, token, len, recent->pool);
        recent->key = key;
    }
}

const json_t *recent_tree(const recent_t *recent, bytes_t payload, apr_pool_t *p)
{
    const kept_t *kept = recent ? &recent->payload : NULL;

    return kept && recent->tree && kept->len == payload.len &&
                   memcmp(kept->data, payload.data, payload.len) == 0 /* public bytes */
               ? jsontext_own(json_incref(recent->tree), p)
               : NULL;
}

void recent_keep_tree(recent_t *recent, bytes_t payload, json_t *tree)
{
    if (recent && payload.len <= RECENT_MAX) {
        drop_tree(recent);
        keep(&recent->payload, payload.data, payload.len, recent->pool);
        recent->tree = json_incref(tree);
    }
}
