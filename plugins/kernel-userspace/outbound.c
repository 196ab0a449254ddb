/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outbound.c - the host's packets on their way out: policy, SA, ESP, and off (RFC 4301 section 5.1). */
#include <string.h>

#include "core-private.h"
#include "ecn.h"
#include "selectors.h"

static void
send_run(Core *core, gint64 now_us)
{
    Run *run = &core->run;
    gsize n_lost = 0;

    if (run->n_datagrams == 0)
        return;
    if (run->plain)
        n_lost = core->calls.to_peer_plain(core->calls.data, run->datagrams, run->n_datagrams);
    else
        core->calls.to_peer(core->calls.data, run->datagrams, run->n_datagrams);
    while (n_lost-- > 0)
        core_drop(core, DROP_RAW, now_us);
    run->n_datagrams = 0;
}

/* RFC 4303 section 3.3: all that were gathered for one SA. */
static void
seal_run(Core *core, gint64 now_us)
{
    Run *run = &core->run;
    Sa *sa = run->sa;

    if (run->n == 0)
        return;
    if (run->plain == sa->udp_encap)
        send_run(core, now_us);
    run->plain = !sa->udp_encap;
    esp_seal(&sa->esp, run->packets, run->n);
    for (guint i = 0; i < run->n; i++) {
        const EspPacket *sealed = &run->packets[i];

        if (sealed->verdict == ESP_EXHAUSTED) {
            sa_exhausted(core, sa);
            core_drop(core, DROP_OUT_EXPIRED, now_us);
        } else if (sealed->verdict != ESP_OK) {
            core_drop(core, sealed->verdict == ESP_NO_ROOM ? DROP_OUT_NO_ROOM : DROP_OUT_BACKEND, now_us);
        } else if (sa->dead) { /* by one of those before it */
            core_drop(core, DROP_OUT_EXPIRED, now_us);
        } else {
            run->datagrams[run->n_datagrams++] = (ObolDatagram) {
                .local = sa->id.source, .remote = sa->id.destination, .data = sealed->data, .n = sealed->n,
                .esp = TRUE, .tos = run->tos[i],
            };
            sa_used(core, sa, run->lengths[i], now_us);
        }
    }
    run->n = 0;
    run->sa = NULL;
}

static void
flush_run(Core *core, gint64 now_us)
{
    seal_run(core, now_us);
    send_run(core, now_us);
}

/* A packet on its way through. @n_behind: room behind it; @whole: put together from fragments. */
typedef struct {
    guint8 *data;
    gsize n_behind;
    gboolean whole;
    Packet packet;
} Outgoing;

static void
tell_acquire(Core *core, const Policy *policy, const Flow *flow)
{
    ObolKernelEvent event = {
        .kind = OBOL_KERNEL_ACQUIRE, .reqid = policy->spec.reqid,
        .sa = { .source = policy->spec.tunnel_source, .destination = policy->spec.tunnel_destination,
                .protocol = policy->spec.protocol },
    };

    selector_of_flow(flow, FLOW_SOURCE, &event.source);
    selector_of_flow(flow, FLOW_DESTINATION, &event.destination);
    core->calls.event(core->calls.data, &event);
}

/* A protected flow without an SA: it waits, or is lost; it never leaves in clear. */
static void
without_sa(Core *core, const Policy *policy, gboolean expired, const Outgoing *out, gint64 now_us)
{
    if (!policy->trap) {
        core_drop(core, expired ? DROP_OUT_EXPIRED : DROP_OUT_NO_SA, now_us);
        return;
    }
    switch (acquires_add(&core->acquires, policy, &out->packet.flow, out->data, out->packet.n, now_us)) {
    case ACQUIRE_ASK: tell_acquire(core, policy, &out->packet.flow); break;
    case ACQUIRE_KEPT: break;
    case ACQUIRE_FULL: core_drop(core, DROP_OUT_HELD, now_us); break;
    }
}

