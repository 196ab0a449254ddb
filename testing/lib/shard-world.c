/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/shard-world.c - a shard with a world that a test holds in its hands. */
#include "testing/lib/shard-world.h"

#include "testing/lib/lists.h"

#include <string.h>

typedef struct {
    guint64 ticket;
    ObolJob *job;
} WorldJob;

/* --- ports --- */

static void
port_send(gpointer data, const ObolDatagram *datagram)
{
    World *world = data;
    WorldDatagram *sent = g_new(WorldDatagram, 1);

    *sent = (WorldDatagram) { datagram->local, datagram->remote, g_bytes_new(datagram->data, datagram->n) };
    g_queue_push_tail(&world->sent, sent);
}

static void
port_keep_alive(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED const ObolAddress *local,
                G_GNUC_UNUSED const ObolAddress *remote)
{
}

static void
port_wake_at(gpointer data, gint64 when_us)
{
    ((World *) data)->wake_us = when_us;
}

static void
port_kernel(gpointer data, guint64 ticket, const ObolKernelRequest *request)
{
    WorldRequest *kept = g_new(WorldRequest, 1);

    *kept = (WorldRequest) {
        .ticket = ticket, .op = request->op, .id = request->sa.id, .direction = request->policy.direction,
        .source = request->policy.source, .destination = request->policy.destination, .reqid = request->sa.reqid,
    };
    g_queue_push_tail(&((World *) data)->requests, kept);
}

static void
port_job(gpointer data, guint64 ticket, ObolJob *work)
{
    WorldJob *job = g_new(WorldJob, 1);

    *job = (WorldJob) { ticket, work };
    g_queue_push_tail(&((World *) data)->jobs, job);
}

static void
port_command_done(gpointer data, G_GNUC_UNUSED guint32 command, guint32 child_id, const ObolReason *reason)
{
    World *world = data;

    world->last_child = child_id;
    world->n_commands_done++;
    if (reason == NULL)
        return;
    world->n_commands_failed++;
    world->last_reason = reason->code;
}

static void
port_locate(gpointer data, guint32 reqid, G_GNUC_UNUSED const ObolConnection *connection)
{
    g_queue_push_tail(&((World *) data)->located, GUINT_TO_POINTER(reqid));
}

static void
port_resolve(gpointer data, guint64 ticket, const char *name)
{
    World *world = data;

    world->asked_ticket = ticket;
    g_strlcpy(world->asked_name, name, sizeof world->asked_name);
}

static void
port_lease(gpointer data, guint64 ticket, const ObolPoolRequest *request)
{
    World *world = data;

    obol_pool_request_free(world->lease_request);
    world->lease_request = obol_pool_request_new(request->identity, (const char *const *) request->pools, request->addresses);
    world->lease_ticket = ticket;
    world->n_leases++;
}

static void
port_release(gpointer data, const ObolPoolRequest *request)
{
    ((World *) data)->n_released += request->addresses->len;
}

static void
listen_ike_state(gpointer data, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason)
{
    World *world = data;

    if (sa->state == OBOL_IKE_ESTABLISHED && from != OBOL_IKE_ESTABLISHED)
        world->n_established++;
    if (sa->state != OBOL_IKE_GONE)
        return;
    world->n_gone++;
    if (reason != NULL)
        world->last_reason = reason->code;
}

static void
listen_ike_rekeyed(gpointer data, const ObolIkeInfo *old, const ObolIkeInfo *successor)
{
    g_assert_cmpuint(successor->predecessor, ==, old->unique_id);
    g_assert_cmpuint(old->n_children, ==, 0);
    ((World *) data)->n_rekeyed++;
}

static void
listen_log(gpointer data, G_GNUC_UNUSED const char *group, G_GNUC_UNUSED int level, const ObolIkeInfo *sa,
           G_GNUC_UNUSED const char *text)
{
    if (sa == NULL)
        ((World *) data)->n_logs++;
}

/* --- birth and death --- */

