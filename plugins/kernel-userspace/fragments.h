/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fragments.h - which ports a fragment belongs to, though only the first one shows them (RFC 4301 section 7.3). */
#ifndef USERSPACE_FRAGMENTS_H
#define USERSPACE_FRAGMENTS_H

#include "packet.h"
#include "siphash.h"

#define FRAGMENTS_KNOWN 256                              /* packets in pieces at the same time; a power of two */
#define FRAGMENTS_KEPT_US (30 * (gint64) G_USEC_PER_SEC)

typedef struct {
    Flow flow; /* of the first fragment */
    guint32 id;
    gint64 until_us;
} KnownFragment;

typedef struct {
    SipKey sip;
    KnownFragment known[FRAGMENTS_KNOWN];
} Fragments;

void fragments_init(Fragments *fragments, const SipKey *sip);

/* Remembers the ports of a first fragment; gives them to the later ones, whose flow stays opaque when they come too early. */
void fragments_learn(Fragments *fragments, Packet *packet, gint64 now_us);

#endif
