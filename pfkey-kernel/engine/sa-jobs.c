/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sa-jobs.c - SPIs and SAs: reserved, installed, asked about, taken away. */
#include <errno.h>

#include "pfkey-kernel/engine/engine-private.h"

/* Of GET_SPI and ADD_SA: a copy of what is asked for; the keys live here and nowhere else, and are wiped. */
typedef struct {
    PfkeyJob job;
    ObolSaSpec spec;
    ObolSecret *encr_key, *integ_key;
    GArray *source_ts, *destination_ts;
    guint8 auth, encr;
    gboolean update; /* of what GETSPI made */
} SpecJob;

static GArray *
copy_list(const GArray *list)
{
    return list != NULL ? g_array_copy((GArray *) list) : NULL;
}

static void
clear_spec(PfkeyJob *base)
{
    SpecJob *job = (SpecJob *) base;

    obol_secret_free(job->encr_key);
    obol_secret_free(job->integ_key);
    g_clear_pointer(&job->source_ts, g_array_unref);
    g_clear_pointer(&job->destination_ts, g_array_unref);
}

static SpecJob *
new_spec_job(PfkeyEngine *engine, const ObolSaSpec *spec, PfkeyLock lock, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    SpecJob *job = pfkey_job_new(engine, sizeof *job, lock, start);

    job->job.clear = clear_spec;
    job->job.id = spec->id;
    job->spec = *spec;
    job->spec.encr_key = job->encr_key = obol_secret_dup(spec->encr_key);
    job->spec.integ_key = job->integ_key = obol_secret_dup(spec->integ_key);
    job->spec.source_ts = job->source_ts = copy_list(spec->source_ts);
    job->spec.destination_ts = job->destination_ts = copy_list(spec->destination_ts);
    return job;
}

/* --- GET_SPI --- */

static void get_spi_ask(PfkeyEngine *engine, SpecJob *job);

static void
get_spi_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    SpecJob *job = (SpecJob *) base;
    PfkeySadEntry *entry;

    if (pfkey_job_again(base, answer)) { /* what the first one may have made runs out by itself */
        get_spi_ask(engine, job);
        return;
    }
    if (answer->number != 0 || answer->message->sa.spi == 0) {
        pfkey_job_fail_by(engine, base, PFKEY_GETSPI, answer->number != 0 ? answer : &(PfkeyAnswer) { .number = EINVAL });
        return;
    }
    base->id.spi = base->reply.spi = answer->message->sa.spi;
    entry = pfkey_sad_add(&engine->sad, &base->id);
    entry->reserved = entry->inbound = TRUE;
    entry->reqid = job->spec.reqid;
    entry->mode = job->spec.mode;
    entry->hard_us = engine->now_us + PFKEY_RESERVED_US;
    pfkey_sad_arm(&engine->sad, entry);
    pfkey_job_done(engine, base);
}

static void
get_spi_ask(PfkeyEngine *engine, SpecJob *job)
{
    PfkeyMessage message;

    pfkey_build_getspi(&message, &job->spec);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, get_spi_answered);
}

static void
get_spi_start(PfkeyEngine *engine, PfkeyJob *base)
{
    SpecJob *job = (SpecJob *) base;
    const ObolSaId *id = &job->spec.id;
    const char *why = NULL;

    if (pfkey_satype_of(id->protocol) == 0)
        why = "no protocol of IPsec";
    else if (obol_address_n_bytes(&id->destination) == 0 || (id->source.family != 0 && id->source.family != id->destination.family))
        why = "an SPI is reserved for an address of ours, and with a peer's of the same family";
    if (why != NULL)
        pfkey_job_fail(engine, base, g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID, why));
    else
        get_spi_ask(engine, job);
}

PfkeyJob *
pfkey_job_get_spi(PfkeyEngine *engine, const ObolKernelRequest *request)
{
    return &new_spec_job(engine, &request->sa, PFKEY_LOCK_NONE, get_spi_start)->job;
}

/* --- ADD_SA --- */

static void add_ask(PfkeyEngine *engine, SpecJob *job);

