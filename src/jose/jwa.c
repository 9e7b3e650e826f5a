#include "jose/jwa.h"

#include <apr_strings.h>
#include <openssl/rsa.h>
#include <string.h>

#include "jose/dsig.h"
#include "jose/hmac.h"

#define HMAC hmac_load, hmac_sign, hmac_verify
#define DSIG dsig_load, dsig_sign, dsig_verify

/* RFC 7518 section 3.1, and EdDSA of RFC 8037. The curve of an EdDSA key is a property
 * of the key (section 3.1 there), of an ECDSA key one of the algorithm. */
static const jwa_t rows[] = {
    {"HS256", "oct", NULL, "SHA256", 32, 0, HMAC},
    {"HS384", "oct", NULL, "SHA384", 48, 0, HMAC},
    {"HS512", "oct", NULL, "SHA512", 64, 0, HMAC},
    {"RS256", "RSA", NULL, "SHA256", 0, RSA_PKCS1_PADDING, DSIG},
    {"RS384", "RSA", NULL, "SHA384", 0, RSA_PKCS1_PADDING, DSIG},
    {"RS512", "RSA", NULL, "SHA512", 0, RSA_PKCS1_PADDING, DSIG},
    {"PS256", "RSA", NULL, "SHA256", 0, RSA_PKCS1_PSS_PADDING, DSIG},
    {"PS384", "RSA", NULL, "SHA384", 0, RSA_PKCS1_PSS_PADDING, DSIG},
    {"PS512", "RSA", NULL, "SHA512", 0, RSA_PKCS1_PSS_PADDING, DSIG},
    {"ES256", "EC", "P-256", "SHA256", 0, 0, DSIG},
    {"ES384", "EC", "P-384", "SHA384", 0, 0, DSIG},
    {"ES512", "EC", "P-521", "SHA512", 0, 0, DSIG},
    {"EdDSA", "OKP", NULL, NULL, 0, 0, DSIG},
};

#define ROWS (sizeof rows / sizeof *rows)

const jwa_t *jwa_find(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *jwa_command(const jwa_t *alg, apr_pool_t *p)
{
    if (alg->min_secret_len) {
        return alg->min_secret_len > 48 ? "openssl rand -hex 64"
                                        : "openssl rand -base64 48";
    }
    if (alg->crv) {
        return apr_psprintf(
            p, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:%s", alg->crv);
    }
    return strcmp(alg->kty, "RSA") == 0
               ? "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"
               : "openssl genpkey -algorithm ed25519";
}

const char *jwa_names(apr_pool_t *p)
{
    const char *names = rows[0].name;
    apr_size_t i;

    for (i = 1; i < ROWS; i++) {
        names = apr_pstrcat(p, names, " ", rows[i].name, NULL);
    }
    return names;
}
