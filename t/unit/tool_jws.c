/* Sign and verify for others, line by line: t/unit/against compares us with them.
 *
 *   tool_jws KID ALG FILE [KID ALG FILE]...      KID is - for a key without
 *
 * A line "sign KID PAYLOAD" on standard input is answered with the token, a line
 * "verify TOKEN" with "good PAYLOAD", the payload in base64url, or with "bad" and the
 * reason. Nothing of httpd is needed for it. */
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

#include "jose/jws.h"
#include "keys.h"

#define ROOM 65536

static bytes_t slurp(const char *path, apr_pool_t *p)
{
    apr_size_t size = ROOM;
    char *data = apr_pcalloc(p, size + 1);
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, p) != APR_SUCCESS) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    apr_file_read(file, data, &size);
    apr_file_close(file);
    return (bytes_t){(unsigned char *)data, size};
}

static void add(jwk_ring_t *ring, char **row, apr_pool_t *p)
{
    const char *kid = strcmp(row[0], "-") ? row[0] : NULL;
    const jwa_t *alg = jwa_find(row[1]);
    const char *error =
        alg ? jwk_load(ring, kid, alg, slurp(row[2], p), 1, p) : "no such algorithm";

    if (error) {
        fprintf(stderr, "%s: %s\n", row[2], error);
        exit(2);
    }
}

static void answer_sign(const jwk_ring_t *ring, char *line, apr_pool_t *p)
{
    char *payload = strchr(line, ' ');
    const jwk_t *jwk = NULL;
    const char *token;

    if (payload) {
        *payload++ = '\0';
        jwk = jwk_find(ring, strcmp(line, "-") ? line : NULL);
    }
    token = jwk ? jws_sign(jwk, payload, strlen(payload), p) : NULL;
    printf("%s\n", token ? token : "bad");
}

static void answer_verify(const jwk_ring_t *ring, const char *token, apr_pool_t *p)
{
    const char *why = NULL;
    bytes_t payload;

    if (jws_verify(&payload, NULL, token, strlen(token), ring, NULL, &why, p) ==
        JWS_GOOD) {
        printf("good %s\n", base64url_encode(payload.data, payload.len, p));
    } else {
        printf("bad %s\n", why);
    }
}

int main(int argc, char **argv)
{
    static char line[ROOM];
    apr_pool_t *pool, *brief;
    jwk_ring_t *ring;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&brief, pool);
    ring = apr_array_make(pool, 16, sizeof(const jwk_t *));
    for (i = 1; i + 2 < argc; i += 3) {
        add(ring, argv + i, pool);
    }
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "sign ", 5) == 0) {
            answer_sign(ring, line + 5, brief);
        } else if (strncmp(line, "verify ", 7) == 0) {
            answer_verify(ring, line + 7, brief);
        }
        apr_pool_clear(brief);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
