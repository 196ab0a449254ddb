/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* move.c - UPDATE_SA: other ports by UPDATE, other addresses by MIGRATE, and in no case by DELETE and ADD, which would begin to
 * count from 1 again (RFC 4303 section 2.2; with counter modes the end of their secrecy, RFC 3686 section 3).
 *
 * MIGRATE is told a policy, and moves the newest SA of (addresses, mode, protocol, reqid), not one of an SPI.  It takes along the
 * policy: so the first try is by a policy of the SA's, that no packet may find the one moved and the other not.  When an older SA of
 * the same name is to move, or there is no policy, a policy that no packet can match lends its selectors. */
#include <errno.h>
#include <netinet/in.h>

#include "pfkey-kernel/engine/engine-private.h"

#define ATTEMPTS_MAX 16 /* newer SAs beside it that move first */

typedef struct {
    PfkeyJob job;
    ObolSaId to, held; /* @held: in the kernel, at the new place */
    gboolean to_udp_encap;
    PfkeyPiece lent;   /* the policy that no packet can match */
    gboolean lent_there, by_lent;
    guint attempts;
    GPtrArray *pieces; /* of PfkeyPiece: policies to bring up to date */
    PfkeyAnswer refused; /* MIGRATE's */
} MoveJob;

static void
clear(PfkeyJob *base)
{
    g_clear_pointer(&((MoveJob *) base)->pieces, g_ptr_array_unref);
}

static PfkeySadEntry *
entry_of(PfkeyEngine *engine, MoveJob *job)
{
    return pfkey_sad_find(&engine->sad, &job->job.id);
}

static gboolean
same_addresses(const ObolSaId *a, const ObolSaId *b)
{
    return pfkey_address_same(&a->source, &b->source) && pfkey_address_same(&a->destination, &b->destination);
}

/* --- the end: policies, and the lent one --- */

static void
ended(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    (void) answer;
    if (base->error != NULL)
        pfkey_job_fail(engine, base, g_steal_pointer(&base->error));
    else
        pfkey_job_done(engine, base);
}

/* With @error (taken) it has failed. */
static void
end(PfkeyEngine *engine, MoveJob *job, GError *error)
{
    ObolPolicySpec nothing = { .action = OBOL_POLICY_PROTECT };
    PfkeyMessage message;

    job->job.error = error;
    if (!job->lent_there) {
        ended(engine, &job->job, NULL);
        return;
    }
    pfkey_build_policy(&message, PFKEY_X_SPDDELETE, &job->lent, &nothing);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, ended);
}

static void update_policies(PfkeyEngine *engine, MoveJob *job);

static void
policy_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    if (answer->number != 0)
        pfkey_compare_soon(engine, 0);
    update_policies(engine, (MoveJob *) base);
}

static void
update_policies(PfkeyEngine *engine, MoveJob *job)
{
    while (job->pieces->len > 0) {
        g_autofree PfkeyPiece *piece = g_ptr_array_steal_index(job->pieces, job->pieces->len - 1);
        const PfkeySpdEntry *entry = pfkey_spd_find(&engine->spd, piece);
        PfkeyMessage message;

        if (entry == NULL)
            continue;
        pfkey_build_policy(&message, PFKEY_X_SPDUPDATE, piece, pfkey_spd_serving(entry));
        pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, policy_answered);
        return;
    }
    end(engine, job, NULL);
}

/* --- the SA is where it should be: its policies in our table, and its ports --- */

static gboolean
leads_into(const PfkeySpdEntry *entry, const ObolPolicySpec *spec, const PfkeySadEntry *sa)
{
    return (entry->piece.direction == OBOL_DIR_OUT) != sa->inbound && spec->action == OBOL_POLICY_PROTECT && spec->reqid == sa->reqid &&
           spec->mode == OBOL_MODE_TUNNEL && pfkey_address_same(&spec->tunnel_source, &sa->id.source) &&
           pfkey_address_same(&spec->tunnel_destination, &sa->id.destination);
}

/* What serves no more moves too: it may serve again. */
static void
move_policies(PfkeyEngine *engine, const MoveJob *job, const PfkeySadEntry *sa)
{
    g_autoptr(GPtrArray) all = pfkey_spd_all(&engine->spd);

    for (guint i = 0; i < all->len; i++) {
        const PfkeySpdEntry *entry = all->pdata[i];

        for (guint j = 0; j < entry->uses->len; j++) {
            ObolPolicySpec *spec = &g_array_index(entry->uses, PfkeyUse, j).spec;

            if (!leads_into(entry, spec, sa))
                continue;
            spec->tunnel_source = job->to.source;
            spec->tunnel_destination = job->to.destination;
        }
    }
}

