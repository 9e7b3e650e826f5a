/* What is kept has a pool of its own, neither the connection's, which would grow with
 * each new token, nor a child of it: a request may still use the claims of a token when
 * another one takes its place, and a connection's pool ends its children in an order that
 * nobody should rely on. So users are counted, and the last one ends it. */
#include "jose/recent.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>

typedef struct {
    int users; /* requests, and the room that it is kept in */
    const jwk_t *key;
    const char *token;
    apr_size_t len, signed_len;
    bytes_t payload;
    recent_reading_t reading;
} kept_t;

struct recent_t {
    kept_t *kept; /* NULL: nothing is kept */
    apr_pool_t *pool;
};

static apr_status_t let_go(void *data)
{
    kept_t *kept = data;

    if (--kept->users == 0) {
        apr_pool_destroy(kept->reading.pool);
    }
    return APR_SUCCESS;
}

static apr_status_t drop(void *data)
{
    recent_t *recent = data;

    if (recent->kept) {
        let_go(recent->kept);
        recent->kept = NULL;
    }
    return APR_SUCCESS;
}

recent_t *recent_make(apr_pool_t *p)
{
    recent_t *recent = apr_pcalloc(p, sizeof *recent);

    recent->pool = p;
    apr_pool_cleanup_register(p, recent, drop, apr_pool_cleanup_null);
    return recent;
}

static bytes_t payload_for(kept_t *kept, apr_pool_t *p)
{
    kept->users++;
    apr_pool_cleanup_register(p, kept, let_go, apr_pool_cleanup_null);
    return kept->payload;
}

static int hangs_on(const jwk_ring_t *ring, const jwk_t *key)
{
    int i = 0;

    while (i < ring->nelts && APR_ARRAY_IDX(ring, i, const jwk_t *) != key) {
        i++;
    }
    return i < ring->nelts;
}

/* What the signature is of opens nothing without it, and need not be hidden. */
static int is_token(const kept_t *kept, const char *token, apr_size_t len)
{
    return kept->len == len &&
           memcmp(kept->token, token, kept->signed_len) == 0 && /* public bytes */
           CRYPTO_memcmp(kept->token + kept->signed_len, token + kept->signed_len,
                         len - kept->signed_len) == 0;
}

int recent_find(bytes_t *payload, const jwk_t **key, const recent_t *recent,
                const char *token, apr_size_t len, const jwk_ring_t *ring, apr_pool_t *p)
{
    kept_t *kept = recent ? recent->kept : NULL;

    if (!kept || !hangs_on(ring, kept->key) || !is_token(kept, token, len)) {
        return 0;
    }
    *payload = payload_for(kept, p);
    *key = kept->key;
    return 1;
}

/* That of the token before, where no request has it any more: memory that comes and goes
 * costs more than all the rest. Where there is none, the connection's pool ends the
 * process. */
static apr_pool_t *make_pool(recent_t *recent)
{
    kept_t *kept = recent->kept;
    apr_pool_t *pool;

    if (kept && kept->users == 1) {
        pool = kept->reading.pool;
        apr_pool_clear(pool);
    } else {
        drop(recent);
        apr_pool_create_unmanaged_ex(&pool, apr_pool_abort_get(recent->pool), NULL);
    }
    return pool;
}

void recent_keep(recent_t *recent, bytes_t *payload, const jwk_t *key, const char *token,
                 apr_size_t len, apr_size_t signed_len, apr_pool_t *p)
{
    apr_pool_t *pool;
    kept_t *kept;

    if (!recent || len > RECENT_MAX) {
        return;
    }
    pool = make_pool(recent);
    kept = apr_pcalloc(pool, sizeof *kept);
    kept->reading.pool = pool;
    kept->users = 1;
    kept->key = key;
    kept->token = apr_pmemdup(pool, token, len);
    kept->len = len;
    kept->signed_len = signed_len;
    kept->payload.data = apr_pmemdup(pool, payload->data, payload->len);
    kept->payload.len = payload->len;
    recent->kept = kept;
    *payload = payload_for(kept, p);
}

recent_reading_t *recent_reading(const recent_t *recent, bytes_t payload)
{
    kept_t *kept = recent ? recent->kept : NULL;

    return kept && kept->payload.data == payload.data ? &kept->reading : NULL;
}
