/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/scale.h - does an event cost more because there are more SAs? */
#ifndef OBOL_TESTING_SIM_SCALE_H
#define OBOL_TESTING_SIM_SCALE_H

#include <glib.h>

/* Prints what an event costs with 1,000 SAs alive, 10,000 and so on up to @n_most, each with liveness checks and rekeyings. */
gboolean sim_scale(guint n_most);

#endif
