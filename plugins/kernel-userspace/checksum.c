/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* checksum.c - the Internet checksum (RFC 1071) of headers that we write or repair. */
#include "checksum.h"

#include "bytes.h"

static guint32
fold(guint64 wide)
{
    while (wide > 0xffff)
        wide = (wide & 0xffff) + (wide >> 16);
    return (guint32) wide;
}

guint32
checksum_add(guint32 sum, const guint8 *data, gsize n)
{
    guint64 wide[2] = { 0, 0 }, word[2]; /* in the machine's own order: RFC 1071 section 2 (B) */
    guint8 rest[sizeof word] = { 0 };

    for (; n >= sizeof word; n -= sizeof word, data += sizeof word) {
        memcpy(word, data, sizeof word);
        wide[0] += (word[0] & G_MAXUINT32) + (word[0] >> 32);
        wide[1] += (word[1] & G_MAXUINT32) + (word[1] >> 32);
    }
    if (n > 0)
        memcpy(rest, data, n);
    memcpy(word, rest, sizeof word);
    wide[0] += wide[1] + (word[0] & G_MAXUINT32) + (word[0] >> 32) + (word[1] & G_MAXUINT32) + (word[1] >> 32);
    return fold(sum + (guint64) GUINT16_FROM_BE((guint16) fold(wide[0])));
}

guint16
checksum_finish(guint32 sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (guint16) ~sum;
}

void
checksum_ipv4(guint8 header[IP4_HEADER])
{
    put_u16(header + 10, 0);
    put_u16(header + 10, checksum_finish(checksum_add(0, header, IP4_HEADER)));
}

guint32
checksum_pseudo(const Flow *flow, guint8 protocol, gsize n)
{
    gsize n_address = flow->family == AF_INET ? 4 : 16;
    guint32 sum = checksum_add(0, flow->addresses[FLOW_SOURCE], n_address);

    sum = checksum_add(sum, flow->addresses[FLOW_DESTINATION], n_address);
    return sum + protocol + (guint32) (n >> 16) + (guint32) (n & 0xffff);
}

/* Where the checksum of a packet is that has the pseudo-header in it; NULL: there is none. */
static guint8 *
translated_field(const Flow *flow, guint8 protocol, guint8 *payload, gsize n)
{
    gsize field;

    switch (protocol) {
    case PROTO_TCP: field = 16; break;
    case PROTO_UDP: field = 6; break;
    case PROTO_ICMPV6: field = 2; break;
    default: return NULL;
    }
    if (n < field + 2 || (protocol == PROTO_UDP && flow->family == AF_INET && get_u16(payload + field) == 0))
        return NULL; /* too short to have one, or (RFC 768) none was made */
    return payload + field;
}

static void
put_checksum(guint8 *field, guint8 protocol, guint32 sum)
{
    guint16 value = checksum_finish(sum);

    put_u16(field, protocol == PROTO_UDP && value == 0 ? 0xffff : value);
}

void
checksum_translate(const Flow *flow, guint32 was, guint8 protocol, guint8 *payload, gsize n)
{
    guint8 *field = translated_field(flow, protocol, payload, n);

    if (field != NULL)
        put_checksum(field, protocol, (guint16) ~get_u16(field) + (guint32) checksum_finish(was) + checksum_pseudo(flow, 0, 0));
}

void
checksum_repair(const Flow *flow, guint8 protocol, guint8 *payload, gsize n)
{
    guint8 *field = translated_field(flow, protocol, payload, n);

    if (field == NULL)
        return;
    put_u16(field, 0);
    put_checksum(field, protocol, checksum_add(checksum_pseudo(flow, protocol, n), payload, n));
}