/* The SA only, where @policy protects and there is one. */
static void
decide(Core *core, const Flow *flow, Policy **policy, Sa **sa, gboolean *expired)
{
    guint64 generation = core->sad.generation + core->spd.generation;
    gboolean found;
    CachedFlow *cached = flow_cache_place(&core->flows, flow, generation, &found);

    *expired = FALSE;
    if (!found) {
        cached->policy = spd_lookup(&core->spd, OBOL_DIR_OUT, flow);
        if (cached->policy != NULL && cached->policy->spec.action == OBOL_POLICY_PROTECT)
            cached->sa = sad_serving(&core->sad, cached->policy->spec.reqid, cached->policy->spec.protocol, flow,
                                     &cached->policy->spec.tunnel_destination, expired);
        if (cached->sa != NULL) /* what has no SA may have one soon, and is the slow way anyhow */
            cached->generation = generation;
    }
    *policy = cached->policy;
    *sa = cached->sa;
}

/* An ICMP error that no policy covers may use the SA of the packet that it quotes, where that is allowed. */
static void
decide_for_error(Core *core, const Outgoing *out, Policy **policy, Sa **sa)
{
    gboolean expired;
    Flow quoted;

    if (!icmp_quoted_flow(out->data, &out->packet, &quoted))
        return;
    decide(core, &quoted, policy, sa, &expired);
    if (*sa == NULL || !(*sa)->icmp)
        *policy = NULL;
}

/* RFC 4301 section 8.2.1: %TRUE when the packet must not be sent as it is; its sender has then been told, within reason.  What
 * may be fragmented is: outside, by the system, as RFC 4303 section 3.3.4 has it. */
static gboolean
too_big(Core *core, const Sa *sa, const Outgoing *out, gint64 now_us)
{
    const Packet *packet = &out->packet;
    gsize n_outside = sa->mode == OBOL_MODE_TRANSPORT ? packet->n_fixed : 0, mtu = sa->mtu + n_outside;
    guint8 message[ICMP_MESSAGE_MAX];
    gsize n;

    if (packet->flow.family == AF_INET6)
        mtu = MAX(mtu, IP6_MTU_MIN);
    if (out->whole || !packet->df || (!sa->copy_df && packet->flow.family == AF_INET) || packet->n <= mtu)
        return FALSE;
    n = icmp_rate_allows(&core->icmp_rate, now_us) ? icmp_too_big(out->data, packet, mtu, message) : 0;
    if (n > 0)
        core->calls.to_host(core->calls.data, message, n);
    core_drop(core, DROP_OUT_TOO_BIG, now_us);
    return TRUE;
}

/* Puts the packet into the run of its SA. */
static void
enqueue(Core *core, Sa *sa, const Outgoing *out, gint64 now_us)
{
    const Packet *packet = &out->packet;
    gboolean transport = sa->mode == OBOL_MODE_TRANSPORT;
    gsize n_outside = transport ? packet->n_fixed : 0;
    Run *run = &core->run;
    EspPacket *p;

    if (run->sa != sa || run->n == CORE_BATCH)
        seal_run(core, now_us);
    if (run->n + run->n_datagrams >= CORE_BATCH)
        flush_run(core, now_us);
    run->sa = sa;
    p = &run->packets[run->n];
    *p = (EspPacket) {
        .data = out->data + n_outside, .n = packet->n - n_outside,
        .n_before = CORE_HEADROOM + n_outside, .n_behind = out->n_behind,
        .next_header = transport ? packet->next_after_fixed : packet->flow.family == AF_INET ? PROTO_IPIP : PROTO_IPV6,
    };
    if (!transport) /* RFC 4303 section 2.7: only an inner header tells where the padding starts */
        p->n_pad_to = MIN(MIN(sa->tfc_padding, sa->mtu), p->n + p->n_behind - ESP_TAILROOM);
    run->lengths[run->n] = p->n;
    run->tos[run->n] = ecn_outer(packet->tos, transport || sa->copy_dscp, transport || sa->copy_ecn);
    run->n++;
}

/* A fragment of a packet that transport mode can only protect whole.  Once whole it is sent at once: its buffer is the next
 * packet's. */
static void
gather(Core *core, Sa *sa, const Outgoing *fragment, gint64 now_us)
{
    Outgoing out = { .n_behind = CORE_TAILROOM, .whole = TRUE };
    gsize n = reassembly_add(core->reassembly, fragment->data, &fragment->packet, now_us, &out.data);

    if (n == 0)
        return;
    if (!packet_parse(out.data, n, &out.packet) || out.packet.options) {
        core_drop(core, DROP_OUT_FRAGMENT, now_us);
        return;
    }
    enqueue(core, sa, &out, now_us);
    flush_run(core, now_us);
}

