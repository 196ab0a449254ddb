/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/agreement.c - nonces and public values, for whatever keys they are to make.
 *
 * Public-key work is a job, which the world may do elsewhere: all that it touches is in the job. */
#include "engine/ike-sa-private.h"

#include <string.h>

typedef struct {
    ObolJob base;
    ObolKeStep step;
    const ObolKeVtable *ke;
    ObolRandom random;
    gpointer offer; /* made, or used */
    guint8 public_value[OBOL_KE_PUBLIC_MAX];
    GBytes *peer;   /* the other side's public value */
    ObolSecret *secret;
    GError *error;
} KeJob;

static void
run(ObolJob *base)
{
    KeJob *job = (KeJob *) base;
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
    KeJob *job = (KeJob *) base;

    if (job->offer != NULL)
        job->ke->close(job->offer);
    g_clear_pointer(&job->peer, g_bytes_unref);
    obol_secret_free(job->secret);
    g_clear_error(&job->error);
    g_free(job);
}

static void
start(ObolIkeSa *sa, ObolAgreement *a, ObolKeStep step, ObolSpan peer, ObolActions *out)
{
    KeJob *job = g_new0(KeJob, 1);

    *job = (KeJob) {
        .base = { .id = ++sa->n_jobs, .run = run, .free = free_job },
        .step = step,
        .ke = a->ke,
        .random = sa->engine->random,
        .peer = peer.n > 0 ? g_bytes_new(peer.data, peer.n) : NULL,
    };
    if (step == OBOL_KE_COMPLETE)
        job->offer = g_steal_pointer(&a->offer);
    a->job = job->base.id;
    obol_actions_add(out, OBOL_ACTION_JOB)->job = &job->base;
}

void
obol_agreement_init(ObolIkeSa *sa, ObolAgreement *a, ObolRole role)
{
    obol_agreement_clear(a);
    a->role = role;
    obol_random_fill(&sa->engine->random, a->nonce, sizeof a->nonce);
}

static void
close_offer(ObolAgreement *a)
{
    if (a->offer != NULL)
        a->ke->close(a->offer);
    a->offer = NULL;
}

void
obol_agreement_clear(ObolAgreement *a)
{
    close_offer(a);
    g_clear_pointer(&a->peer_nonce, g_bytes_unref);
    obol_secret_free(a->secret);
    obol_wipe(a, sizeof *a);
}

ObolSpan
obol_agreement_nonce(const ObolAgreement *a, ObolRole whose)
{
    return whose == a->role ? (ObolSpan) { a->nonce, sizeof a->nonce } : obol_span_of_bytes(a->peer_nonce);
}

static void
use_group(ObolIkeSa *sa, ObolAgreement *a, guint16 group)
{
    close_offer(a);
    a->group = group;
    a->ke = obol_crypto_ke(sa->engine->crypto, group);
}

void
obol_agreement_offer(ObolIkeSa *sa, ObolAgreement *a, guint16 group, ObolActions *out)
{
    use_group(sa, a, group);
    start(sa, a, OBOL_KE_OFFER, (ObolSpan) { NULL, 0 }, out);
}

void
obol_agreement_accept(ObolIkeSa *sa, ObolAgreement *a, guint16 group, ObolSpan peer, ObolActions *out)
{
    use_group(sa, a, group);
    start(sa, a, OBOL_KE_ACCEPT, peer, out);
}

void
obol_agreement_complete(ObolIkeSa *sa, ObolAgreement *a, ObolSpan peer, ObolActions *out)
{
    start(sa, a, OBOL_KE_COMPLETE, peer, out);
}

gboolean
obol_agreement_job_done(ObolAgreement *a, ObolJob *base, ObolKeStep *step, const GError **error)
{
    KeJob *job = (KeJob *) base;

    a->job = 0;
    *step = job->step;
    *error = job->error;
    /* An offer that did not lead to a secret may yet, with a better answer. */
    if (job->step != OBOL_KE_ACCEPT && (job->step == OBOL_KE_OFFER) == (job->error == NULL))
        a->offer = g_steal_pointer(&job->offer);
    if (job->error != NULL)
        return FALSE;
    if (job->step != OBOL_KE_COMPLETE)
        memcpy(a->public_value, job->public_value, sizeof a->public_value);
    if (job->step != OBOL_KE_OFFER) {
        obol_secret_free(a->secret);
        a->secret = g_steal_pointer(&job->secret);
    }
    return TRUE;
}

gboolean
obol_nonce_is_lower(GBytes *a, GBytes *b)
{
    ObolSpan x = obol_span_of_bytes(a), y = obol_span_of_bytes(b);
    int order = memcmp(x.data, y.data, MIN(x.n, y.n));

    return order < 0 || (order == 0 && x.n < y.n);
}

GBytes *
obol_agreement_lowest_nonce(const ObolAgreement *a)
{
    g_autoptr(GBytes) ours = g_bytes_new(a->nonce, sizeof a->nonce);

    return g_bytes_ref(obol_nonce_is_lower(ours, a->peer_nonce) ? ours : a->peer_nonce);
}

/* --- which group --- */

guint16
obol_agreement_other_group(const ObolAgreement *a, const GArray *proposals, const ObolNotifyPayload *error)
{
    guint16 group = error->data.n == 2 ? (guint16) (error->data.data[0] << 8 | error->data.data[1]) : OBOL_KE_NONE;

    if (error->type != OBOL_N_INVALID_KE_PAYLOAD || group == a->group || !obol_proposals_have_group(proposals, group))
        return OBOL_KE_NONE;
    return group;
}

gboolean
obol_proposals_have_group(const GArray *proposals, guint16 group)
{
    for (guint i = 0; i < proposals->len; i++) {
        const ObolProposal *p = &g_array_index(proposals, ObolProposal, i);

        for (guint j = 0; j < p->n_transforms; j++) {
            if (p->transforms[j].type == OBOL_TRANSFORM_KE && p->transforms[j].id == group)
                return TRUE;
        }
    }
    return FALSE;
}

guint16
obol_proposals_first_group(const GArray *proposals)
{
    for (guint i = 0; i < proposals->len; i++) {
        const ObolProposal *p = &g_array_index(proposals, ObolProposal, i);

        for (guint j = 0; j < p->n_transforms; j++) {
            if (p->transforms[j].type == OBOL_TRANSFORM_KE && p->transforms[j].id != OBOL_KE_NONE)
                return p->transforms[j].id;
        }
    }
    return OBOL_KE_NONE;
}
