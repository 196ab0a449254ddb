/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/ports.c - the world as a host's shard sees it: network, clock, kernel, workers; and whom it tells. */
#include "testing/sim/host-private.h"
#include "testing/sim/network.h"
#include "testing/sim/watch.h"
#include "wire/message.h"

#define SLOW_KERNEL_US (3 * G_USEC_PER_SEC / 2)
#define LOCATE_US 2000
#define OFFSET_FLAGS 19 /* of the fixed header (RFC 7296 section 3.1) */

/* --- ports --- */

/* What one request is answered with is told to the watch; so is every datagram, for the digest. */
static void
port_send(gpointer data, const ObolDatagram *datagram)
{
    SimHost *host = data;
    SimPacket *packet = g_new0(SimPacket, 1);

    packet->source = datagram->local;
    if (packet->source.family == 0) {
        packet->source = host->address;
        packet->source.port = datagram->local.port;
    }
    packet->destination = datagram->remote;
    packet->ike = g_memdup2(datagram->data, datagram->n);
    packet->n_ike = datagram->n;
    if (host->sim->broken == SIM_BREAK_ANSWER && (packet->ike[OFFSET_FLAGS] & OBOL_FLAG_RESPONSE) != 0)
        packet->ike[packet->n_ike - 1] ^= (guint8) sim_dice_throw(&host->dice);
    sim_watch_sent(host->sim->watch, host->number, packet);
    sim_network_send(host->sim->network, host, packet);
}

static void
port_keep_alive(gpointer data, const ObolAddress *local, const ObolAddress *remote)
{
    SimHost *host = data;
    SimPacket packet = { .source = *local, .destination = *remote };

    sim_network_send(host->sim->network, host, g_memdup2(&packet, sizeof packet));
}

static void
ring(SimHost *host, gpointer data)
{
    g_autofree guint64 *number = data;

    if (*number == host->n_wakes)
        obol_shard_wake(host->shard, sim_host_now(host));
}

static void
port_wake_at(gpointer data, gint64 when_us)
{
    SimHost *host = data;
    guint64 number = ++host->n_wakes;

    if (when_us != G_MAXINT64)
        sim_host_later(host, when_us, ring, g_memdup2(&number, sizeof number), g_free);
}

static void
answer(SimHost *host, gpointer data)
{
    SimRequest *request = data;
    g_autoptr(GError) error = NULL;
    ObolKernelReply reply = { 0 };

    sim_kernel_serve(host->kernel, request, &reply, &error);
    reply.error = error;
    if (host->sim->broken == SIM_BREAK_SILENT && request->op == OBOL_KERNEL_DELETE_SA) {
        sim_request_free(request);
        return;
    }
    host->n_requests--;
    obol_shard_kernel_reply(host->shard, request->ticket, &reply, sim_host_now(host));
    sim_request_free(request);
}

/* In order: the kernel is one after the other. */
static void
port_kernel(gpointer data, guint64 ticket, const ObolKernelRequest *request)
{
    SimHost *host = data;
    gint64 most_us = host->slow_us > sim_host_now(host) ? SLOW_KERNEL_US : host->sim->plan->kernel_us;
    gint64 takes_us = most_us > 0 ? sim_dice_between(&host->dice, 0, most_us) : 0;

    host->n_requests++;
    host->kernel_us = MAX(host->kernel_us, sim_host_now(host) + takes_us);
    sim_host_later(host, host->kernel_us, answer, sim_request_new(ticket, request), sim_request_free);
}

typedef struct {
    guint64 ticket;
    ObolJob *job;
} HostJob;

static void
job_free(gpointer data)
{
    HostJob *job = data;

    job->job->free(job->job);
    g_free(job);
}

static void
end_job(SimHost *host, gpointer data)
{
    g_autofree HostJob *job = data;

    host->n_jobs--;
    job->job->run(job->job);
    obol_shard_job_done(host->shard, job->ticket, job->job, sim_host_now(host));
}

