/* The curve is a x^2 + y^2 = 1 + d x^2 y^2, and a key is y with one bit for the sign of
 * x. The sign does not matter here, so all is computed from y and x^2 alone: whether x^2
 * is a square, and whether eight times the point, which is three doublings, is the
 * neutral element (0, 1). Everything is public, so nothing needs constant time. */
#include "jose/edwards.h"

#include <openssl/bn.h>
#include <openssl/err.h>

/* RFC 8032 sections 5.1 and 5.2. */
typedef struct {
    apr_size_t len; /* bytes of a key */
    const char *p, *a, *d;
} curve_t;

static const curve_t curves[] = {
    {32, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", "-1",
     "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"},
    {57,
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "1", "-98a9"},
};

/* One computation's numbers; y2 and x2 are squares, t is for in between. */
typedef struct {
    BN_CTX *ctx;
    BIGNUM *p, *a, *d, *y, *y2, *x2, *t;
} work_t;

/* x^2 = (1 - y^2) / (a - d y^2), where d makes a denominator of 0 impossible. */
static int find_x2(work_t *w)
{
    return BN_mod_sqr(w->y2, w->y, w->p, w->ctx) &&
           BN_mod_mul(w->t, w->d, w->y2, w->p, w->ctx) &&
           BN_mod_sub(w->t, w->a, w->t, w->p, w->ctx) &&
           BN_mod_inverse(w->t, w->t, w->p, w->ctx) &&
           BN_mod_sub(w->x2, BN_value_one(), w->y2, w->p, w->ctx) &&
           BN_mod_mul(w->x2, w->x2, w->t, w->p, w->ctx);
}

/* y of the doubled point: (y^2 - a x^2) / (1 - d x^2 y^2). */
static int double_y(work_t *w)
{
    return find_x2(w) && BN_mod_mul(w->t, w->x2, w->y2, w->p, w->ctx) &&
           BN_mod_mul(w->t, w->t, w->d, w->p, w->ctx) &&
           BN_mod_sub(w->t, BN_value_one(), w->t, w->p, w->ctx) &&
           BN_mod_inverse(w->t, w->t, w->p, w->ctx) &&
           BN_mod_mul(w->x2, w->a, w->x2, w->p, w->ctx) &&
           BN_mod_sub(w->y, w->y2, w->x2, w->p, w->ctx) &&
           BN_mod_mul(w->y, w->y, w->t, w->p, w->ctx);
}

static int is_good_point(work_t *w)
{
    int i;

    if (BN_cmp(w->y, w->p) >= 0 || !find_x2(w) ||
        (!BN_is_zero(w->x2) && BN_kronecker(w->x2, w->p, w->ctx) != 1)) {
        return 0;
    }
    for (i = 0; i < 3; i++) {
        if (!double_y(w)) {
            return 0;
        }
    }
    return !BN_is_one(w->y);
}

/* Little-endian; the highest bit of the last byte is the sign of x. */
static int read_y(BIGNUM *y, bytes_t encoded)
{
    int sign_bit = (int)encoded.len * 8 - 1;

    return BN_lebin2bn(encoded.data, (int)encoded.len, y) &&
           (!BN_is_bit_set(y, sign_bit) || BN_clear_bit(y, sign_bit));
}

static int is_good_on(const curve_t *curve, work_t *w, bytes_t encoded)
{
    BN_CTX_start(w->ctx);
    w->p = BN_CTX_get(w->ctx);
    w->a = BN_CTX_get(w->ctx);
    w->d = BN_CTX_get(w->ctx);
    w->y = BN_CTX_get(w->ctx);
    w->y2 = BN_CTX_get(w->ctx);
    w->x2 = BN_CTX_get(w->ctx);
    w->t = BN_CTX_get(w->ctx); /* NULL when any of them is */
    return w->t && BN_hex2bn(&w->p, curve->p) && BN_hex2bn(&w->a, curve->a) &&
           BN_hex2bn(&w->d, curve->d) && read_y(w->y, encoded) && is_good_point(w);
}

int edwards_is_good(bytes_t encoded)
{
    work_t w = {BN_CTX_new()};
    int good = 0;
    apr_size_t i;

    for (i = 0; w.ctx && i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].len == encoded.len) {
            good = is_good_on(&curves[i], &w, encoded);
            BN_CTX_end(w.ctx);
        }
    }
    BN_CTX_free(w.ctx);
    ERR_clear_error();
    return good;
}
