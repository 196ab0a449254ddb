/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/host.c - a daemon of one shard and what it stands on: how it comes, goes, and what reaches it. */
#include "testing/sim/host-private.h"

#include <string.h>

#define NAT_T_PORT 4500

/* Something for a daemon, later: never for another one, and not while it stalls. */
typedef struct {
    SimHost *host;
    guint generation;
    void (*step)(SimHost *host, gpointer data);
    gpointer data;
    GDestroyNotify destroy;
} Later;

static void
later_free(gpointer data)
{
    Later *later = data;

    if (later->data != NULL && later->destroy != NULL)
        later->destroy(later->data);
    g_free(later);
}

static void
come_due(gpointer owner, gpointer data)
{
    SimHost *host = owner;
    Later *later = data;
    SimSchedule *schedule = &host->sim->schedule;

    if (later->generation != host->generation) {
        later_free(later);
    } else if (host->stalled_us > schedule->now_us) {
        sim_schedule_at(schedule, host->stalled_us, come_due, host, later, later_free);
    } else {
        later->step(host, g_steal_pointer(&later->data));
        later_free(later);
    }
}

void
sim_host_later(SimHost *host, gint64 when_us, void (*step)(SimHost *host, gpointer data), gpointer data, GDestroyNotify destroy)
{
    Later later = { host, host->generation, step, data, destroy };

    sim_schedule_at(&host->sim->schedule, when_us, come_due, host, g_memdup2(&later, sizeof later), later_free);
}

gint64
sim_host_now(const SimHost *host)
{
    return host->sim->schedule.now_us;
}

/* --- birth and death --- */

static void
shared_key_free(gpointer data)
{
    obol_shared_key_free(data);
}

SimHost *
sim_host_new(Sim *sim, guint number)
{
    SimHost *host = g_new0(SimHost, 1);
    GPtrArray *keys = g_ptr_array_new_with_free_func(shared_key_free);

    g_ptr_array_add(keys, obol_shared_key_new(NULL, (const guint8 *) "a key that all hosts share", 26));
    host->sim = sim;
    host->number = number;
    host->address = sim_address(sim, number);
    host->connections = sim_connections(sim, number);
    host->keys = obol_shared_keys_new(keys);
    host->crypto = test_crypto_new();
    host->dice.state = sim_mix(sim->plan->seed, 1000 + number);
    host->kernel = sim_kernel_new(sim, host, sim_mix(sim->plan->seed, 2000 + number));
    return host;
}

void
sim_host_free(gpointer data)
{
    SimHost *host = data;

    obol_shard_free(host->shard);
    sim_lender_free(host->lender);
    sim_kernel_free(host->kernel);
    obol_connection_set_unref(host->connections);
    obol_shared_keys_unref(host->keys);
    obol_crypto_free(host->crypto);
    g_free(host);
}

static void
install_trap(SimHost *host, const ObolConnection *connection, const ObolChildConfig *child)
{
    ObolPolicySpec policy = {
        .direction = OBOL_DIR_OUT, .action = OBOL_POLICY_PROTECT, .mode = child->mode, .protocol = OBOL_PROTO_ESP, .trap = TRUE,
        .source = g_array_index(child->local_ts, ObolTs, 0), .destination = g_array_index(child->remote_ts, ObolTs, 0),
        .reqid = obol_shard_reqid(host->shard, connection->name, child), .tunnel_source = host->address,
    };

    sim_kernel_add_policy(host->kernel, &policy);
}

static void
tell_addresses(SimHost *host, G_GNUC_UNUSED gpointer data)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));

    g_array_append_val(addresses, host->address);
    obol_shard_addresses(host->shard, addresses, sim_host_now(host));
}

void
sim_host_start(SimHost *host)
{
    ObolShardLimits limits = obol_shard_default_limits;
    ObolRandom random;

    if (host->shard != NULL)
        return;
    random = test_random_init(&host->random, sim_mix(sim_mix(host->sim->plan->seed, 3000 + host->number), host->generation));
    if (host->sim->broken == SIM_BREAK_BOUNDLESS)
        limits.cookie_threshold = limits.half_open_limit = limits.half_open_per_address = G_MAXINT;
    obol_crypto_set_random(host->crypto, random.calls, random.self);
    host->shard = obol_shard_new(&limits, host->crypto, &random, &sim_host_ports, host);
    host->lender = sim_lender_new(host->number);
    obol_shard_trace_messages(host->shard, host->sim->ladder != NULL);
    obol_shard_configure(host->shard, host->connections, host->keys, NULL, NAT_T_PORT);
    tell_addresses(host, NULL);
    sim_kernel_wipe(host->kernel);
    for (guint i = 0; i < host->connections->connections->len; i++) {
        const ObolConnection *connection = g_ptr_array_index(host->connections->connections, i);

        for (guint j = 0; j < connection->children->len; j++)
            install_trap(host, connection, g_ptr_array_index(connection->children, j));
    }
}

