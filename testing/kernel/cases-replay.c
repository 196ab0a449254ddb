/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-replay.c - what a stranger on the wire can do: repeat, tamper, forge; and what the right SA may not carry. */
#include "case.h"

#include <string.h>

#define PROBE_PORT 7010
#define SIZE 100

typedef struct {
    Pair pair;
    Port *out, *in;
} Flow;

static void
start(Lab *lab, const Tunnel *tunnel, Flow *flow)
{
    pair_up(lab, tunnel, &flow->pair);
    flow->out = lab_port(lab, &lab->sides[LEFT].host, pair_inside(lab, &flow->pair, LEFT), 0);
    flow->in = lab_port(lab, &lab->sides[RIGHT].host, pair_inside(lab, &flow->pair, RIGHT), PROBE_PORT);
}

static guint8
ip_protocol(const Flow *flow)
{
    return flow->pair.tunnel.protocol == OBOL_PROTO_AH ? IPPROTO_AH : IPPROTO_ESP;
}

/* Sends number @number and gives what passed the wire for it. */
static WirePacket *
send_one(Lab *lab, Flow *flow, guint number)
{
    guint32 spi = flow->pair.spi[RIGHT];
    const WirePacket *seen;
    WirePacket *copy = g_new0(WirePacket, 1);

    port_send(flow->out, &flow->in->local, number, SIZE);
    CLAIM(lab, port_wait(lab, flow->in, number), "packet %u did not arrive", number);
    seen = wire_last(&lab->wire, LEFT, ip_protocol(flow), spi);
    CLAIM(lab, seen != NULL, "packet %u was not seen on the wire", number);
    if (seen != NULL)
        memcpy(copy, seen, offsetof(WirePacket, frame) + seen->n);
    return copy;
}

/* Once a good packet that was sent after it has arrived, all before it has been judged. */
static void
claim_dropped(Lab *lab, Flow *flow, guint number, guint n_before, guint next, const char *what)
{
    g_autofree WirePacket *after = send_one(lab, flow, next);

    CLAIM(lab, after->n > 0, "nothing passed the wire after %s", what);
    CLAIM(lab, flow->in->got[number] == n_before, "%s was taken", what);
}

static void
a_repeated_packet_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *first = NULL;
    Flow flow;

    start(lab, tunnel, &flow);
    first = send_one(lab, &flow, 1);
    wire_carry(&lab->wire, first);
    wire_carry(&lab->wire, first);
    claim_dropped(lab, &flow, 1, 1, 2, "a packet that was repeated");
    wire_carry(&lab->wire, first);
    claim_dropped(lab, &flow, 1, 1, 3, "a packet that was repeated later");
}

/* The next packet of the flow is kept on the wire, and given. */
static WirePacket *
hold_one(Lab *lab, Flow *flow, guint number)
{
    guint8 protocol = ip_protocol(flow);
    guint32 spi = flow->pair.spi[RIGHT];
    guint n = wire_count(&lab->wire, LEFT, protocol, spi);
    WirePacket *copy = g_new0(WirePacket, 1);

    lab->wire.held[LEFT] = TRUE;
    port_send(flow->out, &flow->in->local, number, SIZE);
    if (lab_wait_wire(lab, LEFT, protocol, spi, n + 1)) {
        const WirePacket *seen = wire_last(&lab->wire, LEFT, protocol, spi);

        memcpy(copy, seen, offsetof(WirePacket, frame) + seen->n);
    } else {
        lab_fail(lab, "the packet that was to be held did not come");
    }
    lab->wire.held[LEFT] = FALSE;
    return copy;
}

/* More than a window of others passes it: fresh, but too late (RFC 4303 section 3.4.3). */
static void
a_packet_left_of_the_window_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *late = NULL;
    Flow flow;

    start(lab, tunnel, &flow);
    late = hold_one(lab, &flow, 1);
    for (guint i = 2; i < 2 + 40 && !lab->failed; i++)
        g_free(send_one(lab, &flow, i));
    wire_carry(&lab->wire, late);
    claim_dropped(lab, &flow, 1, 0, 50, "a packet left of the window");
}