static gint64
after(gint64 now_us, gint64 us)
{
    return us > 0 && us < G_MAXINT64 - now_us ? now_us + us : G_MAXINT64;
}

static void
added(PfkeyEngine *engine, SpecJob *job)
{
    const ObolSaSpec *spec = &job->spec;
    PfkeySadEntry *entry = pfkey_sad_add(&engine->sad, &spec->id);

    entry->reqid = spec->reqid;
    entry->mode = spec->mode;
    entry->inbound = spec->inbound;
    entry->udp_encap = spec->udp_encap;
    entry->soft_us = after(engine->now_us, spec->lifetimes.soft_us);
    entry->hard_us = after(engine->now_us, spec->lifetimes.hard_us);
    pfkey_sad_arm(&engine->sad, entry);
    if (!spec->inbound)
        pfkey_acquires_forget(engine, spec->reqid);
    pfkey_job_done(engine, &job->job);
}

/* No answer came to ADD or UPDATE: which is it, done or lost? */
static void
add_looked(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    SpecJob *job = (SpecJob *) base;
    const PfkeyMessage *held = answer->message;

    if (answer->number == 0 && held->sa.state != PFKEY_STATE_LARVAL && held->sa2.reqid == job->spec.reqid)
        added(engine, job);
    else if (answer->number == 0 || answer->number == ESRCH)
        add_ask(engine, job);
    else
        pfkey_job_fail_by(engine, base, PFKEY_GET, answer);
}

static void
add_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    SpecJob *job = (SpecJob *) base;
    PfkeyMessage look;

    if (answer->number == 0) {
        added(engine, job);
    } else if (answer->number == ESRCH && job->update) { /* the reservation ran out in the kernel, not here */
        job->update = FALSE;
        add_ask(engine, job);
    } else if (pfkey_job_again(base, answer)) {
        pfkey_build_name(&look, PFKEY_GET, &base->id);
        pfkey_ask(engine, base, PFKEY_CHANNEL_REQUESTS, &look, add_looked);
    } else {
        pfkey_job_fail_by(engine, base, job->update ? PFKEY_UPDATE : PFKEY_ADD, answer);
    }
}

static void
add_ask(PfkeyEngine *engine, SpecJob *job)
{
    PfkeyMessage message;

    pfkey_build_sa(&message, job->update ? PFKEY_UPDATE : PFKEY_ADD, &job->spec, job->auth, job->encr);
    message.header.seq = job->spec.inbound ? 0 : pfkey_acquire_seq(engine, &job->spec);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, add_answered);
}

static void
add_start(PfkeyEngine *engine, PfkeyJob *base)
{
    SpecJob *job = (SpecJob *) base;
    const PfkeySadEntry *entry = pfkey_sad_find(&engine->sad, &base->id);
    g_autofree char *text = pfkey_sa_text(&base->id);
    GError *error = NULL;

    if (!pfkey_spec_check(&job->spec, &job->auth, &job->encr, &error)) {
        g_prefix_error(&error, "%s: ", text);
        pfkey_job_fail(engine, base, error);
    } else if (entry != NULL && !entry->reserved && !entry->gone) {
        pfkey_job_fail(engine, base, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_EXISTS, "%s: is there already", text));
    } else {
        job->update = entry != NULL && entry->reserved && job->spec.inbound;
        add_ask(engine, job);
    }
}

PfkeyJob *
pfkey_job_add_sa(PfkeyEngine *engine, const ObolKernelRequest *request)
{
    return &new_spec_job(engine, &request->sa, PFKEY_LOCK_SA, add_start)->job;
}

/* --- DELETE_SA --- */

/* @job.id is what the daemon said; @held what the kernel calls it. */
typedef struct {
    PfkeyJob job;
    ObolSaId held;
} NameJob;

static NameJob *
new_name_job(PfkeyEngine *engine, const ObolSaId *id, void (*start)(PfkeyEngine *engine, PfkeyJob *job))
{
    NameJob *job = pfkey_job_new(engine, sizeof *job, PFKEY_LOCK_SA, start);

    job->job.id = job->held = *id;
    return job;
}

