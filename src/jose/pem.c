#include "jose/pem.h"

#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "jose/pkey.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static EVP_PKEY *read_private(const unsigned char **der, long len)
{
    return d2i_AutoPrivateKey(NULL, der, len);
}

static EVP_PKEY *read_public(const unsigned char **der, long len)
{
    return d2i_PUBKEY(NULL, der, len);
}

static EVP_PKEY *read_rsa_public(const unsigned char **der, long len)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, der, len);
}

static EVP_PKEY *read_certificate(const unsigned char **der, long len)
{
    X509 *certificate = d2i_X509(NULL, der, len);
    EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    return pkey;
}

typedef struct {
    const char *name; /* of the PEM block */
    EVP_PKEY *(*read)(const unsigned char **der, long len);
    int is_private;
} form_t;

static const form_t forms[] = {
    {"PRIVATE KEY", read_private, 1},       {"RSA PRIVATE KEY", read_private, 1},
    {"EC PRIVATE KEY", read_private, 1},    {"PUBLIC KEY", read_public, 0},
    {"RSA PUBLIC KEY", read_rsa_public, 0}, {"CERTIFICATE", read_certificate, 0},
};

/* The key that the bytes are from the first to the last. */
static EVP_PKEY *read_whole(const form_t *form, const unsigned char *der, long len)
{
    const unsigned char *at = der;
    EVP_PKEY *pkey = form->read(&at, len);

    if (pkey && at != der + len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    return pkey;
}

int pem_is_der(bytes_t bytes)
{
    EVP_PKEY *pkey = NULL;
    apr_size_t i;

    for (i = 0; i < COUNT(forms) && !pkey; i++) {
        pkey = read_whole(&forms[i], bytes.data, (long)bytes.len);
    }
    EVP_PKEY_free(pkey);
    return pkey != NULL;
}

static const form_t *find_form(const char *name)
{
    apr_size_t i;

    for (i = 0; i < COUNT(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

static const char *read_block(jwa_material_t *out, const char *name, const char *header,
                              const unsigned char *der, long len, apr_pool_t *p)
{
    const form_t *form = find_form(name);
    EVP_PKEY *pkey;

    if (strstr(name, "ENCRYPTED") || strstr(header, "ENCRYPTED")) {
        return "it is encrypted and nobody is there to type the pass phrase; write it "
               "without one (openssl pkey -in OLD -out NEW)";
    }
    if (!form) {
        return apr_psprintf(p,
                            "a PEM block '%s' is no key, or in no form that is known; "
                            "name a file with PRIVATE KEY, PUBLIC KEY or CERTIFICATE, as "
                            "openssl writes them",
                            name);
    }
    if (out->pkey) {
        return "it has more than one PEM block with a key; keep one of them in the file, "
               "of a "
               "chain of certificates the first";
    }
    pkey = read_whole(form, der, len);
    if (!pkey) {
        return apr_psprintf(p, "its PEM block '%s' cannot be read; copy it anew", name);
    }
    pkey_keep(out, pkey, form->is_private, p);
    return NULL;
}

const char *pem_read(jwa_material_t *out, bytes_t pem, apr_pool_t *p)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    jwa_material_t found = {{NULL, 0}, NULL, 0};
    const char *error = NULL;
    char *name, *header;
    unsigned char *der;
    long len;

    while (!error && bio && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        /* `openssl ecparam -genkey` writes them in front of the key, which repeats them.
         */
        if (strcmp(name, "EC PARAMETERS") != 0) {
            error = read_block(&found, apr_pstrdup(p, name), header, der, len, p);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)len);
    }
    BIO_free(bio);
    if (!error && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        error = "a PEM block in it is cut off, damaged or without its line ends; copy it "
                "anew";
    }
    ERR_clear_error();
    if (!error && !found.pkey) {
        error = "it has no PEM block that can be read; its lines begin without blanks";
    }
    if (!error) {
        *out = found;
    }
    return error;
}
