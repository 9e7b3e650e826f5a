#include "http/keyring.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <string.h>

#include "http/keysource.h"
#include "jose/jsontext.h"

static apr_array_header_t *sources; /* keyring_source_t */

const apr_array_header_t *keyring_sources(void)
{
    return sources;
}

void keyring_reset(apr_pool_t *pconf)
{
    sources = apr_array_make(pconf, 2, sizeof(keyring_source_t));
}

/* What a line says. */
typedef struct {
    const char *kid; /* NULL: none */
    const jwa_t *alg;
    const char *source;
    int can_sign;
} line_t;

static const char *read_line(line_t *line, int argc, char *const argv[], apr_pool_t *p)
{
    if (argc < 3 || argc > 4) {
        return "takes KID ALG SOURCE and optionally sign or verify, such as: "
               "AuthJWTKey 2026-11 HS256 jwt/site.key";
    }
    line->kid = strcmp(argv[0], "-") == 0 ? NULL : argv[0];
    line->alg = jwa_find(argv[1]);
    if (!line->alg) {
        return apr_psprintf(p, "unknown algorithm '%s' in KID ALG SOURCE; known are: %s",
                            argv[1], jwa_names(p));
    }
    line->source = argv[2];
    line->can_sign = argc == 3 || ap_cstr_casecmp(argv[3], "sign") == 0;
    if (!line->can_sign && ap_cstr_casecmp(argv[3], "verify") != 0) {
        if (strncmp(line->source, "exec:", 5) == 0) {
            return apr_psprintf(p,
                                "'%s' is neither sign nor verify; put a program and its "
                                "arguments into quotes: \"%s %s\"",
                                argv[3], line->source, argv[3]);
        }
        return apr_psprintf(
            p, "'%s' is neither sign nor verify; write one of them, or nothing for both",
            argv[3]);
    }
    return NULL;
}

static void remember(const jwk_ring_t *ring, const line_t *line,
                     const keysource_text_t *text)
{
    keyring_source_t *source = apr_array_push(sources);
    const char *kid = text->name ? text->name : line->kid ? line->kid : "-";

    source->ring = ring;
    source->kid = apr_pstrdup(sources->pool, kid);
    source->alg = line->alg->name;
    source->source = apr_pstrdup(sources->pool, text->path ? text->path : line->source);
    source->can_sign = line->can_sign;
}

static const char *load_text(jwk_ring_t *ring, const line_t *line,
                             const keysource_text_t *text, cmd_parms *cmd)
{
    int i = ring->nelts, is_secret = 0;
    const char *error;

    if (text->name && (!line->kid || strcmp(line->kid, JWK_OWN_KID) != 0)) {
        return "the source is a directory; write * in place of a name, so that each key "
               "is named like its file";
    }
    error = jwk_load(ring, text->name ? text->name : line->kid, line->alg, text->contents,
                     line->can_sign, cmd->pool);
    for (; i < ring->nelts; i++) {
        is_secret |= APR_ARRAY_IDX(ring, i, const jwk_t *)->is_secret;
    }
    if (!error) {
        remember(ring, line, text);
        return keysource_protect(text, is_secret, cmd);
    }
    return text->name
               ? keysource_in_directory(
                     apr_psprintf(cmd->pool, "%s: %s", text->path, error), cmd->pool)
               : error;
}

/* Only a file with one key that signs can be made here. */
static const char *command_for(const line_t *line, apr_pool_t *p)
{
    int may_be_directory = line->kid && strcmp(line->kid, JWK_OWN_KID) == 0;

    return line->can_sign && !may_be_directory ? jwa_command(line->alg, p) : NULL;
}

static int is_there(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;

    return path && apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS;
}

/* A long SOURCE without a dot that is no file, nor in a directory, may be the secret,
 * written or expanded from a variable into the configuration: a log must not have it. */
static int may_be_secret(const line_t *line, apr_pool_t *p)
{
    const char *source = line->source, *path = ap_server_root_relative(p, source);
    const char *slash = path && strchr(source, '/') ? strrchr(path, '/') : NULL;

    return line->alg->min_secret_len && strlen(source) >= line->alg->min_secret_len &&
           strncmp(source, "env:", 4) != 0 && strncmp(source, "exec:", 5) != 0 &&
           !strchr(source, '.') && !is_there(path, p) &&
           !(slash && is_there(apr_pstrmemdup(p, path, (apr_size_t)(slash - path)), p));
}

static const char *load_line(jwk_ring_t *ring, const line_t *line, cmd_parms *cmd)
{
    apr_array_header_t *texts;
    const char *error =
        keysource_read(&texts, line->source, command_for(line, cmd->temp_pool), cmd);
    int i;

    if (error && may_be_secret(line, cmd->temp_pool)) {
        return "SOURCE is no file that can be read, and is not shown, as it may be the "
               "secret itself; write the name of a file, or env:NAME";
    }
    for (i = 0; i < texts->nelts; i++) {
        const keysource_text_t *text = &APR_ARRAY_IDX(texts, i, keysource_text_t);

        if (!error) {
            error = load_text(ring, line, text, cmd);
        }
        jwk_wipe(text->contents);
    }
    return error;
}

/* "sign" was written out, so a key that cannot is somebody's mistake. */
static const char *check_signs(const jwk_ring_t *ring, int from, int argc)
{
    int i;

    for (i = from; argc == 4 && i < ring->nelts; i++) {
        if (!APR_ARRAY_IDX(ring, i, const jwk_t *)->can_sign) {
            return "it cannot sign; write verify, or name a private key";
        }
    }
    return NULL;
}

const char *keyring_add(jwk_ring_t *ring, int argc, char *const argv[], cmd_parms *cmd)
{
    int before = ring->nelts;
    line_t line = {NULL};
    const char *error;

    error = read_line(&line, argc, argv, cmd->pool);
    if (error) {
        return error;
    }
    jsontext_insist_on_memory(cmd->pool);
    error = load_line(ring, &line, cmd);
    if (!error && line.can_sign) {
        error = check_signs(ring, before, argc);
    }
    if (error) {
        ring->nelts = before;
        error = apr_psprintf(cmd->pool, "key '%s': %s", argv[0], error);
    }
    return error;
}
