/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/keyed-hash.c - SipHash-1-3 (Aumasson and Bernstein: "SipHash: a fast short-input PRF", 2012). */
#include "dispatcher/keyed-hash.h"

#include <string.h>

typedef struct { guint64 v0, v1, v2, v3; } SipState;

static inline guint64
rotate(guint64 x, guint by)
{
    return x << by | x >> (64 - by);
}

static inline void
sip_round(SipState *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(SipState *s, guint64 word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

void
obol_hash_key_init(ObolHashKey *key, const ObolRandom *random)
{
    guint8 bytes[sizeof *key];

    obol_random_fill(random, bytes, sizeof bytes);
    memcpy(key, bytes, sizeof bytes);
}

guint64
obol_keyed_hash(const ObolHashKey *key, const ObolSpan *parts, gsize n_parts)
{
    SipState s = {
        key->k0 ^ G_GUINT64_CONSTANT(0x736f6d6570736575), key->k1 ^ G_GUINT64_CONSTANT(0x646f72616e646f6d),
        key->k0 ^ G_GUINT64_CONSTANT(0x6c7967656e657261), key->k1 ^ G_GUINT64_CONSTANT(0x7465646279746573),
    };
    guint64 word = 0;
    gsize n = 0;

    for (gsize i = 0; i < n_parts; i++) {
        const guint8 *at = parts[i].data, *end = at + parts[i].n;

        while (at < end) {
            if (n % 8 == 0 && end - at >= 8) {
                guint64 whole;

                memcpy(&whole, at, 8);
                sip_word(&s, GUINT64_FROM_LE(whole));
                at += 8;
                n += 8;
                continue;
            }
            word |= (guint64) *at++ << n % 8 * 8;
            if (++n % 8 == 0) {
                sip_word(&s, word);
                word = 0;
            }
        }
    }
    sip_word(&s, word | (guint64) n << 56);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
