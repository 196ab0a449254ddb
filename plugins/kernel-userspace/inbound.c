/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inbound.c - ESP from the network: SA, ICV, window, selectors, and on to the host (RFC 4301 section 5.2). */
#include "bytes.h"
#include "core-private.h"
#include "ecn.h"
#include "selectors.h"

#define MAPPING_INTERVAL_US (10 * (gint64) G_USEC_PER_SEC) /* between two events about the same SA and place */
#define MAPPING_RATE_US G_USEC_PER_SEC                    /* and about the same SA, wherever its packets come from */

static Drop
drop_of(EspVerdict verdict)
{
    switch (verdict) {
    case ESP_DUMMY: return DROP_ESP_DUMMY;
    case ESP_SHORT: return DROP_ESP_SHORT;
    case ESP_REPLAYED: return DROP_ESP_REPLAYED;
    case ESP_PADDING: return DROP_ESP_PADDING;
    case ESP_OK: case ESP_FORGED: case ESP_EXHAUSTED: case ESP_NO_ROOM: case ESP_BACKEND: break;
    }
    return DROP_ESP_FORGED;
}

/* RFC 3948 section 4 and RFC 7296 section 2.23: an authentic packet, newer than all before, comes from elsewhere.  The engine
 * decides what to make of it. */
static void
watch_mapping(Core *core, Sa *sa, const ObolAddress *from, gint64 now_us)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_MAPPING, .sa = sa->id, .mapped = *from, .reqid = sa->reqid };

    if (!sa->udp_encap || obol_endpoint_equal(from, &sa->id.source))
        return;
    if (sa->mapping.family != 0 && now_us - sa->mapping_told_us <
                                       (obol_endpoint_equal(from, &sa->mapping) ? MAPPING_INTERVAL_US : MAPPING_RATE_US))
        return;
    sa->mapping = *from;
    sa->mapping_told_us = now_us;
    core->calls.event(core->calls.data, &event);
}

/* RFC 4301 section 5.1.2, RFC 6040 section 4.2.  %FALSE when the packet must be dropped. */
static gboolean
sa_inner_tos(const Sa *sa, guint8 inner, guint8 outer, guint8 *out)
{
    *out = inner;
    if (sa->copy_ecn && !ecn_inner(inner, outer, out))
        return FALSE;
    if (sa->dscp_in)
        *out = (guint8) ((outer & ~ECN_BITS) | (*out & ECN_BITS));
    return TRUE;
}

static gboolean
carries(const Sa *sa, const Flow *flow)
{
    return selectors_match(sa->ts[FLOW_SOURCE], flow, FLOW_SOURCE) &&
           selectors_match(sa->ts[FLOW_DESTINATION], flow, FLOW_DESTINATION);
}

/* RFC 4301 section 5.2, steps 3 and 4: within the SA's selectors, and not against a policy: what a narrower policy wants to be
 * dropped or protected by another SA does not come in by this one.  Without a policy (they may be the admin's business) the
 * selectors decide alone. */
static gboolean
may_enter(Core *core, const Sa *sa, const guint8 *data, const Packet *packet, Drop *why)
{
    guint64 generation = core->sad.generation + core->spd.generation;
    Flow quoted;
    const Flow *flow = &packet->flow;
    gboolean found, direct;
    CachedFlow *cached = flow_cache_place(&core->in_flows, flow, generation, &found);
    const Policy *policy;

    if (found && cached->way.sa == sa)
        return TRUE;
    *why = DROP_INNER_SELECTORS;
    direct = carries(sa, flow);
    if (!direct) {
        if (!sa->icmp || !icmp_quoted_flow(data, packet, &quoted) || !carries(sa, &quoted))
            return FALSE;
        flow = &quoted;
    }
    policy = spd_lookup(&core->spd, OBOL_DIR_IN, flow);
    if (policy == NULL)
        policy = spd_lookup(&core->spd, OBOL_DIR_FORWARD, flow);
    *why = DROP_INNER_POLICY;
    if (policy != NULL && policy->spec.action != OBOL_POLICY_PASS &&
        !(policy->spec.action == OBOL_POLICY_PROTECT && spd_policy_wants(policy, sa->reqid, sa->id.protocol)))
        return FALSE;
    if (direct) {
        cached->way.sa = (Sa *) sa; /* remembered, not touched */
        cached->generation = generation;
    }
    return TRUE;
}

