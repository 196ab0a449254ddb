/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/scale.c - does an event cost more because there are more SAs?
 *
 * One initiator and one responder, each a shard with all of its SAs alive at once: set up, then five virtual minutes of liveness checks and
 * rekeyings, on a perfect network, with a kernel that answers at once.  What is measured is the processor's time. */
#include "testing/sim/scale.h"

#include <time.h>

#include "dispatcher/shard-private.h"
#include "testing/lib/test-crypto.h"

#define SECOND G_USEC_PER_SEC
#define LIFE_US (300 * (gint64) SECOND)
#define DPD_US (60 * (gint64) SECOND)
#define REKEY_US (250 * (gint64) SECOND)
#define APART_US 200 /* between two set-ups */
#define LATENCY_US 1000

typedef struct {
    guint64 ticket;
    guint32 spi;
} Reply;

typedef struct {
    guint64 ticket;
    ObolJob *job;
} Job;

typedef struct Side Side;
typedef struct {
    Side *to;
    gint64 when_us;
    ObolAddress local, remote;
    GBytes *bytes;
} Packet;

typedef struct {
    Side *sides;
    GQueue wire; /* of Packet; one latency, so the oldest comes first */
    gint64 now_us;
    guint64 n_packets;
} Field;

struct Side {
    Field *field;
    ObolShard *shard;
    ObolCrypto *crypto;
    TestRandom random;
    ObolConnection *connection;
    GArray *replies; /* of Reply */
    GQueue jobs;     /* of Job */
    guint32 last_spi;
    gint64 wake_us;
    guint64 n_rekeyed, n_gone;
};

/* --- ports --- */

static void
port_send(gpointer data, const ObolDatagram *datagram)
{
    Side *side = data;
    Packet packet = {
        .to = side == &side->field->sides[0] ? &side->field->sides[1] : &side->field->sides[0],
        .when_us = side->field->now_us + LATENCY_US, .local = datagram->remote, .remote = datagram->local,
        .bytes = g_bytes_new(datagram->data, datagram->n),
    };

    g_queue_push_tail(&side->field->wire, g_memdup2(&packet, sizeof packet));
}

static void
port_keep_alive(gpointer data, const ObolAddress *local, const ObolAddress *remote)
{
    (void) data, (void) local, (void) remote;
}

static void
port_wake_at(gpointer data, gint64 when_us)
{
    ((Side *) data)->wake_us = when_us;
}

static void
port_kernel(gpointer data, guint64 ticket, const ObolKernelRequest *request)
{
    Side *side = data;
    Reply reply = { ticket, request->op == OBOL_KERNEL_GET_SPI ? ++side->last_spi : 0 };

    g_array_append_val(side->replies, reply);
}

static void
port_job(gpointer data, guint64 ticket, ObolJob *work)
{
    Job job = { ticket, work };

    g_queue_push_tail(&((Side *) data)->jobs, g_memdup2(&job, sizeof job));
}

static void
child_state(gpointer data, G_GNUC_UNUSED const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
            G_GNUC_UNUSED const ObolReason *reason)
{
    if (child->state == OBOL_CHILD_INSTALLED && from != OBOL_CHILD_INSTALLED)
        ((Side *) data)->n_rekeyed++;
}

static void
ike_state(gpointer data, const ObolIkeInfo *sa, G_GNUC_UNUSED ObolIkeState from, G_GNUC_UNUSED const ObolReason *reason)
{
    ((Side *) data)->n_gone += sa->state == OBOL_IKE_GONE;
}

/* --- settings --- */

static void
add_ts(GArray *list, const char *text)
{
    ObolTs ts;

    g_assert_true(obol_ts_parse(text, &ts, NULL));
    g_array_set_size(list, 0);
    g_array_append_val(list, ts);
}

