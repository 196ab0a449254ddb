/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/packets.h - IP packets for tests, whole and right unless a test breaks them. */
#ifndef TEST_PACKETS_H
#define TEST_PACKETS_H

#include "plugins/kernel-userspace/bytes.h"
#include "plugins/kernel-userspace/checksum.h"

/* With the room that the core wants around it. */
typedef struct {
    guint8 before[96];
    guint8 data[4096];
    guint8 behind[320];
    gsize n;
} TestPacket;

/* UDP from @from to @to (text, with ports), @n_payload bytes of a pattern; the family is that of the addresses. */
static inline void
test_packet_udp(TestPacket *p, const char *from, guint16 from_port, const char *to, guint16 to_port, gsize n_payload)
{
    ObolAddress source, destination;
    Flow flow = { .family = 0 };
    guint8 *udp;
    gboolean v4;

    g_assert_true(obol_address_parse(from, &source) && obol_address_parse(to, &destination));
    g_assert_cmpuint(source.family, ==, destination.family);
    v4 = source.family == AF_INET;
    memset(p, 0, sizeof *p);
    udp = p->data + (v4 ? IP4_HEADER : IP6_HEADER);
    p->n = (gsize) (udp - p->data) + 8 + n_payload;
    g_assert_cmpuint(p->n, <=, sizeof p->data);
    if (v4) {
        p->data[0] = 0x45;
        put_u16(p->data + 2, (guint16) p->n);
        p->data[8] = 64;
        p->data[9] = PROTO_UDP;
        memcpy(p->data + 12, source.bytes, 4);
        memcpy(p->data + 16, destination.bytes, 4);
        checksum_ipv4(p->data);
    } else {
        p->data[0] = 0x60;
        put_u16(p->data + 4, (guint16) (8 + n_payload));
        p->data[6] = PROTO_UDP;
        p->data[7] = 64;
        memcpy(p->data + 8, source.bytes, 16);
        memcpy(p->data + 24, destination.bytes, 16);
    }
    put_u16(udp, from_port);
    put_u16(udp + 2, to_port);
    put_u16(udp + 4, (guint16) (8 + n_payload));
    for (gsize i = 0; i < n_payload; i++)
        udp[8 + i] = (guint8) i;
    flow.family = source.family;
    memcpy(flow.addresses[FLOW_SOURCE], source.bytes, 16);
    memcpy(flow.addresses[FLOW_DESTINATION], destination.bytes, 16);
    put_u16(udp + 6, checksum_finish(checksum_add(checksum_pseudo(&flow, PROTO_UDP, 8 + n_payload), udp, 8 + n_payload)));
}

/* Router alert: an IPv4 option (RFC 2113), or in a hop-by-hop header (RFC 2711). */
static inline void
test_packet_add_options(TestPacket *p)
{
    static const guint8 option4[] = { 148, 4, 0, 0 }, option6[] = { PROTO_UDP, 0, 5, 2, 0, 0, 1, 0 };
    gboolean v4 = p->data[0] >> 4 == 4;
    gsize at = v4 ? IP4_HEADER : IP6_HEADER, n = v4 ? sizeof option4 : sizeof option6;

    memmove(p->data + at + n, p->data + at, p->n - at);
    memcpy(p->data + at, v4 ? option4 : option6, n);
    p->n += n;
    if (v4) {
        p->data[0] = 0x46;
        put_u16(p->data + 2, (guint16) p->n);
        put_u16(p->data + 10, 0);
        put_u16(p->data + 10, checksum_finish(checksum_add(0, p->data, at + n)));
    } else {
        p->data[at] = p->data[6];
        p->data[6] = PROTO_HOP_BY_HOP;
        put_u16(p->data + 4, (guint16) (p->n - IP6_HEADER));
    }
}

/* Is the checksum of the whole upper layer right?  A right one makes the sum all ones. */
static inline gboolean
test_checksum_is_right(const guint8 *data, const Packet *packet)
{
    gsize n = packet->n - packet->n_header;

    return checksum_finish(checksum_add(checksum_pseudo(&packet->flow, packet->flow.protocol, n), data + packet->n_header,
                                        n)) == 0;
}

#endif