static void
a_late_packet_within_the_window_is_taken(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *late = NULL;
    Flow flow;

    start(lab, tunnel, &flow);
    late = hold_one(lab, &flow, 1);
    for (guint i = 2; i < 2 + 20 && !lab->failed; i++)
        g_free(send_one(lab, &flow, i));
    wire_carry(&lab->wire, late);
    CLAIM(lab, port_wait(lab, flow.in, 1), "a late packet within the window was not taken");
    wire_carry(&lab->wire, late);
    claim_dropped(lab, &flow, 1, 1, 50, "the same a second time");
}

static void
without_a_window_all_is_taken(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *first = NULL;
    Tunnel open = *tunnel;
    FlatRequest request;
    Flow flow;

    start(lab, &open, &flow);
    pair_sa_id(&flow.pair, LEFT, OBOL_KERNEL_DELETE_SA, &request);
    side_must(lab, &lab->sides[RIGHT], &request);
    pair_sa(lab, &flow.pair, RIGHT, LEFT, &request);
    request.request.sa.replay_window = 0;
    side_must(lab, &lab->sides[RIGHT], &request);
    first = send_one(lab, &flow, 1);
    wire_carry(&lab->wire, first);
    g_free(send_one(lab, &flow, 2));
    CLAIM(lab, flow.in->got[1] == 2, "without a replay window a repeated packet was dropped");
}

/* One bit anywhere after the SPI: sequence number, IV, text, ICV. */
static void
a_tampered_packet_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    guint next = 2;
    Flow flow;

    start(lab, tunnel, &flow);
    for (guint place = 0; place < 4 && !lab->failed; place++) {
        g_autofree WirePacket *held = hold_one(lab, &flow, 1);
        gsize n = held->n > held->at ? held->n - held->at : 1, from_end = place == 0 ? n - 5 : place == 1 ? n - 12 : place == 2 ? 20 : 1;

        held->frame[held->n - MIN(from_end, held->n)] ^= 4;
        wire_carry(&lab->wire, held);
        claim_dropped(lab, &flow, 1, 0, next++, "a packet with a bit changed");
    }
}

static void
an_unknown_spi_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    g_autofree WirePacket *held = NULL;
    gsize at;
    Flow flow;

    start(lab, tunnel, &flow);
    held = hold_one(lab, &flow, 1);
    at = held->at + (ip_protocol(&flow) == IPPROTO_AH ? 4 : 0);
    held->frame[at + 1] ^= 1;
    wire_carry(&lab->wire, held);
    claim_dropped(lab, &flow, 1, 0, 2, "a packet of an SPI that is nobody's");
}

static void
a_cut_packet_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    guint next = 2;
    Flow flow;

    start(lab, tunnel, &flow);
    for (guint cut = 1; cut <= 64 && !lab->failed; cut *= 4) {
        g_autofree WirePacket *held = hold_one(lab, &flow, 1);

        held->n -= MIN(cut, held->n);
        wire_carry(&lab->wire, held);
        claim_dropped(lab, &flow, 1, 0, next++, "a packet that was cut");
    }
}

