/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* upper.c - TCP and UDP headers, as far as cutting and joining segments goes. */
#include "upper.h"

#include "bytes.h"
#include "checksum.h"

gsize
upper_header(guint8 protocol, const guint8 *upper, gsize n)
{
    gsize n_header;

    if (protocol == PROTO_UDP)
        return n >= UDP_HEADER ? UDP_HEADER : 0;
    if (protocol != PROTO_TCP || n < TCP_HEADER)
        return 0;
    n_header = (gsize) (upper[12] >> 4) * 4;
    return n_header >= TCP_HEADER && n_header <= n ? n_header : 0;
}

gsize
upper_checksum_at(guint8 protocol)
{
    return protocol == PROTO_TCP ? 16 : 6;
}

void
upper_set_length(guint8 *data, const Packet *packet, gsize n)
{
    if (packet->flow.family == AF_INET) {
        put_u16(data + 2, (guint16) n);
        put_u16(data + 10, 0);
        put_u16(data + 10, checksum_finish(checksum_add(0, data, packet->n_header)));
    } else {
        put_u16(data + 4, (guint16) (n - IP6_HEADER));
    }
    if (packet->flow.protocol == PROTO_UDP)
        put_u16(data + packet->n_header + 4, (guint16) (n - packet->n_header));
}

void
upper_write_checksum(guint8 *upper, guint8 protocol, gsize n, guint32 pseudo)
{
    guint8 *field = upper + upper_checksum_at(protocol);
    guint16 value;

    put_u16(field, 0);
    value = checksum_finish(checksum_add(pseudo + (guint32) n, upper, n));
    put_u16(field, protocol == PROTO_UDP && value == 0 ? 0xffff : value); /* RFC 768: zero says that there is none */
}

gboolean
upper_checksum_right(const guint8 *upper, gsize n, guint32 pseudo)
{
    return checksum_finish(checksum_add(pseudo + (guint32) n, upper, n)) == 0;
}