/* What lies in the datagram itself stays there until the batch is through; what was made anew does not. */
static void
give_to_host(Core *core, gboolean stays, guint8 *data, const Packet *packet, gint64 now_us)
{
    gboolean later = stays && core->calls.to_host_later != NULL;

    if (!(later ? core->calls.to_host_later(core->calls.data, data, packet)
                : core->calls.to_host(core->calls.data, data, packet->n)))
        core_drop(core, DROP_DEVICE, now_us);
}

static void
flush_to_host(Core *core, gint64 now_us)
{
    gsize n_lost = core->calls.to_host_flush != NULL ? core->calls.to_host_flush(core->calls.data) : 0;

    while (n_lost-- > 0)
        core_drop(core, DROP_DEVICE, now_us);
}

/* RFC 3173: makes whole again what was compressed, which is decided by the peer for each packet.  Gives the mode of what is
 * inside in @mode; %FALSE when there is no such SA beside @sa, or the bytes are no good. */
static gboolean
decompress(Core *core, const Sa *sa, Arrived *arrived, ObolMode *mode, gint64 now_us)
{
    Sa *comp;

    *mode = sa->mode;
    if (arrived->next != PROTO_IPCOMP) {
        gboolean tunnelled = arrived->next == PROTO_IPIP || arrived->next == PROTO_IPV6;

        comp = tunnelled && sa->mode == OBOL_MODE_TRANSPORT ? sad_inbound_comp(&core->sad, sa->reqid) : NULL;
        *mode = comp != NULL ? comp->mode : sa->mode;
        return TRUE;
    }
    comp = arrived->n > IPCOMP_HEADER ? sad_find_inbound(&core->sad, OBOL_PROTO_IPCOMP, get_u16(arrived->data + 2)) : NULL;
    if (comp == NULL || comp->dead || comp->reqid != sa->reqid || sa->mode != OBOL_MODE_TRANSPORT)
        return FALSE;
    arrived->data = ipcomp_unpack(core->ipcomp, arrived->data, arrived->n, &arrived->n, &arrived->next);
    if (arrived->data == NULL || arrived->next == PROTO_IPCOMP)
        return FALSE;
    *mode = comp->mode;
    sa_used(core, comp, arrived->n, now_us);
    return TRUE;
}

static void
deliver(Core *core, const Sa *sa, Arrived *arrived, gint64 now_us)
{
    ObolMode mode;
    guint8 *data, inner_tos, *own = arrived->data;
    Packet packet;
    Drop why;

    if (!decompress(core, sa, arrived, &mode, now_us)) {
        core_drop(core, DROP_INNER_COMPRESSED, now_us);
        return;
    }
    if (!core_unwrap(core, sa, mode, arrived, &data, &packet)) {
        core_drop(core, DROP_INNER_BROKEN, now_us);
        return;
    }
    fragments_learn(&core->in_fragments, &packet, now_us);
    if (!may_enter(core, sa, data, &packet, &why)) {
        core_drop(core, why, now_us);
        return;
    }
    if (mode == OBOL_MODE_TUNNEL) {
        if (!sa_inner_tos(sa, packet.tos, arrived->tos, &inner_tos)) {
            core_drop(core, DROP_INNER_ECN, now_us);
            return;
        }
        if (inner_tos != packet.tos)
            ecn_rewrite(data, &packet, inner_tos);
    }
    give_to_host(core, data == own, data, &packet, now_us);
}

