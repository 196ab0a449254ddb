/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unwrap.c - from what an SA carried to the packet that the host gets. */
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "core-private.h"
#include "outer.h"

/* What stood before AH, without it; or, since ESP's header stayed with the system, one made again from the SA's addresses: the host
 * sees its peer as the SA does. */
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
    if (sa->udp_encap)
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

gboolean
core_unwrap(Core *core, const Sa *sa, ObolMode mode, const Arrived *arrived, guint8 **data, Packet *packet)
{
    switch (mode) {
    case OBOL_MODE_TUNNEL: return unwrap_tunnel(arrived, data, packet);
    case OBOL_MODE_TRANSPORT: return unwrap_transport(core, sa, arrived, data, packet);
    case OBOL_MODE_BEET: break;
    }
    return FALSE;
}
