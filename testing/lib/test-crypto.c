/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/test-crypto.c - real algorithms for tests, and randomness that can be repeated. */
#include "lib/test-crypto.h"

#include <obol/plugin.h>

extern const ObolPlugin obol_plugin;

static void
add(ObolCrypto *crypto, const ObolFeature *feature)
{
    const char *provider = obol_plugin.name;

    switch (feature->role) {
    case OBOL_ROLE_RANDOM: obol_crypto_set_random(crypto, feature->random, NULL); break;
    case OBOL_ROLE_HASH: g_assert_true(obol_crypto_add_hash(crypto, feature->hash, provider)); break;
    case OBOL_ROLE_PRF: g_assert_true(obol_crypto_add_prf(crypto, feature->prf, provider)); break;
    case OBOL_ROLE_INTEG: g_assert_true(obol_crypto_add_integ(crypto, feature->integ, provider)); break;
    case OBOL_ROLE_CIPHER: g_assert_true(obol_crypto_add_cipher(crypto, feature->cipher, provider)); break;
    case OBOL_ROLE_AEAD: g_assert_true(obol_crypto_add_aead(crypto, feature->aead, provider)); break;
    case OBOL_ROLE_KE: g_assert_true(obol_crypto_add_ke(crypto, feature->ke, provider)); break;
    case OBOL_ROLE_END:
    case OBOL_ROLE_KERNEL:
    case OBOL_ROLE_SOCKET:
    case OBOL_ROLE_CONTROL:
    case OBOL_ROLE_LISTENER:
    case OBOL_ROLE_NETWORK:
    case OBOL_N_ROLES: g_assert_not_reached();
    }
}

ObolCrypto *
test_crypto_new(void)
{
    ObolCrypto *crypto = obol_crypto_new();

    for (const ObolFeature *feature = obol_plugin.features; feature->role != OBOL_ROLE_END; feature++)
        add(crypto, feature);
    return crypto;
}

/* SplitMix64: small, and well mixed from any seed. */
static guint64
next(TestRandom *state)
{
    guint64 z = state->state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
fill(gpointer self, guint8 *out, gsize n)
{
    for (gsize i = 0; i < n; i++)
        out[i] = (guint8) next(self);
}

ObolRandom
test_random_init(TestRandom *state, guint64 seed)
{
    static const ObolRandomVtable calls = { .size = sizeof calls, .fill = fill };

    state->state = seed;
    return (ObolRandom) { &calls, state };
}
