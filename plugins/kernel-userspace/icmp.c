/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icmp.c - tells a sender of this side that its packet is too big (RFC 1191, RFC 4443; RFC 4301 section 8.2). */
#include "icmp.h"

#include "bytes.h"
#include "checksum.h"

#define ICMP_HEADER 8
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4
#define ICMPV6_PACKET_TOO_BIG 2
#define ICMPV6_FIRST_INFORMATIONAL 128
#define HOPS 64
#define COST_US (G_USEC_PER_SEC / ICMP_PER_SECOND)

gboolean
icmp_rate_allows(IcmpRate *rate, gint64 now_us)
{
    rate->tokens_us = MIN(rate->tokens_us + (now_us - rate->last_us), ICMP_BURST * COST_US);
    rate->last_us = now_us;
    if (rate->tokens_us < COST_US)
        return FALSE;
    rate->tokens_us -= COST_US;
    return TRUE;
}

/* RFC 1122 section 3.2.2: no error about an error. */
static gboolean
is_icmp_error(const Flow *flow)
{
    guint type = flow->ports[FLOW_SOURCE] >> 8;

    if (flow->protocol == PROTO_ICMP)
        return !(type == 0 || type == 8 || (type >= 13 && type <= 18));
    return flow->protocol == PROTO_ICMPV6 && type < ICMPV6_FIRST_INFORMATIONAL;
}

static gboolean
is_for_many(const Flow *flow)
{
    const guint8 *to = flow->addresses[FLOW_DESTINATION];

    return flow->family == AF_INET ? to[0] >= 224 : to[0] == 0xff;
}

static void
write_ipv4(const Packet *packet, gsize n, guint8 *out)
{
    out[0] = 0x45;
    put_u16(out + 2, (guint16) n);
    out[8] = HOPS;
    out[9] = PROTO_ICMP;
    memcpy(out + 12, packet->flow.addresses[FLOW_DESTINATION], 4);
    memcpy(out + 16, packet->flow.addresses[FLOW_SOURCE], 4);
    checksum_ipv4(out);
}

static void
write_ipv6(const Packet *packet, gsize n, guint8 *out)
{
    out[0] = 0x60;
    put_u16(out + 4, (guint16) (n - IP6_HEADER));
    out[6] = PROTO_ICMPV6;
    out[7] = HOPS;
    memcpy(out + 8, packet->flow.addresses[FLOW_DESTINATION], 16);
    memcpy(out + 24, packet->flow.addresses[FLOW_SOURCE], 16);
}

gsize
icmp_too_big(const guint8 *data, const Packet *packet, gsize mtu, guint8 out[ICMP_MESSAGE_MAX])
{
    gboolean v4 = packet->flow.family == AF_INET;
    gsize n_header = v4 ? IP4_HEADER : IP6_HEADER, n_quoted = MIN(packet->n, ICMP_MESSAGE_MAX - n_header - ICMP_HEADER);
    gsize n_icmp = ICMP_HEADER + n_quoted;
    guint8 *icmp = out + n_header;
    guint32 sum = 0;

    if (packet->offset > 0 || is_icmp_error(&packet->flow) || is_for_many(&packet->flow))
        return 0;
    memset(out, 0, n_header + ICMP_HEADER);
    memcpy(icmp + ICMP_HEADER, data, n_quoted);
    if (v4) {
        write_ipv4(packet, n_header + n_icmp, out);
        icmp[0] = ICMP_UNREACHABLE;
        icmp[1] = ICMP_FRAGMENTATION_NEEDED;
        put_u16(icmp + 6, (guint16) mtu);
    } else {
        write_ipv6(packet, n_header + n_icmp, out);
        icmp[0] = ICMPV6_PACKET_TOO_BIG;
        put_u32(icmp + 4, (guint32) mtu);
        sum = checksum_pseudo(&packet->flow, PROTO_ICMPV6, n_icmp); /* both addresses, whichever way round */
    }
    put_u16(icmp + 2, checksum_finish(checksum_add(sum, icmp, n_icmp)));
    return n_header + n_icmp;
}

gboolean
icmp_quoted_flow(const guint8 *data, const Packet *packet, Flow *out)
{
    gsize at = packet->n_header + ICMP_HEADER;
    Packet quoted;

    if (packet->offset > 0 || packet->flow.opaque || !is_icmp_error(&packet->flow) || packet->n <= at ||
        !packet_parse_start(data + at, packet->n - at, &quoted) || quoted.flow.family != packet->flow.family)
        return FALSE;
    *out = quoted.flow;
    for (guint end = 0; end < 2; end++) {
        out->ports[end] = quoted.flow.ports[1 - end];
        memcpy(out->addresses[end], quoted.flow.addresses[1 - end], sizeof out->addresses[end]);
    }
    return TRUE;
}
