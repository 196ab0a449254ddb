/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-move.c - addresses and ports change under an SA: MOBIKE (RFC 4555) and NAT (RFC 7296 section 2.23). */
#include "case.h"

#include <string.h>

#define NAT_PORT 20001

static guint32
last_sequence(const Lab *lab, const Pair *pair)
{
    const WirePacket *packet = wire_last(&lab->wire, LEFT, IPPROTO_ESP, pair->spi[RIGHT]);

    return packet != NULL ? packet->sequence : 0;
}

/* All SAs, then all policies, get the addresses and ports of @to; the pair is then that. */
static void
move(Lab *lab, Pair *pair, const ObolAddress to[N_SIDES], gboolean udp_encap)
{
    Pair moved = *pair;

    moved.tunnel.udp_encap = udp_encap;
    memcpy(moved.outer, to, sizeof moved.outer);
    for (guint i = 0; i < 4; i++) {
        FlatRequest request, after;

        pair_sa(lab, pair, i / 2, i % 2, &request);
        pair_sa_id(&moved, i % 2, OBOL_KERNEL_UPDATE_SA, &after);
        request.request.op = OBOL_KERNEL_UPDATE_SA;
        request.request.to = after.request.sa.id;
        request.request.to_udp_encap = udp_encap;
        request.encr_key = request.integ_key = (FlatSecret) { .given = FALSE };
        side_must(lab, &lab->sides[i / 2], &request);
    }
    for (guint side = 0; side < N_SIDES; side++) {
        FlatRequest request, after;

        for (guint i = 0; pair_policy(lab, pair, side, i, OBOL_KERNEL_UPDATE_POLICY, &request); i++) {
            pair_policy(lab, &moved, side, i, OBOL_KERNEL_UPDATE_POLICY, &after);
            request.request.policy_to = after.request.policy;
            side_must(lab, &lab->sides[side], &request);
        }
    }
    *pair = moved;
}

static void
claim_goes_on(Lab *lab, const Tunnel *tunnel, const ObolAddress to[N_SIDES], gboolean udp_encap)
{
    const WirePacket *seen;
    guint32 before;
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 5);
    before = last_sequence(lab, &pair);
    move(lab, &pair, to, udp_encap);
    pair_cross(lab, &pair, 2);
    seen = wire_last(&lab->wire, LEFT, IPPROTO_ESP, pair.spi[RIGHT]);
    CLAIM(lab, seen != NULL && seen->sequence == before + 2, "sequence numbers did not go on: %u after %u",
          seen != NULL ? seen->sequence : 0, before);
    CLAIM(lab, seen != NULL && obol_address_equal(&seen->source, &to[LEFT]) && obol_address_equal(&seen->destination, &to[RIGHT]),
          "packets do not go by the new addresses");
    CLAIM(lab, seen == NULL || !udp_encap || obol_endpoint_equal(&seen->destination, &to[RIGHT]), "packets do not go to the new port");
    pair_sa_id(&pair, LEFT, OBOL_KERNEL_QUERY_SA, &request);
    CLAIM(lab, side_must(lab, &lab->sides[LEFT], &request)->answer.usage.packets == 7, "the counters did not go on");
    CLAIM(lab, side_must(lab, &lab->sides[RIGHT], &request)->answer.usage.packets == 7, "the receiver's counters did not go on");
    pair_delete_sas(lab, &pair);
    for (guint side = 0; side < N_SIDES; side++) {
        pair_policies(lab, &pair, side, OBOL_KERNEL_DELETE_POLICY);
        lab_claim_empty(lab, &lab->sides[side], "after the move and the deletion");
    }
}

static void
an_address_moves(Lab *lab, const Tunnel *tunnel)
{
    ObolAddress to[] = { lab->moved[LEFT][tunnel->outer], lab->outer[RIGHT][tunnel->outer] };

    to[LEFT].port = to[RIGHT].port = tunnel->udp_encap ? 4500 : 0;
    claim_goes_on(lab, tunnel, to, tunnel->udp_encap);
}

static void
both_addresses_move(Lab *lab, const Tunnel *tunnel)
{
    const ObolAddress to[] = { lab->moved[LEFT][tunnel->outer], lab->moved[RIGHT][tunnel->outer] };

    claim_goes_on(lab, tunnel, to, FALSE);
}

static void
the_family_moves(Lab *lab, const Tunnel *tunnel)
{
    const ObolAddress to[] = { lab->outer[LEFT][!tunnel->outer], lab->outer[RIGHT][!tunnel->outer] };

    claim_goes_on(lab, tunnel, to, FALSE);
}

static void
udp_comes_and_goes(Lab *lab, const Tunnel *tunnel)
{
    ObolAddress to[] = { lab->moved[LEFT][tunnel->outer], lab->outer[RIGHT][tunnel->outer] };

    to[LEFT].port = to[RIGHT].port = tunnel->udp_encap ? 0 : 4500;
    claim_goes_on(lab, tunnel, to, !tunnel->udp_encap);
}

