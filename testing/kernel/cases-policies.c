/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-policies.c - which packets a policy means, which of several, and for how long. */
#include "case.h"

#include <string.h>

#define CODE(which) (1u << OBOL_KERNEL_ERROR_##which)
#define PROBE_PORT 7010

/* What becomes of a packet. */
typedef enum { PROTECTED, CLEAR, DROPPED } Fate;

static const char *const fates[] = { "protected", "in clear", "dropped" };

static void
claim_fate_between(Lab *lab, const Pair *pair, const ObolAddress *from, guint16 from_port, const ObolAddress *to, guint16 to_port,
                   Fate expected, const char *what)
{
    Port *out = lab_port(lab, &lab->sides[LEFT].host, from, from_port);
    Port *in = lab_port(lab, &lab->sides[RIGHT].host, to, to_port);
    guint n_ipsec = wire_count(&lab->wire, LEFT, IPPROTO_ESP, pair->spi[RIGHT]), n_clear = wire_count_clear(&lab->wire);
    Fate fate = DROPPED;

    port_send(out, &in->local, 0, 100);
    if (expected == DROPPED)
        pair_fence(lab, LEFT);
    else
        port_wait(lab, in, 0);
    if (wire_count_clear(&lab->wire) > n_clear)
        fate = CLEAR;
    else if (wire_count(&lab->wire, LEFT, IPPROTO_ESP, pair->spi[RIGHT]) > n_ipsec)
        fate = PROTECTED;
    CLAIM(lab, fate == expected, "%s: was %s instead of %s", what, fates[fate], fates[expected]);
    CLAIM(lab, (in->n_got > 0) == (expected != DROPPED), "%s: %s", what, in->n_got > 0 ? "arrived" : "did not arrive");
    g_ptr_array_remove(lab->ports, in);
    g_ptr_array_remove(lab->ports, out);
}

/* UDP from the left end's inner address @from to the right one's @to, counted from 0. */
static void
claim_fate(Lab *lab, const Pair *pair, guint from, guint to, Fate expected, const char *what)
{
    claim_fate_between(lab, pair, &lab->inner[LEFT][V4][from], 0, &lab->inner[RIGHT][V4][to], PROBE_PORT, expected, what);
}

/* A policy without SAs: at the left end out, at the right end in and forward. */
static void
policy(Lab *lab, ObolKernelOp op, ObolPolicyAction action, const char *source, const char *destination, guint32 priority)
{
    for (guint i = 0; i < 3; i++) {
        static const ObolDirection directions[] = { OBOL_DIR_OUT, OBOL_DIR_IN, OBOL_DIR_FORWARD };
        FlatRequest request = { .request = { .op = op } };

        request.request.policy = (ObolPolicySpec) {
            .direction = directions[i], .action = action, .source = pair_ts(source), .destination = pair_ts(destination),
            .priority = priority,
        };
        side_must(lab, &lab->sides[i == 0 ? LEFT : RIGHT], &request);
    }
}

static void
an_address_passes_within_a_network(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    policy(lab, OBOL_KERNEL_ADD_POLICY, OBOL_POLICY_PASS, "10.66.1.0/24", "10.66.2.2", 0);
    claim_fate(lab, &pair, 0, 0, PROTECTED, "a packet of the network");
    claim_fate(lab, &pair, 0, 1, CLEAR, "a packet of the address that passes");
    policy(lab, OBOL_KERNEL_DELETE_POLICY, OBOL_POLICY_PASS, "10.66.1.0/24", "10.66.2.2", 0);
    claim_fate(lab, &pair, 0, 1, PROTECTED, "a packet of the address after the policy has gone");
}

static void
an_address_is_dropped_within_a_network(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    policy(lab, OBOL_KERNEL_ADD_POLICY, OBOL_POLICY_DROP, "10.66.1.0/24", "10.66.2.2", 0);
    claim_fate(lab, &pair, 0, 1, DROPPED, "a packet of the address that is dropped");
    claim_fate(lab, &pair, 0, 2, PROTECTED, "a packet of its neighbour");
    policy(lab, OBOL_KERNEL_DELETE_POLICY, OBOL_POLICY_DROP, "10.66.1.0/24", "10.66.2.2", 0);
    claim_fate(lab, &pair, 0, 1, PROTECTED, "a packet of the address after the policy has gone");
}

