/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* policy-jobs.c - policies added, taken away and moved: each one or more of the kernel's, and each of those counted. */
#include <errno.h>

#include "pfkey-kernel/engine/engine-private.h"
#include "pfkey-kernel/engine/refusal.h"

typedef struct {
    PfkeyJob job;
    ObolPolicySpec to;       /* UPDATE_POLICY */
    GArray *pieces;          /* of PfkeyPiece */
    guint at;                /* the piece that is asked about */
    guint end;               /* taking away: up to here */
    PfkeyType asked;
    GError *why;             /* adding failed, and is being undone */
    PfkeyAnswered answered;
} PolicyJob;

static void
clear(PfkeyJob *base)
{
    PolicyJob *job = (PolicyJob *) base;

    g_clear_pointer(&job->pieces, g_array_unref);
    g_clear_error(&job->why);
}

static PolicyJob *
new_policy_job(PfkeyEngine *engine, const ObolPolicySpec *spec, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    PolicyJob *job = pfkey_job_new(engine, sizeof *job, PFKEY_LOCK_POLICY, start);

    job->job.policy = *spec;
    job->job.clear = clear;
    return job;
}

static const PfkeyPiece *
piece_at(const PolicyJob *job)
{
    return &g_array_index(job->pieces, PfkeyPiece, job->at);
}

/* Makes the kernel's policy what our table says now. */
static void
ask(PfkeyEngine *engine, PolicyJob *job, PfkeyType type, PfkeyAnswered answered)
{
    const PfkeySpdEntry *entry = pfkey_spd_find(&engine->spd, piece_at(job));
    PfkeyMessage message;

    job->asked = type;
    job->answered = answered;
    pfkey_build_policy(&message, type, piece_at(job), entry != NULL ? pfkey_spd_serving(entry) : &job->job.policy);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, answered);
}

/* All of these can be asked twice; only an SPDADD must not be: it would find itself. */
static gboolean
asked_again(PfkeyEngine *engine, PolicyJob *job, const PfkeyAnswer *answer)
{
    if (!pfkey_job_again(&job->job, answer))
        return FALSE;
    ask(engine, job, job->asked == PFKEY_X_SPDADD ? PFKEY_X_SPDUPDATE : job->asked, job->answered);
    return TRUE;
}

static void
learn_id(PfkeyEngine *engine, const PolicyJob *job, const PfkeyAnswer *answer)
{
    PfkeySpdEntry *entry = pfkey_spd_find(&engine->spd, piece_at(job));

    if (entry != NULL && answer->message->policy.id != 0)
        entry->kernel_id = answer->message->policy.id;
}

static void
fail_here(PfkeyEngine *engine, PolicyJob *job, const PfkeyAnswer *answer)
{
    g_autofree char *text = pfkey_piece_text(piece_at(job));

    if (answer->number == ETIMEDOUT)
        pfkey_compare_soon(engine, 0);
    pfkey_job_fail(engine, &job->job, pfkey_answer_error(job->asked, answer, text));
}

/* --- taking away, which is also how adding is undone --- */

static void take_next(PfkeyEngine *engine, PolicyJob *job);

static void
taken(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    PolicyJob *job = (PolicyJob *) base;

    if (asked_again(engine, job, answer))
        return;
    if (answer->number != 0 && answer->number != ENOENT && answer->number != ESRCH && job->why == NULL) {
        fail_here(engine, job, answer);
        return;
    }
    if (answer->number == 0)
        learn_id(engine, job, answer);
    job->at++;
    take_next(engine, job);
}

static void
take_next(PfkeyEngine *engine, PolicyJob *job)
{
    for (; job->at < job->end; job->at++) {
        PfkeySpdEntry *entry = pfkey_spd_find(&engine->spd, piece_at(job));
        int use = entry != NULL ? pfkey_spd_find_use(entry, &job->job.policy) : -1;
        gboolean served = use >= 0 && (guint) use + 1 == entry->uses->len;
        gboolean alone = use >= 0 && entry->uses->len == 1;

        if (use < 0)
            continue;
        pfkey_spd_remove_use(&engine->spd, entry, (guint) use);
        job->job.tries = 0;
        if (served) {
            ask(engine, job, alone ? PFKEY_X_SPDDELETE : PFKEY_X_SPDUPDATE, taken);
            return;
        }
    }
    if (job->why != NULL)
        pfkey_job_fail(engine, &job->job, g_steal_pointer(&job->why));
    else
        pfkey_job_done(engine, &job->job);
}

/* The pieces of a policy that is there; %FALSE: it is not, and the job has failed. */
static gboolean
find(PfkeyEngine *engine, PolicyJob *job)
{
    GError *error = NULL;
    const PfkeySpdEntry *entry;
    g_autofree char *text = NULL;

    job->pieces = pfkey_pieces_of(&job->job.policy, &error);
    if (job->pieces == NULL) {
        pfkey_job_fail(engine, &job->job, error);
        return FALSE;
    }
    entry = pfkey_spd_find(&engine->spd, piece_at(job));
    if (entry != NULL && pfkey_spd_find_use(entry, &job->job.policy) >= 0)
        return TRUE;
    text = pfkey_piece_text(piece_at(job));
    pfkey_job_fail(engine, &job->job, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND, "%s: there is none", text));
    return FALSE;
}

