/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outer.h - outer IP headers that we write ourselves, since AH answers for them, and fragments of such packets.  Pure. */
#ifndef USERSPACE_OUTER_H
#define USERSPACE_OUTER_H

#include "packet.h"

#define OUTER_HOPS 64

/* What goes into a header. @id: IPv4, not 0: the system would choose another one. */
typedef struct {
    const ObolAddress *source, *destination; /* of one family */
    gsize n_payload;                         /* behind the header */
    guint8 protocol, tos;
    gboolean df;
    guint16 id;
} Outer;

/* Writes it, with its checksum; gives its length, 20 or 40. */
gsize outer_write(const Outer *outer, guint8 *out);

/* Changes headers of @n_headers bytes that are to stand before another payload: its protocol, named at @next_at, and its
 * length. */
void outer_patch(guint8 *headers, gsize n_headers, gsize next_at, guint8 protocol, gsize n_payload);
/* The header checksum, where there is one. */
void outer_checksum(guint8 *headers, gsize n_headers);

/* A packet in pieces that fit a path. @headers: @n_headers bytes that each piece carries; what follows them is cut. */
typedef struct {
    const guint8 *packet;
    gsize n, n_headers, next_at, mtu, at;
    guint32 id;
} Cutter;

/* Writes the next piece to @out, of @mtu bytes at most, and gives its length; 0 when all is done, or the path is too narrow. */
gsize cutter_next(Cutter *cutter, guint8 *out);

#endif
