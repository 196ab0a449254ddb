/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/watch.h - what must hold, looked at all the time. */
#ifndef OBOL_TESTING_SIM_WATCH_H
#define OBOL_TESTING_SIM_WATCH_H

#include "testing/sim/packet.h"
#include "testing/sim/sim.h"

SimWatch *sim_watch_new(Sim *sim);
void sim_watch_free(SimWatch *watch);

void sim_watch_sent(SimWatch *watch, guint host, const SimPacket *packet);                      /* by IKE */
void sim_watch_arrived(SimWatch *watch, const SimPacket *packet);                               /* of ESP, whole */
void sim_watch_lost(SimWatch *watch, const SimPacket *packet, const char *why);                 /* of ESP, at the other end */
void sim_watch_dropped(SimWatch *watch, const SimPacket *packet, const char *why);              /* by the network: it may */

void sim_watch_bounds(SimWatch *watch);      /* at any time */
void sim_watch_agreement(SimWatch *watch);   /* when the faults are over, now and then */
void sim_watch_probe(SimWatch *watch);       /* counting begins anew */
void sim_watch_whole(SimWatch *watch);       /* since the probe began, something has arrived on every link, both ways */
void sim_watch_nothing_left(SimWatch *watch); /* when all has ended */

#endif
