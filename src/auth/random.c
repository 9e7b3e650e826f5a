#include "auth/random.h"

#define ID_BYTES 16

const char *random_id(random_source_t *source, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[ID_BYTES];
    char *id = apr_pcalloc(p, 2 * ID_BYTES + 1);
    int i;

    if (source(random, sizeof random) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < ID_BYTES; i++) {
        id[2 * i] = digits[random[i] >> 4];
        id[2 * i + 1] = digits[random[i] & 0x0f];
    }
    return id;
}
