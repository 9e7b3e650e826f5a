/* Decides whether a password opens a stored hash. The text of a hash comes from a
 * database row: its form and its cost are judged before anything is computed, and
 * only a hash of its form's full length and alphabet is computed at all.
 *
 * Where this differs from Django:
 * - Cost parameters have a cap; Django computes whatever the row says.
 * - A password with a NUL never matches. PBKDF2 could take one, but HMAC pads its
 *   key with zeros, so that "x" and "x\0" would be the same password.
 * - bcrypt refuses more than 72 bytes, of which Django's hasher, like crypt(3), uses
 *   the first 72 and forgets the rest.
 * - An iteration count has one spelling, and base64 has one as well.
 * - Weak forms are computed only where the administrator asks for them.
 * - A match never writes a new hash: the table belongs to the application.
 *
 * Where this differs from a bare crypt(3): a hash is recognised before crypt(3) sees
 * it, so that DES, unsalted or newer forms are not accepted by accident; a failure
 * token is never compared; the comparison takes constant time.
 *
 * A password that a form cannot hold is not refused early: a stand-in of fixed text is
 * hashed in its place and its result is thrown away. An early answer would tell which
 * users have which form, and a cut password would open more than one was set for. */
#include "store/password.h"

#include <openssl/crypto.h>
#include <string.h>

#include "store/digest.h"

/* Hashed in place of a password that the form cannot hold; as long as a usual one,
 * since SHA-crypt and apr1 cost more for longer ones. */
#define STAND_IN "not the password"

/* Django's default form, with the cost of its 4.2 and OWASP's least. */
#define DEFAULT_TEMPLATE                                                                 \
    "pbkdf2_sha256$600000$AAAAAAAAAAAAAAAAAAAAAA$"                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

_Static_assert(PASSWORD_TEMPLATE_SIZE == FORMS_TEXT_SIZE, "a template is a stored hash");

/* PASSWORD_MISMATCH is the good result: only the password is missing for another. */
static password_result_t parse_hash(hash_t *h, const char *stored, int may_be_weak,
                                    const char **why)
{
    if (*stored == '\0' || *stored == '!') {
        return PASSWORD_UNUSABLE;
    }
    switch (forms_parse(h, stored)) {
    case FORMS_UNKNOWN:
        *why = "no known form of password hash";
        return PASSWORD_UNSUPPORTED;
    case FORMS_DAMAGED:
        *why = h->form->damaged;
        return PASSWORD_UNSUPPORTED;
    case FORMS_COSTLY:
        *why = h->form->costly;
        return PASSWORD_TOO_COSTLY;
    case FORMS_GOOD:
        break;
    }
    if (h->form->is_weak && !may_be_weak) {
        *why = h->form->weak;
        return PASSWORD_UNSUPPORTED;
    }
    return PASSWORD_MISMATCH;
}

static int same_text(const hash_t *h, const char *computed)
{
    return strlen(computed) == h->len && CRYPTO_memcmp(computed, h->text, h->len) == 0;
}

static password_result_t compare(const hash_t *h, const char *password, apr_size_t len,
                                 const char **why)
{
    int fits = len <= h->form->password_max && !memchr(password, '\0', len);
    char copy[PASSWORD_MAX_LENGTH + 1]; /* crypt(3) and APR want a C string */
    char computed[PASSWORD_TEMPLATE_SIZE];
    apr_status_t status;
    int same;

    if (!fits) {
        password = STAND_IN;
        len = strlen(STAND_IN);
    }
    memcpy(copy, password, len);
    copy[len] = '\0';
    status = h->form->compute(computed, h, copy, len);
    same = status == APR_SUCCESS && same_text(h, computed);
    OPENSSL_cleanse(copy, sizeof copy);
    OPENSSL_cleanse(computed, sizeof computed);
    if (status != APR_SUCCESS) {
        *why = APR_STATUS_IS_ENOMEM(status) ? h->form->failed : h->form->unknown;
        return APR_STATUS_IS_ENOMEM(status) ? PASSWORD_FAILED : PASSWORD_UNSUPPORTED;
    }
    return same && fits ? PASSWORD_MATCH : PASSWORD_MISMATCH;
}

password_result_t password_verify(const char *password, apr_size_t len,
                                  const char *stored, int may_be_weak, const char **why)
{
    hash_t h;
    password_result_t result = parse_hash(&h, stored, may_be_weak, why);

    return result == PASSWORD_MISMATCH ? compare(&h, password, len, why) : result;
}

void password_work(const char *password, apr_size_t len, const char *like)
{
    const char *why;
    password_result_t result = PASSWORD_UNUSABLE;

    if (like) {
        result = password_verify(password, len, like, 1, &why);
    }
    /* Work must be done even if the template turns out to be none. */
    if (result != PASSWORD_MATCH && result != PASSWORD_MISMATCH) {
        (void)password_verify(password, len, DEFAULT_TEMPLATE, 0, &why);
    }
}

apr_status_t password_template(char out[PASSWORD_TEMPLATE_SIZE], const char *stored)
{
    const char *why;
    apr_size_t i, salt, digest;
    hash_t h;

    if (parse_hash(&h, stored, 1, &why) != PASSWORD_MISMATCH) {
        return APR_EINVAL;
    }
    salt = (apr_size_t)(h.salt - h.text);
    digest = (apr_size_t)(h.digest - h.text);
    memcpy(out, h.text, h.len + 1);
    memset(out + salt, h.form->zero, h.salt_len);
    /* The '=' of base64 stay: their number is that of the digest's bytes. */
    for (i = digest; i < h.len; i++) {
        out[i] = out[i] == '=' ? '=' : h.form->zero;
    }
    return APR_SUCCESS;
}

apr_status_t password_mark(char out[PASSWORD_MARK_SIZE], const char *stored)
{
    return digest_mark(out, stored ? stored : "");
}

apr_status_t password_simplejwt_mark(char out[PASSWORD_MARK_SIZE], const char *stored)
{
    return digest_md5_upper(out, stored ? stored : "");
}

void password_prepare(apr_pool_t *p)
{
    digest_prepare(p);
}
