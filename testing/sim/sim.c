/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/sim.c - a history from beginning to end.
 *
 * Deeds and faults; then the faults end, and after a while everything must work again; then everything is ended, and nothing may be left. */
#include "testing/sim/sim.h"

#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/ladder.h"
#include "testing/sim/lend.h"
#include "testing/sim/network.h"
#include "testing/sim/watch.h"

#define SECOND G_USEC_PER_SEC
#define START_US (1000 * (gint64) SECOND)
#define PROBE_US (20 * (gint64) SECOND)
#define QUIET_US (240 * (gint64) SECOND)  /* the longest that anything may go on when all is to end */
#define LOOK_US (5 * (gint64) SECOND)
#define STEPS_MAX 20000000 /* of one history: a storm that goes on for ever is a failure */

static const char *const invariants[SIM_N_INVARIANTS] = {
    [SIM_NOTHING] = "nothing", [SIM_AGREEMENT] = "agreement", [SIM_PLAINTEXT] = "plaintext", [SIM_REKEY_LOSS] = "rekey-loss",
    [SIM_LEAK] = "leak", [SIM_ENDLESS] = "endless", [SIM_TWO_ANSWERS] = "two-answers", [SIM_UNBOUNDED] = "unbounded",
    [SIM_BLACK_HOLE] = "black-hole",
};

static const char *const breaks[SIM_N_BREAKS] = {
    [SIM_SOUND] = "nothing", [SIM_BREAK_FORGETFUL] = "forgetful-kernel", [SIM_BREAK_KEY] = "other-key", [SIM_BREAK_SELECTORS] = "other-selectors",
    [SIM_BREAK_POLICY] = "no-trap", [SIM_BREAK_HASTY] = "hasty-kernel", [SIM_BREAK_SILENT] = "silent-kernel", [SIM_BREAK_ANSWER] = "two-answers",
    [SIM_BREAK_DEAF] = "deaf", [SIM_BREAK_BOUNDLESS] = "boundless", [SIM_BREAK_LEASE] = "lost-leases",
};

const char *
sim_invariant_name(SimInvariant invariant)
{
    return invariants[invariant];
}

const char *
sim_break_name(SimBreak broken)
{
    return breaks[broken];
}

void
sim_fail(Sim *sim, SimInvariant invariant, const char *format, ...)
{
    va_list arguments;

    if (sim->outcome.failure.invariant != SIM_NOTHING)
        return;
    va_start(arguments, format);
    sim->outcome.failure.what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sim->outcome.failure.invariant = invariant;
    sim->outcome.failure.at_us = sim->schedule.now_us - sim->start_us;
    sim_ladder_line(sim->ladder, "*** %s: %s", invariants[invariant], sim->outcome.failure.what);
}

void
sim_note(Sim *sim, guint64 what)
{
    sim->outcome.digest = sim_mix(sim_mix(sim->outcome.digest, (guint64) sim->schedule.now_us), what);
}

const SimLinkPlan *
sim_link(const Sim *sim, guint link)
{
    return &g_array_index(sim->plan->links, SimLinkPlan, link);
}

/* The star's links come first, one for each host but the first. */
guint
sim_link_between(const Sim *sim, guint a, guint b)
{
    guint low = MIN(a, b), high = MAX(a, b);

    if (low == 0)
        return high - 1;
    for (guint i = sim->plan->hosts->len - 1; i < sim->plan->links->len; i++) {
        if (sim_link(sim, i)->ends[0] == low && sim_link(sim, i)->ends[1] == high)
            return i;
    }
    return G_MAXUINT;
}

SimHost *
sim_host_by_address(const Sim *sim, const ObolAddress *address)
{
    guint number = (guint) address->bytes[2] << 8 | address->bytes[3];
    ObolAddress whose;

    if (number >= sim->hosts->len)
        return NULL;
    whose = sim_outer_address(sim, number);
    return obol_address_equal(&whose, address) ? g_ptr_array_index(sim->hosts, number) : NULL;
}

/* --- phases --- */

static gboolean
failed(const Sim *sim)
{
    return sim->outcome.failure.invariant != SIM_NOTHING;
}

