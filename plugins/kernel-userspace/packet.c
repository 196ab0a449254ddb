/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packet.c - what the headers of one IP packet say; the only place that reads them. */
#include "packet.h"

#include "bytes.h"

#define IP4_NEXT_AT 9 /* where the header names what follows it */
#define IP6_NEXT_AT 6

typedef enum { WHOLE, START } Extent; /* of what is there */

/* RFC 4301 section 4.4.1.1: which upper layers have selectors of their own. */
static void
read_ports(Reader *r, Packet *out)
{
    Flow *flow = &out->flow;
    const guint8 *at;

    switch (flow->protocol) {
    case PROTO_TCP: case PROTO_UDP: case PROTO_SCTP: case PROTO_DCCP: case PROTO_UDPLITE:
        at = reader_take(r, 4);
        flow->ports[FLOW_SOURCE] = get_u16(at);
        flow->ports[FLOW_DESTINATION] = get_u16(at + 2);
        break;
    case PROTO_ICMP: case PROTO_ICMPV6:
        at = reader_take(r, 2);
        flow->ports[FLOW_SOURCE] = flow->ports[FLOW_DESTINATION] = get_u16(at);
        break;
    case PROTO_MOBILITY:
        at = reader_take(r, 4); /* RFC 6275 section 6.1.1: the type is the third octet */
        flow->ports[FLOW_SOURCE] = flow->ports[FLOW_DESTINATION] = (guint16) (at[2] << 8);
        break;
    default: break; /* a number from the packet, not one of our enums */
    }
    if (!r->ok) { /* too short for ports is not a broken packet: a first fragment may be that short */
        flow->opaque = TRUE;
        flow->ports[FLOW_SOURCE] = flow->ports[FLOW_DESTINATION] = 0;
    }
}

static gboolean
finish(Reader *r, Packet *out)
{
    out->n_header = reader_offset(r);
    if (!r->ok)
        return FALSE;
    if (out->offset > 0)
        out->flow.opaque = TRUE;
    else
        read_ports(r, out);
    return TRUE;
}

/* How long the packet is: as long as it says, unless only its start is there. */
static gboolean
settle_length(Packet *out, gsize n, Extent extent)
{
    if (extent == START)
        out->n = MIN(out->n, n);
    return out->n <= n;
}

static gboolean
parse_ipv4(const guint8 *data, gsize n, Extent extent, Packet *out)
{
    Reader r = reader(data, n);
    const guint8 *header = reader_take(&r, IP4_HEADER);
    gsize n_header = (header[0] & 0x0f) * 4u;
    guint16 fragment = get_u16(header + 6);

    out->n = get_u16(header + 2);
    if (!r.ok || !settle_length(out, n, extent) || n_header < IP4_HEADER || out->n < n_header)
        return FALSE;
    r.end = data + out->n;
    reader_skip(&r, n_header - IP4_HEADER);
    out->flow.family = AF_INET;
    out->flow.protocol = out->next_after_fixed = header[9];
    memcpy(out->flow.addresses[FLOW_SOURCE], header + 12, 4);
    memcpy(out->flow.addresses[FLOW_DESTINATION], header + 16, 4);
    out->tos = header[1];
    out->ttl = header[8];
    out->id = get_u16(header + 4);
    out->df = (fragment & 0x4000) != 0;
    out->more = (fragment & 0x2000) != 0;
    out->offset = (fragment & 0x1fff) * 8u;
    out->fragment = out->more || out->offset > 0;
    out->options = n_header > IP4_HEADER;
    out->n_fixed = out->fragment_at = n_header;
    out->fixed_next_at = out->upper_next_at = IP4_NEXT_AT;
    out->fragment_next = header[9];
    return finish(&r, out);
}

static gboolean
is_extension(guint8 next)
{
    return next == PROTO_HOP_BY_HOP || next == PROTO_ROUTING || next == PROTO_DESTINATION || next == PROTO_FRAGMENT;
}