World *
world_new(const ObolShardLimits *limits, const ObolCrypto *crypto, guint64 seed)
{
    World *world = g_new0(World, 1);
    ObolRandom random = test_random_init(&world->random, seed);
    ObolPorts ports = {
        .send = port_send, .keep_alive = port_keep_alive, .wake_at = port_wake_at, .kernel = port_kernel, .job =
            port_job,
        .listener = &world->listener, .command_done = port_command_done, .locate = port_locate, .resolve = port_resolve,
        .lease = port_lease, .release = port_release,
    };

    world->listener = (ObolListenerVtable) {
        .size = sizeof world->listener, .ike_state = listen_ike_state, .log = listen_log, .ike_rekeyed = listen_ike_rekeyed,
    };
    world->now_us = 1000 * G_USEC_PER_SEC;
    world->wake_us = G_MAXINT64;
    world->last_spi = 0xc0000000;
    world->sas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&world->sent);
    g_queue_init(&world->requests);
    g_queue_init(&world->jobs);
    g_queue_init(&world->located);
    world->shard = obol_shard_new(limits, crypto, &random, &ports, world);
    return world;
}

void
world_datagram_free(WorldDatagram *datagram)
{
    if (datagram == NULL)
        return;
    g_bytes_unref(datagram->bytes);
    g_free(datagram);
}

void
world_free(World *world)
{
    WorldDatagram *datagram;
    WorldJob *job;

    if (world == NULL)
        return;
    obol_shard_free(world->shard);
    while ((datagram = g_queue_pop_head(&world->sent)) != NULL)
        world_datagram_free(datagram);
    while ((job = g_queue_pop_head(&world->jobs)) != NULL) {
        job->job->free(job->job);
        g_free(job);
    }
    g_queue_clear_full(&world->requests, g_free);
    g_queue_clear(&world->located);
    g_hash_table_unref(world->sas);
    obol_pool_request_free(world->lease_request);
    g_free(world);
}

/* --- the kernel --- */

static char *
name_of(const ObolSaId *id)
{
    char address[OBOL_ADDRESS_TEXT_MAX];

    return g_strdup_printf("%08x/%u/%s", id->spi, id->protocol, obol_address_format(&id->destination, address));
}

static void
obey(World *world, const WorldRequest *request, ObolKernelReply *reply)
{
    ObolSaId id = request->id;

    switch (request->op) {
    case OBOL_KERNEL_GET_SPI:
        id.spi = reply->spi = ++world->last_spi;
        g_hash_table_add(world->sas, name_of(&id));
        break;
    case OBOL_KERNEL_ADD_SA:
        g_hash_table_add(world->sas, name_of(&id));
        break;
    case OBOL_KERNEL_DELETE_SA: {
        g_autofree char *name = name_of(&id);

        g_hash_table_remove(world->sas, name);
        break;
    }
    case OBOL_KERNEL_ADD_POLICY:
        world->n_policies++;
        break;
    case OBOL_KERNEL_DELETE_POLICY:
        world->n_policies--;
        break;
    case OBOL_KERNEL_UPDATE_SA:
    case OBOL_KERNEL_QUERY_SA:
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_UPDATE_POLICY:
    case OBOL_KERNEL_LIST:
        break;
    }
}

void
world_answer_one(World *world)
{
    g_autofree WorldRequest *request = g_queue_pop_head(&world->requests);
    g_autoptr(GError) error = NULL;
    ObolKernelReply reply = { 0 };

    g_assert_nonnull(request);
    if (world->refuse_next)
        reply.error = error = g_error_new_literal(g_quark_from_static_string("world"), 0, "the kernel says no");
    else
        obey(world, request, &reply);
    world->refuse_next = FALSE;
    obol_shard_kernel_reply(world->shard, request->ticket, &reply, world->now_us);
    world_run_jobs(world);
}

void
world_answer_all(World *world)
{
    while (world->requests.length > 0)
        world_answer_one(world);
}

/* --- the rest of the world --- */

void
world_run_jobs(World *world)
{
    WorldJob *job;

    while ((job = g_queue_pop_head(&world->jobs)) != NULL) {
        job->job->run(job->job);
        obol_shard_job_done(world->shard, job->ticket, job->job, world->now_us);
        g_free(job);
    }
}

