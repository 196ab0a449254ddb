/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/network.h - a virtual network that loses, repeats, overtakes and delays; with NATs that forget, and partitions. */
#ifndef OBOL_TESTING_SIM_NETWORK_H
#define OBOL_TESTING_SIM_NETWORK_H

#include "testing/sim/packet.h"
#include "testing/sim/sim.h"

SimNetwork *sim_network_new(Sim *sim);
void sim_network_free(SimNetwork *network);
/* @packet (transfer full) leaves @from; @from NULL: a stranger's. */
void sim_network_send(SimNetwork *network, SimHost *from, SimPacket *packet);
void sim_network_part(SimNetwork *network, guint a, guint b, gint64 until_us);
void sim_network_rebind(SimNetwork *network, guint host); /* its NAT has forgotten all mappings */
guint sim_network_n_under_way(const SimNetwork *network);

#endif
