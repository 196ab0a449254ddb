/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/lingering.h - IKE SAs that are gone, for as long as their peers may ask for the last answer again (RFC 7296 section 2.1):
 * the answer to a Delete, or AUTHENTICATION_FAILED, may have been lost.
 *
 * Bounded by ObolShardLimits, in number and in memory: who comes last pushes out who came first. */
#ifndef OBOL_DISPATCHER_LINGERING_H
#define OBOL_DISPATCHER_LINGERING_H

#include "dispatcher/key-table.h"
#include "dispatcher/shard.h"
#include "dispatcher/timer-heap.h"

typedef struct ObolSlot ObolSlot;

typedef struct {
    GQueue queue;        /* of Lingerer, in the order of their ends */
    ObolKeyTable by_spi; /* ours */
    gsize n_bytes;
    ObolTimer timer;     /* of the first */
} ObolLingering;

void obol_lingering_init(ObolLingering *lingering);
void obol_lingering_clear(ObolShard *shard);
/* @slot is about to be freed: its SA is kept, if it has answered anything; then @slot has none any more. */
void obol_lingering_take(ObolShard *shard, ObolSlot *slot);
gboolean obol_lingering_has(ObolLingering *lingering, guint64 spi);
/* %FALSE: it is for none of them. */
gboolean obol_lingering_receive(ObolShard *shard, const ObolDatagram *datagram, const ObolHeader *header);
void obol_lingering_expire(ObolShard *shard); /* its timer has rung */

#endif
