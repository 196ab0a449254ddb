/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/cases-life.c - lifetimes: soft, then hard, each told once; and replacement without loss. */
#include "case.h"

#include <string.h>

#define PROBE_PORT 7010
#define SECOND_US ((gint64) G_USEC_PER_SEC)

/* The left end's outbound SA runs out; @n packets are sent until both events have come. */
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

static void
claim_event(Lab *lab, const Flow *flow, guint index, gboolean hard)
{
    const ObolKernelEvent *event;

    if (lab->sides[LEFT].events->len <= index) {
        lab_fail(lab, "there is no %s expiry", hard ? "hard" : "soft");
        return;
    }
    event = &g_array_index(lab->sides[LEFT].events, ObolKernelEvent, index);
    CLAIM(lab, event->kind == OBOL_KERNEL_EXPIRE && event->hard == hard, "event %u is no %s expiry", index, hard ? "hard" : "soft");
    CLAIM(lab, event->sa.spi == flow->pair.spi[RIGHT] && event->sa.protocol == OBOL_PROTO_ESP
          && obol_address_equal(&event->sa.destination, &flow->pair.outer[RIGHT]), "an expiry names another SA");
}

static void
claim_gone(Lab *lab, const Flow *flow)
{
    Port *out = flow->out;
    FlatRequest request;

    pair_sa_id(&flow->pair, LEFT, OBOL_KERNEL_QUERY_SA, &request);
    side_refuses(lab, &lab->sides[LEFT], &request, 1u << OBOL_KERNEL_ERROR_NOT_FOUND, "an SA whose life is over");
    port_send(out, &flow->in->local, 400, 100);
    pair_fence(lab, LEFT);
    CLAIM(lab, flow->in->got[400] == 0, "a packet passed after the hard expiry");
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
    CLAIM(lab, lab->sides[LEFT].events->len == 2, "there are %u events instead of two", lab->sides[LEFT].events->len);
}

static void
ends_by_traffic(Lab *lab, const Tunnel *tunnel)
{
    Side *left = &lab->sides[LEFT];
    Flow flow;

    start(lab, tunnel, &flow);
    for (guint i = 0; i < 100 && left->events->len < 2 && !lab->failed; i++) {
        guint before = wire_count(&lab->wire, LEFT, IPPROTO_ESP, flow.pair.spi[RIGHT]);

        port_send(flow.out, &flow.in->local, i, 100);
        pair_fence(lab, LEFT);
        if (wire_count(&lab->wire, LEFT, IPPROTO_ESP, flow.pair.spi[RIGHT]) == before)
            break;
        if (i == 2)
            CLAIM(lab, left->events->len == 0, "an event came too early");
    }
    CLAIM(lab, side_wait_events(lab, left, 2, LIMIT_MS), "%u of two expiries were told", left->events->len);
    claim_event(lab, &flow, 0, FALSE);
    claim_event(lab, &flow, 1, TRUE);
    if (tunnel->lifetimes.hard_packets != 0)
        CLAIM(lab, flow.in->n_got <= tunnel->lifetimes.hard_packets + 1 && flow.in->n_got + 1 >= tunnel->lifetimes.hard_packets,
              "%u packets passed of %" G_GUINT64_FORMAT, flow.in->n_got, tunnel->lifetimes.hard_packets);
    claim_gone(lab, &flow);
}

/* The limits are seconds apart: the order says more than the clock of a machine that has other work. */
static void
ends_by_time(Lab *lab, const Tunnel *tunnel)
{
    Side *left = &lab->sides[LEFT];
    Flow flow;

    start(lab, tunnel, &flow);
    pair_cross(lab, &flow.pair, 1);
    CLAIM(lab, side_wait_events(lab, left, 1, LIMIT_MS), "no soft expiry was told");
    claim_event(lab, &flow, 0, FALSE);
    port_send(flow.out, &flow.in->local, 1, 100);
    CLAIM(lab, port_wait(lab, flow.in, 1), "after the soft expiry nothing passes");
    CLAIM(lab, side_wait_events(lab, left, 2, LIMIT_MS), "no hard expiry was told");
    claim_event(lab, &flow, 1, TRUE);
    claim_gone(lab, &flow);
}