void
sim_host_crash(SimHost *host)
{
    g_clear_pointer(&host->shard, obol_shard_free);
    g_clear_pointer(&host->lender, sim_lender_free);
    host->generation++;
    host->n_commands = host->n_requests = host->n_jobs = 0;
    host->stalled_us = host->slow_us = host->kernel_us = 0;
}

void
sim_host_reboot(SimHost *host)
{
    sim_host_crash(host);
    sim_kernel_wipe(host->kernel);
}

void
sim_host_stall(SimHost *host, gint64 until_us)
{
    host->stalled_us = MAX(host->stalled_us, until_us);
}

void
sim_host_move(SimHost *host)
{
    g_array_index(host->sim->moves, guint, host->number)++;
    host->address = sim_address(host->sim, host->number);
    if (host->shard != NULL)
        sim_host_later(host, sim_host_now(host), tell_addresses, NULL, NULL);
}

void
sim_host_slow_kernel(SimHost *host, gint64 until_us)
{
    host->slow_us = MAX(host->slow_us, until_us);
}

gboolean
sim_host_is_up(const SimHost *host)
{
    return host->shard != NULL;
}

/* --- from outside --- */

static void
take_datagram(SimHost *host, gpointer data)
{
    SimPacket *packet = data;
    ObolDatagram datagram = { .local = packet->destination, .remote = packet->source, .data = packet->ike, .n = packet->n_ike };

    if (packet->ike != NULL)
        obol_shard_receive(host->shard, &datagram, sim_host_now(host));
    sim_packet_free(packet);
}

void
sim_host_receive(SimHost *host, SimPacket *packet)
{
    if (packet->esp) {
        sim_kernel_receive(host->kernel, packet);
        sim_packet_free(packet);
    } else if (host->shard != NULL) {
        sim_host_later(host, sim_host_now(host), take_datagram, packet, sim_packet_free);
    } else {
        sim_packet_free(packet);
    }
}

static void
take_kernel_event(SimHost *host, gpointer data)
{
    g_autofree ObolKernelEvent *event = data;

    obol_shard_kernel_event(host->shard, event, sim_host_now(host));
}

void
sim_host_kernel_event(SimHost *host, const ObolKernelEvent *event)
{
    if (host->shard != NULL)
        sim_host_later(host, sim_host_now(host), take_kernel_event, g_memdup2(event, sizeof *event), g_free);
}

void
sim_host_inner_packet(SimHost *host, const ObolAddress *source, const ObolAddress *destination)
{
    /* A host that has rebooted and has no daemon yet lets nothing pass: its firewall comes first. */
    if (host->shard != NULL || host->kernel->policies->len > 0)
        sim_kernel_send(host->kernel, source, destination);
}

/* --- looks --- */

guint
sim_host_number(const SimHost *host)
{
    return host->number;
}

Sim *
sim_host_sim(const SimHost *host)
{
    return host->sim;
}

const SimHostPlan *
sim_host_plan(const SimHost *host)
{
    return &g_array_index(host->sim->plan->hosts, SimHostPlan, host->number);
}

SimKernel *
sim_host_kernel(const SimHost *host)
{
    return host->kernel;
}

ObolShard *
sim_host_shard(const SimHost *host)
{
    return host->shard;
}

guint
sim_host_n_virtual(const SimHost *host)
{
    return sim_lender_n_given(host->lender) + sim_lender_n_lent(host->lender);
}

gboolean
sim_host_has_address(const SimHost *host, const ObolAddress *address)
{
    return obol_address_equal(&host->address, address);
}

gint
sim_host_n_waiting(const SimHost *host)
{
    return host->n_commands != 0 ? host->n_commands : (gint) (host->n_requests + host->n_jobs);
}
