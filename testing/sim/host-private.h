/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/host-private.h - the insides of a host, for its own files. */
#ifndef OBOL_TESTING_SIM_HOST_PRIVATE_H
#define OBOL_TESTING_SIM_HOST_PRIVATE_H

#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/kernel.h"
#include "testing/sim/ladder.h"
#include "testing/sim/lend.h"

struct SimHost {
    Sim *sim;
    guint number;
    ObolAddress address;
    ObolConnectionSet *connections;
    ObolSharedKeys *keys;
    ObolCrypto *crypto; /* of its own, for its randomness (a CBC mode draws its IVs there) is the seed's */
    ObolShard *shard; /* NULL: it is down */
    guint generation; /* of the daemon: what was meant for an earlier one never comes */
    TestRandom random;
    SimDice dice;
    SimKernel *kernel;
    SimLender *lender; /* NULL: it is down */
    ObolListenerVtable listener;
    guint64 n_wakes;   /* wake-ups asked for: only the last one counts */
    gint64 stalled_us, slow_us, kernel_us; /* until when; when the kernel will have answered all so far */
    gint n_commands;                       /* without an end; negative while those are counted that have ended at once */
    guint n_requests, n_jobs;              /* likewise */
    guint last_command;
};

/* --- host.c --- */
gint64 sim_host_now(const SimHost *host);
/* @step gets @data (transfer full), but never of another daemon than the one that is there now, and not while it stalls. */
void sim_host_later(SimHost *host, gint64 when_us, void (*step)(SimHost *host, gpointer data), gpointer data, GDestroyNotify destroy);

/* --- ports.c --- */
extern const ObolPorts sim_host_ports; /* of a shard, whose data is the host */

#endif