static void
ports_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    MoveJob *job = (MoveJob *) base;
    PfkeySadEntry *entry = entry_of(engine, job);
    g_autofree char *text = pfkey_sa_text(&base->id);

    if (answer->number != 0) {
        end(engine, job, pfkey_answer_error(PFKEY_UPDATE, answer, text));
        return;
    }
    if (entry != NULL) {
        if (!same_addresses(&entry->id, &job->to))
            move_policies(engine, job, entry);
        pfkey_sad_rename(&engine->sad, entry, &job->to);
        entry->mapped = (ObolAddress) { 0 };
    }
    update_policies(engine, job);
}

static void
arrived(PfkeyEngine *engine, MoveJob *job, const PfkeyMessage *held)
{
    PfkeySadEntry *entry = entry_of(engine, job);
    PfkeyMessage message;

    if (entry == NULL) {
        end(engine, job, NULL);
        return;
    }
    pfkey_sad_set_held(&engine->sad, entry, &job->to);
    if (!entry->udp_encap || (held->nat_sport.port == job->to.source.port && held->nat_dport.port == job->to.destination.port)) {
        ports_answered(engine, &job->job, &(PfkeyAnswer) { .number = 0 });
        return;
    }
    pfkey_build_ports(&message, held, &job->to);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, ports_answered);
}

/* --- MIGRATE --- */

static void migrate(PfkeyEngine *engine, MoveJob *job);

static ObolSaId
at_new_place(const MoveJob *job, const PfkeySadEntry *entry)
{
    ObolSaId id = entry->held;

    id.source = job->to.source;
    id.destination = job->to.destination;
    return id;
}

/* Its success is told with number and pid 0, and in some kernels in the first network namespace alone: we look instead. */
static void
migrate_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    (void) engine;
    ((MoveJob *) base)->refused = (PfkeyAnswer) { .number = answer->number, .last = TRUE };
}

static void
still_there(PfkeyEngine *engine, MoveJob *job)
{
    PfkeySadEntry *entry = entry_of(engine, job), *beside;
    g_autofree char *text = pfkey_sa_text(&job->job.id);

    if (entry == NULL) {
        end(engine, job, NULL);
    } else if (job->refused.number != 0 && !job->by_lent && job->refused.number != ENOPROTOOPT) {
        job->by_lent = TRUE;
        migrate(engine, job);
    } else if (job->refused.number != 0) {
        end(engine, job, pfkey_answer_error(PFKEY_X_MIGRATE, &job->refused, text));
    } else if ((beside = pfkey_sad_newest_beside(&engine->sad, entry)) != NULL && job->attempts++ < ATTEMPTS_MAX) {
        ObolSaId place = at_new_place(job, beside);

        pfkey_sad_set_held(&engine->sad, beside, &place);
        job->by_lent = TRUE;
        migrate(engine, job);
    } else {
        pfkey_compare_soon(engine, 0);
        end(engine, job, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND, "%s: the kernel did not move it", text));
    }
}

static void
looked(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    MoveJob *job = (MoveJob *) base;
    g_autofree char *text = pfkey_sa_text(&base->id);

    pfkey_ask_no_more(engine, base, PFKEY_X_MIGRATE);
    if (answer->number == 0)
        arrived(engine, job, answer->message);
    else if (answer->number == ESRCH)
        still_there(engine, job);
    else
        end(engine, job, pfkey_answer_error(PFKEY_GET, answer, text));
}

static void
look(PfkeyEngine *engine, MoveJob *job)
{
    PfkeyMessage message;

    pfkey_build_name(&message, PFKEY_GET, &job->held);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, looked);
}

static void
migrate_by(PfkeyEngine *engine, MoveJob *job, const PfkeyPiece *piece)
{
    const PfkeySadEntry *entry = entry_of(engine, job);
    PfkeyMessage message;

    job->refused = (PfkeyAnswer) { .number = 0 };
    pfkey_build_migrate(&message, piece, &entry->held, &job->to, entry->mode, entry->reqid);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, migrate_answered);
    look(engine, job);
}

static void
lent_answered(PfkeyEngine *engine, PfkeyJob *base, const PfkeyAnswer *answer)
{
    MoveJob *job = (MoveJob *) base;
    g_autofree char *text = pfkey_sa_text(&base->id);

    if (answer->number != 0) {
        end(engine, job, pfkey_answer_error(PFKEY_X_SPDUPDATE, answer, text));
    } else if (entry_of(engine, job) == NULL) {
        end(engine, job, NULL);
    } else {
        job->lent_there = TRUE;
        migrate_by(engine, job, &job->lent);
    }
}

