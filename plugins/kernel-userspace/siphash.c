/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* siphash.c - a keyed hash for tables whose keys strangers choose. */
#include "siphash.h"

static guint64
rotate(guint64 value, guint bits)
{
    return value << bits | value >> (64 - bits);
}

static void
rounds(guint64 v[4], guint n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static guint64
little_endian(const guint8 *at, gsize n)
{
    guint64 value = 0;

    for (gsize i = 0; i < n; i++)
        value |= (guint64) at[i] << (8 * i);
    return value;
}

guint64
siphash(const SipKey *key, const void *data, gsize n)
{
    const guint8 *at = data;
    guint64 v[4] = {
        key->k[0] ^ G_GUINT64_CONSTANT(0x736f6d6570736575), key->k[1] ^ G_GUINT64_CONSTANT(0x646f72616e646f6d),
        key->k[0] ^ G_GUINT64_CONSTANT(0x6c7967656e657261), key->k[1] ^ G_GUINT64_CONSTANT(0x7465646279746573),
    };

    for (gsize left = n;; left -= 8, at += 8) {
        guint64 word = left >= 8 ? little_endian(at, 8) : little_endian(at, left) | (guint64) n << 56;

        v[3] ^= word;
        rounds(v, 2);
        v[0] ^= word;
        if (left < 8)
            break;
    }
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