/* The order in which they came says nothing. */
static void
the_narrower_of_two_pairs_serves(Lab *lab, const Tunnel *tunnel)
{
    const Tunnel narrow = { .reqid = 2, .ts = { "10.66.1.0/24", "10.66.2.2" } };
    Pair wide_pair, narrow_pair;

    for (guint order = 0; order < 2; order++) {
        pair_up(lab, order == 0 ? &narrow : tunnel, order == 0 ? &narrow_pair : &wide_pair);
        pair_up(lab, order == 0 ? tunnel : &narrow, order == 0 ? &wide_pair : &narrow_pair);
        claim_fate(lab, &narrow_pair, 0, 1, PROTECTED, "a packet to the narrower pair");
        claim_fate(lab, &wide_pair, 0, 0, PROTECTED, "a packet to the wider pair");
        for (guint side = 0; side < N_SIDES; side++) {
            pair_policies(lab, &wide_pair, side, OBOL_KERNEL_DELETE_POLICY);
            pair_policies(lab, &narrow_pair, side, OBOL_KERNEL_DELETE_POLICY);
        }
    }
}

static void
an_explicit_priority_beats_width(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair); /* 100 */
    policy(lab, OBOL_KERNEL_ADD_POLICY, OBOL_POLICY_PASS, "10.66.1.0/24", "10.66.2.2", 200);
    claim_fate(lab, &pair, 0, 1, PROTECTED, "a packet of the narrower policy that is looked at later");
    policy(lab, OBOL_KERNEL_ADD_POLICY, OBOL_POLICY_PASS, "10.66.1.0/24", "10.66.2.3", 50);
    claim_fate(lab, &pair, 0, 2, CLEAR, "a packet of the policy that is looked at first");
}

/* Added twice, deleted once: it still protects; deleted twice it has gone; a third time there is nothing. */
static void
equal_selectors_are_counted(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &pair, side, OBOL_KERNEL_ADD_POLICY);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &pair, side, OBOL_KERNEL_DELETE_POLICY);
    pair_cross(lab, &pair, 1);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &pair, side, OBOL_KERNEL_DELETE_POLICY);
    pair_policy(lab, &pair, LEFT, 0, OBOL_KERNEL_DELETE_POLICY, &request);
    side_refuses(lab, &lab->sides[LEFT], &request, CODE(NOT_FOUND), "a deletion more than there were additions");
}

/* A new Child SA of the same selectors with a reqid of its own: the newest serves; the deletion of the first leaves it alone. */
static void
the_newest_of_equal_selectors_serves(Lab *lab, const Tunnel *tunnel)
{
    Tunnel later = *tunnel;
    Pair first, second;

    later.reqid = 9;
    pair_up(lab, tunnel, &first);
    pair_up(lab, &later, &second);
    pair_cross(lab, &second, 2);
    for (guint side = 0; side < N_SIDES; side++)
        pair_policies(lab, &first, side, OBOL_KERNEL_DELETE_POLICY);
    pair_delete_sas(lab, &first);
    pair_cross(lab, &second, 2);
}

static void
equal_selectors_to_two_peers(Lab *lab, const Tunnel *tunnel)
{
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_policy(lab, &pair, LEFT, 0, OBOL_KERNEL_ADD_POLICY, &request);
    request.request.policy.reqid = 8;
    request.request.policy.tunnel_destination = lab->moved[RIGHT][V4];
    side_must(lab, &lab->sides[LEFT], &request);
    request.request.op = OBOL_KERNEL_DELETE_POLICY;
    side_must(lab, &lab->sides[LEFT], &request);
    pair_cross(lab, &pair, 1);
}

