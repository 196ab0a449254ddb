/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/ladder.h - a history in words: who sent what to whom, and what came of it. */
#ifndef OBOL_TESTING_SIM_LADDER_H
#define OBOL_TESTING_SIM_LADDER_H

#include "testing/sim/packet.h"
#include "testing/sim/sim.h"

/* Every call takes NULL for a ladder that nobody reads. */
SimLadder *sim_ladder_new(void);
void sim_ladder_free(SimLadder *ladder);
void sim_ladder_begin(SimLadder *ladder, const Sim *sim);
void sim_ladder_message(SimLadder *ladder, const SimHost *host, const ObolMessageEvent *message);
/* @fate NULL: it will arrive. */
void sim_ladder_sent(SimLadder *ladder, const SimHost *from, const SimHost *to, const SimPacket *packet, const char *fate);
void sim_ladder_packet(SimLadder *ladder, const SimPacket *packet, const char *why);
void sim_ladder_ike(SimLadder *ladder, const SimHost *host, const ObolIkeInfo *sa, const ObolReason *reason);
void sim_ladder_child(SimLadder *ladder, const SimHost *host, const ObolIkeInfo *sa, const ObolChildInfo *child, const ObolReason *reason);
void sim_ladder_told(SimLadder *ladder, const SimHost *host, const char *what, const ObolReason *reason);
void sim_ladder_line(SimLadder *ladder, const char *format, ...) G_GNUC_PRINTF(2, 3);
void sim_ladder_print(const SimLadder *ladder, guint n_last); /* 0: all */

#endif
