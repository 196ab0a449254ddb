/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/host.h - a host: a daemon of one shard, which may crash, stall and come back, and a kernel below it. */
#ifndef OBOL_TESTING_SIM_HOST_H
#define OBOL_TESTING_SIM_HOST_H

#include "testing/sim/packet.h"
#include "testing/sim/sim.h"

SimHost *sim_host_new(Sim *sim, guint number);
void sim_host_free(gpointer host);

void sim_host_start(SimHost *host); /* the daemon: a fresh one, that clears what an older one has left in the kernel */
void sim_host_crash(SimHost *host); /* likewise: it is gone, without a word */
void sim_host_reboot(SimHost *host); /* gone, and the kernel has nothing any more */
void sim_host_stall(SimHost *host, gint64 until_us);
void sim_host_slow_kernel(SimHost *host, gint64 until_us);
void sim_host_move(SimHost *host); /* to another address */
gboolean sim_host_is_up(const SimHost *host);

/* What comes to it from outside. */
void sim_host_receive(SimHost *host, SimPacket *packet); /* (transfer full) */
void sim_host_kernel_event(SimHost *host, const ObolKernelEvent *event);
void sim_host_inner_packet(SimHost *host, const ObolAddress *source, const ObolAddress *destination);

/* What an admin asks for; nothing happens where the daemon is down. */
void sim_host_initiate(SimHost *host, guint link, guint child);
void sim_host_rekey(SimHost *host, guint link, gint child, gboolean reauth); /* @child negative: the IKE SA */
void sim_host_terminate(SimHost *host, guint link, gint child);
void sim_host_terminate_all(SimHost *host);
void sim_host_change_selectors(SimHost *host, guint link, guint child, guint bits);

guint sim_host_number(const SimHost *host);
Sim *sim_host_sim(const SimHost *host);
const SimHostPlan *sim_host_plan(const SimHost *host);
SimKernel *sim_host_kernel(const SimHost *host);
ObolShard *sim_host_shard(const SimHost *host); /* NULL: it is down */
guint sim_host_n_virtual(const SimHost *host);  /* virtual addresses that it has given or has been lent */
gboolean sim_host_has_address(const SimHost *host, const ObolAddress *address);
SimHost *sim_host_by_address(const Sim *sim, const ObolAddress *address); /* NULL: nobody has it */
gint sim_host_n_waiting(const SimHost *host); /* not 0: commands without an end, requests without an answer, jobs */

#endif