/* @agreement: looked at too, every now and then. */
static void
run_for(Sim *sim, gint64 for_us, gboolean agreement)
{
    gint64 end_us = sim->schedule.now_us + for_us;

    while (!failed(sim) && sim->schedule.now_us < end_us) {
        gint64 until_us = MIN(end_us, sim->schedule.now_us + LOOK_US);

        while (!failed(sim) && sim_schedule_step(&sim->schedule, until_us)) {
            if (sim->schedule.n_done > STEPS_MAX)
                sim_fail(sim, SIM_ENDLESS, "%u steps, and no end", STEPS_MAX);
        }
        sim_watch_bounds(sim->watch);
        if (agreement)
            sim_watch_agreement(sim->watch);
    }
}

static void
traffic_everywhere(Sim *sim, guint n, gint64 apart_us)
{
    for (guint i = 0; i < sim->plan->links->len; i++) {
        for (guint child = 0; child < sim_link(sim, i)->n_children; child++) {
            for (guint end = 0; end < 2; end++)
                sim_traffic(sim, i, child, end, n, apart_us);
        }
    }
}

static void
heal(Sim *sim)
{
    sim->healed = TRUE;
    for (guint i = 0; i < sim->hosts->len; i++)
        sim_host_start(g_ptr_array_index(sim->hosts, i));
    sim_ladder_line(sim->ladder, "--       all faults are over");
}

static void
run_phases(Sim *sim)
{
    run_for(sim, sim->plan->duration_us + SECOND, FALSE);
    heal(sim);
    traffic_everywhere(sim, (guint) (sim->plan->settle_us / (5 * SECOND)), 5 * SECOND);
    run_for(sim, sim->plan->settle_us, TRUE);
    sim->settled = TRUE;
    sim_watch_probe(sim->watch);
    traffic_everywhere(sim, (guint) (PROBE_US / SECOND) - 5, SECOND);
    run_for(sim, PROBE_US, TRUE);
    if (!failed(sim))
        sim_watch_whole(sim->watch);
    sim_lend_check(sim);
    sim->ended = TRUE;
    for (guint i = 0; i < sim->hosts->len && !failed(sim); i++)
        sim_host_terminate_all(g_ptr_array_index(sim->hosts, i));
    sim_ladder_line(sim->ladder, "--       all is ended");
    run_for(sim, QUIET_US, FALSE);
    if (!failed(sim))
        sim_watch_nothing_left(sim->watch);
}

void
sim_run(const SimPlan *plan, GHashTable *keep, SimBreak broken, SimLadder *ladder, SimOutcome *outcome)
{
    Sim sim = { .plan = plan, .keep = keep, .broken = broken, .ladder = ladder, .start_us = START_US };

    sim_schedule_init(&sim.schedule, START_US);
    sim_ladder_begin(ladder, &sim);
    sim.outcome.fates = g_array_new(FALSE, FALSE, sizeof(SimItem));
    sim.network = sim_network_new(&sim);
    sim.watch = sim_watch_new(&sim);
    sim.moves = g_array_new(FALSE, TRUE, sizeof(guint));
    g_array_set_size(sim.moves, plan->hosts->len);
    sim.hosts = g_ptr_array_new_with_free_func(sim_host_free);
    for (guint i = 0; i < plan->hosts->len; i++)
        g_ptr_array_add(sim.hosts, sim_host_new(&sim, i));
    for (guint i = 0; i < sim.hosts->len; i++)
        sim_host_start(g_ptr_array_index(sim.hosts, i));
    sim_schedule_deeds(&sim);
    run_phases(&sim);
    sim.outcome.n_steps = sim.schedule.n_done;
    sim_schedule_clear(&sim.schedule);
    g_ptr_array_unref(sim.hosts);
    g_array_unref(sim.moves);
    sim_network_free(sim.network);
    sim_watch_free(sim.watch);
    *outcome = sim.outcome;
}

void
sim_outcome_clear(SimOutcome *outcome)
{
    g_free(outcome->failure.what);
    g_clear_pointer(&outcome->fates, g_array_unref);
}