/* What has been seen before the move is a replay after it. */
static void
the_window_moves_along(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *old = g_new0(WirePacket, 1);
    const ObolAddress to[] = { lab->moved[LEFT][V4], lab->outer[RIGHT][V4] };
    const WirePacket *seen;
    FlatRequest request;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 3);
    seen = wire_last(&lab->wire, LEFT, IPPROTO_ESP, pair.spi[RIGHT]);
    if (seen == NULL)
        return;
    memcpy(old, seen, offsetof(WirePacket, frame) + seen->n);
    move(lab, &pair, to, pair.tunnel.udp_encap);
    wire_carry(&lab->wire, old);
    pair_cross(lab, &pair, 1);
    pair_sa_id(&pair, LEFT, OBOL_KERNEL_QUERY_SA, &request);
    CLAIM(lab, side_must(lab, &lab->sides[RIGHT], &request)->answer.usage.packets == 4, "a packet from before the move was taken again");
}

/* --- a NAT in between --- */

/* The left end's packets come from another port; those to it are led back.  UDP over IPv4 without a checksum needs no new one. */
static gboolean
translate(gpointer data G_GNUC_UNUSED, WirePacket *packet)
{
    gsize at_udp = packet->at - 8, at = packet->from == LEFT ? at_udp : at_udp + 2;
    guint16 port = packet->from == LEFT ? NAT_PORT : 4500;

    if (!packet->udp_encap)
        return TRUE;
    packet->frame[at] = (guint8) (port >> 8);
    packet->frame[at + 1] = (guint8) port;
    memset(packet->frame + at_udp + 6, 0, 2);
    packet->frame[0] = 0; /* of the frame's own head: no checksum is left to be made */
    return wire_read(packet);
}

static void
a_nat_gives_another_port(Lab *lab, const Tunnel *tunnel)
{
    const ObolKernelEvent *event;
    Side *right = &lab->sides[RIGHT];
    ObolAddress there;
    FlatRequest request;
    Port *out, *in;
    Pair pair;

    pair_up(lab, tunnel, &pair);
    pair_cross(lab, &pair, 1);
    lab->wire.rewrite = translate;
    out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &pair, LEFT), 7004);
    in = lab_port(lab, &right->host, pair_inside(lab, &pair, RIGHT), 7004);
    port_send(out, &in->local, 0, 100);
    CLAIM(lab, side_wait_events(lab, right, 1, LIMIT_MS), "no change of mapping was told");
    if (right->events->len == 0)
        return;
    event = &g_array_index(right->events, ObolKernelEvent, 0);
    CLAIM(lab, event->kind == OBOL_KERNEL_MAPPING && event->sa.spi == pair.spi[RIGHT], "the event is of something else");
    CLAIM(lab, event->mapped.port == NAT_PORT && obol_address_equal(&event->mapped, &pair.outer[LEFT]), "the new mapping is another");
    /* As the daemon does: both of the right end's SAs follow. */
    there = pair.outer[LEFT];
    there.port = NAT_PORT;
    for (guint from = 0; from < N_SIDES; from++) {
        pair_sa(lab, &pair, RIGHT, from, &request);
        request.request.op = OBOL_KERNEL_UPDATE_SA;
        request.request.to = request.request.sa.id;
        *(from == LEFT ? &request.request.to.source : &request.request.to.destination) = there;
        request.request.to_udp_encap = TRUE;
        request.encr_key = request.integ_key = (FlatSecret) { .given = FALSE };
        side_must(lab, right, &request);
    }
    port_send(in, &out->local, 1, 100);
    CLAIM(lab, port_wait(lab, out, 1), "packets do not go to the new mapping");
    port_send(out, &in->local, 2, 100);
    CLAIM(lab, port_wait(lab, in, 2), "packets from the new mapping are not taken");
}

#define UPDATE NEEDS(UPDATE_ADDRESSES)

static const Case moves[] = {
    { "/update/an-address-changes-and-all-goes-on", UPDATE, an_address_moves, { 0 }, FALSE },
    { "/update/an-address-changes-with-ipv6-outside", UPDATE, an_address_moves, { .outer = V6, .inner = V6 }, FALSE },
    { "/update/an-address-changes-with-udp", UPDATE | NEEDS(UDP_ENCAP), an_address_moves, { .udp_encap = TRUE }, FALSE },
    { "/update/both-addresses-change", UPDATE, both_addresses_move, { 0 }, FALSE },
    { "/update/the-outer-family-changes", UPDATE | NEEDS(OTHER_FAMILY) | NEEDS(PLAIN_ESP), the_family_moves, { 0 }, FALSE },
    { "/update/udp-is-added", NEEDS(CHANGE_ENCAP) | NEEDS(PLAIN_ESP), udp_comes_and_goes, { 0 }, FALSE },
    { "/update/udp-is-taken-away", NEEDS(CHANGE_ENCAP) | NEEDS(PLAIN_ESP), udp_comes_and_goes, { .udp_encap = TRUE }, FALSE },
    { "/update/the-replay-window-moves-along", UPDATE, the_window_moves_along, { 0 }, FALSE },
    { "/update/a-nat-gives-another-port", NEEDS(UDP_ENCAP), a_nat_gives_another_port, { .udp_encap = TRUE }, FALSE },
};

void
cases_move(GArray *cases)
{
    CASES_ADD(cases, moves);
}
