/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.c - what the kernel tells unasked, and what time tells: acquires, lifetimes, mappings, and others' doings. */
#include "pfkey-kernel/engine/engine-private.h"

#define ACQUIRES_MAX 1024
#define LOOKUPS_MAX 16
#define MAPPING_HOLD_US (10 * (gint64) G_USEC_PER_SEC) /* the kernel tells it with every packet */

static void
tell(PfkeyEngine *engine, const ObolKernelEvent *event)
{
    g_queue_push_tail(&engine->events, g_memdup2(event, sizeof *event));
}

/* --- lifetimes --- */

void
pfkey_tell_expired(PfkeyEngine *engine, PfkeySadEntry *entry, gboolean hard)
{
    if (entry->gone || (!hard && entry->soft_told))
        return;
    entry->soft_told = TRUE;
    entry->gone = hard;
    pfkey_sad_arm(&engine->sad, entry);
    tell(engine, &(ObolKernelEvent) { .kind = OBOL_KERNEL_EXPIRE, .sa = entry->id, .hard = hard, .reqid = entry->reqid });
}

void
pfkey_sad_due(PfkeyEngine *engine)
{
    PfkeyDeadline *first;

    while ((first = pfkey_deadlines_first(engine->sad.deadlines)) != NULL && first->at_us <= engine->now_us) {
        PfkeySadEntry *entry = (PfkeySadEntry *) first; /* its first member */

        if (engine->now_us < entry->hard_us) {
            pfkey_tell_expired(engine, entry, FALSE);
            continue;
        }
        pfkey_job_add(engine, pfkey_job_remove(engine, &entry->held));
        if (entry->reserved)
            pfkey_sad_remove(&engine->sad, entry);
        else
            pfkey_tell_expired(engine, entry, TRUE);
    }
}

/* Soft and hard are told apart by which lifetime comes with it. */
static void
expire(PfkeyEngine *engine, const PfkeyMessage *message)
{
    PfkeySadEntry *entry;
    ObolSaId held;

    if (!pfkey_id_from_message(message, &held))
        return;
    entry = pfkey_sad_find_held(&engine->sad, &held);
    if (entry != NULL && !entry->reserved) /* a reservation lives longer here than in the kernel */
        pfkey_tell_expired(engine, entry, pfkey_message_has(message, PFKEY_EXT_LIFETIME_HARD));
}

/* --- acquires --- */

static PfkeyAcquire *
find_acquire(PfkeyEngine *engine, const PfkeySpdEntry *entry, const PfkeyAcquire *like)
{
    gboolean by_addresses = pfkey_spd_serving(entry)->mode != OBOL_MODE_TUNNEL;

    for (guint i = 0; i < engine->acquires->len; i++) {
        PfkeyAcquire *acquire = &g_array_index(engine->acquires, PfkeyAcquire, i);

        if (pfkey_piece_compare(&acquire->piece, &entry->piece) == 0 &&
            (!by_addresses || (pfkey_address_same(&acquire->source, &like->source) &&
                               pfkey_address_same(&acquire->destination, &like->destination))))
            return acquire;
    }
    return NULL;
}

/* In transport mode the kernel tells the packet's own addresses, and of those we tell as much as the policy covers. */
static ObolTs
narrowed(const ObolPolicySpec *spec, const ObolTs *ts, const ObolAddress *address)
{
    ObolTs packet, both;

    obol_ts_from_address(address, &packet);
    return spec->mode != OBOL_MODE_TUNNEL && obol_ts_intersect(ts, &packet, &both) ? both : *ts;
}

static void
acquired(PfkeyEngine *engine, const PfkeySpdEntry *entry, const PfkeyAcquire *new)
{
    PfkeyAcquire *acquire = find_acquire(engine, entry, new);
    const ObolPolicySpec *spec = pfkey_spd_serving(entry);

    if (!pfkey_spd_is_trap(entry) || entry->piece.direction != OBOL_DIR_OUT)
        return; /* an SA that is being made, or was lost: the daemon knows */
    if (acquire != NULL && engine->now_us < acquire->told_us + engine->settings.acquire_hold_us) {
        acquire->seq = new->seq;
        return;
    }
    if (acquire == NULL) {
        if (engine->acquires->len >= ACQUIRES_MAX)
            g_array_remove_index(engine->acquires, 0);
        g_array_append_val(engine->acquires, *new);
        acquire = &g_array_index(engine->acquires, PfkeyAcquire, engine->acquires->len - 1);
    }
    *acquire = *new;
    acquire->piece = entry->piece;
    acquire->reqid = spec->reqid;
    acquire->told_us = engine->now_us;
    tell(engine, &(ObolKernelEvent) {
        .kind = OBOL_KERNEL_ACQUIRE, .reqid = spec->reqid, .source = narrowed(spec, &spec->source, &new->source),
        .destination = narrowed(spec, &spec->destination, &new->destination),
    });
}

/* The kernel tells the number of a policy that we have not heard of: which one is it? */
typedef struct {
    PfkeyJob job;
    guint32 policy_id;
    PfkeyAcquire acquire;
} LookupJob;

