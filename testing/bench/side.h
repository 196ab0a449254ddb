/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/side.h - one side of many handshakes: a shard, and a kernel that agrees to everything and keeps
 * nothing. */
#ifndef OBOL_BENCH_SIDE_H
#define OBOL_BENCH_SIDE_H

#include "dispatcher/shard.h"

/* What a side says, until somebody carries it. */
typedef struct {
    ObolAddress local, remote;
    gsize n;
    guint8 data[1500];
} BenchPacket;

typedef struct {
    gboolean initiator;
    ObolShard *shard;
    ObolConnection *connection; /* initiator: borrowed of the set */
    ObolAddress local, remote;  /* initiator: @remote is another address of the peer for each SA */
    GArray *replies; /* of the kernel's, still to be told */
    GQueue jobs;
    GArray *packets; /* of BenchPacket */
    guint32 last_spi;
    guint n_started, n_done, n_failed; /* handshakes with their Child SA */
    gint64 wake_us;
    const gint64 *clock_us; /* virtual time; NULL: the machine's */
    void (*send)(gpointer data, const ObolDatagram *datagram); /* NULL: into @packets */
    gpointer send_data;
} BenchSide;

BenchSide *bench_side_new(gboolean initiator, const ObolCrypto *crypto);
void bench_side_free(BenchSide *side);
void bench_side_start(BenchSide *side); /* one more handshake */
void bench_side_receive(BenchSide *side, const ObolDatagram *datagram);
void bench_side_wake(BenchSide *side); /* if it is time */
gint64 bench_now_us(void);

#endif
