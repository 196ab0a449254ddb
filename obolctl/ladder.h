/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ladder.h - IKE messages as a ladder: the SA's original initiator left, its responder right.
 *
 *            192.0.2.1:500                                  192.0.2.2:500
 *   +0.000s  |--- IKE_SA_INIT 0 request, 464 bytes ----------------------->|
 *            |    SA KE No N(NAT_D_S_IP) N(NAT_D_D_IP)
 *   +0.004s  |<---------------------- IKE_SA_INIT 0 response, 472 bytes ---|
 */
#ifndef OBOLCTL_LADDER_H
#define OBOLCTL_LADDER_H

#include "ctl.h"

typedef struct CtlLadder CtlLadder;

CtlLadder *ctl_ladder_new(const Ctl *ctl);
void ctl_ladder_free(CtlLadder *ladder);

/* A section of list-sa: an SA that is there already. */
void ctl_ladder_learn(CtlLadder *ladder, const ObolNode *sa);
/* The event `message`. */
void ctl_ladder_draw(CtlLadder *ladder, const ObolNode *message);
/* Any other event, written between the rungs. */
void ctl_ladder_note(CtlLadder *ladder, const char *event, const ObolNode *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CtlLadder, ctl_ladder_free)

#endif