/* Forwarded from an address of documentation to itself: no packet is ever so. */
static void
lend(PfkeyEngine *engine, MoveJob *job)
{
    const PfkeySadEntry *entry = entry_of(engine, job);
    guint16 family = entry->held.destination.family;
    ObolPolicySpec spec = {
        .direction = OBOL_DIR_FORWARD, .action = OBOL_POLICY_PROTECT, .reqid = entry->reqid, .mode = entry->mode,
        .protocol = entry->held.protocol, .tunnel_source = entry->held.source, .tunnel_destination = entry->held.destination,
        .priority = G_MAXINT32,
    };
    PfkeyAddress nowhere = { .address = { .family = family, .port = 1 }, .prefix = pfkey_family_bits(family), .protocol = IPPROTO_UDP };
    PfkeyMessage message;

    obol_address_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", &nowhere.address);
    nowhere.address.port = 1;
    job->lent = (PfkeyPiece) { .direction = OBOL_DIR_FORWARD, .source = nowhere, .destination = nowhere };
    pfkey_build_policy(&message, PFKEY_X_SPDUPDATE, &job->lent, &spec);
    pfkey_ask(engine, &job->job, PFKEY_CHANNEL_REQUESTS, &message, lent_answered);
}

static void
migrate(PfkeyEngine *engine, MoveJob *job)
{
    if (job->by_lent || job->pieces->len == 0)
        job->by_lent = TRUE, lend(engine, job);
    else
        migrate_by(engine, job, job->pieces->pdata[job->pieces->len - 1]);
}

/* --- the beginning --- */

/* Those that lead into the tunnel that moves. */
static void
find_policies(PfkeyEngine *engine, MoveJob *job, const PfkeySadEntry *sa)
{
    g_autoptr(GPtrArray) all = pfkey_spd_all(&engine->spd);

    for (guint i = 0; i < all->len; i++) {
        const PfkeySpdEntry *entry = all->pdata[i];

        if (leads_into(entry, pfkey_spd_serving(entry), sa))
            g_ptr_array_add(job->pieces, g_memdup2(&entry->piece, sizeof entry->piece));
    }
}

static const char *
refusal(const PfkeyEngine *engine, const MoveJob *job, const PfkeySadEntry *entry, ObolKernelError *code)
{
    *code = OBOL_KERNEL_ERROR_UNSUPPORTED;
    if (!entry->udp_encap != !job->to_udp_encap)
        return "over PF_KEY encapsulation in UDP can be neither added nor taken away: the SA must be replaced";
    if (!same_addresses(&entry->held, &job->to) && !engine->abilities.abilities.update_addresses)
        return "this kernel moves no SAs (CONFIG_NET_KEY_MIGRATE)";
    *code = OBOL_KERNEL_ERROR_INVALID;
    if (obol_address_n_bytes(&job->to.source) == 0 || job->to.source.family != job->to.destination.family)
        return "the new outer addresses do not go together";
    return NULL;
}

static void
start(PfkeyEngine *engine, PfkeyJob *base)
{
    MoveJob *job = (MoveJob *) base;
    PfkeySadEntry *entry = entry_of(engine, job);
    g_autofree char *text = pfkey_sa_text(&base->id);
    const char *why;
    ObolKernelError code;

    if (entry == NULL || entry->gone || entry->reserved) {
        pfkey_job_fail(engine, base, g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND, "%s: there is none", text));
        return;
    }
    why = refusal(engine, job, entry, &code);
    if (why != NULL) {
        pfkey_job_fail(engine, base, g_error_new(OBOL_KERNEL_ERROR, code, "%s: %s", text, why));
        return;
    }
    if (!same_addresses(&entry->id, &job->to))
        find_policies(engine, job, entry);
    if (same_addresses(&entry->held, &job->to))
        look(engine, job);
    else
        migrate(engine, job);
}

/* Alone: it changes policies, and other SAs may move first. */
PfkeyJob *
pfkey_job_update_sa(PfkeyEngine *engine, const ObolKernelRequest *request)
{
    MoveJob *job = pfkey_job_new(engine, sizeof *job, PFKEY_LOCK_ALL, start);

    job->job.clear = clear;
    job->job.id = request->sa.id;
    job->to = request->to;
    job->to.spi = request->sa.id.spi;
    job->to.protocol = request->sa.id.protocol;
    job->held = job->to;
    job->to_udp_encap = request->to_udp_encap;
    job->pieces = g_ptr_array_new_with_free_func(g_free);
    return &job->job;
}
