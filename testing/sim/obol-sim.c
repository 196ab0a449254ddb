/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/obol-sim.c - histories by their seeds, from the command line; a failure is made short and shown. */
#include <locale.h>
#include <stdlib.h>

#include "testing/sim/batch.h"
#include "testing/sim/ladder.h"
#include "testing/sim/scale.h"
#include "testing/sim/shrink.h"

#define SHRINK_TRIES 600

typedef struct {
    gint64 seed, seeds, scale;
    gint jobs, peers;
    double loss, duplicate, reorder, duration, minutes;
    char *only, *broken;
    gboolean ladder, no_shrink;
} Options;

static SimBreak
break_of(const char *name, GError **error)
{
    for (guint i = 0; i < SIM_N_BREAKS; i++) {
        if (g_strcmp0(name, sim_break_name((SimBreak) i)) == 0)
            return (SimBreak) i;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is no fault '%s' of the model", name);
    return SIM_SOUND;
}

static void
show_deeds(const SimPlan *plan, GHashTable *keep)
{
    for (guint i = 0; i < plan->deeds->len; i++) {
        g_autofree char *line = sim_deed_format(plan, i);

        if (sim_items_keep(keep, sim_item_of_deed(i)))
            g_print("  %s\n", line);
    }
}

static void
show_outcome(const SimPlan *plan, const SimOutcome *outcome)
{
    g_print("seed %" G_GUINT64_FORMAT ": %u hosts, %u links, %s; %" G_GUINT64_FORMAT " datagrams, %u of them not as sent; %" G_GUINT64_FORMAT
            " packets of ESP, %" G_GUINT64_FORMAT " arrived; %" G_GUINT64_FORMAT " IKE SAs, %" G_GUINT64_FORMAT " Child SAs; digest %016"
            G_GINT64_MODIFIER "x\n",
            plan->seed, plan->hosts->len, plan->links->len, plan->clean ? "clean" : "rough", outcome->n_datagrams, outcome->fates->len,
            outcome->n_packets, outcome->n_delivered, outcome->n_ike_sas, outcome->n_child_sas, outcome->digest);
    if (outcome->failure.invariant != SIM_NOTHING)
        g_print("FAILED after %.6f s: %s: %s\n", (double) outcome->failure.at_us / G_USEC_PER_SEC,
                sim_invariant_name(outcome->failure.invariant), outcome->failure.what);
}

/* One history in full, and if it fails, a short one that fails alike. */
static gboolean
run_one(const SimWish *wish, const Options *options, GHashTable *keep, SimBreak broken)
{
    g_autoptr(SimPlan) plan = sim_plan_new(wish);
    SimLadder *ladder = options->ladder ? sim_ladder_new() : NULL;
    SimOutcome outcome;
    gboolean well;

    sim_run(plan, keep, broken, ladder, &outcome);
    if (options->ladder) {
        show_deeds(plan, keep);
        sim_ladder_print(ladder, 0);
    }
    show_outcome(plan, &outcome);
    well = outcome.failure.invariant == SIM_NOTHING;
    sim_outcome_clear(&outcome);
    sim_ladder_free(ladder);
    if (!well && !options->no_shrink) {
        g_autoptr(GArray) items = sim_shrink(plan, keep, broken, SHRINK_TRIES);
        g_autofree char *text = sim_items_format(items);
        g_autoptr(GHashTable) kept = sim_items_parse(text, NULL);
        SimLadder *shown = sim_ladder_new();

        sim_run(plan, kept, broken, shown, &outcome);
        g_print("made short, to %u deeds and fates:\n", items->len);
        show_deeds(plan, kept);
        sim_ladder_print(shown, 400);
        show_outcome(plan, &outcome);
        g_print("again: obol-sim --seed %" G_GUINT64_FORMAT "%s%s --only '%s' --ladder\n", wish->seed, options->broken != NULL ? " --break " : "",
                options->broken != NULL ? options->broken : "", text);
        sim_outcome_clear(&outcome);
        sim_ladder_free(shown);
    }
    return well;
}

static gboolean
run_many(const SimWish *wish, const Options *options, SimBreak broken)
{
    SimBatch batch = {
        .wish = *wish, .broken = broken, .n_seeds = (guint64) options->seeds, .n_jobs = (guint) options->jobs,
        .for_us = (gint64) (options->minutes * 60 * G_USEC_PER_SEC),
    };
    SimWish first = *wish;

    sim_batch_run(&batch);
    g_print("%" G_GUINT64_FORMAT " histories from seed %" G_GUINT64_FORMAT " on in %.1f s: %" G_GUINT64_FORMAT " datagrams, %" G_GUINT64_FORMAT
            " packets, %" G_GUINT64_FORMAT " IKE SAs, %" G_GUINT64_FORMAT " Child SAs; %" G_GUINT64_FORMAT " failed\n",
            batch.n_done, wish->seed, batch.took_s, batch.n_datagrams, batch.n_packets, batch.n_ike_sas, batch.n_child_sas, batch.n_failed);
    if (batch.n_failed == 0)
        return TRUE;
    for (guint i = 0; i < SIM_N_INVARIANTS; i++) {
        if (batch.failures[i].n > 0)
            g_print("  %s: %u, first seed %" G_GUINT64_FORMAT "\n", sim_invariant_name((SimInvariant) i), batch.failures[i].n, batch.failures[i].seed);
    }
    first.seed = batch.first_failed;
    run_one(&first, options, NULL, broken);
    return FALSE;
}

static gboolean
parse(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "the history, or the first of them", "N" },
        { "seeds", 0, 0, G_OPTION_ARG_INT64, &options->seeds, "so many histories, each with the next seed", "N" },
        { "minutes", 0, 0, G_OPTION_ARG_DOUBLE, &options->minutes, "as many histories as go into that time", "N" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &options->jobs, "so many at once (2)", "N" },
        { "peers", 0, 0, G_OPTION_ARG_INT, &options->peers, "hosts of a history (2 to 4)", "N" },
        { "loss", 0, 0, G_OPTION_ARG_DOUBLE, &options->loss, "of datagrams, from 0 to 1; without: as the seed has it", "P" },
        { "duplicate", 0, 0, G_OPTION_ARG_DOUBLE, &options->duplicate, "likewise: they come twice", "P" },
        { "reorder", 0, 0, G_OPTION_ARG_DOUBLE, &options->reorder, "likewise: others overtake them", "P" },
        { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &options->duration, "virtual seconds of deeds (90)", "S" },
        { "only", 0, 0, G_OPTION_ARG_STRING, &options->only, "these deeds and fates of datagrams alone, as a failure names them", "LIST" },
        { "ladder", 0, 0, G_OPTION_ARG_NONE, &options->ladder, "show what happened, message by message", NULL },
        { "no-shrink", 0, 0, G_OPTION_ARG_NONE, &options->no_shrink, "leave a failure as long as it is", NULL },
        { "break", 0, 0, G_OPTION_ARG_STRING, &options->broken, "a fault of the model, to see that it is found", "NAME" },
        { "scale", 0, 0, G_OPTION_ARG_INT64, &options->scale, "what an event costs with 1,000 SAs and more, up to N", "N" },
        G_OPTION_ENTRY_NULL
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, "Histories of many IKEv2 hosts on a virtual network: one seed, one history, bit for bit.");
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (options->seed < 0 || options->seeds < 1 || options->jobs < 1 || options->jobs > 64 || *argc > 1
        || MAX(options->loss, 0) + MAX(options->duplicate, 0) + MAX(options->reorder, 0) > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "a number is out of range, or a word is one too many; see --help");
        return FALSE;
    }
    return TRUE;
}

