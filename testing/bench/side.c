/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/side.c - one side of many handshakes. */
#include "side.h"

#include "testing/lib/lists.h"

#include <string.h>
#include <time.h>

typedef struct {
    guint64 ticket;
    guint32 spi;
} Reply;

typedef struct {
    guint64 ticket;
    ObolJob *job;
} Job;

gint64
bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
port_send(gpointer data, const ObolDatagram *datagram)
{
    BenchSide *side = data;
    BenchPacket *packet;

    if (side->send != NULL) {
        side->send(side->send_data, datagram);
        return;
    }
    g_array_set_size(side->packets, side->packets->len + 1);
    packet = &g_array_index(side->packets, BenchPacket, side->packets->len - 1);
    g_assert_cmpuint(datagram->n, <=, sizeof packet->data);
    packet->local = datagram->local;
    packet->remote = datagram->remote;
    packet->n = datagram->n;
    memcpy(packet->data, datagram->data, datagram->n);
}

static void
port_keep_alive(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED const ObolAddress *local,
                G_GNUC_UNUSED const ObolAddress *remote)
{
}

static void
port_wake_at(gpointer data, gint64 when_us)
{
    ((BenchSide *) data)->wake_us = when_us;
}

static void
port_kernel(gpointer data, guint64 ticket, const ObolKernelRequest *request)
{
    BenchSide *side = data;
    Reply reply = { ticket, request->op == OBOL_KERNEL_GET_SPI ? ++side->last_spi : 0 };

    g_array_append_val(side->replies, reply);
}

static void
port_job(gpointer data, guint64 ticket, ObolJob *work)
{
    Job *job = g_new(Job, 1);

    *job = (Job) { ticket, work };
    g_queue_push_tail(&((BenchSide *) data)->jobs, job);
}

static void
child_state(gpointer data, G_GNUC_UNUSED const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from,
            G_GNUC_UNUSED const ObolReason *reason)
{
    BenchSide *side = data;

    if (child->state == OBOL_CHILD_INSTALLED && from != OBOL_CHILD_INSTALLED)
        side->n_done++;
}

static void
ike_state(gpointer data, const ObolIkeInfo *sa, G_GNUC_UNUSED ObolIkeState from, const ObolReason *reason)
{
    BenchSide *side = data;
    g_autofree char *why = NULL;

    if (sa->state != OBOL_IKE_GONE)
        return;
    why = reason != NULL ? obol_reason_format(reason) : NULL;
    g_printerr("an IKE SA went away: %s\n", why);
    side->n_failed++;
}

static const ObolListenerVtable listener = { .size = sizeof listener, .ike_state = ike_state, .child_state =
    child_state };

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

static ObolConnection *
make_connection(gboolean initiator)
{
    ObolConnection *connection = obol_connection_new("bench");
    ObolChildConfig *child = obol_child_config_new("net");

    g_ptr_array_add(connection->local_hosts, obol_host_spec_new("%any", NULL));
    g_ptr_array_add(connection->remote_hosts, obol_host_spec_new("%any", NULL));
    test_add_proposals(connection->proposals, OBOL_PROTO_IKE, "aes128gcm16-prfsha256-x25519");
    connection->local_id = obol_identity_parse(initiator ? "initiator.example" : "responder.example", NULL);
    connection->remote_id = obol_identity_parse(initiator ? "responder.example" : "initiator.example", NULL);
    connection->unique = OBOL_UNIQUE_NEVER;
    connection->initial_contact = FALSE;
    connection->dpd_us = 0;
    child->protocol = OBOL_PROTO_ESP;
    test_add_proposals(child->proposals, OBOL_PROTO_ESP, "aes128gcm16");
    g_array_set_size(child->local_ts, 0);
    g_array_set_size(child->remote_ts, 0);
    test_add_selectors(child->local_ts, initiator ? "10.1.0.0/16" : "10.2.0.0/16");
    test_add_selectors(child->remote_ts, initiator ? "10.2.0.0/16" : "10.1.0.0/16");
    g_ptr_array_add(connection->children, child);
    return connection;
}