/* What transport mode leaves outside ends here, as far as we can see. */
static void
end_fixed(const Reader *r, Packet *out, guint8 next, gsize next_at)
{
    out->n_fixed = reader_offset(r);
    out->next_after_fixed = next;
    out->fixed_next_at = (guint16) next_at;
}

static void
read_fragment(Reader *r, const guint8 *at, Packet *out)
{
    out->fragment = TRUE;
    out->offset = get_u16(at + 2) & 0xfff8u;
    out->more = (at[3] & 1) != 0;
    out->id = get_u32(at + 4);
    out->fragment_at = reader_offset(r);
    out->fragment_next = at[0];
}

/* RFC 8200 section 4: hop-by-hop and routing headers, and destination options before a routing header, are for the way;
 * destination options behind it and the upper layer are for its end; RFC 4303 section 3.1.1 puts ESP between the two. */
static gboolean
walk_extensions(Reader *r, Packet *out)
{
    guint8 next = out->flow.protocol;
    gboolean inside = FALSE; /* behind what transport mode leaves outside */
    gsize next_at = IP6_NEXT_AT;

    for (guint i = 0; i < IP6_EXTENSIONS_MAX; i++) {
        const guint8 *at;
        gsize start = reader_offset(r);

        if (!is_extension(next)) {
            if (!inside)
                end_fixed(r, out, next, next_at);
            out->flow.protocol = next;
            out->upper_next_at = (guint16) next_at;
            return TRUE;
        }
        if (next == PROTO_DESTINATION && !inside) {
            inside = TRUE;
            end_fixed(r, out, next, next_at);
        } else if (next == PROTO_HOP_BY_HOP || next == PROTO_ROUTING) {
            inside = FALSE;
            out->options = TRUE;
        }
        at = reader_take(r, 8);
        if (next == PROTO_FRAGMENT) {
            read_fragment(r, at, out);
            if (out->offset > 0) { /* what follows is data: the chain can not be walked further */
                if (!inside)
                    end_fixed(r, out, at[0], start);
                out->next_after_fixed = out->flow.protocol = at[0];
                return r->ok;
            }
        } else {
            reader_skip(r, at[1] * 8u);
        }
        next = at[0];
        next_at = start;
        if (!r->ok)
            return FALSE;
    }
    return FALSE;
}

static gboolean
parse_ipv6(const guint8 *data, gsize n, Extent extent, Packet *out)
{
    Reader r = reader(data, n);
    const guint8 *header = reader_take(&r, IP6_HEADER);

    out->n = (gsize) get_u16(header + 4) + IP6_HEADER;
    if (!r.ok || !settle_length(out, n, extent))
        return FALSE;
    r.end = data + out->n;
    out->flow.family = AF_INET6;
    out->flow.protocol = header[6];
    memcpy(out->flow.addresses[FLOW_SOURCE], header + 8, 16);
    memcpy(out->flow.addresses[FLOW_DESTINATION], header + 24, 16);
    out->tos = (guint8) (get_u16(header) >> 4);
    out->ttl = header[7];
    out->df = TRUE; /* nobody on the way may fragment it */
    return walk_extensions(&r, out) && finish(&r, out);
}

static gboolean
parse(const guint8 *data, gsize n, Extent extent, Packet *out)
{
    *out = (Packet) { .n = 0 };
    if (n == 0)
        return FALSE;
    switch (data[0] >> 4) {
    case 4: return parse_ipv4(data, n, extent, out);
    case 6: return parse_ipv6(data, n, extent, out);
    default: return FALSE;
    }
}

gboolean
packet_parse(const guint8 *data, gsize n, Packet *out)
{
    return parse(data, n, WHOLE, out);
}

gboolean
packet_parse_start(const guint8 *data, gsize n, Packet *out)
{
    return parse(data, n, START, out);
}

void
flow_address(const Flow *flow, FlowEnd end, ObolAddress *out)
{
    *out = (ObolAddress) { .family = flow->family, .port = flow->ports[end] };
    memcpy(out->bytes, flow->addresses[end], sizeof out->bytes);
}