static void
port_job(gpointer data, guint64 ticket, ObolJob *work)
{
    SimHost *host = data;
    HostJob job = { ticket, work };
    gint64 takes_us = host->sim->plan->clean ? 0 : sim_dice_between(&host->dice, 0, 3000);

    host->n_jobs++;
    sim_host_later(host, sim_host_now(host) + takes_us, end_job, g_memdup2(&job, sizeof job), job_free);
}

static void
port_command_done(gpointer data, G_GNUC_UNUSED guint32 command, G_GNUC_UNUSED guint32 child_id, const ObolReason *reason)
{
    SimHost *host = data;

    host->n_commands--;
    sim_ladder_told(host->sim->ladder, host, "a command ended", reason);
}

static void
locate(SimHost *host, gpointer data)
{
    g_autofree guint32 *reqid = data;
    const char *name = obol_shard_connection_of(host->shard, *reqid);
    guint link = name != NULL ? (guint) g_ascii_strtoull(name + 1, NULL, 10) : 0;
    const SimLinkPlan *plan = sim_link(host->sim, link);
    guint other = plan->ends[0] == host->number ? plan->ends[1] : plan->ends[0];
    const SimHost *peer = g_ptr_array_index(host->sim->hosts, other);
    ObolAddress remote = sim_outer_address(host->sim, other);

    obol_shard_located(host->shard, *reqid, &host->address, sim_host_plan(peer)->nat ? NULL : &remote, sim_host_now(host));
}

static void
port_locate(gpointer data, guint32 reqid, G_GNUC_UNUSED const ObolConnection *connection)
{
    sim_host_later(data, sim_host_now(data) + LOCATE_US, locate, g_memdup2(&reqid, sizeof reqid), g_free);
}

static gboolean
port_source_for(gpointer data, G_GNUC_UNUSED const ObolAddress *remote, ObolAddress *source)
{
    *source = ((SimHost *) data)->address;
    source->port = 0;
    return TRUE;
}

/* --- what it tells --- */

static void
listen_ike_state(gpointer data, const ObolIkeInfo *sa, G_GNUC_UNUSED ObolIkeState from, const ObolReason *reason)
{
    SimHost *host = data;

    host->sim->outcome.n_ike_sas += sa->state == OBOL_IKE_ESTABLISHED;
    sim_note(host->sim, sim_mix(sa->unique_id, sa->state));
    sim_ladder_ike(host->sim->ladder, host, sa, reason);
}

static void
listen_child_state(gpointer data, const ObolIkeInfo *sa, const ObolChildInfo *child, ObolChildState from, const ObolReason *reason)
{
    SimHost *host = data;

    host->sim->outcome.n_child_sas += child->state == OBOL_CHILD_INSTALLED && from != OBOL_CHILD_INSTALLED;
    sim_note(host->sim, sim_mix(child->unique_id, child->state));
    sim_ladder_child(host->sim->ladder, host, sa, child, reason);
}

static void
listen_rekeyed(gpointer data, G_GNUC_UNUSED const ObolIkeInfo *old, G_GNUC_UNUSED const ObolIkeInfo *successor)
{
    ((SimHost *) data)->sim->outcome.n_rekeys++;
}

static void
listen_message(gpointer data, const ObolMessageEvent *message)
{
    SimHost *host = data;

    sim_ladder_message(host->sim->ladder, host, message);
}

static void
listen_failure(gpointer data, G_GNUC_UNUSED const ObolIkeInfo *sa, const ObolReason *reason)
{
    SimHost *host = data;

    sim_note(host->sim, (guint64) reason->code);
    sim_ladder_told(host->sim->ladder, host, "failure", reason);
}

static const ObolListenerVtable listener = {
    .size = sizeof listener, .ike_state = listen_ike_state, .child_state = listen_child_state, .message = listen_message,
    .failure = listen_failure, .ike_rekeyed = listen_rekeyed,
};

const ObolPorts sim_host_ports = {
    .send = port_send, .keep_alive = port_keep_alive, .wake_at = port_wake_at, .kernel = port_kernel, .job = port_job,
    .listener = &listener, .command_done = port_command_done, .locate = port_locate,
    .source_for = port_source_for, .lease = sim_port_lease, .release = sim_port_release, .configure = sim_port_configure,
};
