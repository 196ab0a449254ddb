/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/scale.c - does an event cost more because there are more SAs?
 *
 * One initiator and one responder, each a shard with all of its SAs alive at once: set up, then five virtual minutes of liveness checks and
 * rekeyings, on a perfect network, with a kernel that answers at once.  What is measured is the processor's time. */
#include "testing/sim/scale.h"

#include <time.h>

#include "dispatcher/shard-private.h"
#include "testing/bench/side.h"
#include "testing/lib/test-crypto.h"

#define SECOND G_USEC_PER_SEC
#define LIFE_US (300 * (gint64) SECOND)
#define DPD_US (60 * (gint64) SECOND)
#define REKEY_US (250 * (gint64) SECOND)
#define APART_US 200 /* between two set-ups */
#define LATENCY_US 1000

/* A datagram on the wire. */
typedef struct {
    guint to;
    gint64 when_us;
    ObolAddress local, remote;
    guint8 *bytes;
    gsize n;
} Packet;

typedef struct {
    BenchSide *sides[2];
    GQueue wire; /* of Packet; there is one latency, so the oldest comes first */
    gint64 now_us;
    guint64 n_packets;
} Field;

typedef struct {
    Field *field;
    guint to;
} Way;

static void
put_on_wire(gpointer data, const ObolDatagram *datagram)
{
    const Way *way = data;
    Packet packet = {
        .to = way->to, .when_us = way->field->now_us + LATENCY_US, .local = datagram->remote, .remote = datagram->local,
        .bytes = g_memdup2(datagram->data, datagram->n), .n = datagram->n,
    };

    g_queue_push_tail(&way->field->wire, g_memdup2(&packet, sizeof packet));
}

static BenchSide *
new_side(Field *field, gboolean initiator, const ObolCrypto *crypto, Way *way)
{
    BenchSide *side = bench_side_new(initiator, crypto);
    ObolChildConfig *child = g_ptr_array_index(side->connection->children, 0);

    side->connection->dpd_us = DPD_US;
    side->connection->rekey_us = 0;
    child->lifetimes = (ObolLifetimes) { .soft_us = REKEY_US };
    child->jitter_us = REKEY_US / 10;
    side->clock_us = &field->now_us;
    side->local = side->remote = (ObolAddress) { .family = AF_INET, .port = 500, .bytes = { 127, 0, 0, 1 } };
    *way = (Way) { field, initiator ? 1 : 0 };
    side->send = put_on_wire;
    side->send_data = way;
    return side;
}

/* --- time --- */

static void
deliver(Field *field)
{
    g_autofree Packet *packet = g_queue_pop_head(&field->wire);
    ObolDatagram datagram = { .local = packet->local, .remote = packet->remote, .data = packet->bytes, .n = packet->n };

    field->n_packets++;
    bench_side_receive(field->sides[packet->to], &datagram);
    g_free(packet->bytes);
}

/* Whatever is due by @until_us, in its order. */
static void
run_until(Field *field, gint64 until_us)
{
    for (;;) {
        const Packet *first = g_queue_peek_head(&field->wire);
        gint64 packet_us = first != NULL ? first->when_us : G_MAXINT64;
        BenchSide *side = field->sides[field->sides[0]->wake_us <= field->sides[1]->wake_us ? 0 : 1];

        if (MIN(packet_us, side->wake_us) > until_us)
            break;
        field->now_us = MAX(field->now_us, MIN(packet_us, side->wake_us));
        if (packet_us <= side->wake_us)
            deliver(field);
        else
            bench_side_wake(side);
    }
    field->now_us = until_us;
}

static double
processor_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* --- one row --- */

/* What caches do not blur: places looked at in the tables, and moves in the heap of timers. */
static void
count_work(const Field *field, guint64 *n_places, guint64 *n_moves)
{
    *n_places = *n_moves = 0;
    for (guint i = 0; i < 2; i++) {
        const ObolShard *shard = field->sides[i]->shard;

        *n_places += shard->by_spi.n_steps + shard->by_request.n_steps + shard->kernel.by_ticket.n_steps + shard->kernel.by_name.n_steps;
        for (guint relation = 0; relation < OBOL_N_RELATIONS; relation++)
            *n_places += shard->related[relation].n_steps;
        *n_moves += shard->timers.n_moves;
    }
}

/* Processor seconds. */
static double
set_up(Field *field, guint n)
{
    double began_s = processor_s();

    for (guint i = 0; i < n; i++) {
        bench_side_start(field->sides[0]);
        run_until(field, field->now_us + APART_US);
    }
    run_until(field, field->now_us + 10 * LATENCY_US);
    return processor_s() - began_s;
}

static gboolean
measure(guint n, const ObolCrypto *crypto)
{
    Field field = { .now_us = 1000 * SECOND };
    Way ways[2];
    ObolStats stats = { 0 };
    guint64 places[2], moves[2], n_messages;
    double set_up_s, lived_s;

    g_queue_init(&field.wire);
    for (guint i = 0; i < 2; i++)
        field.sides[i] = new_side(&field, i == 0, crypto, &ways[i]);
    set_up_s = set_up(&field, n);
    count_work(&field, &places[0], &moves[0]);
    field.n_packets = 0;
    lived_s = -processor_s();
    run_until(&field, field.now_us + LIFE_US);
    lived_s += processor_s();
    count_work(&field, &places[1], &moves[1]);
    n_messages = MAX(field.n_packets, 1);
    g_print("%8u  %10.1f  %11" G_GUINT64_FORMAT "  %13u  %10.2f  %6.2f  %10.2f\n", n, set_up_s * 1e6 / n, field.n_packets,
            field.sides[0]->n_done - n, lived_s * 1e6 / (double) n_messages, (double) (places[1] - places[0]) / (double) n_messages,
            (double) (moves[1] - moves[0]) / (double) n_messages);
    obol_shard_stats(field.sides[0]->shard, &stats);
    for (guint i = 0; i < 2; i++)
        bench_side_free(field.sides[i]);
    return stats.n_ike_sas == n && stats.n_child_sas == n;
}

gboolean
sim_scale(guint n_most)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    gboolean well = TRUE;

    g_print("both ends in one process; set up, then five virtual minutes: liveness checks each minute, each Child SA rekeyed\n"
            "     SAs     us each     messages  new Child SAs  us/message  places  heap moves a message\n");
    for (guint n = 1000; n < n_most; n *= 10)
        well &= measure(n, crypto);
    well &= measure(n_most, crypto);
    if (!well)
        g_print("FAILED: SAs went, or did not come\n");
    return well;
}