void
world_receive(World *world, const ObolAddress *from, const ObolAddress *to, const guint8 *data, gsize n)
{
    g_autofree guint8 *copy = g_memdup2(data, n); /* its exact size, so that a sanitizer sees a byte too far */
    ObolDatagram datagram = { .local = *to, .remote = *from, .data = copy, .n = n };

    obol_shard_receive(world->shard, &datagram, world->now_us);
    world_run_jobs(world);
}

WorldDatagram *
world_take_sent(World *world)
{
    return g_queue_pop_head(&world->sent);
}

gboolean
world_jump(World *world)
{
    if (world->wake_us == G_MAXINT64)
        return FALSE;
    world->now_us = MAX(world->now_us, world->wake_us);
    world->wake_us = G_MAXINT64; /* an alarm that has rung is not set any more */
    obol_shard_wake(world->shard, world->now_us);
    world_run_jobs(world);
    return TRUE;
}

static gboolean
carry(World *from, World *to)
{
    g_autoptr(WorldDatagram) datagram = world_take_sent(from);

    if (datagram == NULL)
        return FALSE;
    world_receive(to, &datagram->local, &datagram->remote, g_bytes_get_data(datagram->bytes, NULL),
                  g_bytes_get_size(datagram->bytes));
    return TRUE;
}

void
world_exchange(World *a, World *b)
{
    gboolean busy = TRUE;

    while (busy) {
        world_answer_all(a);
        world_answer_all(b);
        busy = carry(a, b);
        busy |= carry(b, a);
        busy |= a->requests.length > 0 || b->requests.length > 0;
    }
}

/* --- settings --- */

ObolAddress
world_address(const char *text, guint16 port)
{
    ObolAddress address;

    g_assert_true(obol_address_parse(text, &address));
    address.port = port;
    return address;
}

static ObolIdentity *
identity(const char *text)
{
    GError *error = NULL;
    ObolIdentity *id = obol_identity_parse(text, &error);

    g_assert_no_error(error);
    return id;
}

static void
set_ts(GArray *to, const char *text)
{
    g_array_set_size(to, 0);
    test_add_selectors(to, text);
}

static void
add_host(GPtrArray *to, const char *text)
{
    GError *error = NULL;
    ObolHostSpec *host = obol_host_spec_new(text, &error);

    g_assert_no_error(error);
    g_ptr_array_add(to, host);
}

ObolConnection *
world_connection(const char *name, gboolean left, const char *ike, const char *esp, ObolUnique unique)
{
    ObolConnection *connection = obol_connection_new(name);
    ObolChildConfig *child = obol_child_config_new("net");

    add_host(connection->local_hosts, left ? "192.0.2.1" : "%any");
    add_host(connection->remote_hosts, left ? "192.0.2.2" : "%any");
    test_add_proposals(connection->proposals, OBOL_PROTO_IKE, ike);
    g_free(connection->local_id);
    g_free(connection->remote_id);
    connection->local_id = identity(left ? "left.example" : "right.example");
    connection->remote_id = identity(left ? "right.example" : "left.example");
    connection->unique = unique;
    connection->initial_contact = FALSE;
    child->protocol = OBOL_PROTO_ESP;
    test_add_proposals(child->proposals, OBOL_PROTO_ESP, esp);
    set_ts(child->local_ts, left ? "10.1.0.0/16" : "10.2.0.0/16");
    set_ts(child->remote_ts, left ? "10.2.0.0/16" : "10.1.0.0/16");
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

void
world_configure(World *world, ObolConnection *connection)
{
    GPtrArray *connections = g_ptr_array_new_with_free_func(connection_unref);
    GPtrArray *keys = g_ptr_array_new_with_free_func(key_free);
    g_autoptr(ObolConnectionSet) set = NULL;
    g_autoptr(ObolSharedKeys) shared = NULL;

    g_ptr_array_add(connections, connection);
    g_ptr_array_add(keys, obol_shared_key_new(NULL, (const guint8 *) "correct horse", 13));
    set = obol_connection_set_new(connections);
    shared = obol_shared_keys_new(keys);
    obol_shard_configure(world->shard, set, shared, NULL, 4500);
}
