/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* survey.c - what the kernel holds, all of it: for a list, and to compare it with what we believe. */
#include <errno.h>
#include <string.h>

#include "pfkey-kernel/engine/engine-private.h"

#define ENTRIES_MAX (1u << 20) /* of one kind: a kernel, or a proxy, that does not end its list is not listened to for ever */

typedef struct Survey Survey;
struct Survey {
    PfkeyJob job;
    void (*sa)(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message);
    void (*policy)(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message);
    void (*end)(PfkeyEngine *engine, Survey *survey);
    PfkeyEngine *engine;    /* comparing, but for FLUSH: who is told when it has ended */
    GArray *sas, *policies; /* LIST: of ObolKernelSa, ObolKernelPolicy */
    GArray *doomed_sas, *doomed_policies, *missing; /* comparing: of ObolSaId, of guint32, of PfkeyPiece */
    PfkeyType asked;
};

static void
clear(PfkeyJob *base)
{
    Survey *survey = (Survey *) base;

    g_clear_pointer(&survey->sas, g_array_unref);
    g_clear_pointer(&survey->policies, g_array_unref);
    g_clear_pointer(&survey->doomed_sas, g_array_unref);
    g_clear_pointer(&survey->doomed_policies, g_array_unref);
    g_clear_pointer(&survey->missing, g_array_unref);
    if (survey->engine != NULL)
        survey->engine->comparing = FALSE;
}

static void
policies_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    Survey *survey = (Survey *) base;

    if (answer->number != 0 && answer->number != ENOENT) { /* ENOENT: there is none */
        pfkey_job_fail_by(engine, base, PFKEY_X_SPDDUMP, answer);
        return;
    }
    if (answer->number == 0)
        survey->policy(engine, survey, answer->message);
    if (answer->last)
        survey->end(engine, survey);
}

static void
sas_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    Survey *survey = (Survey *) base;
    PfkeyMessage message;

    if (answer->number != 0 && answer->number != ENOENT) {
        pfkey_job_fail_by(engine, base, PFKEY_DUMP, answer);
        return;
    }
    if (answer->number == 0)
        survey->sa(engine, survey, answer->message);
    if (!answer->last)
        return;
    pfkey_message_init(&message, PFKEY_X_SPDDUMP, PFKEY_SATYPE_UNSPEC, 0, 0);
    pfkey_ask(engine, base, PFKEY_CHANNEL_REQUESTS, &message, policies_answered);
}

static void
begin(PfkeyEngine *engine, PfkeyJob *base)
{
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_DUMP, PFKEY_SATYPE_UNSPEC, 0, 0);
    pfkey_ask(engine, base, PFKEY_CHANNEL_REQUESTS, &message, sas_answered);
}

static Survey *
new_survey(PfkeyEngine *engine, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    Survey *survey = pfkey_job_new(engine, sizeof *survey, PFKEY_LOCK_ALL, start);

    survey->job.clear = clear;
    return survey;
}

/* --- LIST --- */

/* Without an SPI it is no SA, but a note of the kernel's that it has asked for one. */
static void
list_sa(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message)
{
    ObolKernelSa sa;

    if (!pfkey_sa_from_message(message, &sa) || sa.id.spi == 0 || survey->sas->len >= ENTRIES_MAX)
        return;
    sa.ours |= pfkey_sad_find_held(&engine->sad, &sa.id) != NULL;
    g_array_append_val(survey->sas, sa);
}

static void
list_policy(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message)
{
    const PfkeySpdEntry *entry = NULL;
    ObolKernelPolicy policy;
    PfkeyPiece piece;

    if (!pfkey_policy_from_message(message, &policy) || survey->policies->len >= ENTRIES_MAX)
        return;
    if (pfkey_piece_from_message(message, &piece))
        entry = pfkey_spd_find(&engine->spd, &piece);
    policy.ours |= entry != NULL;
    policy.spec.trap = entry != NULL && pfkey_spd_is_trap(entry);
    g_array_append_val(survey->policies, policy);
}

static void
list_end(PfkeyEngine *engine, Survey *survey)
{
    survey->job.reply.sas = survey->sas;
    survey->job.reply.policies = survey->policies;
    pfkey_job_done(engine, &survey->job);
}

PfkeyJob *
pfkey_job_list(PfkeyEngine *engine)
{
    Survey *survey = new_survey(engine, begin);

    survey->sa = list_sa;
    survey->policy = list_policy;
    survey->end = list_end;
    survey->sas = g_array_new(FALSE, FALSE, sizeof(ObolKernelSa));
    survey->policies = g_array_new(FALSE, FALSE, sizeof(ObolKernelPolicy));
    return &survey->job;
}

/* --- comparing --- */

static void
compare_sa(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message)
{
    PfkeySadEntry *entry;
    ObolKernelSa sa;

    if (!pfkey_sa_from_message(message, &sa))
        return;
    entry = pfkey_sad_find_held(&engine->sad, &sa.id);
    if (entry != NULL && !entry->gone)
        entry->seen = engine->comparison;
    else if (sa.ours && survey->doomed_sas->len < ENTRIES_MAX)
        g_array_append_val(survey->doomed_sas, sa.id);
}

static void
compare_policy(PfkeyEngine *engine, Survey *survey, const PfkeyMessage *message)
{
    ObolKernelPolicy policy;
    PfkeySpdEntry *entry;
    PfkeyPiece piece;

    if (!pfkey_piece_from_message(message, &piece) || !pfkey_policy_from_message(message, &policy))
        return;
    entry = pfkey_spd_find(&engine->spd, &piece);
    if (entry != NULL) {
        entry->kernel_id = message->policy.id;
        if (pfkey_same_template(&policy.spec, pfkey_spd_serving(entry)))
            entry->seen = engine->comparison;
    } else if (policy.ours && survey->doomed_policies->len < ENTRIES_MAX) {
        g_array_append_val(survey->doomed_policies, message->policy.id);
    }
}

