/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openssl-free-crypto/ke-modp.c - MODP groups (RFC 3526) by GMP, whose mpz_powm_sec() is silent about the exponent's bits. */
#include "ke.h"

#include <nettle/bignum.h>
#include <string.h>

#include "modp-primes.h"

#define GENERATOR 2

typedef struct {
    const char *prime;
} Group;

static void
wipe_integer(mpz_t value)
{
    gsize n = mpz_size(value);

    if (n > 0)
        mpn_zero(mpz_limbs_modify(value, (mp_size_t) n), (mp_size_t) n);
    mpz_clear(value);
}

/* @base to the power of @private, written with leading zeros (RFC 7296 section 2.14). */
static void
power(const BackendDh *dh, const mpz_t base, const guint8 *private, const mpz_t prime, guint8 *out)
{
    mpz_t exponent, result;

    mpz_inits(exponent, result, NULL);
    nettle_mpz_set_str_256_u(exponent, dh->n_private, private);
    mpz_powm_sec(result, base, exponent, prime);
    nettle_mpz_get_str_256(dh->n_public, out, result);
    wipe_integer(exponent);
    wipe_integer(result);
}

/* A short exponent of twice the group's strength (RFC 3526 section 8).  Its top bit is set, since the time that the power
 * takes follows the exponent's length. */
static gboolean
make_public(const BackendDh *dh, guint8 *private, guint8 *public_out)
{
    const Group *group = dh->group;
    mpz_t base, prime;

    private[0] |= 0x80;
    mpz_init_set_ui(base, GENERATOR);
    mpz_init_set_str(prime, group->prime, 16);
    power(dh, base, private, prime, public_out);
    mpz_clears(base, prime, NULL);
    return TRUE;
}

/* RFC 6989 section 2.1: 1 < y < p - 1. */
static gboolean
agree(const BackendDh *dh, const guint8 *private, const guint8 *peer, guint8 *secret)
{
    const Group *group = dh->group;
    mpz_t base, prime, limit;
    gboolean good;

    mpz_inits(base, limit, NULL);
    mpz_init_set_str(prime, group->prime, 16);
    nettle_mpz_set_str_256_u(base, dh->n_public, peer);
    mpz_sub_ui(limit, prime, 1);
    good = mpz_cmp_ui(base, 1) > 0 && mpz_cmp(base, limit) < 0;
    if (good)
        power(dh, base, private, prime, secret);
    mpz_clears(base, prime, limit, NULL);
    return good;
}

#define MODP(bits, exponent_bytes, transform)                                                                             \
    static const Group group_##bits = { backend_prime_##bits };                                                           \
    static const BackendDh dh_##bits = { exponent_bytes, bits / 8, bits / 8, make_public, agree, &group_##bits };         \
    BACKEND_DH_VTABLE(modp_##bits, transform, dh_##bits, bits / 8, bits / 8)

MODP(1536, 32, OBOL_KE_MODP_1536)
MODP(2048, 40, OBOL_KE_MODP_2048)
MODP(3072, 40, OBOL_KE_MODP_3072)
MODP(4096, 48, OBOL_KE_MODP_4096)
MODP(6144, 52, OBOL_KE_MODP_6144)
MODP(8192, 64, OBOL_KE_MODP_8192)
