/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outbound.c - the host's packets on their way out: policy, SA, ESP, and off (RFC 4301 section 5.1). */
#include <string.h>

#include "beet.h"
#include "core-private.h"
#include "ecn.h"
#include "selectors.h"

#define INCOMPRESSIBLE_TRIES 4     /* packets in a row before the first one is passed over */
#define INCOMPRESSIBLE_SKIP_MAX 64

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

/* With IPComp the mode is that of its SA, and ESP or AH carry in transport mode what it makes (obol/kernel.h). */
static void
add_comp(const Core *core, const ObolPolicySpec *spec, const Flow *flow, Way *way)
{
    gboolean expired;

    way->comp = sad_serving(&core->sad, spec->reqid, OBOL_PROTO_IPCOMP, flow, &spec->tunnel_destination, &expired);
    way->mode = way->comp != NULL ? way->comp->mode : spec->mode;
}

static void
decide(Core *core, const Flow *flow, Way *way, gboolean *expired)
{
    guint64 generation = core->sad.generation + core->spd.generation;
    gboolean found;
    CachedFlow *cached = flow_cache_place(&core->flows, flow, generation, &found);
    const ObolPolicySpec *spec;

    *expired = FALSE;
    if (!found) {
        cached->way.policy = spd_lookup(&core->spd, OBOL_DIR_OUT, flow);
        spec = cached->way.policy != NULL ? &cached->way.policy->spec : NULL;
        if (spec != NULL && spec->action == OBOL_POLICY_PROTECT)
            cached->way.sa = sad_serving(&core->sad, spec->reqid, spec->protocol, flow, &spec->tunnel_destination, expired);
        if (cached->way.sa != NULL) { /* what has no SA may have one soon, and is the slow way anyhow */
            cached->way.mode = cached->way.sa->mode;
            if (spec->ipcomp)
                add_comp(core, spec, flow, &cached->way);
            cached->generation = generation;
        }
    }
    *way = cached->way;
}

/* An ICMP error that no policy covers may use the SA of the packet that it quotes, where that is allowed. */
static void
decide_for_error(Core *core, const Outgoing *out, Way *way)
{
    gboolean expired;
    Flow quoted;

    if (!icmp_quoted_flow(out->data, &out->packet, &quoted))
        return;
    decide(core, &quoted, way, &expired);
    if (way->sa == NULL || !way->sa->icmp)
        *way = (Way) { .policy = NULL };
}

/* Headers of the packet that do not come into the SA. */
static gsize
n_left_outside(const Way *way, const Packet *packet)
{
    return way->mode != OBOL_MODE_TUNNEL ? packet->n_fixed : 0;
}

/* RFC 4301 section 8.2.1: %TRUE when the packet must not be sent as it is; its sender has then been told, within reason.  What
 * may be fragmented is: outside, by the system, as RFC 4303 section 3.3.4 has it. */
static gboolean
too_big(Core *core, const Way *way, const Outgoing *out, gint64 now_us)
{
    const Packet *packet = &out->packet;
    gsize n_outer = packet->flow.family == AF_INET ? IP4_HEADER : IP6_HEADER;
    gsize mtu = way->sa->mtu + (way->mode != OBOL_MODE_TUNNEL ? n_outer : 0);
    guint8 message[ICMP_MESSAGE_MAX];
    gsize n;

    if (packet->flow.family == AF_INET6)
        mtu = MAX(mtu, IP6_MTU_MIN);
    if (out->whole || !packet->df || (!way->sa->copy_df && packet->flow.family == AF_INET) || packet->n <= mtu)
        return FALSE;
    n = icmp_rate_allows(&core->icmp_rate, now_us) ? icmp_too_big(out->data, packet, mtu, message) : 0;
    if (n > 0)
        core->calls.to_host(core->calls.data, message, n);
    core_drop(core, DROP_OUT_TOO_BIG, now_us);
    return TRUE;
}

/* BEET: the options stand before the payload; with their pseudo-header they become part of it. */
static void
wrap_options(Content *content, gsize n_options)
{
    gsize n = beet_wrap_options(content->data, n_options, content->next);

    content->data -= n;
    content->n += n;
    content->n_before -= n;
    content->next = PROTO_BEET;
}

/* What of the packet goes into the SA, and what stays outside. */
static void
take_content(const Way *way, const Outgoing *out, Content *content)
{
    const Packet *packet = &out->packet;
    gboolean tunnel = way->mode == OBOL_MODE_TUNNEL, v4 = packet->flow.family == AF_INET;
    gsize n_outside = n_left_outside(way, packet);

    *content = (Content) {
        .data = out->data + n_outside, .n = packet->n - n_outside, .n_before = CORE_HEADROOM + n_outside,
        .n_behind = out->n_behind, .next = tunnel ? (v4 ? PROTO_IPIP : PROTO_IPV6) : packet->next_after_fixed,
        .tos = ecn_outer(packet->tos, !tunnel || way->sa->copy_dscp, !tunnel || way->sa->copy_ecn),
        .df = v4 && packet->df && way->sa->copy_df,
    };
    if (way->mode == OBOL_MODE_TRANSPORT) {
        content->header = out->data;
        content->n_header = n_outside;
        content->next_at = packet->fixed_next_at;
    } else if (way->mode == OBOL_MODE_BEET && v4 && packet->options) {
        wrap_options(content, n_outside - IP4_HEADER);
    }
}

