#include "jose/jwk.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "jose/disguise.h"
#include "jose/jsontext.h"
#include "jose/pem.h"
#include "jose/pkey.h"

#define MAX_MESSAGE 400 /* bytes */

/* What all keys of one text have in common. */
typedef struct {
    jwk_ring_t *ring;
    const char *kid; /* NULL, a name or JWK_OWN_KID */
    const jwa_t *alg;
    int can_sign;
    apr_pool_t *p;
} load_t;

static int is_own_kid(const char *kid)
{
    return kid && strcmp(kid, JWK_OWN_KID) == 0;
}

/* --- One key ----------------------------------------------------------------------- */

/* The header is written by hand: its members have a fixed order (SimpleJWT's), and
 * the kid was restricted to characters that need no escape. */
static void write_header(jwk_t *jwk, apr_pool_t *p)
{
    const char *alg = jwk->key.alg->name, *json;

    json = jwk->kid ? apr_psprintf(p, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                                   alg, jwk->kid)
                    : apr_psprintf(p, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", alg);
    jwk->header = base64url_encode(json, strlen(json), p);
    jwk->header_len = strlen(jwk->header);
}

static const char *check_kid(const char *kid, apr_pool_t *p)
{
    const char *at;

    if (!strcmp(kid, "-") || !strcasecmp(kid, "all") || !strcasecmp(kid, "none")) {
        return apr_psprintf(p,
                            "the key's name '%s' means something else where keys are "
                            "named; take another name",
                            kid);
    }
    for (at = kid; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("-._~:/+=@", *at)) {
            return apr_psprintf(p,
                                "the key's name '%s' has a character other than "
                                "letters, digits and -._~:/+=@",
                                kid);
        }
    }
    return *kid ? NULL : "the key's name is empty; write - for a key without kid";
}

/* RFC 7638 section 3: over the required members of the public key. NULL when OpenSSL
 * failed. */
static const char *thumbprint(const char *public_json, apr_pool_t *p)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t len;

    return EVP_Q_digest(NULL, "SHA256", NULL, public_json, strlen(public_json), hash,
                        &len) == 1
               ? base64url_encode(hash, len, p)
               : NULL;
}

/* Two secrets are compared by a signature of theirs, which gives nothing away. */
static const char *fingerprint(const jwk_t *jwk, const char *public_json, apr_pool_t *p)
{
    static const char label[] = "mod_auth_jwt same key";
    unsigned char signature[JWA_MAX_SIGNATURE];

    if (public_json) {
        return public_json;
    }
    return jwk->key.alg->sign(signature, &jwk->key, label, sizeof label) == APR_SUCCESS
               ? base64url_encode(signature, jwk->key.signature_len, p)
               : NULL;
}

/* The public members come first, as the thumbprint has them. */
static const char *write_public(const jwk_t *jwk, const char *json, const char *print,
                                apr_pool_t *p)
{
    return apr_psprintf(p, "%.*s,\"alg\":\"%s\",\"use\":\"sig\",\"kid\":\"%s\"}",
                        (int)strlen(json) - 1, json, jwk->key.alg->name,
                        jwk->kid ? jwk->kid : print);
}

/* print is a thumbprint, or NULL for a secret. */
static const char *name_it(jwk_t *jwk, const load_t *load, const char *own_kid,
                           const char *print)
{
    const char *kid = load->kid;

    if (is_own_kid(kid)) {
        kid = own_kid ? own_kid : print;
        if (!kid) {
            return "a secret has no name of its own; give it one in place of *";
        }
    } else if (kid && own_kid && strcmp(kid, own_kid) != 0) {
        return apr_psprintf(load->p, "its kid is '%s'; write that name, or * for it",
                            own_kid);
    }
    if (kid && jwk_find(load->ring, kid)) {
        return apr_psprintf(load->p,
                            "the kid '%s' stands twice; give each key its own name", kid);
    }
    jwk->kid = kid ? apr_pstrdup(load->p, kid) : NULL;
    return kid ? check_kid(kid, load->p) : NULL;
}

/* By from, which still has the private half: a key that others sign with now can check
 * the marks of its time. */
