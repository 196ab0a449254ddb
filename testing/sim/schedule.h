/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/schedule.h - what is to happen when, in virtual time; what is due at once happens in the order of asking. */
#ifndef OBOL_TESTING_SIM_SCHEDULE_H
#define OBOL_TESTING_SIM_SCHEDULE_H

#include <glib.h>

typedef void (*SimStep)(gpointer owner, gpointer data);

typedef struct {
    GSequence *steps; /* of what is still to come */
    gint64 now_us;
    guint64 n_done;
} SimSchedule;

void sim_schedule_init(SimSchedule *schedule, gint64 now_us);
void sim_schedule_clear(SimSchedule *schedule); /* what was to come is given to its @destroy */
/* @step gets @data (transfer full); @destroy frees it where the step never comes, NULL: nothing is to be freed. */
void sim_schedule_at(SimSchedule *schedule, gint64 when_us, SimStep step, gpointer owner, gpointer data, GDestroyNotify destroy);
/* The next step, if it is due by @until_us; else FALSE, and it is @until_us. */
gboolean sim_schedule_step(SimSchedule *schedule, gint64 until_us);
gboolean sim_schedule_is_empty(const SimSchedule *schedule);

#endif
