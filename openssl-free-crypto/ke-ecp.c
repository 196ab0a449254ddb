/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ke-ecp.c - the NIST curves (RFC 5903) by Nettle: a public value is x | y, the secret is x. */
#include "ke.h"

#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>

typedef struct {
    const struct ecc_curve *(*curve)(void);
    gsize n; /* bytes of a coordinate */
    guint8 top_mask; /* of the first byte: 521 bits are not whole bytes */
} Group;

static void
wipe_integer(mpz_t value)
{
    gsize n = mpz_size(value);

    if (n > 0)
        mpn_zero(mpz_limbs_modify(value, (mp_size_t) n), (mp_size_t) n);
    mpz_clear(value);
}

/* %FALSE when the bytes are zero or not below the group's order. */
static gboolean
set_scalar(struct ecc_scalar *scalar, const Group *group, const guint8 *private)
{
    mpz_t value;
    gboolean good;

    mpz_init(value);
    nettle_mpz_set_str_256_u(value, group->n, private);
    ecc_scalar_init(scalar, group->curve());
    good = ecc_scalar_set(scalar, value) == 1;
    wipe_integer(value);
    return good;
}

static void
put_point(const struct ecc_point *point, const Group *group, guint8 *x_out, guint8 *y_out)
{
    mpz_t x, y;

    mpz_inits(x, y, NULL);
    ecc_point_get(point, x, y);
    nettle_mpz_get_str_256(group->n, x_out, x); /* pads on the left, as RFC 7296 section 2.14 wants */
    if (y_out != NULL)
        nettle_mpz_get_str_256(group->n, y_out, y);
    wipe_integer(x);
    wipe_integer(y);
}

static gboolean
make_public(const BackendDh *dh, guint8 *private, guint8 *public_out)
{
    const Group *group = dh->group;
    struct ecc_scalar scalar;
    struct ecc_point point;
    gboolean good;

    private[0] &= group->top_mask;
    good = set_scalar(&scalar, group, private);
    if (good) {
        ecc_point_init(&point, group->curve());
        ecc_point_mul_g(&point, &scalar);
        put_point(&point, group, public_out, public_out + group->n);
        ecc_point_clear(&point);
    }
    ecc_scalar_clear(&scalar);
    return good;
}

/* ecc_point_set() refuses what is not on the curve: RFC 6989 section 2.3, and with cofactor one there is no more to ask. */
static gboolean
agree(const BackendDh *dh, const guint8 *private, const guint8 *peer, guint8 *secret)
{
    const Group *group = dh->group;
    struct ecc_scalar scalar;
    struct ecc_point point;
    mpz_t x, y;
    gboolean good;

    mpz_inits(x, y, NULL);
    nettle_mpz_set_str_256_u(x, group->n, peer);
    nettle_mpz_set_str_256_u(y, group->n, peer + group->n);
    ecc_point_init(&point, group->curve());
    good = ecc_point_set(&point, x, y) == 1;
    mpz_clears(x, y, NULL);
    if (good && set_scalar(&scalar, group, private)) {
        ecc_point_mul(&point, &scalar, &point);
        put_point(&point, group, secret, NULL);
        ecc_scalar_clear(&scalar);
    }
    ecc_point_clear(&point);
    return good;
}

#define CURVE(bits, transform, bytes, mask, nettle)                                                                       \
    static const Group group_##bits = { nettle, bytes, mask };                                                            \
    static const BackendDh dh_##bits = { bytes, 2 * bytes, bytes, make_public, agree, &group_##bits };                    \
    BACKEND_DH_VTABLE(ecp_##bits, transform, dh_##bits, 2 * bytes, bytes)

CURVE(256, OBOL_KE_ECP_256, 32, 0xFF, nettle_get_secp_256r1)
CURVE(384, OBOL_KE_ECP_384, 48, 0xFF, nettle_get_secp_384r1)
CURVE(521, OBOL_KE_ECP_521, 66, 0x01, nettle_get_secp_521r1)