static const char *load_marks(jwk_t *jwk, const jwa_material_t *from, apr_pool_t *p)
{
    const char *error = NULL;
    int use;

    for (use = 0; jwk->is_secret && !error && use < MARK_USES; use++) {
        error = mark_load(&jwk->marks[use], (mark_use_t)use, from, p);
    }
    return error;
}

/* Make a key of what was read, and add it to the ring. */
static const char *add(const load_t *load, jwa_material_t *from, const char *own_kid,
                       int may_sign)
{
    jwk_t *jwk = apr_pcalloc(load->p, sizeof *jwk);
    const char *public_json = NULL, *print = NULL, *error;

    jwk->key.alg = load->alg;
    jwk->is_secret = !from->pkey || from->is_private;
    jwk->can_sign = jwk->is_secret && load->can_sign && may_sign;
    if (from->pkey) {
        error = pkey_check(from, load->alg, load->p);
        public_json = error ? NULL : pkey_public_json(from->pkey, load->p);
        print = public_json ? thumbprint(public_json, load->p) : NULL;
        if (!print) {
            return error ? error : "OpenSSL cannot write its public half";
        }
        from->is_private = jwk->can_sign; /* what never signs needs no private half */
    }
    error = load->alg->load(&jwk->key, from, load->p);
    if (error || (error = name_it(jwk, load, own_kid, print)) ||
        (error = load_marks(jwk, from, load->p))) {
        return error;
    }
    jwk->fingerprint = fingerprint(jwk, public_json, load->p);
    if (!jwk->fingerprint) {
        return "OpenSSL cannot sign with it";
    }
    jwk->public_json =
        public_json ? write_public(jwk, public_json, print, load->p) : NULL;
    write_header(jwk, load->p);
    APR_ARRAY_PUSH(load->ring, const jwk_t *) = jwk;
    return NULL;
}

/* --- JWK and JWK sets -------------------------------------------------------------- */

/* RFC 7517 section 4.3. What it says of other operations is not our affair. */
static int has_operation(const json_t *key_ops, const char *name)
{
    const json_t *operation;
    size_t i;

    json_array_foreach(key_ops, i, operation)
    {
        if (json_is_string(operation) && !strcmp(json_string_value(operation), name)) {
            return 1;
        }
    }
    return 0;
}

static int is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static const char *check_use(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use");
    const json_t *key_ops = json_object_get(jwk, "key_ops");

    if (use && !is_text(use, "sig")) {
        return "its use is not sig, so it is no key for signatures; leave it out";
    }
    if (key_ops && !has_operation(key_ops, "sign") && !has_operation(key_ops, "verify")) {
        return "its key_ops have neither sign nor verify, so it is no key for "
               "signatures; leave "
               "it out";
    }
    return NULL;
}

static const char *check_members(const json_t *jwk, const jwa_t *alg, apr_pool_t *p)
{
    const json_t *kty = json_object_get(jwk, "kty"), *own = json_object_get(jwk, "alg");
    const json_t *kid = json_object_get(jwk, "kid");

    if (!is_text(kty, alg->kty)) {
        return apr_psprintf(p,
                            "its kty is %s, and %s needs %s; name a key of that kind, "
                            "or another algorithm",
                            json_is_string(kty) ? json_string_value(kty) : "missing",
                            alg->name, alg->kty);
    }
    if (own && !is_text(own, alg->name)) {
        return apr_psprintf(p,
                            "its alg is %s, not %s; write the algorithm that the key is "
                            "for",
                            json_is_string(own) ? json_string_value(own) : "no string",
                            alg->name);
    }
    if (kid && !json_is_string(kid)) {
        return "its kid is no string";
    }
    return check_use(jwk);
}

static const char *read_secret(jwa_material_t *out, const json_t *jwk, apr_pool_t *p)
{
    const json_t *k = json_object_get(jwk, "k");

    if (!json_is_string(k) || base64url_decode(&out->secret, json_string_value(k),
                                               json_string_length(k), p) != APR_SUCCESS) {
        return "its member 'k' is missing or no base64url, which has no +, / and =";
    }
    return NULL;
}