static gboolean
run(const Options *options, GError **error)
{
    SimWish wish = {
        .seed = (guint64) options->seed, .hosts = options->peers, .loss = options->loss, .duplicate = options->duplicate,
        .reorder = options->reorder, .duration_us = (gint64) (options->duration * G_USEC_PER_SEC),
    };
    g_autoptr(GHashTable) keep = NULL;
    SimBreak broken = SIM_SOUND;

    if (options->broken != NULL && (broken = break_of(options->broken, error)) == SIM_SOUND)
        return FALSE;
    if (options->only != NULL && (keep = sim_items_parse(options->only, error)) == NULL)
        return FALSE;
    if (options->scale > 0)
        return sim_scale((guint) options->scale);
    if (options->seeds > 1 || options->minutes > 0)
        return run_many(&wish, options, broken);
    return run_one(&wish, options, keep, broken);
}

int
main(int argc, char **argv)
{
    Options options = { .seed = 1, .seeds = 1, .jobs = 2, .peers = -1, .loss = -1, .duplicate = -1, .reorder = -1 };
    g_autoptr(GError) error = NULL;
    gboolean well;

    setlocale(LC_ALL, "");
    if (!parse(&argc, &argv, &options, &error)) {
        g_printerr("obol-sim: %s\n", error->message);
        return 2;
    }
    well = run(&options, &error);
    if (error != NULL)
        g_printerr("obol-sim: %s\n", error->message);
    g_free(options.only);
    g_free(options.broken);
    return error != NULL ? 2 : well ? EXIT_SUCCESS : EXIT_FAILURE;
}