/* Puts the content into the run of its SA. */
static void
enqueue(Core *core, Sa *sa, const Content *content, gboolean tunnel, gint64 now_us)
{
    Run *run = &core->run;
    EspPacket *p;

    if (run->sa != sa || run->n == CORE_BATCH)
        seal_run(core, now_us);
    if (run->n + run->n_datagrams >= CORE_BATCH)
        flush_run(core, now_us);
    run->sa = sa;
    p = &run->packets[run->n];
    *p = (EspPacket) {
        .data = content->data, .n = content->n, .n_before = content->n_before, .n_behind = content->n_behind,
        .next_header = content->next,
    };
    if (tunnel && p->n_behind >= ESP_TAILROOM) /* RFC 4303 section 2.7: only an inner header tells where the padding starts */
        p->n_pad_to = MIN(MIN(sa->tfc_padding, sa->mtu), p->n + p->n_behind - ESP_TAILROOM);
    run->lengths[run->n] = p->n;
    run->tos[run->n] = content->tos;
    run->n++;
}

/* Header options and extension headers that stay outside ask for a header of ours. */
static gboolean
needs_whole(const Way *way, const Packet *packet)
{
    return way->sa->id.protocol == OBOL_PROTO_AH || (way->mode == OBOL_MODE_TRANSPORT && packet->options);
}

/* RFC 3173 section 2.2: what does not shrink goes as it is, and flows that do not are tried ever less often. */
static void
compress(Core *core, Sa *comp, Content *content, gint64 now_us)
{
    gsize n;

    if (comp->n_to_skip > 0) {
        comp->n_to_skip--;
        return;
    }
    n = ipcomp_pack(core->ipcomp, content->data, content->n, content->next, (guint16) comp->id.spi);
    if (n == 0) {
        comp->n_incompressible += content->n >= IPCOMP_THRESHOLD ? 1 : 0;
        comp->n_to_skip = MIN(comp->n_incompressible / INCOMPRESSIBLE_TRIES, INCOMPRESSIBLE_SKIP_MAX);
        return;
    }
    comp->n_incompressible = 0;
    sa_used(core, comp, content->n, now_us);
    content->n_behind += content->n - n;
    content->n = n;
    content->next = PROTO_IPCOMP;
}

static void
put_in(Core *core, const Way *way, const Outgoing *out, gint64 now_us)
{
    Content content;

    take_content(way, out, &content);
    if (way->comp != NULL)
        compress(core, way->comp, &content, now_us);
    if (needs_whole(way, &out->packet))
        core_send_whole(core, way->sa, &content, now_us);
    else
        enqueue(core, way->sa, &content, way->sa->mode == OBOL_MODE_TUNNEL, now_us);
}

/* A fragment of a packet that transport mode can only protect whole.  Once whole it is sent at once: its buffer is the next
 * packet's. */
static void
gather(Core *core, const Way *way, const Outgoing *fragment, gint64 now_us)
{
    Outgoing out = { .n_behind = CORE_TAILROOM, .whole = TRUE };
    gsize n = reassembly_add(core->reassembly, fragment->data, &fragment->packet, now_us, &out.data);

    if (n == 0)
        return;
    if (!packet_parse(out.data, n, &out.packet) || out.packet.options) {
        core_drop(core, DROP_OUT_FRAGMENT, now_us);
        return;
    }
    put_in(core, way, &out, now_us);
    flush_run(core, now_us);
}

/* Can the headers of @packet stand before the SA's own?  Not before UDP (that header is the system's), and not when a fragment's
 * would have to be put together with them. */
static gboolean
fits_transport(const Way *way, const Packet *packet)
{
    return packet->flow.family == way->sa->id.destination.family && !(packet->options && way->sa->udp_encap);
}

/* Is there nothing in the headers but addresses, and IPv4 options?  The rest is lost with them. */
static gboolean
fits_beet(const Packet *packet)
{
    return packet->flow.family == AF_INET || !packet->options;
}

/* Fragments are put together without header options only. */
static gboolean
fits_reassembly(const Packet *packet)
{
    gsize n_plain = packet->flow.family == AF_INET ? IP4_HEADER : IP6_HEADER + 8;

    return !packet->fragment || (!packet->options && packet->fragment_at == n_plain);
}

static void
protect(Core *core, const Way *way, const Outgoing *out, gint64 now_us)
{
    const Packet *packet = &out->packet;
    gboolean tunnel = way->mode == OBOL_MODE_TUNNEL, fits = way->mode == OBOL_MODE_BEET ? fits_beet(packet)
                                                                                        : fits_transport(way, packet);

    if (!tunnel && !(fits && fits_reassembly(packet)))
        core_drop(core, DROP_OUT_TRANSPORT, now_us);
    else if (!tunnel && packet->fragment)
        gather(core, way, out, now_us);
    else if (!too_big(core, way, out, now_us))
        put_in(core, way, out, now_us);
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
    gboolean expired;
    Way way;

    if (!packet_parse(in->data, in->n, &out.packet)) {
        core_drop(core, DROP_OUT_BROKEN, now_us);
        return;
    }
    out.n_behind = in->n_behind + in->n - out.packet.n;
    fragments_learn(&core->out_fragments, &out.packet, now_us);
    decide(core, &out.packet.flow, &way, &expired);
    if (way.policy == NULL)
        decide_for_error(core, &out, &way);
    if (way.policy == NULL) {
        if (core->settings.pass_unmatched)
            send_in_clear(core, &out, now_us);
        else
            core_drop(core, DROP_OUT_NO_POLICY, now_us);
        return;
    }
    switch (way.policy->spec.action) {
    case OBOL_POLICY_PROTECT:
        if (way.sa != NULL)
            protect(core, &way, &out, now_us);
        else
            without_sa(core, way.policy, expired, &out, now_us);
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
    gboolean expired;
    Way way;

    if (acquire->reqid == question->reqid)
        return TRUE;
    decide(question->core, &acquire->flow, &way, &expired);
    return way.sa != NULL;
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