/* @n datagrams of one SPI. */
static void
inbound_run(Core *core, Sa *sa, const ObolDatagram *batch, gsize n, gint64 now_us)
{
    EspPacket packets[CORE_BATCH];

    for (gsize i = 0; i < n; i++)
        packets[i] = (EspPacket) { .data = batch[i].data, .n = batch[i].n };
    esp_open(&sa->esp, packets, n);
    for (gsize i = 0; i < n; i++) {
        if (sa->dead) { /* by one of those before it */
            core_drop(core, DROP_ESP_EXPIRED, now_us);
            continue;
        }
        if (packets[i].verdict == ESP_OK || packets[i].verdict == ESP_DUMMY) {
            if (packets[i].newest)
                watch_mapping(core, sa, &batch[i].remote, now_us);
            sa_used(core, sa, packets[i].n, now_us);
        }
        if (packets[i].verdict == ESP_OK)
            deliver(core, sa, &(Arrived) { .data = packets[i].data, .n = packets[i].n, .next = packets[i].next_header,
                                           .tos = batch[i].tos }, now_us);
        else
            core_drop(core, drop_of(packets[i].verdict), now_us);
    }
}

/* The SA of one datagram, or %NULL when it has been dropped. */
static Sa *
find_sa(Core *core, const ObolDatagram *datagram, gboolean in_udp, gint64 now_us)
{
    Drop reason = DROP_ESP_SHORT;
    Sa *sa = NULL;

    if (datagram->n > ESP_HEADER) {
        sa = sad_find_inbound(&core->sad, OBOL_PROTO_ESP, get_u32(datagram->data));
        reason = sa == NULL                   ? DROP_ESP_NO_SA
                 : sa->udp_encap != in_udp    ? DROP_ESP_ENCAPSULATION
                                              : DROP_ESP_EXPIRED;
        if (sa != NULL && sa->udp_encap == in_udp && !sa->dead)
            return sa;
    }
    core_drop(core, reason, now_us);
    return NULL;
}

void
core_inbound(Core *core, ObolDatagram *batch, gsize n, gboolean in_udp, gint64 now_us)
{
    gsize first = 0;
    Sa *run = NULL;

    for (gsize i = 0; i < n; i++) {
        Sa *sa = find_sa(core, &batch[i], in_udp, now_us);

        if (run != NULL && (sa != run || i - first == CORE_BATCH))
            inbound_run(core, run, batch + first, i - first, now_us);
        if (sa != run || i - first == CORE_BATCH)
            first = i;
        run = sa;
    }
    if (run != NULL)
        inbound_run(core, run, batch + first, n - first, now_us);
    flush_to_host(core, now_us);
}

/* One whole packet with AH behind its headers; @packet is how it was parsed. */
static void
inbound_ah(Core *core, Sa *sa, const CorePacket *in, const Packet *packet, gint64 now_us)
{
    AhOpened opened;
    EspVerdict verdict = ah_open(&sa->ah, in->data, packet->n, packet->n_header, &opened);
    Arrived arrived;

    if (verdict != ESP_OK && verdict != ESP_DUMMY) {
        core_drop(core, drop_of(verdict), now_us);
        return;
    }
    arrived = (Arrived) {
        .data = in->data + packet->n_header + opened.n_ah, .n = packet->n - packet->n_header - opened.n_ah,
        .next = opened.next_header, .tos = packet->tos, .header = in->data, .n_header = packet->n_header,
        .next_at = packet->upper_next_at,
    };
    sa_used(core, sa, arrived.n, now_us);
    if (verdict == ESP_OK)
        deliver(core, sa, &arrived, now_us);
}

void
core_inbound_ah(Core *core, const CorePacket *packets, gsize n, gint64 now_us)
{
    for (gsize i = 0; i < n; i++) {
        const CorePacket *in = &packets[i];
        Packet packet;
        Sa *sa;

        if (!packet_parse(in->data, in->n, &packet) || packet.fragment || packet.flow.protocol != PROTO_AH ||
            packet.n < packet.n_header + AH_HEADER) {
            core_drop(core, DROP_ESP_SHORT, now_us);
            continue;
        }
        sa = sad_find_inbound(&core->sad, OBOL_PROTO_AH, get_u32(in->data + packet.n_header + 4));
        if (sa == NULL || sa->dead)
            core_drop(core, sa == NULL ? DROP_ESP_NO_SA : DROP_ESP_EXPIRED, now_us);
        else
            inbound_ah(core, sa, in, &packet, now_us);
    }
    flush_to_host(core, now_us);
}