static ObolConnection *
new_connection(gboolean initiator)
{
    ObolConnection *connection = obol_connection_new("scale");
    ObolChildConfig *child = obol_child_config_new("net");
    ObolProposal proposal;

    g_ptr_array_add(connection->local_hosts, obol_host_spec_new("%any", NULL));
    g_ptr_array_add(connection->remote_hosts, obol_host_spec_new("%any", NULL));
    g_assert_true(obol_proposal_parse(OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519", &proposal, NULL));
    g_array_append_val(connection->proposals, proposal);
    connection->local_id = obol_identity_parse(initiator ? "initiator.example" : "responder.example", NULL);
    connection->remote_id = obol_identity_parse(initiator ? "responder.example" : "initiator.example", NULL);
    connection->unique = OBOL_UNIQUE_NEVER;
    connection->initial_contact = FALSE;
    connection->dpd_us = DPD_US;
    connection->rekey_us = 0;
    child->protocol = OBOL_PROTO_ESP;
    child->lifetimes = (ObolLifetimes) { .soft_us = REKEY_US };
    child->jitter_us = REKEY_US / 10;
    g_assert_true(obol_proposal_parse(OBOL_PROTO_ESP, "aes128gcm16", &proposal, NULL));
    g_array_append_val(child->proposals, proposal);
    add_ts(child->local_ts, initiator ? "10.1.0.0/16" : "10.2.0.0/16");
    add_ts(child->remote_ts, initiator ? "10.2.0.0/16" : "10.1.0.0/16");
    g_ptr_array_add(connection->children, child);
    return connection;
}

static void
connection_unref(gpointer data)
{
    obol_connection_unref(data);
}

static void
key_free(gpointer data)
{
    obol_shared_key_free(data);
}

static void
side_init(Side *side, Field *field, gboolean initiator)
{
    static const ObolListenerVtable listener = { .size = sizeof listener, .ike_state = ike_state, .child_state = child_state };
    static const ObolPorts ports = {
        .send = port_send, .keep_alive = port_keep_alive, .wake_at = port_wake_at, .kernel = port_kernel, .job = port_job,
        .listener = &listener,
    };
    ObolShardLimits limits = obol_shard_default_limits;
    GPtrArray *connections = g_ptr_array_new_with_free_func(connection_unref), *keys = g_ptr_array_new_with_free_func(key_free);
    ObolRandom random = test_random_init(&side->random, initiator);
    g_autoptr(ObolConnectionSet) set = NULL;
    g_autoptr(ObolSharedKeys) shared = NULL;

    /* All come from one address. */
    limits.cookie_threshold = limits.half_open_limit = limits.half_open_per_address = G_MAXINT;
    side->field = field;
    side->crypto = test_crypto_new();
    side->connection = new_connection(initiator);
    side->replies = g_array_new(FALSE, FALSE, sizeof(Reply));
    g_queue_init(&side->jobs);
    side->last_spi = 0x1000;
    side->wake_us = G_MAXINT64;
    side->shard = obol_shard_new(&limits, side->crypto, &random, &ports, side);
    g_ptr_array_add(connections, side->connection);
    g_ptr_array_add(keys, obol_shared_key_new(NULL, (const guint8 *) "a key of many", 13));
    set = obol_connection_set_new(connections);
    shared = obol_shared_keys_new(keys);
    obol_shard_configure(side->shard, set, shared, NULL, 4500);
}

static void
side_clear(Side *side)
{
    obol_shard_free(side->shard);
    obol_crypto_free(side->crypto);
    g_array_unref(side->replies);
}

/* --- time --- */

static void
settle(Side *side)
{
    while (side->replies->len > 0 || side->jobs.length > 0) {
        g_autofree Job *job = g_queue_pop_head(&side->jobs);

        if (job != NULL) {
            job->job->run(job->job);
            obol_shard_job_done(side->shard, job->ticket, job->job, side->field->now_us);
        }
        for (guint i = 0; i < side->replies->len; i++) {
            Reply reply = g_array_index(side->replies, Reply, i);

            obol_shard_kernel_reply(side->shard, reply.ticket, &(ObolKernelReply) { .spi = reply.spi }, side->field->now_us);
        }
        g_array_set_size(side->replies, 0);
    }
}

static void
deliver(Field *field)
{
    g_autofree Packet *packet = g_queue_pop_head(&field->wire);
    gsize n;
    g_autofree guint8 *bytes = g_bytes_unref_to_data(packet->bytes, &n);
    ObolDatagram datagram = { .local = packet->local, .remote = packet->remote, .data = bytes, .n = n };

    field->n_packets++;
    obol_shard_receive(packet->to->shard, &datagram, field->now_us);
    settle(packet->to);
}

/* Whatever is due by @until_us, in its order. */
static void
run_until(Field *field, gint64 until_us)
{
    for (;;) {
        const Packet *first = g_queue_peek_head(&field->wire);
        gint64 packet_us = first != NULL ? first->when_us : G_MAXINT64;
        gint64 wake_us = MIN(field->sides[0].wake_us, field->sides[1].wake_us);
        Side *side = field->sides[0].wake_us <= field->sides[1].wake_us ? &field->sides[0] : &field->sides[1];

        if (MIN(packet_us, wake_us) > until_us)
            break;
        field->now_us = MAX(field->now_us, MIN(packet_us, wake_us));
        if (packet_us <= wake_us) {
            deliver(field);
            continue;
        }
        side->wake_us = G_MAXINT64;
        obol_shard_wake(side->shard, field->now_us);
        settle(side);
    }
    field->now_us = until_us;
}

static void
begin_one(Field *field, guint number)
{
    ObolAddress local = { .family = AF_INET, .port = 500, .bytes = { 198, 18, 0, 1 } };
    ObolAddress remote = { .family = AF_INET, .port = 500 };

    remote.bytes[0] = 198;
    remote.bytes[1] = (guint8) (19 + (number >> 16));
    remote.bytes[2] = (guint8) (number >> 8);
    remote.bytes[3] = (guint8) number;
    obol_shard_initiate(field->sides[0].shard, field->sides[0].connection, NULL, &local, &remote, 0, field->now_us);
    settle(&field->sides[0]);
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
count_work(const Side *sides, guint64 *n_places, guint64 *n_moves)
{
    *n_places = *n_moves = 0;
    for (guint i = 0; i < 2; i++) {
        const ObolShard *shard = sides[i].shard;

        *n_places += shard->by_spi.n_steps + shard->by_request.n_steps + shard->kernel.by_ticket.n_steps + shard->kernel.by_name.n_steps;
        for (guint relation = 0; relation < OBOL_N_RELATIONS; relation++)
            *n_places += shard->related[relation].n_steps;
        *n_moves += shard->timers.n_moves;
    }
}

static gboolean
measure(guint n)
{
    Side sides[2] = { { .field = NULL } };
    Field field = { .sides = sides, .now_us = 1000 * SECOND };
    ObolStats stats = { 0 };
    guint64 places[2], moves[2];
    double began, set_up, lived;

    g_queue_init(&field.wire);
    side_init(&sides[0], &field, TRUE);
    side_init(&sides[1], &field, FALSE);
    began = processor_s();
    for (guint i = 0; i < n; i++) {
        begin_one(&field, i);
        run_until(&field, field.now_us + APART_US);
    }
    run_until(&field, field.now_us + 10 * LATENCY_US);
    set_up = processor_s();
    count_work(sides, &places[0], &moves[0]);
    field.n_packets = 0;
    sides[0].n_rekeyed = sides[1].n_rekeyed = 0;
    run_until(&field, field.now_us + LIFE_US);
    lived = processor_s();
    obol_shard_stats(sides[0].shard, &stats);
    count_work(sides, &places[1], &moves[1]);
    g_print("%8u  %10.1f  %11" G_GUINT64_FORMAT "  %13" G_GUINT64_FORMAT "  %10.2f  %6.2f  %10.2f\n", n, (set_up - began) * 1e6 / n, field.n_packets,
            sides[0].n_rekeyed, (lived - set_up) * 1e6 / (double) MAX(field.n_packets, 1),
            (double) (places[1] - places[0]) / (double) MAX(field.n_packets, 1), (double) (moves[1] - moves[0]) / (double) MAX(field.n_packets, 1));
    side_clear(&sides[0]);
    side_clear(&sides[1]);
    return stats.n_ike_sas == n && stats.n_child_sas == n && sides[0].n_gone + sides[1].n_gone == 0;
}

gboolean
sim_scale(guint n_most)
{
    gboolean well = TRUE;

    g_print("both ends in one process; set up, then five virtual minutes: liveness checks each minute, each Child SA rekeyed\n"
            "     SAs     us each     messages  new Child SAs  us/message  places  heap moves a message\n");
    for (guint n = 1000; n < n_most; n *= 10)
        well &= measure(n);
    well &= measure(n_most);
    if (!well)
        g_print("FAILED: SAs went, or did not come\n");
    return well;
}