/* The same SA with narrower selectors at the right end: what comes of outside of them is not taken (RFC 4301 section 5.2). */
static void
an_inner_address_outside_of_the_selectors_is_dropped(Lab *lab, const Tunnel *tunnel)
{
    Tunnel narrow = *tunnel;
    Port *wrong;
    Flow flow;

    narrow.ts[LEFT] = "10.66.1.1";
    pair_init(lab, tunnel, &flow.pair);
    pair_reserve(lab, &flow.pair);
    for (guint i = 0; i < 4; i++) {
        SideName at = i / 2, from = i % 2;
        FlatRequest request;

        flow.pair.tunnel = at == LEFT ? *tunnel : narrow;
        flow.pair.tunnel.udp_encap = flow.pair.outer[LEFT].port != 0;
        pair_sa(lab, &flow.pair, at, from, &request);
        side_must(lab, &lab->sides[at], &request);
        if (from == RIGHT)
            pair_policies(lab, &flow.pair, at, OBOL_KERNEL_ADD_POLICY);
    }
    flow.out = lab_port(lab, &lab->sides[LEFT].host, &lab->inner[LEFT][V4][0], 0);
    flow.in = lab_port(lab, &lab->sides[RIGHT].host, &lab->inner[RIGHT][V4][0], PROBE_PORT);
    wrong = lab_port(lab, &lab->sides[LEFT].host, &lab->inner[LEFT][V4][1], 0);
    port_send(wrong, &flow.in->local, 1, SIZE);
    claim_dropped(lab, &flow, 1, 0, 2, "a packet from outside of the SA's selectors");
    CLAIM(lab, wire_count(&lab->wire, LEFT, IPPROTO_ESP, flow.pair.spi[RIGHT]) == 2, "it did not pass the wire");
}

static void
sequence_numbers_count_from_one(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;

    start(lab, tunnel, &flow);
    for (guint i = 1; i <= 5 && !lab->failed; i++) {
        g_autofree WirePacket *packet = send_one(lab, &flow, i);

        CLAIM(lab, packet->sequence == i, "packet %u has sequence number %u", i, packet->sequence);
    }
}

static const Case replay[] = {
    { "/replay/a-repeated-packet-is-dropped", NEEDS(TUNNEL), a_repeated_packet_is_dropped, { 0 }, FALSE },
    { "/replay/a-repeated-packet-is-dropped-with-esn", NEEDS(ESN), a_repeated_packet_is_dropped, { .esn = TRUE }, FALSE },
    { "/replay/a-repeated-packet-is-dropped-with-ah", NEEDS(AH), a_repeated_packet_is_dropped, { .protocol = OBOL_PROTO_AH }, FALSE },
    { "/replay/a-repeated-packet-is-dropped-in-udp", NEEDS(UDP_ENCAP), a_repeated_packet_is_dropped, { .udp_encap = TRUE }, FALSE },
    { "/replay/a-packet-left-of-the-window-is-dropped", NEEDS(TUNNEL), a_packet_left_of_the_window_is_dropped, { 0 }, FALSE },
    { "/replay/a-late-packet-within-the-window-is-taken", NEEDS(TUNNEL), a_late_packet_within_the_window_is_taken, { 0 }, FALSE },
    { "/replay/without-a-window-all-is-taken", NEEDS(TUNNEL), without_a_window_all_is_taken, { 0 }, FALSE },
    { "/replay/sequence-numbers-count-from-one", NEEDS(TUNNEL), sequence_numbers_count_from_one, { 0 }, FALSE },
    { "/forged/a-tampered-packet-is-dropped", NEEDS(TUNNEL), a_tampered_packet_is_dropped, { 0 }, FALSE },
    { "/forged/a-tampered-packet-of-ah-is-dropped", NEEDS(AH), a_tampered_packet_is_dropped, { .protocol = OBOL_PROTO_AH }, FALSE },
    { "/forged/a-tampered-packet-in-udp-is-dropped", NEEDS(UDP_ENCAP), a_tampered_packet_is_dropped, { .udp_encap = TRUE }, FALSE },
    { "/forged/an-unknown-spi-is-dropped", NEEDS(TUNNEL), an_unknown_spi_is_dropped, { 0 }, FALSE },
    { "/forged/a-cut-packet-is-dropped", NEEDS(TUNNEL), a_cut_packet_is_dropped, { 0 }, FALSE },
    { "/forged/an-inner-address-outside-of-the-selectors-is-dropped", NEEDS(TUNNEL),
      an_inner_address_outside_of_the_selectors_is_dropped, { 0 }, FALSE },
};

void
cases_replay(GArray *cases)
{
    CASES_ADD(cases, replay);
}
