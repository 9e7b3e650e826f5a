#include "jose/proven.h"

#include <openssl/crypto.h>
#include <string.h>

struct proven_t {
    const jwk_t *key; /* NULL: nothing is kept yet */
    char *token;
    apr_size_t len, room;
    apr_pool_t *pool;
};

proven_t *proven_make(apr_pool_t *p)
{
    proven_t *proven = apr_pcalloc(p, sizeof *proven);

    proven->pool = p;
    return proven;
}

/* What the signature is of opens nothing without it, and need not be hidden. */
int proven_is(const proven_t *proven, const jwk_t *key, const char *token, apr_size_t len,
              apr_size_t signed_len)
{
    return proven && proven->key == key && proven->len == len &&
           memcmp(proven->token, token, signed_len) == 0 && /* public bytes */
           CRYPTO_memcmp(proven->token + signed_len, token + signed_len,
                         len - signed_len) == 0;
}

/* Twice the room each time, so that tokens that grow cost a connection no more than
 * twice the longest. */
static void make_room(proven_t *proven, apr_size_t len)
{
    apr_size_t room = proven->room ? proven->room : PROVEN_MAX / 16;

    while (room < len) {
        room *= 2;
    }
    if (room > proven->room) {
        proven->token = apr_palloc(proven->pool, room);
        proven->room = room;
    }
}

void proven_keep(proven_t *proven, const jwk_t *key, const char *token, apr_size_t len)
{
    if (!proven || len > PROVEN_MAX) {
        return;
    }
    make_room(proven, len);
    memcpy(proven->token, token, len);
    proven->len = len;
    proven->key = key;
}
