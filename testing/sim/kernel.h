/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/kernel.h - a model of a kernel: SAs, policies, and every packet that goes through them.
 *
 * It is asked as a real one is (obol/kernel.h), late and in order, and tells of acquires, expiries and changed NAT mappings. */
#ifndef OBOL_TESTING_SIM_KERNEL_H
#define OBOL_TESTING_SIM_KERNEL_H

#include "testing/sim/dice.h"
#include "testing/sim/packet.h"
#include "testing/sim/sim.h"

/* What is asked of it, kept until it comes to that. */
typedef struct {
    guint64 ticket;
    ObolKernelOp op;
    ObolSaSpec sa; /* its keys are not there any more: */
    guint64 key;
    GArray *source_ts, *destination_ts; /* NULL: none were given */
    ObolPolicySpec policy, policy_to;
    ObolSaId to;
    gboolean to_udp_encap;
} SimRequest;

SimRequest *sim_request_new(guint64 ticket, const ObolKernelRequest *request);
void sim_request_free(gpointer request);

typedef struct {
    ObolSaId id;
    guint32 reqid;
    gboolean inbound, udp_encap, reserved;
    gboolean first; /* no other one of its reqid was there when it came */
    guint64 key;
    GArray *source_ts, *destination_ts;
    ObolLifetimes lifetimes;
    guint64 packets, sequence, top, window; /* sent or received; sequence numbers, and which of the last 64 have come */
    guint64 serial;
    gboolean soft_told;
    ObolAddress mapped; /* last told */
    gint64 added_us, alone_us; /* since when the other end has had none; 0: it has, or nobody has looked */
} SimSa;

/* One SPD entry with all that was added for its selectors: the newest serves. */
typedef struct {
    ObolPolicySpec spec;
    gint64 asked_us; /* when it last raised an acquire */
} SimPolicy;

struct SimKernel {
    Sim *sim;
    SimHost *host;
    SimDice dice;
    GHashTable *sas;      /* key -> SimSa */
    GPtrArray *policies;  /* of SimPolicy, oldest first */
    GHashTable *by_reqid; /* outbound: reqid -> GPtrArray of SimSa, oldest first */
    guint64 n_serials;
    guint n_sas, n_reserved;
    gboolean refuse_next;
};

SimKernel *sim_kernel_new(Sim *sim, SimHost *host, guint64 seed);
void sim_kernel_free(SimKernel *kernel);
void sim_kernel_wipe(SimKernel *kernel); /* SAs, SPIs and policies: a flush, or a reboot */
/* @reply->spi may be set; FALSE with @error set: refused. */
gboolean sim_kernel_serve(SimKernel *kernel, const SimRequest *request, ObolKernelReply *reply, GError **error);
/* What the daemon installs when it begins (traps). */
void sim_kernel_add_policy(SimKernel *kernel, const ObolPolicySpec *spec);

/* One packet from the inner network goes out, or asks for an SA. */
void sim_kernel_send(SimKernel *kernel, const ObolAddress *source, const ObolAddress *destination);
void sim_kernel_receive(SimKernel *kernel, const SimPacket *packet);
/* Has it an inbound SA that opens what @out seals? */
const SimSa *sim_kernel_counterpart(const SimKernel *kernel, const SimSa *out);

#endif
