/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unwrap.c - from what an SA carried to the packet that the host gets. */
#include <string.h>

#include "beet.h"
#include "bytes.h"
#include "checksum.h"
#include "core-private.h"
#include "outer.h"

/* What stood before AH, without it; or, since ESP's header stayed with the system, one made again from the SA's addresses: the
 * host sees its peer as the SA does. */
static gsize
put_header(const Sa *sa, const Arrived *arrived, guint8 *out)
{
    Outer outer = {
        .source = &sa->id.source, .destination = &sa->id.destination, .n_payload = arrived->n, .protocol = arrived->next,
        .tos = arrived->tos, .df = TRUE, /* whole, and to stay so (RFC 6864) */
    };

    if (arrived->header == NULL)
        return outer_write(&outer, out);
    memcpy(out, arrived->header, arrived->n_header);
    outer_patch(out, arrived->n_header, arrived->next_at, arrived->next, arrived->n);
    outer_checksum(out, arrived->n_header);
    return arrived->n_header;
}

/* %FALSE when it is not what transport mode carries. */
static gboolean
unwrap_transport(Core *core, const Sa *sa, const Arrived *arrived, guint8 **data, Packet *packet)
{
    gsize n_header = MAX(arrived->n_header, IP6_HEADER);

    if (arrived->n + n_header > G_MAXUINT16 || arrived->next == PROTO_IPIP || arrived->next == PROTO_IPV6)
        return FALSE;
    n_header = put_header(sa, arrived, core->scratch);
    memcpy(core->scratch + n_header, arrived->data, arrived->n);
    *data = core->scratch;
    if (!packet_parse(core->scratch, n_header + arrived->n, packet) || packet->fragment ||
        (packet->options && arrived->header == NULL))
        return FALSE;
    if (sa->translated)
        checksum_translate(&packet->flow, sa->original_sum, packet->flow.protocol, core->scratch + packet->n_header,
                           packet->n - packet->n_header);
    else if (sa->udp_encap)
        checksum_repair(&packet->flow, packet->flow.protocol, core->scratch + packet->n_header,
                        packet->n - packet->n_header);
    return TRUE;
}

/* RFC 4303 section 3.4.4.1: the inner header says how long the packet is; what follows it is TFC padding. */
static gboolean
unwrap_tunnel(const Arrived *arrived, guint8 **data, Packet *packet)
{
    *data = arrived->data;
    return packet_parse(arrived->data, arrived->n, packet) &&
           arrived->next == (packet->flow.family == AF_INET ? PROTO_IPIP : PROTO_IPV6);
}

/* One end of a BEET SA inside: what its selectors name. */
static ObolAddress
inner_address(const Sa *sa, FlowEnd end)
{
    const ObolTs *ts = &g_array_index(sa->ts[end], ObolTs, 0);
    ObolAddress address = { .family = ts->family };

    memcpy(address.bytes, ts->first, sizeof address.bytes);
    return address;
}

/* The header's addresses are the SA's; IPv4 options have come with the payload. */
static gboolean
unwrap_beet(Core *core, const Sa *sa, const Arrived *arrived, guint8 **data, Packet *packet)
{
    ObolAddress source = inner_address(sa, FLOW_SOURCE), destination = inner_address(sa, FLOW_DESTINATION);
    BeetHeader beet = { .next = arrived->next };
    guint8 *out = core->scratch;
    gsize n_header;

    if (arrived->n > G_MAXUINT16 - IP6_HEADER - BEET_OPTIONS_MAX || arrived->next == PROTO_IPIP || arrived->next == PROTO_IPV6 ||
        (arrived->next == PROTO_BEET && (source.family != AF_INET || !beet_parse(arrived->data, arrived->n, &beet))))
        return FALSE;
    n_header = outer_write(&(Outer) { .source = &source, .destination = &destination, .protocol = beet.next, .df = TRUE,
                                      .n_payload = beet.n_options + arrived->n - beet.n_all, .tos = arrived->tos }, out);
    if (beet.n_options > 0) {
        memcpy(out + n_header, beet.options, beet.n_options);
        n_header += beet.n_options;
        out[0] = (guint8) (0x40 | n_header / 4);
        outer_checksum(out, n_header);
    }
    memcpy(out + n_header, arrived->data + beet.n_all, arrived->n - beet.n_all);
    *data = out;
    return packet_parse(out, n_header + arrived->n - beet.n_all, packet) && !packet->fragment &&
           (!packet->options || beet.n_options > 0);
}

gboolean
core_unwrap(Core *core, const Sa *sa, ObolMode mode, const Arrived *arrived, guint8 **data, Packet *packet)
{
    switch (mode) {
    case OBOL_MODE_TUNNEL: return unwrap_tunnel(arrived, data, packet);
    case OBOL_MODE_TRANSPORT: return unwrap_transport(core, sa, arrived, data, packet);
    case OBOL_MODE_BEET: return unwrap_beet(core, sa, arrived, data, packet);
    }
    return FALSE;
}
