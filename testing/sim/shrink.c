/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/shrink.c - delta debugging over deeds and the fates of datagrams (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002): ever smaller parts are left out, as long as the history fails without them. */
#include "testing/sim/shrink.h"

typedef struct {
    const SimPlan *plan;
    SimBreak broken;
    SimInvariant invariant;
    guint tries;
} Shrinker;

/* All but those from @first up to @last; the fates that did come are put in @fates. */
static gboolean
fails_without(Shrinker *shrinker, const GArray *items, guint first, guint last, GArray *fates)
{
    g_autoptr(GHashTable) keep = sim_items_new();
    SimOutcome outcome;
    gboolean fails;

    for (guint i = 0; i < items->len; i++) {
        if (i < first || i >= last)
            sim_items_add(keep, g_array_index(items, SimItem, i));
    }
    shrinker->tries--;
    sim_run(shrinker->plan, keep, shrinker->broken, NULL, &outcome);
    fails = outcome.failure.invariant == shrinker->invariant;
    g_array_set_size(fates, 0);
    g_array_append_vals(fates, outcome.fates->data, outcome.fates->len);
    sim_outcome_clear(&outcome);
    return fails;
}

/* What is left out, and the fates that no datagram met any more. */
static void
leave_out(GArray *items, guint first, guint last, const GArray *fates)
{
    g_autoptr(GHashTable) met = sim_items_new();

    for (guint i = 0; i < fates->len; i++)
        sim_items_add(met, g_array_index(fates, SimItem, i));
    g_array_remove_range(items, first, last - first);
    for (guint i = items->len; i-- > 0;) {
        SimItem item = g_array_index(items, SimItem, i);

        if (!sim_item_is_deed(item) && !sim_items_keep(met, item))
            g_array_remove_index(items, i);
    }
}

static gboolean
pass_over(Shrinker *shrinker, GArray *items, guint part)
{
    g_autoptr(GArray) fates = g_array_new(FALSE, FALSE, sizeof(SimItem));
    gboolean any = FALSE;

    for (guint first = 0; first < items->len && shrinker->tries > 0;) {
        guint last = MIN(first + part, items->len);

        if (fails_without(shrinker, items, first, last, fates)) {
            leave_out(items, first, last, fates);
            any = TRUE;
        } else {
            first = last;
        }
    }
    return any;
}

GArray *
sim_shrink(const SimPlan *plan, GHashTable *keep, SimBreak broken, guint tries)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(SimItem));
    Shrinker shrinker = { plan, broken, SIM_NOTHING, tries };
    SimOutcome outcome;

    for (guint i = 0; i < plan->deeds->len; i++) {
        SimItem deed = sim_item_of_deed(i);

        if (sim_items_keep(keep, deed))
            g_array_append_val(items, deed);
    }
    sim_run(plan, keep, broken, NULL, &outcome);
    shrinker.invariant = outcome.failure.invariant;
    g_array_append_vals(items, outcome.fates->data, outcome.fates->len);
    sim_outcome_clear(&outcome);
    for (guint part = MAX(items->len / 2, 1); shrinker.invariant != SIM_NOTHING && shrinker.tries > 0; part = MAX(part / 2, 1)) {
        if (!pass_over(&shrinker, items, part) && part == 1)
            break;
    }
    return items;
}
