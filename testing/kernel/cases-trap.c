/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-trap.c - a first packet asks for its SA; and the daemon's own packets pass whatever the policies say. */
#include "case.h"

#include <string.h>

#define PROBE_PORT 7010

typedef struct {
    Pair pair;
    Port *out, *in;
} Flow;

/* Traps at the left end, plain policies at the right one, no SA anywhere. */
static void
set_trap(Lab *lab, const Tunnel *tunnel, Flow *flow)
{
    pair_init(lab, tunnel, &flow->pair);
    flow->pair.tunnel.trap = TRUE;
    pair_policies(lab, &flow->pair, LEFT, OBOL_KERNEL_ADD_POLICY);
    flow->pair.tunnel.trap = FALSE;
    pair_policies(lab, &flow->pair, RIGHT, OBOL_KERNEL_ADD_POLICY);
    flow->out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &flow->pair, LEFT), 7011);
    flow->in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &flow->pair, RIGHT), PROBE_PORT);
}

static const ObolKernelEvent *
wait_acquire(Lab *lab, guint index, guint32 reqid)
{
    const ObolKernelEvent *event;

    if (!side_wait_events(lab, &lab->sides[LEFT], index + 1, LIMIT_MS)) {
        lab_fail(lab, "no acquire came");
        return NULL;
    }
    event = &g_array_index(lab->sides[LEFT].events, ObolKernelEvent, index);
    CLAIM(lab, event->kind == OBOL_KERNEL_ACQUIRE, "an event is no acquire");
    CLAIM(lab, event->reqid == reqid, "an acquire tells reqid %u instead of %u", event->reqid, reqid);
    return event;
}

static void
many_packets_ask_once(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;

    set_trap(lab, tunnel, &flow);
    for (guint i = 0; i < 20; i++)
        port_send(flow.out, &flow.in->local, i, 100);
    wait_acquire(lab, 0, MAX(tunnel->reqid, 1));
    for (guint i = 20; i < 40; i++)
        port_send(flow.out, &flow.in->local, i, 100);
    pair_fence(lab, LEFT);
    CLAIM(lab, lab->sides[LEFT].events->len == 1, "40 packets raised %u acquires", lab->sides[LEFT].events->len);
    CLAIM(lab, flow.in->n_got == 0 && wire_count_clear(&lab->wire) == 0, "packets passed without an SA");
}

/* What waits, or is sent again, passes once the SA is there. */
static void
the_flow_goes_on_with_its_sa(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;

    set_trap(lab, tunnel, &flow);
    port_send(flow.out, &flow.in->local, 0, 100);
    wait_acquire(lab, 0, MAX(tunnel->reqid, 1));
    pair_reserve(lab, &flow.pair);
    pair_add_sas(lab, &flow.pair);
    port_send(flow.out, &flow.in->local, 1, 100);
    CLAIM(lab, port_wait(lab, flow.in, 1), "with the SA there nothing passes");
    CLAIM(lab, flow.in->got[0] <= 1, "the packet that waited arrived %u times", flow.in->got[0]);
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
    CLAIM(lab, lab->sides[LEFT].events->len == 1, "there is another event");
}

static void
it_asks_again_when_the_sa_has_gone(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;

    set_trap(lab, tunnel, &flow);
    port_send(flow.out, &flow.in->local, 0, 100);
    wait_acquire(lab, 0, MAX(tunnel->reqid, 1));
    pair_reserve(lab, &flow.pair);
    pair_add_sas(lab, &flow.pair);
    port_send(flow.out, &flow.in->local, 1, 100);
    CLAIM(lab, port_wait(lab, flow.in, 1), "with the SA there nothing passes");
    pair_delete_sas(lab, &flow.pair);
    port_send(flow.out, &flow.in->local, 2, 100);
    wait_acquire(lab, 1, MAX(tunnel->reqid, 1));
    CLAIM(lab, flow.in->got[2] == 0 && wire_count_clear(&lab->wire) == 0, "a packet passed without an SA");
}

static void
an_acquire_tells_the_packet(Lab *lab, const Tunnel *tunnel)
{
    const ObolKernelEvent *event;
    Flow flow;

    set_trap(lab, tunnel, &flow);
    port_send(flow.out, &flow.in->local, 0, 100);
    event = wait_acquire(lab, 0, MAX(tunnel->reqid, 1));
    if (event == NULL)
        return;
    CLAIM(lab, obol_ts_matches(&event->source, pair_inside(lab, &flow.pair, LEFT), IPPROTO_UDP, 7011)
          && obol_ts_matches(&event->destination, pair_inside(lab, &flow.pair, RIGHT), IPPROTO_UDP, PROBE_PORT),
          "the selectors do not match the packet");
    CLAIM(lab, obol_ts_prefix(&event->source) == 32 && obol_ts_prefix(&event->destination) == 32, "addresses are not those of the packet");
    CLAIM(lab, event->source.protocol == IPPROTO_UDP, "the protocol is not told");
    CLAIM(lab, event->source.port_first == 7011 && event->destination.port_first == PROBE_PORT, "ports are not told");
}