/* As a rekey does it: the new pair is there before the old one goes, policies stay; every packet is counted. */
static void
replaced_without_loss(Lab *lab, const Tunnel *tunnel)
{
    Flow flow;
    guint number = 0;

    start(lab, tunnel, &flow);
    for (guint round = 0; round < 3 && !lab->failed; round++) {
        Pair next = flow.pair;
        FlatRequest request;

        next.tunnel.seed++;
        pair_reserve(lab, &next);
        for (guint i = 0; i < 4; i++) {
            SideName from = i % 2, at = i < 2 ? 1 - from : from;

            pair_sa(lab, &next, at, from, &request);
            side_ask(lab, &lab->sides[at], &request);
            for (guint j = 0; j < 5; j++)
                port_send(flow.out, &flow.in->local, number++, 100);
            side_answer(lab, &lab->sides[at], lab->sides[at].last_tag);
        }
        for (guint i = 0; i < 4; i++) {
            SideName from = i % 2, at = i < 2 ? from : 1 - from; /* outbound first */

            CLAIM(lab, port_wait(lab, flow.in, number - 1), "packet %u was lost in a replacement", number - 1);
            pair_sa_id(&flow.pair, from, OBOL_KERNEL_DELETE_SA, &request);
            side_ask(lab, &lab->sides[at], &request);
            for (guint j = 0; j < 5; j++)
                port_send(flow.out, &flow.in->local, number++, 100);
            side_answer(lab, &lab->sides[at], lab->sides[at].last_tag);
        }
        flow.pair = next;
    }
    CLAIM(lab, port_wait(lab, flow.in, number - 1), "the last packet was lost");
    CLAIM(lab, flow.in->n_got == number, "%u of %u packets arrived", flow.in->n_got, number);
    CLAIM(lab, wire_count_clear(&lab->wire) == 0, "packets went in clear");
    CLAIM(lab, wire_count(&lab->wire, LEFT, IPPROTO_ESP, flow.pair.spi[RIGHT]) > 0, "the newest SA was not used");
}

static void
the_newest_of_two_sas_serves(Lab *lab, const Tunnel *tunnel)
{
    Pair first, second;

    pair_up(lab, tunnel, &first);
    pair_cross(lab, &first, 1);
    second = first;
    second.tunnel.seed++;
    pair_reserve(lab, &second);
    pair_add_sas(lab, &second);
    pair_cross(lab, &second, 2);
    pair_delete_sas(lab, &second);
    pair_cross(lab, &first, 2);
}

static const Case life[] = {
    { "/lifetime/seconds-end-an-sa", NEEDS(TUNNEL), ends_by_time, { .lifetimes = { .soft_us = SECOND_US, .hard_us = 3 * SECOND_US } },
      FALSE },
    { "/lifetime/packets-end-an-sa", NEEDS(PACKET_LIFETIMES), ends_by_traffic,
      { .lifetimes = { .soft_packets = 5, .hard_packets = 10 } }, FALSE },
    { "/lifetime/bytes-end-an-sa", NEEDS(BYTE_LIFETIMES), ends_by_traffic, { .lifetimes = { .soft_bytes = 1000, .hard_bytes = 2000 } },
      FALSE },
    { "/lifetime/bytes-end-an-sa-in-transport-mode", NEEDS(BYTE_LIFETIMES) | NEEDS(TRANSPORT), ends_by_traffic,
      { .mode = OBOL_MODE_TRANSPORT, .lifetimes = { .soft_bytes = 1000, .hard_bytes = 2000 } }, FALSE },
    { "/replace/no-packet-is-lost", NEEDS(TUNNEL), replaced_without_loss, { 0 }, FALSE },
    { "/replace/no-packet-is-lost-in-udp", NEEDS(UDP_ENCAP), replaced_without_loss, { .udp_encap = TRUE }, FALSE },
    { "/replace/no-packet-is-lost-in-transport-mode", NEEDS(TRANSPORT), replaced_without_loss, { .mode = OBOL_MODE_TRANSPORT }, FALSE },
    { "/replace/the-newest-of-two-serves-and-the-other-when-it-has-gone", NEEDS(TUNNEL), the_newest_of_two_sas_serves, { 0 }, FALSE },
};

void
cases_life(GArray *cases)
{
    CASES_ADD(cases, life);
}
