/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/keyed-hash.h - a hash that strangers can not steer: SipHash-1-3 under a key drawn at start.
 *
 * Whoever chooses what a table is keyed by must not choose where it lands.  64 bits under an unknown key are also
 * enough to stand for the thing itself: two of them are alike once in 2^64 tries, and nobody outside can search for
 * such a pair. */
#ifndef OBOL_DISPATCHER_KEYED_HASH_H
#define OBOL_DISPATCHER_KEYED_HASH_H

#include <obol/crypto.h>

typedef struct { guint64 k0, k1; } ObolHashKey;

void obol_hash_key_init(ObolHashKey *key, const ObolRandom *random);

/* Over all parts as if they were one. */
guint64 obol_keyed_hash(const ObolHashKey *key, const ObolSpan *parts, gsize n_parts);

#endif
