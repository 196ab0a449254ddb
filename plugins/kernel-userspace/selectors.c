/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* selectors.c - does a packet's flow lie within traffic selectors? */
#include "selectors.h"

#include <string.h>

static gboolean
ports_match(const ObolTs *ts, const Flow *flow, FlowEnd end)
{
    if (ts->port_first == 0 && ts->port_last == G_MAXUINT16)
        return TRUE;
    if (ts->port_first > ts->port_last) /* OPAQUE: 65535 to 0 */
        return flow->opaque;
    return !flow->opaque && flow->ports[end] >= ts->port_first && flow->ports[end] <= ts->port_last;
}

gsize
selector_n_bytes(const ObolTs *ts)
{
    return ts->family == AF_INET ? 4 : 16;
}

gboolean
selector_matches(const ObolTs *ts, const Flow *flow, FlowEnd end)
{
    gsize n = selector_n_bytes(ts);

    return ts->family == flow->family && (ts->protocol == 0 || ts->protocol == flow->protocol) &&
           memcmp(flow->addresses[end], ts->first, n) >= 0 && memcmp(flow->addresses[end], ts->last, n) <= 0 &&
           ports_match(ts, flow, end);
}

gboolean
selectors_match(const GArray *list, const Flow *flow, FlowEnd end)
{
    for (guint i = 0; i < list->len; i++)
        if (selector_matches(&g_array_index(list, ObolTs, i), flow, end))
            return TRUE;
    return FALSE;
}

void
selector_of_flow(const Flow *flow, FlowEnd end, ObolTs *out)
{
    *out = (ObolTs) {
        .family = flow->family, .protocol = flow->protocol,
        .port_first = flow->ports[end], .port_last = flow->ports[end],
    };
    memcpy(out->first, flow->addresses[end], sizeof out->first);
    memcpy(out->last, flow->addresses[end], sizeof out->last);
    switch (flow->protocol) {
    case PROTO_TCP: case PROTO_UDP: case PROTO_SCTP: case PROTO_DCCP: case PROTO_UDPLITE: case PROTO_ICMP:
    case PROTO_ICMPV6: case PROTO_MOBILITY:
        if (!flow->opaque)
            break;
        G_GNUC_FALLTHROUGH;
    default: /* RFC 7296 section 3.13.1: a protocol without ports has all of them */
        out->port_first = 0;
        out->port_last = G_MAXUINT16;
    }
}

guint
selector_prefix(const ObolTs *ts)
{
    guint bits = 0, n_bits = (guint) selector_n_bytes(ts) * 8;

    while (bits < n_bits && ((ts->first[bits / 8] ^ ts->last[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

guint
selector_width(const ObolTs *ts)
{
    guint n_bits = (guint) selector_n_bytes(ts) * 8, width = n_bits - selector_prefix(ts);
    guint n_ports = ts->port_first > ts->port_last ? 1 : (guint) (ts->port_last - ts->port_first) + 1;

    width += ts->protocol == 0 ? 8 : 0;
    return width + g_bit_storage(n_ports) - 1; /* 0 to 16 */
}
