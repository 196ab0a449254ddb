/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/shrink.h - a history that fails, made short: all that it fails without is left out. */
#ifndef OBOL_TESTING_SIM_SHRINK_H
#define OBOL_TESTING_SIM_SHRINK_H

#include "testing/sim/sim.h"

/* (transfer full): of SimItem; the history with these alone fails by the same invariant.  @keep: of which it was known to fail, NULL: all.
 * At most @tries histories are run. */
GArray *sim_shrink(const SimPlan *plan, GHashTable *keep, SimBreak broken, guint tries);

#endif
