/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* segments.c - what a device with segmentation offload gives, cut into packets that a wire carries. */
#include "segments.h"

#include "bytes.h"
#include "checksum.h"
#include "upper.h"

/* A packet that is to stay whole, with or without its checksum. */
static gboolean
begin_whole(Segments *s, gsize n_max)
{
    const Offload *offload = &s->offload;

    if ((offload->flags & OFFLOAD_NEEDS_CHECKSUM) != 0 && (gsize) offload->checksum_from + offload->checksum_at + 2 > s->n)
        return FALSE;
    s->n_headers = 0;
    s->size = s->n;
    return s->n > 0 && s->n <= n_max;
}

static gboolean
begin_cut(Segments *s, guint8 protocol, gsize n_max)
{
    const Packet *packet = &s->packet;

    if (!packet_parse(s->data, s->n, &s->packet) || packet->n != s->n || packet->fragment || packet->flow.opaque ||
        packet->flow.protocol != protocol)
        return FALSE;
    s->n_headers = packet->n_header + upper_header(protocol, s->data + packet->n_header, s->n - packet->n_header);
    s->size = s->offload.size;
    if (s->n_headers == packet->n_header || s->n_headers >= s->n || s->size == 0 || s->n_headers + s->size > n_max)
        return FALSE;
    s->at = s->n_headers;
    s->pseudo = checksum_pseudo(&packet->flow, protocol, 0);
    return TRUE;
}

gboolean
segments_begin(Segments *s, const guint8 *bytes, gsize n, gsize n_max)
{
    *s = (Segments) { .index = 0 };
    if (n <= OFFLOAD_HEADER)
        return FALSE;
    offload_decode(bytes, &s->offload);
    s->data = bytes + OFFLOAD_HEADER;
    s->n = n - OFFLOAD_HEADER;
    if (s->offload.n_headers > s->n)
        return FALSE;
    switch (s->offload.kind & ~OFFLOAD_ECN) {
    case OFFLOAD_NONE: return begin_whole(s, n_max);
    case OFFLOAD_TCP4: return begin_cut(s, PROTO_TCP, n_max) && s->packet.flow.family == AF_INET;
    case OFFLOAD_TCP6: return begin_cut(s, PROTO_TCP, n_max) && s->packet.flow.family == AF_INET6;
    case OFFLOAD_UDP: return begin_cut(s, PROTO_UDP, n_max);
    default: return FALSE;
    }
}

static gsize
next_whole(Segments *s, guint8 *out)
{
    const Offload *offload = &s->offload;
    guint16 sum;

    memcpy(out, s->data, s->n);
    s->at = s->n;
    if ((offload->flags & OFFLOAD_NEEDS_CHECKSUM) == 0)
        return s->n;
    sum = checksum_finish(checksum_add(0, out + offload->checksum_from, s->n - offload->checksum_from));
    put_u16(out + offload->checksum_from + offload->checksum_at, sum != 0 ? sum : 0xffff);
    return s->n;
}

/* RFC 9293 section 3.1: what ends the data is said once, at its end; that the window was reduced once, at its start. */
static void
mark_tcp(const Segments *s, guint8 *tcp, gboolean last)
{
    put_u32(tcp + 4, get_u32(tcp + 4) + (guint32) (s->at - s->n_headers));
    if (!last)
        tcp[13] &= (guint8) ~(TCP_FIN | TCP_PSH);
    if (s->index > 0)
        tcp[13] &= (guint8) ~TCP_CWR;
}

gsize
segments_next(Segments *s, guint8 *out)
{
    guint8 *upper = out + s->packet.n_header;
    gsize n, n_upper, n_payload = MIN(s->size, s->n - s->at);

    if (s->at >= s->n)
        return 0;
    if (s->n_headers == 0)
        return next_whole(s, out);
    n = s->n_headers + n_payload;
    n_upper = n - s->packet.n_header;
    memcpy(out, s->data, s->n_headers);
    memcpy(out + s->n_headers, s->data + s->at, n_payload);
    if (s->packet.flow.family == AF_INET && !s->packet.df) /* RFC 6864 section 4: who may be fragmented has a number of its own */
        put_u16(out + 4, (guint16) (s->packet.id + s->index));
    upper_set_length(out, &s->packet, n);
    if (s->packet.flow.protocol == PROTO_TCP)
        mark_tcp(s, upper, s->at + n_payload == s->n);
    upper_write_checksum(upper, s->packet.flow.protocol, n_upper, s->pseudo);
    s->at += n_payload;
    s->index++;
    return n;
}