/* Two policies, one reqid: the SAs of either serve both (RFC 7296 section 2.9: one Child SA, several selectors). */
static void
several_selectors_share_an_sa(Lab *lab, const Tunnel *tunnel)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    claim_fate(lab, &pair, 0, 0, PROTECTED, "a packet of the first selector");
    claim_fate(lab, &pair, 1, 1, PROTECTED, "a packet of the second selector");
    claim_fate(lab, &pair, 2, 2, CLEAR, "a packet of none");
}

typedef struct {
    const char *ts; /* of the right side */
    guint16 port;
    Fate fate;
} PortRow;

static void
claim_ports(Lab *lab, const Tunnel *tunnel, const PortRow *rows, guint n_rows)
{
    Pair pair;

    pair_up(lab, tunnel, &pair);
    for (guint i = 0; i < n_rows; i++) {
        g_autofree char *what = g_strdup_printf("a packet to port %u", rows[i].port);

        claim_fate_between(lab, &pair, &lab->inner[LEFT][V4][0], 0, &lab->inner[RIGHT][V4][0], rows[i].port, rows[i].fate, what);
    }
}

static void
a_port_is_meant(Lab *lab, const Tunnel *tunnel)
{
    static const PortRow rows[] = { { NULL, 2000, PROTECTED }, { NULL, 2001, CLEAR }, { NULL, 1999, CLEAR } };

    claim_ports(lab, tunnel, rows, G_N_ELEMENTS(rows));
}

static void
a_port_range_is_meant(Lab *lab, const Tunnel *tunnel)
{
    static const PortRow rows[] = {
        { NULL, 2001, PROTECTED }, { NULL, 2005, PROTECTED }, { NULL, 2009, PROTECTED }, { NULL, 2000, CLEAR }, { NULL, 2010, CLEAR },
    };

    claim_ports(lab, tunnel, rows, G_N_ELEMENTS(rows));
}

static void
another_protocol_is_not_meant(Lab *lab, const Tunnel *tunnel)
{
    static const PortRow rows[] = { { NULL, 2000, CLEAR } };

    claim_ports(lab, tunnel, rows, G_N_ELEMENTS(rows));
}

static void
a_protocol_is_meant(Lab *lab, const Tunnel *tunnel)
{
    static const PortRow rows[] = { { NULL, 2000, PROTECTED }, { NULL, 1, PROTECTED } };

    claim_ports(lab, tunnel, rows, G_N_ELEMENTS(rows));
}

/* UDP is the only traffic here: a policy of echo requests leaves it alone. The selector's own form is what is tested. */
static void
an_icmp_type_is_meant(Lab *lab, const Tunnel *tunnel)
{
    static const PortRow rows[] = { { NULL, 2000, CLEAR } };

    claim_ports(lab, tunnel, rows, G_N_ELEMENTS(rows));
}

/* The host behind the right end is reached, and reaches the left one: in, forward and out. */
static void
forwards(Lab *lab, const Tunnel *tunnel)
{
    const ObolAddress *near = &lab->inner[LEFT][tunnel->inner][0], *far = &lab->far[tunnel->inner];
    Port *left, *behind;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    left = lab_port(lab, &lab->sides[LEFT].host, near, 7003);
    behind = lab_port(lab, &lab->behind, far, 7003);
    for (guint i = 0; i < 3; i++) {
        port_send(left, &behind->local, i, 100);
        CLAIM(lab, port_wait(lab, behind, i), "a packet was not forwarded to the host behind");
        port_send(behind, &left->local, i, 100);
        CLAIM(lab, port_wait(lab, left, i), "a packet of the host behind was not forwarded");
    }
    CLAIM(lab, wire_count(&lab->wire, LEFT, IPPROTO_ESP, pair.spi[RIGHT]) == 3, "not each packet was protected");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
}

