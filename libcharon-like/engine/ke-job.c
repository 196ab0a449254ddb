/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/ke-job.c - public-key work, which the world may do elsewhere: all that it touches is in the job. */
#include "engine/ike-sa-private.h"

static void
run(ObolJob *base)
{
    ObolKeJob *job = (ObolKeJob *) base;
    ObolSpan peer = obol_span_of_bytes(job->peer);

    switch (job->step) {
    case OBOL_KE_OFFER: job->offer = job->ke->offer(&job->random, job->public_value, &job->error); break;
    case OBOL_KE_ACCEPT:
        job->secret = job->ke->accept(&job->random, peer.data, peer.n, job->public_value, &job->error);
        break;
    case OBOL_KE_COMPLETE: job->secret = job->ke->complete(job->offer, peer.data, peer.n, &job->error); break;
    }
}

static void
free_job(ObolJob *base)
{
    ObolKeJob *job = (ObolKeJob *) base;

    if (job->offer != NULL)
        job->ke->close(job->offer);
    g_clear_pointer(&job->peer, g_bytes_unref);
    obol_secret_free(job->secret);
    g_clear_error(&job->error);
    g_free(job);
}

void
obol_ke_job_start(ObolIkeSa *sa, ObolKeStep step, ObolSpan peer, ObolActions *out)
{
    ObolNegotiation *n = sa->negotiation;
    ObolKeJob *job = g_new0(ObolKeJob, 1);

    *job = (ObolKeJob) {
        .base = { .id = ++sa->n_jobs, .run = run, .free = free_job },
        .step = step,
        .ke = n->ke,
        .random = sa->engine->random,
        .peer = peer.n > 0 ? g_bytes_new(peer.data, peer.n) : NULL,
    };
    if (step == OBOL_KE_COMPLETE)
        job->offer = g_steal_pointer(&n->ke_offer);
    n->job = job->base.id;
    obol_actions_add(out, OBOL_ACTION_JOB)->job = &job->base;
}
