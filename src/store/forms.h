/**
 * The forms of stored password hashes: how each is written, what it costs, and which
 * function of digest.h computes it. One const row a form.
 */
#ifndef STORE_FORMS_H
#define STORE_FORMS_H

#include <apr.h>
#include <apr_errno.h>

/** Bytes that hold any stored hash that is computed, with its NUL. */
#define FORMS_TEXT_SIZE 192

typedef struct form_t form_t;

/** A stored hash taken apart; the pointers point into the caller's text. */
typedef struct {
    const form_t *form;
    const char *text;
    apr_size_t len;
    apr_uint64_t cost;       /* what form_t.cost_max limits */
    apr_uint64_t factors[3]; /* of scrypt N, r, p; of Argon2 m (KiB), t, p */
    const char *salt;
    apr_size_t salt_len;
    const char *digest;
    apr_size_t digest_len; /* up to the end of the text */
} hash_t;

/** Computes the hash of a NUL-terminated password; see digest.h. */
typedef apr_status_t (*digest_t)(char out[FORMS_TEXT_SIZE], const hash_t *h,
                                 const char *password, apr_size_t len);

/** prefix, cost, salt, separator, digest: nearly every form is written in this order. */
struct form_t {
    const char *prefix; /* "": a form is known by its length and alphabet alone */
    int is_weak;
    const char *damaged, *costly, *weak, *unknown, *failed; /* phrases for the log */

    /* Read the cost at *rest and step over it; 0 if it is not one of this form's. */
    apr_uint64_t (*read_cost)(hash_t *h, const char **rest);
    apr_uint64_t cost_max;

    int (*salt_ok)(const char *salt, apr_size_t len);
    apr_size_t salt_min, salt_max;
    const char *separator; /* NULL: salt and digest end where split_rest says */
    int (*split_rest)(hash_t *h, const char *rest);
    int (*digest_ok)(const char *digest, apr_size_t len);
    apr_size_t digest_min, digest_max;
    char zero; /* what the alphabet writes for zero bits: fills a template */

    digest_t compute;
    apr_size_t skip; /* of the prefix, what crypt(3) does not know */
    apr_size_t password_max;
};

/** What a stored hash is. */
typedef enum { FORMS_GOOD, FORMS_UNKNOWN, FORMS_DAMAGED, FORMS_COSTLY } forms_result_t;

/**
 * Find a stored hash's form and take it apart.
 *
 * @param h  h->form is NULL with FORMS_UNKNOWN; the rest is set with FORMS_GOOD only
 */
forms_result_t forms_parse(hash_t *h, const char *stored);

#endif
