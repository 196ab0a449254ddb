/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/schedule.c - virtual time. */
#include "testing/sim/schedule.h"

typedef struct {
    gint64 when_us;
    SimStep step;
    gpointer owner, data;
    GDestroyNotify destroy;
} Entry;

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    if (entry->destroy != NULL)
        entry->destroy(entry->data);
    g_free(entry);
}

void
sim_schedule_init(SimSchedule *schedule, gint64 now_us)
{
    *schedule = (SimSchedule) { .steps = g_sequence_new(entry_free), .now_us = now_us };
}

void
sim_schedule_clear(SimSchedule *schedule)
{
    g_clear_pointer(&schedule->steps, g_sequence_free);
}

static gint
compare(gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer data)
{
    const Entry *one = a, *other = b;

    return one->when_us < other->when_us ? -1 : one->when_us > other->when_us;
}

void
sim_schedule_at(SimSchedule *schedule, gint64 when_us, SimStep step, gpointer owner, gpointer data, GDestroyNotify destroy)
{
    Entry entry = { MAX(when_us, schedule->now_us), step, owner, data, destroy };

    g_sequence_insert_sorted(schedule->steps, g_memdup2(&entry, sizeof entry), compare, NULL);
}

gboolean
sim_schedule_step(SimSchedule *schedule, gint64 until_us)
{
    GSequenceIter *first = g_sequence_get_begin_iter(schedule->steps);
    Entry entry;

    if (g_sequence_iter_is_end(first) || ((Entry *) g_sequence_get(first))->when_us > until_us) {
        schedule->now_us = until_us;
        return FALSE;
    }
    entry = *(Entry *) g_sequence_get(first);
    ((Entry *) g_sequence_get(first))->destroy = NULL;
    g_sequence_remove(first);
    schedule->now_us = entry.when_us;
    schedule->n_done++;
    entry.step(entry.owner, entry.data);
    return TRUE;
}

gboolean
sim_schedule_is_empty(const SimSchedule *schedule)
{
    return g_sequence_is_empty(schedule->steps);
}