/* RFC 4301 section 5.2: what a policy protects is not taken in clear. */
static void
clear_packets_are_not_taken(Lab *lab, const Tunnel *tunnel)
{
    Port *out, *in;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_policies(lab, &pair, LEFT, OBOL_KERNEL_DELETE_POLICY);
    out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &pair, LEFT), 0);
    in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &pair, RIGHT), PROBE_PORT);
    port_send(out, &in->local, 0, 100);
    pair_fence(lab, LEFT);
    CLAIM(lab, wire_count_clear(&lab->wire) == 1, "the packet that was to be refused did not pass the wire");
    CLAIM(lab, in->n_got == 0, "a packet in clear was taken although a policy protects it");
}

static const Case policies[] = {
    { "/policy/an-address-passes-within-a-network", NEEDS(TUNNEL), an_address_passes_within_a_network, { 0 }, FALSE },
    { "/policy/an-address-is-dropped-within-a-network", NEEDS(TUNNEL), an_address_is_dropped_within_a_network, { 0 }, FALSE },
    { "/policy/the-narrower-of-two-serves", NEEDS(TUNNEL), the_narrower_of_two_pairs_serves, { 0 }, FALSE },
    { "/policy/an-explicit-priority-beats-width", NEEDS(TUNNEL) | NEEDS(EXACT_PRIORITY), an_explicit_priority_beats_width,
      { .priority = 100 }, FALSE },
    { "/policy/equal-selectors-are-counted", NEEDS(TUNNEL), equal_selectors_are_counted, { 0 }, FALSE },
    { "/policy/the-newest-of-equal-selectors-serves", NEEDS(TUNNEL), the_newest_of_equal_selectors_serves, { 0 }, FALSE },
    { "/policy/equal-selectors-to-two-peers", NEEDS(TUNNEL) | NEEDS(SHARED_SELECTORS), equal_selectors_to_two_peers, { 0 }, FALSE },
    { "/policy/several-selectors-share-an-sa", NEEDS(TUNNEL), several_selectors_share_an_sa,
      { .ts = { "10.66.1.1 10.66.1.2", "10.66.2.1 10.66.2.2" } }, FALSE },
    { "/policy/a-port-is-meant", NEEDS(TUNNEL), a_port_is_meant, { .ts = { "10.66.1.0/24[udp]", "10.66.2.0/24[udp/2000]" } }, FALSE },
    { "/policy/a-port-range-is-meant", NEEDS(TUNNEL) | NEEDS(PORT_RANGES), a_port_range_is_meant,
      { .ts = { "10.66.1.0/24[udp]", "10.66.2.0/24[udp/2001-2009]" } }, FALSE },
    { "/policy/a-protocol-is-meant", NEEDS(TUNNEL), a_protocol_is_meant, { .ts = { "10.66.1.0/24[udp]", "10.66.2.0/24[udp]" } }, FALSE },
    { "/policy/another-protocol-is-not-meant", NEEDS(TUNNEL), another_protocol_is_not_meant,
      { .ts = { "10.66.1.0/24[tcp]", "10.66.2.0/24[tcp]" } }, FALSE },
    { "/policy/an-icmp-type-is-meant", NEEDS(TUNNEL), an_icmp_type_is_meant,
      { .ts = { "10.66.1.0/24[icmp/2048-2303]", "10.66.2.0/24[icmp/2048-2303]" } }, FALSE },
    { "/policy/an-icmp-code-is-meant", NEEDS(TUNNEL) | NEEDS(PORT_RANGES), an_icmp_type_is_meant,
      { .ts = { "10.66.1.0/24[icmp/2048]", "10.66.2.0/24[icmp/2048]" } }, FALSE },
    { "/policy/a-host-behind-is-reached", NEEDS(TUNNEL), forwards, { .ts = { NULL, "10.66.3.0/24" } }, FALSE },
    { "/policy/a-host-behind-is-reached-by-ipv6", NEEDS(TUNNEL), forwards,
      { .outer = V6, .inner = V6, .ts = { NULL, "fd66:0:3::/64" } }, FALSE },
    { "/policy/packets-in-clear-are-not-taken", NEEDS(INBOUND_POLICIES), clear_packets_are_not_taken, { 0 }, FALSE },
};

void
cases_policies(GArray *cases)
{
    CASES_ADD(cases, policies);
}