BenchSide *
bench_side_new(gboolean initiator, const ObolCrypto *crypto)
{
    static const ObolPorts ports = {
        .send = port_send, .keep_alive = port_keep_alive, .wake_at = port_wake_at, .kernel = port_kernel, .job =
            port_job,
        .listener = &listener,
    };
    ObolShardLimits limits = obol_shard_default_limits;
    BenchSide *side = g_new0(BenchSide, 1);
    GPtrArray *connections = g_ptr_array_new_with_free_func(connection_unref);
    GPtrArray *keys = g_ptr_array_new_with_free_func(key_free);
    g_autoptr(ObolConnectionSet) set = NULL;
    g_autoptr(ObolSharedKeys) shared = NULL;

    /* All come from one address, and cookies are not what is measured. */
    limits.cookie_threshold = limits.half_open_limit = limits.half_open_per_address = G_MAXINT;
    side->initiator = initiator;
    side->replies = g_array_new(FALSE, FALSE, sizeof(Reply));
    side->packets = g_array_new(FALSE, FALSE, sizeof(BenchPacket));
    side->last_spi = 0xc0000000;
    side->wake_us = G_MAXINT64;
    g_queue_init(&side->jobs);
    side->shard = obol_shard_new(&limits, crypto, obol_crypto_random(crypto), &ports, side);
    side->connection = make_connection(initiator);
    g_ptr_array_add(connections, side->connection);
    g_ptr_array_add(keys, obol_shared_key_new(NULL, (const guint8 *) "correct horse battery staple", 28));
    set = obol_connection_set_new(connections);
    shared = obol_shared_keys_new(keys);
    obol_shard_configure(side->shard, set, shared, NULL, 4500);
    return side;
}

void
bench_side_free(BenchSide *side)
{
    obol_shard_free(side->shard);
    g_array_unref(side->replies);
    g_array_unref(side->packets);
    g_free(side);
}

static gint64
now_us(const BenchSide *side)
{
    return side->clock_us != NULL ? *side->clock_us : bench_now_us();
}

/* The kernel's answers and the jobs, until nothing more follows. */
static void
settle(BenchSide *side)
{
    while (side->replies->len > 0 || side->jobs.length > 0) {
        Job *job = g_queue_pop_head(&side->jobs);

        if (job != NULL) {
            job->job->run(job->job);
            obol_shard_job_done(side->shard, job->ticket, job->job, now_us(side));
            g_free(job);
        }
        for (guint i = 0; i < side->replies->len; i++) {
            Reply reply = g_array_index(side->replies, Reply, i);
            ObolKernelReply told = { .spi = reply.spi };

            obol_shard_kernel_reply(side->shard, reply.ticket, &told, now_us(side));
        }
        g_array_set_size(side->replies, 0);
    }
}

/* 127.0.0.0/8 is all ours: 2^24 peers on one host. */
void
bench_side_start(BenchSide *side)
{
    guint number = ++side->n_started;
    ObolAddress remote = side->remote;

    remote.bytes[1] = (guint8) (1 + (number >> 16));
    remote.bytes[2] = (guint8) (number >> 8);
    remote.bytes[3] = (guint8) number;
    obol_shard_initiate(side->shard, side->connection, NULL, &side->local, &remote, 0, now_us(side));
    settle(side);
}

void
bench_side_receive(BenchSide *side, const ObolDatagram *datagram)
{
    obol_shard_receive(side->shard, datagram, now_us(side));
    settle(side);
}

void
bench_side_wake(BenchSide *side)
{
    if (side->wake_us > now_us(side))
        return;
    side->wake_us = G_MAXINT64; /* an alarm that has rung is not set any more */
    obol_shard_wake(side->shard, now_us(side));
    settle(side);
}
