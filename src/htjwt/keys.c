#include "htjwt/keys.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "htjwt/program.h"
#include "htjwt/say.h"

/* No key of any kind is larger, and a set of keys hardly. */
#define MOST 65536

/* What runs to make a key gets as long as httpd gives it. */
#define PATIENCE 10

static bytes_t read_file(const char *path, apr_pool_t *p)
{
    unsigned char *data = apr_pcalloc(p, MOST + 1);
    apr_size_t len = 0;
    apr_file_t *file;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, data, MOST, &len);
        apr_file_close(file);
    }
    if (rv != APR_EOF) {
        say_fail(SAY_FAILED,
                 "the key file %s cannot be read: %s; name a file with a key, "
                 "and read it as its owner, which often is root",
                 path,
                 rv == APR_SUCCESS ? "it has more than 65536 bytes"
                                   : apr_psprintf(p, "%pm", &rv));
    }
    return (bytes_t){data, len};
}

static bytes_t read_variable(const char *name)
{
    const char *value = getenv(name);

    if (!value) {
        say_fail(SAY_FAILED,
                 "the environment has no variable %s, which has a key of the "
                 "server; set it for htjwt, too",
                 name);
    }
    return (bytes_t){(const unsigned char *)value, strlen(value)};
}

/* httpd has just run it, and had a look at who may change it. */
static bytes_t read_program(const char *line, apr_pool_t *p)
{
    program_output_t output = {{NULL, 0}, {NULL, 0}};
    const char *error;
    char **argv;

    apr_tokenize_to_argv(line, &argv, p);
    error = argv[0] ? program_run(&output, (const char *const *)argv, PATIENCE, MOST, p)
                    : "has no name";
    if (error) {
        say_fail(SAY_FAILED, "the program %s, which writes a key, %s; run it by hand",
                 argv[0] ? argv[0] : "", error);
    }
    return output.out;
}

static bytes_t read_source(const char *source, apr_pool_t *p)
{
    if (strncmp(source, "env:", 4) == 0) {
        return read_variable(source + 4);
    }
    return strncmp(source, "exec:", 5) == 0 ? read_program(source + 5, p)
                                            : read_file(source, p);
}

static void load(jwk_ring_t *ring, const site_key_t *key, apr_pool_t *p)
{
    const char *kid = strcmp(key->kid, "-") == 0 ? NULL : key->kid;
    const jwa_t *alg = jwa_find(key->alg);
    const char *error;
    bytes_t contents;

    if (!alg) {
        say_fail(SAY_USAGE, "unknown algorithm '%s'; known are: %s", key->alg,
                 jwa_names(p));
    }
    contents = read_source(key->source, p);
    error = jwk_load(ring, kid, alg, contents, key->can_sign, p);
    jwk_wipe(contents);
    if (error) {
        say_fail(SAY_FAILED, "key '%s': %s", key->kid, error);
    }
}

static const jwk_t *find_signing(const jwk_ring_t *ring, const char *kid)
{
    const jwk_t *key;

    if (!kid) {
        return jwk_find_signing(ring);
    }
    key = jwk_find(ring, strcmp(kid, "-") == 0 ? NULL : kid);
    return key && key->can_sign ? key : NULL;
}

const jwk_ring_t *keys_load(const jwk_t **signing, const site_t *site, apr_pool_t *p)
{
    jwk_ring_t *ring = apr_array_make(p, 2, sizeof(const jwk_t *));
    int i;

    for (i = 0; i < site->keys->nelts; i++) {
        load(ring, &APR_ARRAY_IDX(site->keys, i, site_key_t), p);
    }
    if (ring->nelts == 0) {
        say_fail(SAY_USAGE,
                 "there is no key; name the configuration by -f, or a key such "
                 "as: -k '2026-11 HS256 /etc/apache2/jwt/site.key'");
    }
    *signing = find_signing(ring, site->signing_kid);
    return site->verify_kids ? jwk_select(ring, site->verify_kids, p) : ring;
}