static const char *refuse_disguise(bytes_t secret, const jwa_t *alg, apr_pool_t *p)
{
    return disguise_find(secret, p)
               ? apr_psprintf(p,
                              "a PEM or JSON key is no secret, and whoever reads a "
                              "public key could sign; %s needs random bytes (%s)",
                              alg->name, jwa_command(alg, p))
               : NULL;
}

/* jansson frees its texts as they are. Nothing is deeper than jsontext allows. */
static void wipe_texts(json_t *value)
{
    const char *name;
    json_t *inner;
    size_t i;

    if (json_is_string(value)) {
        jwk_wipe((bytes_t){(const unsigned char *)json_string_value(value),
                           json_string_length(value)});
    }
    json_object_foreach(value, name, inner)
    {
        wipe_texts(inner);
    }
    json_array_foreach(value, i, inner)
    {
        wipe_texts(inner);
    }
}

static const char *add_jwk(const load_t *load, const json_t *jwk)
{
    const json_t *key_ops = json_object_get(jwk, "key_ops");
    jwa_material_t from = {{NULL, 0}, NULL, 0};
    const char *error = check_members(jwk, load->alg, load->p);

    if (!error && load->alg->min_secret_len) {
        error = read_secret(&from, jwk, load->p);
        error = error ? error : refuse_disguise(from.secret, load->alg, load->p);
    } else if (!error) {
        error = pkey_from_jwk(&from, jwk, load->p);
    }
    if (!error) {
        error = add(load, &from, json_string_value(json_object_get(jwk, "kid")),
                    !key_ops || has_operation(key_ops, "sign"));
    }
    if (from.secret.data) {
        jwk_wipe(from.secret);
    }
    return error;
}

static const char *add_set(const load_t *load, const json_t *keys)
{
    const char *error;
    const json_t *jwk;
    size_t i;

    if (json_array_size(keys) == 0) {
        return "it is a JWK set without a key";
    }
    if (json_array_size(keys) > 1 && !is_own_kid(load->kid)) {
        return "it is a JWK set of several keys; write * in place of a name, so "
               "that each has its own";
    }
    json_array_foreach(keys, i, jwk)
    {
        error = add_jwk(load, jwk);
        if (error) {
            return apr_psprintf(load->p, "key %" APR_SIZE_T_FMT " of the set: %s", i + 1,
                                error);
        }
    }
    return NULL;
}

static const char *add_json(const load_t *load, bytes_t contents)
{
    const char *error;
    const json_t *keys;
    json_t *json;

    if (jsontext_parse(&json, (const char *)contents.data, contents.len, 0, NULL,
                       load->p) != APR_SUCCESS) {
        return "it is no JSON object, one with a name that stands twice, or one of more "
               "than 256 values; copy it anew, and nothing else";
    }
    keys = json_object_get(json, "keys");
    error = keys ? add_set(load, keys) : add_jwk(load, json);
    wipe_texts(json);
    return error;
}

/* --- Loading ----------------------------------------------------------------------- */

static bytes_t without_newline(bytes_t contents)
{
    if (contents.len && contents.data[contents.len - 1] == '\n') {
        contents.len--;
        if (contents.len && contents.data[contents.len - 1] == '\r') {
            contents.len--;
        }
    }
    return contents;
}

/* A secret of random bytes may begin with a brace, too. */
static int is_jwk(bytes_t contents)
{
    const char *text = (const char *)contents.data;

    while (apr_isspace(*text)) {
        text++;
    }
    return *text == '{' && (strstr(text, "\"kty\"") || strstr(text, "\"keys\""));
}

static const char *add_secret(const load_t *load, bytes_t contents)
{
    jwa_material_t from = {without_newline(contents), NULL, 0};
    const char *error = refuse_disguise(contents, load->alg, load->p);

    return error ? error : add(load, &from, NULL, 1);
}

