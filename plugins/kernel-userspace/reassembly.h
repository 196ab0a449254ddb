/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reassembly.h - fragments put together again, since transport mode protects whole packets only (RFC 4303 section 3.1.1). */
#ifndef USERSPACE_REASSEMBLY_H
#define USERSPACE_REASSEMBLY_H

#include "packet.h"

#define REASSEMBLY_SLOTS 16 /* packets in pieces at the same time; the oldest gives way */
#define REASSEMBLY_KEPT_US (30 * (gint64) G_USEC_PER_SEC)

typedef struct Reassembly Reassembly;

/* @n_before, @n_behind: room to leave around the packet. */
Reassembly *reassembly_new(gsize n_before, gsize n_behind);
void reassembly_free(Reassembly *reassembly);

/**
 * reassembly_add:
 * @data: a fragment as @packet was parsed from it
 * @whole: (out): the whole packet with its first fragment's header, fragmentation removed; valid until the next call
 *
 * Overlapping fragments take their packet with them (RFC 5722).  Gives the packet's length, or 0: not yet, or never.
 */
gsize reassembly_add(Reassembly *reassembly, const guint8 *data, const Packet *packet, gint64 now_us, guint8 **whole);

#endif
