/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/lend.h - virtual addresses: a pool on each host, and what others have lent it. */
#ifndef OBOL_TESTING_SIM_LEND_H
#define OBOL_TESTING_SIM_LEND_H

#include "dispatcher/shard.h"
#include "testing/sim/sim.h"

typedef struct SimLender SimLender;

SimLender *sim_lender_new(guint number); /* of the host of this number */
void sim_lender_free(SimLender *lender);

guint sim_lender_n_given(const SimLender *lender); /* holders of all addresses of its pool */
guint sim_lender_n_lent(const SimLender *lender);  /* addresses that others have lent it, each as often as they did */

/* Ports of a shard, whose data is the host. */
void sim_port_lease(gpointer data, guint64 ticket, const ObolPoolRequest *request);
void sim_port_release(gpointer data, const ObolPoolRequest *request);
void sim_port_configure(gpointer data, const ObolIkeInfo *sa, gboolean up, const GArray *addresses, const GArray *attributes);

/* Each address that a host has been lent is held by it in the pool that it comes from: else told to sim_fail(). */
void sim_lend_check(Sim *sim);

#endif