/* What transport mode would have to leave outside ESP, and can not: the outer header is the system's. */
static gboolean
fits_transport(const Sa *sa, const Packet *packet)
{
    gsize n_plain = packet->flow.family == AF_INET ? IP4_HEADER : IP6_HEADER + (packet->fragment ? 8 : 0);

    return !packet->options && packet->flow.family == sa->id.destination.family &&
           (!packet->fragment || packet->fragment_at == n_plain);
}

static void
protect(Core *core, Sa *sa, const Outgoing *out, gint64 now_us)
{
    gboolean transport = sa->mode == OBOL_MODE_TRANSPORT;

    if (transport && !fits_transport(sa, &out->packet))
        core_drop(core, DROP_OUT_TRANSPORT, now_us);
    else if (transport && out->packet.fragment)
        gather(core, sa, out, now_us);
    else if (!too_big(core, sa, out, now_us))
        enqueue(core, sa, out, now_us);
}

static void
send_in_clear(Core *core, const Outgoing *out, gint64 now_us)
{
    const Flow *flow = &out->packet.flow;

    if (!core->calls.in_clear(core->calls.data, out->data, out->packet.n, flow->family, flow->addresses[FLOW_DESTINATION]))
        core_drop(core, DROP_RAW, now_us);
}

static void
outbound_one(Core *core, const CorePacket *in, gint64 now_us)
{
    Outgoing out = { .data = in->data };
    Policy *policy;
    Sa *sa;
    gboolean expired;

    if (!packet_parse(in->data, in->n, &out.packet)) {
        core_drop(core, DROP_OUT_BROKEN, now_us);
        return;
    }
    out.n_behind = in->n_behind + in->n - out.packet.n;
    fragments_learn(&core->out_fragments, &out.packet, now_us);
    decide(core, &out.packet.flow, &policy, &sa, &expired);
    if (policy == NULL)
        decide_for_error(core, &out, &policy, &sa);
    if (policy == NULL) {
        if (core->settings.pass_unmatched)
            send_in_clear(core, &out, now_us);
        else
            core_drop(core, DROP_OUT_NO_POLICY, now_us);
        return;
    }
    switch (policy->spec.action) {
    case OBOL_POLICY_PROTECT:
        if (sa != NULL)
            protect(core, sa, &out, now_us);
        else
            without_sa(core, policy, expired, &out, now_us);
        break;
    case OBOL_POLICY_PASS: send_in_clear(core, &out, now_us); break;
    case OBOL_POLICY_DROP: core_drop(core, DROP_OUT_POLICY, now_us); break;
    }
}

void
core_outbound(Core *core, const CorePacket *packets, gsize n, gint64 now_us)
{
    for (gsize i = 0; i < n; i++)
        outbound_one(core, &packets[i], now_us);
    flush_run(core, now_us);
}

typedef struct {
    Core *core;
    guint32 reqid;
} Question;

static gboolean
is_answered(gpointer data, const Acquire *acquire)
{
    const Question *question = data;
    Policy *policy;
    Sa *sa;
    gboolean expired;

    if (acquire->reqid == question->reqid)
        return TRUE;
    decide(question->core, &acquire->flow, &policy, &sa, &expired);
    return sa != NULL;
}

void
core_release_held(Core *core, guint32 reqid, gint64 now_us)
{
    Question question = { core, reqid };
    g_autoptr(GPtrArray) answered = NULL;

    if (g_hash_table_size(core->acquires.waiting) == 0)
        return;
    answered = acquires_take(&core->acquires, is_answered, &question);
    for (guint i = 0; i < answered->len; i++) {
        const Acquire *acquire = g_ptr_array_index(answered, i);

        for (guint k = 0; k < acquire->n_held; k++) {
            gsize n = acquire->held[k].n, n_behind = CORE_TAILROOM + core->settings.path_mtu;
            g_autofree guint8 *room = g_malloc(CORE_HEADROOM + n + n_behind);
            CorePacket packet = { room + CORE_HEADROOM, n, n_behind };

            memcpy(packet.data, acquire->held[k].data, n);
            core_outbound(core, &packet, 1, now_us);
        }
    }
}
