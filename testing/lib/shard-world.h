/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/shard-world.h - a shard with a world that a test holds in its hands: a clock, a wire, a kernel. */
#ifndef OBOL_TESTING_SHARD_WORLD_H
#define OBOL_TESTING_SHARD_WORLD_H

#include "dispatcher/shard.h"
#include "testing/lib/test-crypto.h"

/* What the shard sent: kept until taken. */
typedef struct {
    ObolAddress local, remote;
    GBytes *bytes;
} WorldDatagram;

/* What it asked of the kernel and has not been told yet. */
typedef struct {
    guint64 ticket;
    ObolKernelOp op;
    ObolSaId id;
    ObolDirection direction;
    ObolTs source, destination;
    guint32 reqid;
} WorldRequest;

typedef struct {
    ObolShard *shard;
    TestRandom random;
    gint64 now_us, wake_us;
    GQueue sent;     /* of WorldDatagram */
    GQueue requests; /* of WorldRequest */
    GQueue jobs;     /* of WorldJob */
    GQueue located;  /* reqids asked for by ports.locate */
    guint64 asked_ticket; /* and the name by ports.resolve, the last one */
    char asked_name[256];
    guint64 lease_ticket; /* and what by ports.lease, the last one */
    ObolPoolRequest *lease_request;
    guint n_leases, n_released; /* requests; addresses that came back */
    GHashTable *sas; /* what the kernel has, SPIs reserved among it: "spi/protocol/destination" */
    int n_policies;
    guint32 last_spi;
    gboolean refuse_next; /* the kernel says no to the next request */
    guint n_rekeyed;
    guint n_established, n_gone, n_logs, n_commands_done, n_commands_failed;
    guint32 last_child; /* that the last command has made */
    ObolReasonCode last_reason; /* of the last IKE SA that went, or command that failed */
    ObolListenerVtable listener;
} World;

World *world_new(const ObolShardLimits *limits, const ObolCrypto *crypto, guint64 seed);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Hands one datagram to the shard, and runs the jobs that come of it. */
void world_receive(World *world, const ObolAddress *from, const ObolAddress *to, const guint8 *data, gsize n);
/* (transfer full): the oldest that was sent; NULL: none. */
WorldDatagram *world_take_sent(World *world);
void world_datagram_free(WorldDatagram *datagram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WorldDatagram, world_datagram_free)

/* The kernel answers its oldest request, or all, and those that follow from them. */
void world_answer_one(World *world);
void world_answer_all(World *world);
void world_run_jobs(World *world);

/* Jumps to the time that the shard asked for; FALSE when it asked for none. */
gboolean world_jump(World *world);

/* Carries everything to and fro until nobody has anything to say; addresses are not looked at. */
void world_exchange(World *a, World *b);

/* A connection between two hosts with one child, PSK, and the keys to it.  @left: seen from the left or the right. */
ObolAddress world_address(const char *text, guint16 port);
ObolConnection *world_connection(const char *name, gboolean left, const char *ike, const char *esp, ObolUnique unique);
void world_configure(World *world, ObolConnection *connection); /* (transfer full) */

#endif