static void
two_traps_ask_apart(Lab *lab, const Tunnel *tunnel)
{
    const Tunnel other = { .reqid = 12, .ts = { "10.66.1.1", "10.66.2.2" } };
    Flow first, second;
    Port *in;

    set_trap(lab, tunnel, &first);
    pair_init(lab, &other, &second.pair);
    second.pair.tunnel.trap = TRUE;
    pair_policies(lab, &second.pair, LEFT, OBOL_KERNEL_ADD_POLICY);
    in = lab_port(lab, &lab->sides[RIGHT].host, &lab->inner[RIGHT][V4][1], PROBE_PORT);
    port_send(first.out, &in->local, 0, 100);
    wait_acquire(lab, 0, 12);
    port_send(first.out, &first.in->local, 0, 100);
    wait_acquire(lab, 1, MAX(tunnel->reqid, 1));
}

static gboolean
has_ike(gpointer data)
{
    return ((const Side *) data)->ikes->len > 0;
}

static void
send_ike(Lab *lab, SideName from, Family family, guint16 port)
{
    Side *to = &lab->sides[1 - from];
    IkeBytes ike = { .local = lab->outer[from][family], .remote = lab->outer[1 - from][family], .n = 28 };

    ike.local.port = ike.remote.port = port;
    memset(ike.bytes, 0x2a, ike.n);
    g_array_set_size(to->ikes, 0);
    side_send_ike(lab, &lab->sides[from], &ike);
    CLAIM(lab, lab_wait(lab, has_ike, to, LIMIT_MS), "a datagram of the daemon's own from port %u did not arrive", port);
    if (to->ikes->len > 0)
        CLAIM(lab, memcmp(&g_array_index(to->ikes, IkeBytes, 0).bytes, ike.bytes, ike.n) == 0, "it arrived changed");
}

/* A policy that covers all, the peer's own address too: without bypass IKE would wait for the SA that it is to make. */
static void
the_daemon_passes_all_policies(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;

    set_trap(lab, tunnel, &flow);
    for (guint i = 0; i < 4; i++)
        send_ike(lab, i / 2, tunnel->outer, i % 2 == 0 ? 500 : 4500);
    CLAIM(lab, lab->sides[LEFT].events->len == 0, "the daemon's own packets raised an acquire");
    pair_reserve(lab, &flow.pair);
    pair_add_sas(lab, &flow.pair);
    for (guint i = 0; i < 4; i++)
        send_ike(lab, i / 2, tunnel->outer, i % 2 == 0 ? 500 : 4500);
    CLAIM(lab, wire_count(&lab->wire, LEFT, IPPROTO_ESP, flow.pair.spi[RIGHT]) == 0, "the daemon's own packets were protected");
    pair_cross(lab, &flow.pair, 2);
}

/* Each has a reqid of its own: a kernel may remember for a while that it has asked for one. */
static const Case traps[] = {
    { "/trap/many-packets-ask-once", NEEDS(TUNNEL), many_packets_ask_once, { .reqid = 21 }, FALSE },
    { "/trap/many-packets-ask-once-in-transport-mode", NEEDS(TRANSPORT), many_packets_ask_once, { .reqid = 22, .mode = OBOL_MODE_TRANSPORT }, FALSE },
    { "/trap/many-packets-of-ipv6-ask-once", NEEDS(TUNNEL), many_packets_ask_once, { .reqid = 23, .inner = V6, .outer = V6 }, FALSE },
    { "/trap/the-flow-goes-on-with-its-sa", NEEDS(TUNNEL), the_flow_goes_on_with_its_sa, { .reqid = 24 }, FALSE },
    { "/trap/the-flow-goes-on-with-its-sa-in-udp", NEEDS(UDP_ENCAP), the_flow_goes_on_with_its_sa, { .reqid = 25, .udp_encap = TRUE }, FALSE },
    { "/trap/it-asks-again-when-the-sa-has-gone", NEEDS(TUNNEL), it_asks_again_when_the_sa_has_gone, { .reqid = 26 }, FALSE },
    { "/trap/an-acquire-tells-the-packet", NEEDS(ACQUIRE_SELECTORS), an_acquire_tells_the_packet, { .reqid = 27 }, FALSE },
    { "/trap/two-traps-ask-apart", NEEDS(TUNNEL), two_traps_ask_apart, { .reqid = 28 }, FALSE },
    { "/bypass/the-daemon-passes-all-policies", NEEDS(TUNNEL), the_daemon_passes_all_policies, { .ts = { "0.0.0.0/0", "0.0.0.0/0" } },
      FALSE },
    { "/bypass/the-daemon-passes-all-policies-of-ipv6", NEEDS(TUNNEL), the_daemon_passes_all_policies,
      { .outer = V6, .inner = V6, .ts = { "::/0", "::/0" } }, FALSE },
    { "/bypass/the-daemon-passes-its-peer-in-transport-mode", NEEDS(TRANSPORT), the_daemon_passes_all_policies,
      { .mode = OBOL_MODE_TRANSPORT }, FALSE },
};

void
cases_trap(GArray *cases)
{
    CASES_ADD(cases, traps);
}