static void
looked_up(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    LookupJob *job = (LookupJob *) base;
    PfkeySpdEntry *entry = NULL;
    PfkeyPiece piece;

    if (answer->number == 0 && pfkey_piece_from_message(answer->message, &piece))
        entry = pfkey_spd_find(&engine->spd, &piece);
    if (entry != NULL) {
        entry->kernel_id = job->policy_id;
        acquired(engine, entry, &job->acquire);
    }
    pfkey_job_done(engine, base);
}

static void
look_up(PfkeyEngine *engine, PfkeyJob *base)
{
    PfkeyMessage message;

    pfkey_build_policy_id(&message, PFKEY_X_SPDGET, ((LookupJob *) base)->policy_id);
    pfkey_ask(engine, base, PFKEY_CHANNEL_REQUESTS, &message, looked_up);
}

static void
looked_up_no_more(PfkeyJob *base)
{
    (*(guint *) base->data)--;
}

static void
acquire(PfkeyEngine *engine, const PfkeyMessage *message)
{
    const PfkeySpdEntry *entry = pfkey_spd_find_id(&engine->spd, message->policy.id);
    PfkeyAcquire new = {
        .source = message->source.address, .destination = message->destination.address, .seq = message->header.seq,
        .satype = message->header.satype,
    };
    LookupJob *job;

    if (message->policy.id == 0 || !pfkey_message_has(message, PFKEY_EXT_ADDRESS_DST))
        return;
    if (entry != NULL) {
        acquired(engine, entry, &new);
        return;
    }
    if (engine->n_lookups >= LOOKUPS_MAX) /* the kernel asks again */
        return;
    engine->n_lookups++;
    job = pfkey_job_new(engine, sizeof *job, PFKEY_LOCK_NONE, look_up);
    job->job.clear = looked_up_no_more;
    job->job.data = &engine->n_lookups;
    job->policy_id = message->policy.id;
    job->acquire = new;
    pfkey_job_add(engine, &job->job);
}

guint32
pfkey_acquire_seq(const PfkeyEngine *engine, const ObolSaSpec *spec)
{
    for (guint i = 0; i < engine->acquires->len; i++) {
        const PfkeyAcquire *acquire = &g_array_index(engine->acquires, PfkeyAcquire, i);

        if (acquire->reqid == spec->reqid && acquire->satype == pfkey_satype_of(spec->id.protocol) &&
            pfkey_address_same(&acquire->source, &spec->id.source) &&
            pfkey_address_same(&acquire->destination, &spec->id.destination))
            return acquire->seq;
    }
    return 0;
}

void
pfkey_acquires_forget(PfkeyEngine *engine, guint32 reqid)
{
    for (guint i = engine->acquires->len; i-- > 0;)
        if (g_array_index(engine->acquires, PfkeyAcquire, i).reqid == reqid)
            g_array_remove_index(engine->acquires, i);
}

/* --- mappings --- */

/* SRC and SPORT are the old place, DST and DPORT the new one. */
static void
mapping(PfkeyEngine *engine, const PfkeyMessage *message)
{
    ObolAddress mapped = message->destination.address;
    PfkeySadEntry *entry = pfkey_sad_find_inbound(&engine->sad, pfkey_protocol_of(message->header.satype), message->sa.spi,
                                                  &message->source.address);

    mapped.port = message->nat_dport.port;
    if (entry == NULL || entry->gone || !entry->udp_encap || mapped.port == 0 || obol_address_n_bytes(&mapped) == 0 ||
        obol_endpoint_equal(&mapped, &entry->held.source))
        return;
    if (obol_endpoint_equal(&mapped, &entry->mapped) && engine->now_us < entry->mapped_us + MAPPING_HOLD_US)
        return;
    entry->mapped = mapped;
    entry->mapped_us = engine->now_us;
    tell(engine, &(ObolKernelEvent) { .kind = OBOL_KERNEL_MAPPING, .sa = entry->id, .reqid = entry->reqid, .mapped = mapped });
}

/* --- what others do --- */

static void
deleted_by_another(PfkeyEngine *engine, const PfkeyMessage *message)
{
    const PfkeySadEntry *entry;
    ObolSaId held;

    if (!pfkey_id_from_message(message, &held))
        return;
    entry = pfkey_sad_find_held(&engine->sad, &held);
    if (entry != NULL && !entry->reserved && !entry->gone) /* word of it may be older than the SA */
        pfkey_job_add(engine, pfkey_job_check_sa(engine, &held));
}

static void
changed_by_another(PfkeyEngine *engine, const PfkeyMessage *message)
{
    PfkeyPiece piece;

    if (pfkey_piece_from_message(message, &piece) && pfkey_spd_find(&engine->spd, &piece) != NULL)
        pfkey_compare_soon(engine, 0);
}

void
pfkey_event_message(PfkeyEngine *engine, const PfkeyMessage *message)
{
    switch (message->header.type) {
    case PFKEY_ACQUIRE: acquire(engine, message); break;
    case PFKEY_EXPIRE: expire(engine, message); break;
    case PFKEY_X_NAT_T_NEW_MAPPING: mapping(engine, message); break;
    case PFKEY_DELETE: deleted_by_another(engine, message); break;
    case PFKEY_FLUSH:
    case PFKEY_X_SPDFLUSH: pfkey_compare_soon(engine, 0); break;
    case PFKEY_X_SPDDELETE:
    case PFKEY_X_SPDDELETE2:
    case PFKEY_X_SPDUPDATE: changed_by_another(engine, message); break;
    default: break;
    }
}
