/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* algorithms.h - IKE's numbers of algorithms (RFC 7296 section 3.3.2) and the kernel's names of them. */
#ifndef XFRM_ALGORITHMS_H
#define XFRM_ALGORITHMS_H

#include <obol/kernel.h>

typedef struct {
    guint8 type;        /* OBOL_TRANSFORM_ENCR or OBOL_TRANSFORM_INTEG */
    guint16 id;
    const char *name;   /* of the kernel's crypto */
    guint16 key_bits[4]; /* that it can have, without salt, the best first; 0 ends */
    guint8 salt_bytes;
    guint16 icv_bits;   /* of an integrity algorithm or AEAD */
    gboolean sends_key_bits; /* a proposal names the key's length */
} XfrmAlgorithm;

/* %NULL: none that this kernel could do. */
const XfrmAlgorithm *algorithm_find(guint8 type, guint16 id);
gboolean algorithm_has_key_bits(const XfrmAlgorithm *algorithm, guint bits);
/* In order of preference; ended by type 0. */
extern const XfrmAlgorithm algorithms[];

#endif