static void
delete_start(PfkeyEngine *engine, PfkeyJob *base)
{
    PolicyJob *job = (PolicyJob *) base;

    if (!find(engine, job))
        return;
    job->end = job->pieces->len;
    take_next(engine, job);
}

PfkeyJob *
pfkey_job_delete_policy(PfkeyEngine *engine, const ObolPolicySpec *spec)
{
    return &new_policy_job(engine, spec, delete_start)->job;
}

/* --- adding --- */

static void add_next(PfkeyEngine *engine, PolicyJob *job);

static void
add_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    PolicyJob *job = (PolicyJob *) base;
    PfkeySpdEntry *entry;

    if (asked_again(engine, job, answer))
        return;
    if (answer->number == 0) {
        learn_id(engine, job, answer);
        job->at++;
        add_next(engine, job);
        return;
    }
    /* This piece is as it was; those before it are to be taken away again. */
    fail_here(engine, job, answer);
    base->finished = FALSE;
    job->why = g_steal_pointer(&base->error);
    entry = pfkey_spd_find(&engine->spd, piece_at(job));
    pfkey_spd_remove_use(&engine->spd, entry, entry->uses->len - 1);
    job->end = job->at;
    job->at = 0;
    take_next(engine, job);
}

static void
add_next(PfkeyEngine *engine, PolicyJob *job)
{
    const PfkeySpdEntry *entry;

    if (job->at == job->pieces->len) {
        pfkey_job_done(engine, &job->job);
        return;
    }
    job->job.tries = 0;
    entry = pfkey_spd_push(&engine->spd, piece_at(job), &job->job.policy, job->at == 0);
    ask(engine, job, entry->uses->len == 1 ? PFKEY_X_SPDADD : PFKEY_X_SPDUPDATE, add_answered);
}

static void
add_start(PfkeyEngine *engine, PfkeyJob *base)
{
    PolicyJob *job = (PolicyJob *) base;
    GError *error = NULL;

    if (pfkey_policy_check(&base->policy, &error))
        job->pieces = pfkey_pieces_of(&base->policy, &error);
    if (job->pieces == NULL)
        pfkey_job_fail(engine, base, error);
    else
        add_next(engine, job);
}

PfkeyJob *
pfkey_job_add_policy(PfkeyEngine *engine, const ObolPolicySpec *spec)
{
    return &new_policy_job(engine, spec, add_start)->job;
}

/* --- moving --- */

static void update_next(PfkeyEngine *engine, PolicyJob *job);

static void
update_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    PolicyJob *job = (PolicyJob *) base;

    if (asked_again(engine, job, answer))
        return;
    if (answer->number != 0) {
        fail_here(engine, job, answer);
        return;
    }
    learn_id(engine, job, answer);
    job->at++;
    update_next(engine, job);
}

/* The SA's MIGRATE may have taken the policy along: then there is nothing to do. */
static void
update_next(PfkeyEngine *engine, PolicyJob *job)
{
    for (; job->at < job->pieces->len; job->at++) {
        PfkeySpdEntry *entry = pfkey_spd_find(&engine->spd, piece_at(job));
        int use = entry != NULL ? pfkey_spd_find_use(entry, &job->job.policy) : -1;
        ObolPolicySpec *spec = use >= 0 ? &g_array_index(entry->uses, PfkeyUse, use).spec : NULL;

        if (spec == NULL || (pfkey_address_same(&spec->tunnel_source, &job->to.tunnel_source) &&
                             pfkey_address_same(&spec->tunnel_destination, &job->to.tunnel_destination)))
            continue;
        spec->tunnel_source = job->to.tunnel_source;
        spec->tunnel_destination = job->to.tunnel_destination;
        job->job.tries = 0;
        if (spec == pfkey_spd_serving(entry)) {
            ask(engine, job, PFKEY_X_SPDUPDATE, update_answered);
            return;
        }
    }
    pfkey_job_done(engine, &job->job);
}

static void
update_start(PfkeyEngine *engine, PfkeyJob *base)
{
    PolicyJob *job = (PolicyJob *) base;
    GError *error = NULL;

    if (!pfkey_policy_check(&job->to, &error))
        pfkey_job_fail(engine, base, error);
    else if (find(engine, job))
        update_next(engine, job);
}

PfkeyJob *
pfkey_job_update_policy(PfkeyEngine *engine, const ObolPolicySpec *spec, const ObolPolicySpec *to)
{
    PolicyJob *job = new_policy_job(engine, spec, update_start);

    job->to = *to;
    return &job->job;
}
