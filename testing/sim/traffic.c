/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/traffic.c - packets through the model of a kernel, as RFC 4301 section 5 has it: policy, SA, and back. */
#include "testing/sim/dice.h"
#include "testing/sim/host.h"
#include "testing/sim/kernel.h"
#include "testing/sim/network.h"
#include "testing/sim/watch.h"

#define ACQUIRE_AGAIN_US (10 * G_USEC_PER_SEC) /* a policy that waits for an SA does not ask more often */
#define FIRST_GRACE_US (2 * G_USEC_PER_SEC)    /* the first SA of a child may be there earlier at one end than at the other */

/* The newest that serves; a trap only where nothing else does. */
static SimPolicy *
policy_for(const SimKernel *kernel, ObolDirection direction, const ObolAddress *source, const ObolAddress *destination)
{
    SimPolicy *best = NULL;

    for (guint i = 0; i < kernel->policies->len; i++) {
        SimPolicy *policy = g_ptr_array_index(kernel->policies, i);

        if (policy->spec.direction == direction && (best == NULL || best->spec.trap || !policy->spec.trap)
            && obol_ts_matches(&policy->spec.source, source, 0, 0) && obol_ts_matches(&policy->spec.destination, destination, 0, 0))
            best = policy;
    }
    return best;
}

static SimSa *
newest_outbound(const SimKernel *kernel, guint32 reqid)
{
    GPtrArray *list = g_hash_table_lookup(kernel->by_reqid, GUINT_TO_POINTER(reqid));

    return list != NULL && list->len > 0 ? g_ptr_array_index(list, list->len - 1) : NULL;
}

static void
acquire(SimKernel *kernel, SimPolicy *policy, const ObolAddress *source, const ObolAddress *destination)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_ACQUIRE, .reqid = policy->spec.reqid };
    gint64 now_us = kernel->sim->schedule.now_us;

    if (policy->asked_us != 0 && now_us - policy->asked_us < ACQUIRE_AGAIN_US)
        return;
    policy->asked_us = now_us;
    obol_ts_from_address(source, &event.source);
    obol_ts_from_address(destination, &event.destination);
    sim_host_kernel_event(kernel->host, &event);
}

static void
count_lifetime(SimKernel *kernel, SimSa *sa)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_EXPIRE, .sa = sa->id };

    sa->packets++;
    if (sa->lifetimes.soft_packets == 0 || sa->packets < sa->lifetimes.soft_packets || sa->soft_told)
        return;
    sa->soft_told = TRUE;
    sim_host_kernel_event(kernel->host, &event);
}

static gboolean
within(const GArray *selectors, const ObolAddress *address)
{
    for (guint i = 0; i < selectors->len; i++) {
        if (obol_ts_matches(&g_array_index(selectors, ObolTs, i), address, 0, 0))
            return TRUE;
    }
    return FALSE;
}

void
sim_kernel_send(SimKernel *kernel, const ObolAddress *source, const ObolAddress *destination)
{
    Sim *sim = kernel->sim;
    SimPolicy *policy = policy_for(kernel, OBOL_DIR_OUT, source, destination);
    SimPacket packet = { .esp = TRUE, .inner_source = *source, .inner_destination = *destination, .sent_us = sim->schedule.now_us };
    SimSa *sa;

    if (policy == NULL) {
        sim_fail(sim, SIM_PLAINTEXT, "host %u: no policy for a packet that settings want protected", sim_host_number(kernel->host));
        return;
    }
    sa = newest_outbound(kernel, policy->spec.reqid);
    if (sa == NULL || policy->spec.trap) {
        acquire(kernel, policy, source, destination);
        return;
    }
    if (!within(sa->source_ts, source) || !within(sa->destination_ts, destination)) {
        sim_fail(sim, SIM_AGREEMENT, "host %u: a policy leads to an SA with other selectors", sim_host_number(kernel->host));
        return;
    }
    count_lifetime(kernel, sa);
    packet.source = sa->id.source;
    packet.destination = sa->id.destination;
    if (!sa->udp_encap)
        packet.source.port = packet.destination.port = 0;
    packet.spi = sa->id.spi;
    packet.key = sa->key;
    packet.sequence = ++sa->sequence;
    packet.excused = sa->first && sim->schedule.now_us - sa->added_us < FIRST_GRACE_US;
    sim->outcome.n_packets++;
    sim_network_send(sim->network, kernel->host, g_memdup2(&packet, sizeof packet));
}

/* RFC 4303 section 3.4.3, as far as the network's duplicates go. */
static gboolean
is_replay(SimSa *sa, guint64 sequence)
{
    guint64 behind = sa->top >= sequence ? sa->top - sequence : 0;

    if (sequence > sa->top) {
        guint64 ahead = sequence - sa->top;

        sa->window = ahead < 64 ? sa->window << ahead | 1 : 1;
        sa->top = sequence;
        return FALSE;
    }
    if (behind >= 64 || (sa->window >> behind & 1) != 0)
        return TRUE;
    sa->window |= G_GUINT64_CONSTANT(1) << behind;
    return FALSE;
}

static void
watch_mapping(SimKernel *kernel, SimSa *sa, const SimPacket *packet)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_MAPPING, .sa = sa->id, .mapped = packet->source };

    if (!sa->udp_encap || obol_endpoint_equal(&sa->mapped, &packet->source))
        return;
    sa->mapped = packet->source;
    sim_host_kernel_event(kernel->host, &event);
}

void
sim_kernel_receive(SimKernel *kernel, const SimPacket *packet)
{
    Sim *sim = kernel->sim;
    SimSa wanted = { .id = { .spi = packet->spi, .protocol = OBOL_PROTO_ESP }, .key = packet->key };
    SimSa *sa = (SimSa *) sim_kernel_counterpart(kernel, &wanted);

    if (sa == NULL) {
        sim_watch_lost(sim->watch, packet, "no such SA at the other end");
        return;
    }
    if (is_replay(sa, packet->sequence))
        return;
    if (!within(sa->source_ts, &packet->inner_source) || !within(sa->destination_ts, &packet->inner_destination)) {
        sim_fail(sim, SIM_AGREEMENT, "host %u: a packet of an SA with other selectors than its sender has", sim_host_number(kernel->host));
        return;
    }
    watch_mapping(kernel, sa, packet);
    count_lifetime(kernel, sa);
    if (policy_for(kernel, OBOL_DIR_IN, &packet->inner_source, &packet->inner_destination) == NULL) {
        sim_watch_lost(sim->watch, packet, "no policy at the other end");
        return;
    }
    sim_watch_arrived(sim->watch, packet);
}
