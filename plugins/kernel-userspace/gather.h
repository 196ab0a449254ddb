/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gather.h - packets of one flow that follow each other, joined into one that a device with segmentation offload takes. */
#ifndef USERSPACE_GATHER_H
#define USERSPACE_GATHER_H

#include <sys/uio.h>

#include "offload.h"
#include "packet.h"

#define GATHER_FLOWS 8   /* joined at a time; one more, and the oldest leaves */
#define GATHER_PIECES 64 /* packets joined to one; the system's bound for UDP */

/* Takes a header of offload.h and the packet, as @n pieces; %FALSE when the device did not. */
typedef gboolean (*GatherOut)(gpointer data, const struct iovec *pieces, guint n);

/**
 * Gathered:
 * What a flow has so far.
 * @pieces: the header of offload.h, the first packet, the payload of each that followed
 * @n: bytes of the packet
 * @size: payload of each, but for the last one
 * @checked: the first one's checksum was looked at
 */
typedef struct {
    Packet packet;
    guint8 header[OFFLOAD_HEADER];
    struct iovec pieces[1 + GATHER_PIECES];
    guint n_pieces;
    gsize n, n_headers, size;
    guint32 pseudo;
    gboolean checked;
} Gathered;

typedef struct {
    gboolean udp; /* the device takes joined UDP too */
    GatherOut out;
    gpointer data;
    guint n_flows, n_lost;
    Gathered *flows[GATHER_FLOWS]; /* the oldest first */
    Gathered room[GATHER_FLOWS];
} Gather;

void gather_init(Gather *gather, gboolean udp, GatherOut out, gpointer data);

/* A whole packet, and what packet_parse() made of it.  Its bytes stay until gather_flush() and may be overwritten.  The order
 * within a flow is kept. */
void gather_add(Gather *gather, guint8 *data, const Packet *packet);

/* Gives out what there is.  Returns how many packets the device has not taken since the last time. */
guint gather_flush(Gather *gather);

#endif
