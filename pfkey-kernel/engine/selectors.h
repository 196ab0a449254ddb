/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* selectors.h - traffic selectors as PF_KEY can say them: prefixes, and one port or any. */
#ifndef PFKEY_ENGINE_SELECTORS_H
#define PFKEY_ENGINE_SELECTORS_H

#include <obol/kernel.h>

#include "pfkey-kernel/coding/message.h"

#define PFKEY_PIECES_MAX 64 /* policies that the pair of ranges of one policy may become */

/* One policy of the kernel's: its name there is all of this. */
typedef struct {
    ObolDirection direction;
    PfkeyAddress source, destination; /* with port and protocol; host bits zero */
} PfkeyPiece;

/* (transfer full): of #PfkeyPiece.  %NULL with OBOL_KERNEL_ERROR_UNSUPPORTED where PF_KEY has no words for the selectors. */
GArray *pfkey_pieces_of(const ObolPolicySpec *spec, GError **error);
/* -1, 0, 1. */
int pfkey_piece_compare(const PfkeyPiece *a, const PfkeyPiece *b);
/* Of what the kernel tells about a policy; %FALSE where that lacks a part. */
gboolean pfkey_piece_from_message(const PfkeyMessage *message, PfkeyPiece *out);
/* The way back. */
void pfkey_piece_selectors(const PfkeyPiece *piece, ObolTs *source, ObolTs *destination);
/* What the piece is for people: "out 10.1.0.0/16 === 10.2.0.0/16[tcp/80]". */
char *pfkey_piece_text(const PfkeyPiece *piece);

/* The policy's own, or one by which what is narrower is looked at first (RFC 4301 section 4.4.1 wants an order). */
guint32 pfkey_priority_of(const ObolPolicySpec *spec);

guint8 pfkey_family_bits(guint16 family); /* 32 or 128 */

#endif
