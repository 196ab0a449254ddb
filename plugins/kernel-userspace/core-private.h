/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core-private.h - what outbound.c, inbound.c, lifetime.c and requests.c share. */
#ifndef USERSPACE_CORE_PRIVATE_H
#define USERSPACE_CORE_PRIVATE_H

#include "acquire.h"
#include "core.h"
#include "flow-cache.h"
#include "fragments.h"
#include "icmp.h"
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
    Drops drops;
    Run run;
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

/* outbound.c: sends what waited for an SA, if there is one now. */
void core_release_held(Core *core, guint32 reqid, gint64 now_us);

#endif
