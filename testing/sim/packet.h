/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/packet.h - what is on the virtual wire: a datagram of IKE, or a packet of ESP as far as anybody can tell one from another. */
#ifndef OBOL_TESTING_SIM_PACKET_H
#define OBOL_TESTING_SIM_PACKET_H

#include <obol/address.h>
#include <obol/kernel.h>

typedef struct {
    ObolAddress source, destination; /* outer; with ports, 0 where there is no UDP */
    guint8 *ike;                     /* the bytes of a datagram; NULL: a packet of ESP, or a keep-alive of the NAT */
    gsize n_ike;
    gboolean esp;
    guint32 spi;
    guint64 key;                     /* what it was sealed with: a number that stands for it */
    guint64 sequence;
    ObolAddress inner_source, inner_destination;
    gint64 sent_us;
    gboolean excused;                /* it may be lost: its SA is the first of its kind, and the peer may not have it yet */
} SimPacket;

void sim_packet_free(gpointer packet);

#endif