static const char *add_pem(const load_t *load, bytes_t contents)
{
    jwa_material_t from = {{NULL, 0}, NULL, 0};
    const char *error;

    if (!strstr((const char *)contents.data, "-----BEGIN ")) {
        return apr_psprintf(load->p,
                            "it is neither PEM nor JWK, and %s takes no other; make a "
                            "key (%s), or PEM of DER (openssl pkey -inform DER -in OLD "
                            "-out NEW)",
                            load->alg->name, jwa_command(load->alg, load->p));
    }
    error = pem_read(&from, contents, load->p);
    return error ? error : add(load, &from, NULL, 1);
}

/* What stands in a file may be repeated in a message, but not all of it. */
static const char *make_printable(const char *error, apr_pool_t *p)
{
    char *copy = apr_pstrmemdup(p, error, strnlen(error, MAX_MESSAGE)), *at;

    for (at = copy; *at; at++) {
        if (apr_iscntrl(*at) || (unsigned char)*at >= 0x7f) {
            *at = '?';
        }
    }
    return copy;
}

const char *jwk_load(jwk_ring_t *ring, const char *kid, const jwa_t *alg,
                     bytes_t contents, int can_sign, apr_pool_t *p)
{
    load_t load = {ring, kid, alg, can_sign, p};
    int before = ring->nelts;
    const char *error = is_jwk(contents)      ? add_json(&load, contents)
                        : alg->min_secret_len ? add_secret(&load, contents)
                                              : add_pem(&load, contents);

    if (error) {
        ring->nelts = before;
        error = make_printable(error, p);
    }
    return error;
}

void jwk_wipe(bytes_t contents)
{
    OPENSSL_cleanse((void *)(apr_uintptr_t)contents.data, contents.len);
}

/* --- The ring ---------------------------------------------------------------------- */

static int has_kid(const jwk_t *jwk, const char *kid)
{
    return kid ? jwk->kid && strcmp(jwk->kid, kid) == 0 : !jwk->kid;
}

const jwk_t *jwk_find(const jwk_ring_t *ring, const char *kid)
{
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (has_kid(jwk, kid)) {
            return jwk;
        }
    }
    return NULL;
}

const jwk_ring_t *jwk_select(const jwk_ring_t *ring, const apr_array_header_t *kids,
                             apr_pool_t *p)
{
    jwk_ring_t *selected = apr_array_make(p, ring->nelts + 1, sizeof(const jwk_t *));
    int i, k;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(ring, i, const jwk_t *);

        for (k = 0; k < kids->nelts; k++) {
            if (has_kid(jwk, APR_ARRAY_IDX(kids, k, const char *))) {
                APR_ARRAY_PUSH(selected, const jwk_t *) = jwk;
                break;
            }
        }
    }
    return selected;
}

apr_status_t jwk_mark(char out[MARK_SIZE], const jwk_t *jwk, mark_use_t use,
                      const char *user_id, const char *what, apr_pool_t *p)
{
    return jwk->marks[use].alg ? mark_make(out, &jwk->marks[use], user_id, what, p)
                               : APR_ENOTIMPL;
}

int jwk_is_mark(const char *sent, const char *mark)
{
    return strlen(sent) == MARK_SIZE - 1 && CRYPTO_memcmp(sent, mark, MARK_SIZE) == 0;
}

int jwk_is_same(const jwk_t *a, const jwk_t *b)
{
    return a->key.alg == b->key.alg && has_kid(a, b->kid) &&
           strcmp(a->fingerprint, b->fingerprint) == 0;
}

const jwk_t *jwk_find_signing(const jwk_ring_t *ring)
{
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (jwk->can_sign) {
            return jwk;
        }
    }
    return NULL;
}

const char *jwk_public_set(const jwk_ring_t *ring, apr_pool_t *p)
{
    const char *keys = "", *comma = "";
    int i;

    for (i = 0; i < ring->nelts; i++) {
        const jwk_t *jwk = APR_ARRAY_IDX(ring, i, const jwk_t *);

        if (jwk->public_json) {
            keys = apr_pstrcat(p, keys, comma, jwk->public_json, NULL);
            comma = ",";
        }
    }
    return apr_pstrcat(p, "{\"keys\":[", keys, "]}", NULL);
}
