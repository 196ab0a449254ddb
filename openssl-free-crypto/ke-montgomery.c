/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ke-montgomery.c - X25519 and X448 (RFC 7748, 8031) by Nettle. */
#include "ke.h"

#include <nettle/curve25519.h>
#include <nettle/curve448.h>
#include <nettle/memops.h>

#define SECRET_MAX CURVE448_SIZE

typedef struct {
    void (*mul_g)(uint8_t *q, const uint8_t *n);
    void (*mul)(uint8_t *q, const uint8_t *n, const uint8_t *p);
} Curve;

/* Any bytes are a private value: the function itself clamps them (RFC 7748 section 5). */
static gboolean
make_public(const BackendDh *dh, guint8 *private, guint8 *public_out)
{
    const Curve *curve = dh->group;

    curve->mul_g(public_out, private);
    return TRUE;
}

/* A point of small order gives zero whatever our private value is: RFC 7748 section 6 lets us refuse it, and we do. */
static gboolean
agree(const BackendDh *dh, const guint8 *private, const guint8 *peer, guint8 *secret)
{
    static const guint8 zero[SECRET_MAX];
    const Curve *curve = dh->group;

    curve->mul(secret, private, peer);
    return !memeql_sec(secret, zero, dh->n_secret);
}

static const Curve x25519_curve = { curve25519_mul_g, curve25519_mul };
static const Curve x448_curve = { curve448_mul_g, curve448_mul };
static const BackendDh x25519_dh = { CURVE25519_SIZE, CURVE25519_SIZE, CURVE25519_SIZE, make_public, agree, &x25519_curve };
static const BackendDh x448_dh = { CURVE448_SIZE, CURVE448_SIZE, CURVE448_SIZE, make_public, agree, &x448_curve };

BACKEND_DH_VTABLE(x25519, OBOL_KE_X25519, x25519_dh, CURVE25519_SIZE, CURVE25519_SIZE)
BACKEND_DH_VTABLE(x448, OBOL_KE_X448, x448_dh, CURVE448_SIZE, CURVE448_SIZE)
