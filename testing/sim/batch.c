/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/batch.c - many histories, side by side: each thread takes the next seed. */
#include "testing/sim/batch.h"

static gboolean
next_seed(SimBatch *batch, gint64 began_us, guint64 *seed)
{
    gboolean any;

    g_mutex_lock(&batch->lock);
    any = batch->for_us > 0 ? g_get_monotonic_time() - began_us < batch->for_us : batch->n_begun < batch->n_seeds;
    *seed = batch->wish.seed + batch->n_begun;
    if (any)
        batch->n_begun++;
    g_mutex_unlock(&batch->lock);
    return any;
}

static void
count(SimBatch *batch, guint64 seed, const SimOutcome *outcome)
{
    SimInvariant invariant = outcome->failure.invariant;

    g_mutex_lock(&batch->lock);
    batch->n_done++;
    batch->n_datagrams += outcome->n_datagrams;
    batch->n_packets += outcome->n_packets;
    batch->n_ike_sas += outcome->n_ike_sas;
    batch->n_child_sas += outcome->n_child_sas;
    if (invariant != SIM_NOTHING) {
        if (batch->n_failed++ == 0 || seed < batch->first_failed)
            batch->first_failed = seed;
        if (batch->failures[invariant].n++ == 0 || seed < batch->failures[invariant].seed)
            batch->failures[invariant].seed = seed;
    }
    g_mutex_unlock(&batch->lock);
}

typedef struct {
    SimBatch *batch;
    gint64 began_us;
} Worker;

static gpointer
work(gpointer data)
{
    const Worker *worker = data;
    SimWish wish = worker->batch->wish;

    while (next_seed(worker->batch, worker->began_us, &wish.seed)) {
        g_autoptr(SimPlan) plan = sim_plan_new(&wish);
        SimOutcome outcome;

        sim_run(plan, NULL, worker->batch->broken, NULL, &outcome);
        count(worker->batch, wish.seed, &outcome);
        sim_outcome_clear(&outcome);
    }
    return NULL;
}

void
sim_batch_run(SimBatch *batch)
{
    Worker worker = { batch, g_get_monotonic_time() };
    g_autofree GThread **threads = g_new(GThread *, batch->n_jobs);

    g_mutex_init(&batch->lock);
    for (guint i = 0; i < batch->n_jobs; i++)
        threads[i] = g_thread_new("history", work, &worker);
    for (guint i = 0; i < batch->n_jobs; i++)
        g_thread_join(threads[i]);
    g_mutex_clear(&batch->lock);
    batch->took_s = (double) (g_get_monotonic_time() - worker.began_us) / G_USEC_PER_SEC;
}
