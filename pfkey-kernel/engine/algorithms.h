/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* algorithms.h - which of the kernel's algorithms are right, under which numbers, and so what may be proposed. */
#ifndef PFKEY_ENGINE_ALGORITHMS_H
#define PFKEY_ENGINE_ALGORITHMS_H

#include <obol/kernel.h>

#include "pfkey-kernel/coding/message.h"

#define PFKEY_TRANSFORMS_MAX 24

/* One that both IKEv2 and PF_KEY have a name for. */
typedef struct {
    guint8 type;      /* OBOL_TRANSFORM_ENCR or _INTEG */
    guint8 number;    /* PF_KEY's */
    guint16 id;       /* IKEv2's */
    guint16 key_bits; /* its Key Length attribute; 0: it has none */
    guint16 bits;     /* the whole key as the kernel wants it: with AES-CTR's nonce (RFC 3686 section 5.1) */
} PfkeyAlgorithmRow;

/* %NULL: not to be had here.  @key_bits is told by the suite for all ciphers, also those without a Key Length attribute. */
const PfkeyAlgorithmRow *pfkey_algorithm_find(guint8 type, guint16 id, guint16 key_bits);
/* What @suite's algorithms are for @spec's SA, with their keys of the right length; 0 where none is. */
gboolean pfkey_algorithms_check(const ObolSaSpec *spec, guint8 *auth, guint8 *encr, GError **error);

/* (REGISTER's answer, and our table of what is right); ended by type 0. */
void pfkey_algorithms_offered(const PfkeyMessage *registered, ObolTransform out[PFKEY_TRANSFORMS_MAX]);

#endif