static void
find_missing(PfkeyEngine *engine, Survey *survey)
{
    g_autoptr(GPtrArray) sas = pfkey_sad_all(&engine->sad), policies = pfkey_spd_all(&engine->spd);

    for (guint i = 0; i < sas->len; i++) {
        PfkeySadEntry *entry = sas->pdata[i];
        g_autofree char *text = NULL;

        if (entry->seen == engine->comparison || entry->reserved || entry->gone)
            continue;
        text = pfkey_sa_text(&entry->id);
        pfkey_log(engine, 1, "PF_KEY: %s has gone without our doing", text);
        pfkey_tell_expired(engine, entry, TRUE);
    }
    for (guint i = 0; i < policies->len; i++)
        if (((PfkeySpdEntry *) policies->pdata[i])->seen != engine->comparison)
            g_array_append_val(survey->missing, ((PfkeySpdEntry *) policies->pdata[i])->piece);
}

static gboolean
take_last(GArray *list, gpointer out, gsize n)
{
    if (list->len == 0)
        return FALSE;
    memcpy(out, list->data + (list->len - 1) * n, n);
    g_array_set_size(list, list->len - 1);
    return TRUE;
}

static void put_right(PfkeyEngine *engine, Survey *survey);

static void
put_right_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    Survey *survey = (Survey *) base;

    if (answer->number == ETIMEDOUT || answer->unsent != NULL) {
        pfkey_job_fail_by(engine, base, survey->asked, answer);
        return;
    }
    if (answer->number != 0 && answer->number != ENOENT && answer->number != ESRCH) {
        g_autoptr(GError) error = pfkey_answer_error(survey->asked, answer, "putting right what was found");

        pfkey_log(engine, 0, "PF_KEY: %s", error->message);
    }
    put_right(engine, survey);
}

/* Leftovers of ours go, missing policies come back; policies first: packets may not find one without its SA. */
static void
put_right(PfkeyEngine *engine, Survey *survey)
{
    const PfkeySpdEntry *entry;
    PfkeyMessage message;
    PfkeyPiece piece;
    ObolSaId id;
    guint32 policy;

    if (take_last(survey->doomed_policies, &policy, sizeof policy)) {
        pfkey_build_policy_id(&message, PFKEY_X_SPDDELETE2, policy);
    } else if (take_last(survey->missing, &piece, sizeof piece)) {
        entry = pfkey_spd_find(&engine->spd, &piece);
        pfkey_build_policy(&message, PFKEY_X_SPDUPDATE, &piece, pfkey_spd_serving(entry));
    } else if (take_last(survey->doomed_sas, &id, sizeof id)) {
        pfkey_build_name(&message, PFKEY_DELETE, &id);
    } else {
        engine->compared_us = engine->now_us;
        pfkey_job_done(engine, &survey->job);
        return;
    }
    survey->asked = message.header.type;
    pfkey_ask(engine, &survey->job, PFKEY_CHANNEL_REQUESTS, &message, put_right_answered);
}

static void
compare_end(PfkeyEngine *engine, Survey *survey)
{
    find_missing(engine, survey);
    if (survey->engine != NULL && survey->doomed_sas->len + survey->doomed_policies->len + survey->missing->len > 0)
        pfkey_log(engine, 1, "PF_KEY: the kernel holds %u SAs and %u policies of ours that we do not know, and lacks %u policies",
                  survey->doomed_sas->len, survey->doomed_policies->len, survey->missing->len);
    put_right(engine, survey);
}

static void
compare_begin(PfkeyEngine *engine, PfkeyJob *base)
{
    engine->comparison++;
    begin(engine, base);
}

static Survey *
new_comparison(PfkeyEngine *engine, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    Survey *survey = new_survey(engine, start);

    survey->sa = compare_sa;
    survey->policy = compare_policy;
    survey->end = compare_end;
    survey->doomed_sas = g_array_new(FALSE, FALSE, sizeof(ObolSaId));
    survey->doomed_policies = g_array_new(FALSE, FALSE, sizeof(guint32));
    survey->missing = g_array_new(FALSE, FALSE, sizeof(PfkeyPiece));
    return survey;
}

/* The caller sets @comparing: it is taken back when the job has gone. */
PfkeyJob *
pfkey_job_compare(PfkeyEngine *engine)
{
    Survey *survey = new_comparison(engine, compare_begin);

    survey->engine = engine;
    return &survey->job;
}

/* --- FLUSH: we believe in nothing any more, and what is there is doomed --- */

static void
flush_begin(PfkeyEngine *engine, PfkeyJob *base)
{
    Survey *survey = (Survey *) base;
    g_autoptr(GPtrArray) sas = pfkey_sad_all(&engine->sad);

    for (guint i = 0; i < sas->len; i++) {
        PfkeySadEntry *entry = sas->pdata[i];

        if (entry->reserved) /* bears no mark */
            g_array_append_val(survey->doomed_sas, entry->held);
        pfkey_sad_remove(&engine->sad, entry);
    }
    pfkey_spd_clear(&engine->spd);
    pfkey_spd_init(&engine->spd);
    g_array_set_size(engine->acquires, 0);
    compare_begin(engine, base);
}

PfkeyJob *
pfkey_job_flush(PfkeyEngine *engine)
{
    return &new_comparison(engine, flush_begin)->job;
}