static void
ask_by_name(PfkeyEngine *engine, NameJob *job, PfkeyType type, PfkeyAnswered answered)
{
    PfkeyMessage message;

    pfkey_build_name(&message, type, &job->held);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, answered);
}

static void
fail_not_found(PfkeyEngine *engine, PfkeyJob *job)
{
    g_autofree char *text = pfkey_sa_text(&job->id);

    pfkey_job_fail(engine, job, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND, "%s: there is none", text));
}

/* A hard lifetime may have been faster: what is not there is deleted. */
static void
delete_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    if (pfkey_job_again(base, answer))
        ask_by_name(engine, (NameJob *) base, PFKEY_DELETE, delete_answered);
    else if (answer->number == 0 || answer->number == ESRCH)
        pfkey_job_done(engine, base);
    else
        pfkey_job_fail_by(engine, base, PFKEY_DELETE, answer);
}

static void
remove_start(PfkeyEngine *engine, PfkeyJob *base)
{
    ask_by_name(engine, (NameJob *) base, PFKEY_DELETE, delete_answered);
}

/* Forgotten at once, so that a comparison takes it away if this fails. */
static void
delete_start(PfkeyEngine *engine, PfkeyJob *base)
{
    PfkeySadEntry *entry = pfkey_sad_find(&engine->sad, &base->id);
    gboolean gone = entry != NULL && entry->gone;

    if (entry == NULL) {
        fail_not_found(engine, base);
        return;
    }
    ((NameJob *) base)->held = entry->held;
    pfkey_sad_remove(&engine->sad, entry);
    if (gone)
        pfkey_job_done(engine, base);
    else
        remove_start(engine, base);
}

PfkeyJob *
pfkey_job_delete_sa(PfkeyEngine *engine, const ObolSaId *id)
{
    return &new_name_job(engine, id, delete_start)->job;
}

PfkeyJob *
pfkey_job_remove(PfkeyEngine *engine, const ObolSaId *held)
{
    return &new_name_job(engine, held, remove_start)->job;
}

/* --- QUERY_SA, and looking after one --- */

static void
query_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    PfkeySadEntry *entry = pfkey_sad_find(&engine->sad, &base->id);
    ObolKernelSa held;

    if (pfkey_job_again(base, answer)) {
        ask_by_name(engine, (NameJob *) base, PFKEY_GET, query_answered);
    } else if (answer->number == ESRCH && entry != NULL) {
        pfkey_tell_expired(engine, entry, TRUE);
        fail_not_found(engine, base);
    } else if (answer->number != 0) {
        pfkey_job_fail_by(engine, base, PFKEY_GET, answer);
    } else {
        pfkey_sa_from_message(answer->message, &held);
        base->reply.usage = held.usage;
        pfkey_job_done(engine, base);
    }
}

static void
query_start(PfkeyEngine *engine, PfkeyJob *base)
{
    const PfkeySadEntry *entry = pfkey_sad_find(&engine->sad, &base->id);

    if (entry == NULL || entry->gone || entry->reserved) {
        fail_not_found(engine, base);
        return;
    }
    ((NameJob *) base)->held = entry->held;
    ask_by_name(engine, (NameJob *) base, PFKEY_GET, query_answered);
}

PfkeyJob *
pfkey_job_query_sa(PfkeyEngine *engine, const ObolSaId *id)
{
    return &new_name_job(engine, id, query_start)->job;
}

static void
checked(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    PfkeySadEntry *entry = pfkey_sad_find_held(&engine->sad, &base->id);

    if (answer->number == ESRCH && entry != NULL && !entry->reserved)
        pfkey_tell_expired(engine, entry, TRUE);
    pfkey_job_done(engine, base);
}

static void
check_start(PfkeyEngine *engine, PfkeyJob *base)
{
    ask_by_name(engine, (NameJob *) base, PFKEY_GET, checked);
}

PfkeyJob *
pfkey_job_check_sa(PfkeyEngine *engine, const ObolSaId *held)
{
    return &new_name_job(engine, held, check_start)->job;
}
