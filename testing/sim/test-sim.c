/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/test-sim.c - the simulator itself: one seed is one history, and each invariant is one that can fail. */
#include <locale.h>

#include "testing/sim/batch.h"
#include "testing/sim/shrink.h"

#define SOME_SEEDS 40 /* histories; the ten thousand are obol-sim's */

static SimOutcome
run(guint64 seed, GHashTable *keep, SimBreak broken)
{
    SimWish wish = { .seed = seed, .hosts = -1, .loss = -1, .duplicate = -1, .reorder = -1 };
    g_autoptr(SimPlan) plan = sim_plan_new(&wish);
    SimOutcome outcome;

    sim_run(plan, keep, broken, NULL, &outcome);
    return outcome;
}

static void
test_one_seed_is_one_history(void)
{
    for (guint64 seed = 1; seed <= 5; seed++) {
        SimOutcome once = run(seed, NULL, SIM_SOUND), again = run(seed, NULL, SIM_SOUND);

        g_assert_cmphex(once.digest, ==, again.digest);
        g_assert_cmpuint(once.n_steps, ==, again.n_steps);
        sim_outcome_clear(&once);
        sim_outcome_clear(&again);
    }
}

static void
test_other_seeds_are_other_histories(void)
{
    SimOutcome one = run(1, NULL, SIM_SOUND), other = run(2, NULL, SIM_SOUND);

    g_assert_cmphex(one.digest, !=, other.digest);
    sim_outcome_clear(&one);
    sim_outcome_clear(&other);
}

static void
test_some_histories_end_well(void)
{
    SimBatch batch = {
        .wish = { .seed = 900000, .hosts = -1, .loss = -1, .duplicate = -1, .reorder = -1 }, .n_seeds = SOME_SEEDS, .n_jobs = 2,
    };

    sim_batch_run(&batch);
    g_assert_cmpuint(batch.n_done, ==, SOME_SEEDS);
    g_assert_cmpuint(batch.n_child_sas, >, SOME_SEEDS);
    if (batch.n_failed > 0)
        g_error("seed %" G_GUINT64_FORMAT " fails: obol-sim --seed %" G_GUINT64_FORMAT, batch.first_failed, batch.first_failed);
}

/* Which fault of the model is found by which invariant, in some history of a few. */
static const struct {
    SimBreak broken;
    SimInvariant found_by;
    guint n_seeds;
} faults[] = {
    { SIM_BREAK_FORGETFUL, SIM_LEAK, 10 },     { SIM_BREAK_KEY, SIM_AGREEMENT, 20 },     { SIM_BREAK_SELECTORS, SIM_AGREEMENT, 3 },
    { SIM_BREAK_POLICY, SIM_PLAINTEXT, 10 },   { SIM_BREAK_HASTY, SIM_REKEY_LOSS, 10 },  { SIM_BREAK_SILENT, SIM_ENDLESS, 3 },
    { SIM_BREAK_ANSWER, SIM_TWO_ANSWERS, 5 },  { SIM_BREAK_DEAF, SIM_BLACK_HOLE, 1 },    { SIM_BREAK_BOUNDLESS, SIM_UNBOUNDED, 40 },
    { SIM_BREAK_LEASE, SIM_LEAK, 10 },
};

static void
test_a_fault_is_found(gconstpointer data)
{
    guint at = GPOINTER_TO_UINT(data);
    guint n_found = 0;

    for (guint64 seed = 1; seed <= faults[at].n_seeds; seed++) {
        SimOutcome outcome = run(seed, NULL, faults[at].broken);

        n_found += outcome.failure.invariant == faults[at].found_by;
        sim_outcome_clear(&outcome);
    }
    g_assert_cmpuint(n_found, >, 0);
}

/* What is left fails alike, by itself, and is a small part of what there was. */
static void
test_a_failure_is_made_short(void)
{
    SimWish wish = { .seed = 1, .hosts = 3, .loss = 0.2, .duplicate = 0.05, .reorder = 0.05 };
    g_autoptr(SimPlan) plan = sim_plan_new(&wish);
    g_autoptr(GArray) items = sim_shrink(plan, NULL, SIM_BREAK_POLICY, 200);
    g_autofree char *text = sim_items_format(items);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) keep = sim_items_parse(text, &error);
    SimOutcome whole, small;

    g_assert_no_error(error);
    sim_run(plan, NULL, SIM_BREAK_POLICY, NULL, &whole);
    sim_run(plan, keep, SIM_BREAK_POLICY, NULL, &small);
    g_assert_cmpint(whole.failure.invariant, ==, SIM_PLAINTEXT);
    g_assert_cmpint(small.failure.invariant, ==, SIM_PLAINTEXT);
    g_assert_cmpuint(items->len, <=, 4);
    g_assert_cmpuint(plan->deeds->len, >, 10);
    sim_outcome_clear(&whole);
    sim_outcome_clear(&small);
}

static void
test_items_are_read_and_written(void)
{
    const char *good[] = { "d0", "d7,d12", "0>2#17", "d3,4000>1#99", "" }, *bad[] = { "7", "d", "d1x", "0>2", "0>2#", "40000>1#1", "d1;d2" };

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GHashTable) items = sim_items_parse(good[i], NULL);

        g_assert_nonnull(items);
        g_assert_cmpint(sim_items_keep(items, sim_item_of_deed(7)), ==, i == 1);
        g_assert_cmpint(sim_items_keep(items, sim_item_of_fate(0, 2, 17)), ==, i == 2);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(sim_items_parse(bad[i], &error));
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/one-seed-is-one-history", test_one_seed_is_one_history);
    g_test_add_func("/sim/other-seeds-are-other-histories", test_other_seeds_are_other_histories);
    g_test_add_func("/sim/some-histories-end-well", test_some_histories_end_well);
    g_test_add_func("/sim/a-failure-is-made-short", test_a_failure_is_made_short);
    g_test_add_func("/sim/items-are-read-and-written", test_items_are_read_and_written);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *name = g_strdup_printf("/sim/faults/%s-is-found-by-%s", sim_break_name(faults[i].broken),
                                                sim_invariant_name(faults[i].found_by));

        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_a_fault_is_found);
    }
    return g_test_run();
}
