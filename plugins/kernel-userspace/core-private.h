/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core-private.h - what outbound.c, inbound.c, lifetime.c and requests.c share. */
#ifndef USERSPACE_CORE_PRIVATE_H
#define USERSPACE_CORE_PRIVATE_H

#include "acquire.h"
#include "core.h"
#include "flow-cache.h"
#include "fragments.h"
#include "icmp.h"
#include "ipcomp.h"
#include "reassembly.h"
#include "spi.h"

#define SCRATCH_BYTES (OBOL_DATAGRAM_MAX + IP6_HEADER)

/* Outbound: packets of one SA, side by side, until they are sealed together; then what is to be sent. */
typedef struct {
    Sa *sa;
    EspPacket packets[CORE_BATCH];
    gsize lengths[CORE_BATCH]; /* before sealing, for the counters */
    guint8 tos[CORE_BATCH];
    guint n;
    ObolDatagram datagrams[CORE_BATCH];
    guint n_datagrams;
    gboolean plain; /* what @datagrams are */
} Run;

/* A packet of the host on its way through. @n_behind: room behind it; @whole: put together from fragments. */
typedef struct {
    guint8 *data;
    gsize n_behind;
    gboolean whole;
    Packet packet;
} Outgoing;

/**
 * Content:
 * What an SA is put around: @n bytes at @data, of protocol @next, with room before and behind them.
 * @header: the headers that stay outside, directly before @data: @n_header bytes that name the next one at @next_at; %NULL when
 *   new ones are to be made
 * @tos, @df: for new ones
 */
typedef struct {
    guint8 *data;
    gsize n, n_before, n_behind;
    const guint8 *header;
    gsize n_header, next_at;
    guint8 next, tos;
    gboolean df;
} Content;

/**
 * Arrived:
 * What was inside of an SA: @n bytes at @data, of protocol @next.
 * @tos: of the outer header
 * @header: the headers that stood before it, @n_header bytes that name the SA's protocol at @next_at; %NULL when the system
 *   kept them
 */
typedef struct {
    guint8 *data;
    gsize n;
    guint8 next, tos;
    const guint8 *header;
    gsize n_header, next_at;
} Arrived;

struct Core {
    CoreSettings settings;
    CoreCalls calls;
    const ObolCrypto *crypto;
    Sad sad;
    Spd spd;
    Spis spis;
    Heap heap;
    Acquires acquires;
    FlowCache flows, in_flows; /* outbound; inbound: which SA a flow may come in by */
    Fragments out_fragments, in_fragments;
    Reassembly *reassembly;
    IcmpRate icmp_rate;
    Ipcomp *ipcomp;
    Drops drops;
    Run run;
    guint32 next_id; /* of packets whose headers we write */
    guint8 *scratch; /* an inner packet that transport mode makes anew */
};

static inline void
core_drop(Core *core, Drop reason, gint64 now_us)
{
    drops_count(&core->drops, reason, now_us);
}

/* lifetime.c: what use and time do to an SA. */
void sa_deadline_due(Deadline *deadline, gpointer core, gint64 now_us);
void sa_deadline_start(Core *core, Sa *sa, gint64 now_us);
/* Counts one packet; tells soft and hard limits. */
void sa_used(Core *core, Sa *sa, gsize n_bytes, gint64 now_us);
/* Its sequence numbers are used up (RFC 4303 section 3.3.3). */
void sa_exhausted(Core *core, Sa *sa);

/* unwrap.c: the packet that the host gets, in @arrived's bytes or in the core's scratch.  %FALSE when it is not what @mode
 * carries. */
gboolean core_unwrap(Core *core, const Sa *sa, ObolMode mode, const Arrived *arrived, guint8 **data, Packet *packet);

/* whole.c: puts @sa around @content and sends it with an IP header of ours: AH, and ESP behind header options. */
void core_send_whole(Core *core, Sa *sa, const Content *content, gint64 now_us);

/* outbound.c: sends what waited for an SA, if there is one now. */
void core_release_held(Core *core, guint32 reqid, gint64 now_us);

#endif
