/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/watch.c - what must hold. */
#include "testing/sim/watch.h"

#include "dispatcher/shard-private.h"
#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/kernel.h"
#include "testing/sim/ladder.h"
#include "wire/message.h"

#define SLACK_US (50 * G_USEC_PER_SEC) /* of what must be known when all has settled */
#define FIRST_PAYLOAD_HEADER (OBOL_WIRE_HEADER + OBOL_WIRE_PAYLOAD_HEADER)

struct SimWatch {
    Sim *sim;
    GHashTable *answers; /* which request, by whom -> the answer's digest */
    GArray *arrived;     /* guint: by link, child and the end that it came to */
};

SimWatch *
sim_watch_new(Sim *sim)
{
    SimWatch *watch = g_new0(SimWatch, 1);

    watch->sim = sim;
    watch->answers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    watch->arrived = g_array_new(FALSE, TRUE, sizeof(guint));
    g_array_set_size(watch->arrived, sim->plan->links->len * SIM_CHILDREN_MAX * 2);
    return watch;
}

void
sim_watch_free(SimWatch *watch)
{
    g_hash_table_unref(watch->answers);
    g_array_unref(watch->arrived);
    g_free(watch);
}

/* --- one request, one answer (RFC 7296 section 2.1) --- */

static guint64
digest_of(const guint8 *bytes, gsize n)
{
    guint64 digest = n;

    for (gsize i = 0; i < n; i++)
        digest = (digest ^ bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return digest;
}

/* Which request a datagram answers, and of a fragment which one it is; 0: none that has to be remembered.  What is in clear, or comes
 * before there is an SA (a cookie, another group), promises nothing. */
static guint64
request_of(guint host, const SimPacket *packet)
{
    ObolHeader header;
    ObolWireFault fault;
    guint64 name;

    if (!obol_header_decode(packet->ike, packet->n_ike, &header, &fault) || (header.flags & OBOL_FLAG_RESPONSE) == 0 || header.spi_r == 0)
        return 0;
    if (header.exchange != OBOL_IKE_SA_INIT && header.first_payload != OBOL_PAYLOAD_SK && header.first_payload != OBOL_PAYLOAD_SKF)
        return 0;
    name = sim_mix(sim_mix(header.spi_i, header.spi_r), sim_mix(header.message_id, host));
    if (header.first_payload == OBOL_PAYLOAD_SKF && packet->n_ike >= FIRST_PAYLOAD_HEADER + 4)
        name = sim_mix(name, digest_of(packet->ike + FIRST_PAYLOAD_HEADER, 4));
    return name | 1;
}

void
sim_watch_sent(SimWatch *watch, guint host, const SimPacket *packet)
{
    guint64 digest = digest_of(packet->ike, packet->n_ike), name = request_of(host, packet), *before;

    sim_note(watch->sim, digest);
    if (name == 0)
        return;
    before = g_hash_table_lookup(watch->answers, &name);
    if (before == NULL)
        g_hash_table_insert(watch->answers, g_memdup2(&name, sizeof name), g_memdup2(&digest, sizeof digest));
    else if (*before != digest)
        sim_fail(watch->sim, SIM_TWO_ANSWERS, "host %u has answered one request in two ways", host);
}

/* --- packets --- */

/* The inner networks are numbered by link, child and end: see sim_net(). */
static guint
place_of(const ObolAddress *inner)
{
    return (guint) inner->bytes[1] << 8 | inner->bytes[2];
}

void
sim_watch_arrived(SimWatch *watch, const SimPacket *packet)
{
    guint place = place_of(&packet->inner_destination);

    sim_note(watch->sim, sim_mix(packet->spi, packet->sequence));
    watch->sim->outcome.n_delivered++;
    if (place < watch->arrived->len)
        g_array_index(watch->arrived, guint, place)++;
}

/* A rekeying loses nothing.  A reauthentication may: its responder sends by the new SA at once, as with any first exchange, and the
 * initiator's kernel may need a moment to have it. */
static gboolean
may_be_lost(const Sim *sim, const SimPacket *packet)
{
    const SimLinkPlan *link = sim_link(sim, place_of(&packet->inner_destination) / (2 * SIM_CHILDREN_MAX));

    return packet->excused || link->ike_reauth_us != 0 || sim->ended || !(sim->plan->clean || sim->settled);
}

void
sim_watch_lost(SimWatch *watch, const SimPacket *packet, const char *why)
{
    Sim *sim = watch->sim;

    sim_ladder_packet(sim->ladder, packet, why);
    if (!may_be_lost(sim, packet))
        sim_fail(sim, SIM_REKEY_LOSS, "packet %" G_GUINT64_FORMAT " of SPI %08x is lost: %s", packet->sequence, packet->spi, why);
}

void
sim_watch_dropped(SimWatch *watch, const SimPacket *packet, const char *why)
{
    if (packet->esp)
        sim_ladder_packet(watch->sim->ladder, packet, why);
}

/* --- bounds --- */

void
sim_watch_bounds(SimWatch *watch)
{
    const ObolShardLimits *limits = &obol_shard_default_limits;

    for (guint i = 0; i < watch->sim->hosts->len; i++) {
        const SimHost *host = g_ptr_array_index(watch->sim->hosts, i);
        const ObolShard *shard = sim_host_shard(host);
        ObolStats stats = { 0 };

        if (shard == NULL)
            continue;
        obol_shard_stats(shard, &stats);
        /* Flooded by one address, and all others are few. */
        if (stats.n_half_open > limits->half_open_per_address + 16 * watch->sim->hosts->len)
            sim_fail(watch->sim, SIM_UNBOUNDED, "host %u has %u half-open SAs", i, (guint) stats.n_half_open);
        if (shard->lingering.n_bytes > limits->lingering_bytes)
            sim_fail(watch->sim, SIM_UNBOUNDED, "host %u keeps %zu bytes for SAs that are gone", i, shard->lingering.n_bytes);
    }
}

/* --- agreement --- */

static gboolean
mirrored(const SimSa *out, const SimSa *in)
{
    return obol_ts_list_within(out->source_ts, in->source_ts) && obol_ts_list_within(in->source_ts, out->source_ts)
           && obol_ts_list_within(out->destination_ts, in->destination_ts) && obol_ts_list_within(in->destination_ts, out->destination_ts);
}

/* An SA whose other end has none: a liveness check and all its retransmissions may pass before that is known. */
static void
look_at_sa(SimWatch *watch, guint host, SimSa *out)
{
    Sim *sim = watch->sim;
    const SimHost *peer = NULL;
    const SimSa *in = NULL;

    for (guint i = 0; i < sim->hosts->len && in == NULL; i++) {
        peer = g_ptr_array_index(sim->hosts, i);
        in = i != host ? sim_kernel_counterpart(sim_host_kernel(peer), out) : NULL;
    }
    if (in != NULL && !mirrored(out, in))
        sim_fail(sim, SIM_AGREEMENT, "hosts %u and %u have other selectors for SPI %08x", host, sim_host_number(peer), out->id.spi);
    if (in != NULL)
        out->alone_us = 0;
    else if (out->alone_us == 0)
        out->alone_us = sim->schedule.now_us;
    else if (sim->schedule.now_us - out->alone_us > sim->plan->settle_us - SLACK_US)
        sim_fail(sim, SIM_AGREEMENT, "host %u sends by SPI %08x, which nobody has with that key", host, out->id.spi);
}

void
sim_watch_agreement(SimWatch *watch)
{
    for (guint i = 0; i < watch->sim->hosts->len; i++) {
        const SimKernel *kernel = sim_host_kernel(g_ptr_array_index(watch->sim->hosts, i));
        GHashTableIter lists;
        gpointer list;

        /* In no order that the history could depend on: what is found first fails alike. */
        g_hash_table_iter_init(&lists, kernel->by_reqid);
        while (g_hash_table_iter_next(&lists, NULL, &list)) {
            for (guint j = 0; j < ((GPtrArray *) list)->len; j++)
                look_at_sa(watch, i, g_ptr_array_index((GPtrArray *) list, j));
        }
    }
}

/* --- the end --- */

void
sim_watch_probe(SimWatch *watch)
{
    for (guint i = 0; i < watch->arrived->len; i++)
        g_array_index(watch->arrived, guint, i) = 0;
}

void
sim_watch_whole(SimWatch *watch)
{
    const Sim *sim = watch->sim;

    for (guint i = 0; i < sim->plan->links->len; i++) {
        for (guint at = 0; at < sim_link(sim, i)->n_children * 2; at++) {
            if (g_array_index(watch->arrived, guint, i * SIM_CHILDREN_MAX * 2 + at) == 0)
                sim_fail(watch->sim, SIM_BLACK_HOLE, "all faults are over, and still nothing arrives at host %u by child %u of link %u",
                         sim_link(sim, i)->ends[at % 2], at / 2, i);
        }
    }
}

static void
look_for_leaks(SimWatch *watch, const SimHost *host)
{
    const ObolShard *shard = sim_host_shard(host);
    const SimKernel *kernel = sim_host_kernel(host);
    const struct { const char *what; gsize n; } left[] = {
        { "IKE SAs", shard->slots->len },
        { "half-open SAs", shard->admission.n_half_open },
        { "Child SAs", (gsize) shard->stats.n_child_sas },
        { "SPIs of IKE", shard->by_spi.n },
        { "first requests", shard->by_request.n },
        { "pairs of identities", shard->related[OBOL_BY_IDENTITY].n },
        { "peers", shard->related[OBOL_BY_PEER].n },
        { "local addresses", shard->related[OBOL_BY_LOCAL].n },
        { "lists of those with MOBIKE", shard->related[OBOL_BY_MOBILE].n },
        { "names in the kernel", shard->kernel.by_name.n },
        { "questions to the kernel", shard->kernel.by_ticket.n },
        { "answers kept for peers", shard->lingering.queue.length },
        { "bytes of fragments", shard->half_open_bytes },
        { "virtual addresses", sim_host_n_virtual(host) },
        { "SAs in the kernel", kernel->n_sas },
        { "SPIs reserved in the kernel", kernel->n_reserved },
    };
    guint n_traps = 0;

    for (guint i = 0; i < kernel->policies->len; i++)
        n_traps += ((const SimPolicy *) g_ptr_array_index(kernel->policies, i))->spec.trap;
    for (guint i = 0; i < G_N_ELEMENTS(left); i++) {
        if (left[i].n != 0)
            sim_fail(watch->sim, SIM_LEAK, "host %u: when all has ended, %zu are left: %s", sim_host_number(host), left[i].n, left[i].what);
    }
    if (n_traps != kernel->policies->len)
        sim_fail(watch->sim, SIM_LEAK, "host %u: %u policies of SAs are left", sim_host_number(host), kernel->policies->len - n_traps);
}

void
sim_watch_nothing_left(SimWatch *watch)
{
    for (guint i = 0; i < watch->sim->hosts->len; i++) {
        const SimHost *host = g_ptr_array_index(watch->sim->hosts, i);

        if (sim_host_n_waiting(host) != 0)
            sim_fail(watch->sim, SIM_ENDLESS, "host %u: %d commands, requests or jobs never ended", i, sim_host_n_waiting(host));
        look_for_leaks(watch, host);
    }
}
