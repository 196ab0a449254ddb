/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/batch.h - many histories, side by side. */
#ifndef OBOL_TESTING_SIM_BATCH_H
#define OBOL_TESTING_SIM_BATCH_H

#include "testing/sim/sim.h"

typedef struct {
    /* what is wanted */
    SimWish wish;          /* its seed is the first */
    SimBreak broken;
    guint64 n_seeds;
    gint64 for_us;         /* not 0: as many as go into that time, whatever @n_seeds */
    guint n_jobs;
    /* what came of it */
    guint64 n_done, n_failed, first_failed;
    guint64 n_datagrams, n_packets, n_ike_sas, n_child_sas;
    struct { guint n; guint64 seed; } failures[SIM_N_INVARIANTS];
    double took_s;
    /* between the threads */
    GMutex lock;
    guint64 n_begun;
} SimBatch;

/* Goes on after a failure, so that all kinds of failures are counted. */
void sim_batch_run(SimBatch *batch);

#endif
