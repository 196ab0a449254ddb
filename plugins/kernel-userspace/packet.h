/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packet.h - what the headers of one IP packet say; the only place that reads them. */
#ifndef USERSPACE_PACKET_H
#define USERSPACE_PACKET_H

#include <obol/address.h>

#define IP4_HEADER 20
#define IP6_HEADER 40
#define IP6_EXTENSIONS_MAX 8 /* before the upper layer; more is refused */

enum {
    PROTO_HOP_BY_HOP = 0,
    PROTO_ICMP = 1,
    PROTO_IPIP = 4,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_IPV6 = 41,
    PROTO_ROUTING = 43,
    PROTO_FRAGMENT = 44,
    PROTO_ESP = 50,
    PROTO_AH = 51,
    PROTO_ICMPV6 = 58,
    PROTO_NONE = 59, /* RFC 4303 section 2.6: a dummy packet */
    PROTO_DESTINATION = 60,
    PROTO_DCCP = 33,
    PROTO_BEET = 94, /* what Linux gives the pseudo-header of IPv4 options */
    PROTO_IPCOMP = 108,
    PROTO_SCTP = 132,
    PROTO_UDPLITE = 136,
    PROTO_MOBILITY = 135,
};

typedef enum { FLOW_SOURCE, FLOW_DESTINATION } FlowEnd;

/**
 * Flow:
 * What a packet's selectors are (RFC 4301 section 4.4.1.1), as a value without holes: compared and hashed as bytes.
 * @opaque: the ports are not to be had: a fragment that is not the first, or too short for them
 * @ports: host order; for ICMP both are type and code, for mobility the type in the high byte
 */
typedef struct {
    guint16 family;
    guint8 protocol;
    guint8 opaque;
    guint16 ports[2];
    guint8 addresses[2][16];
} Flow;

G_STATIC_ASSERT(sizeof(Flow) == 40);

/**
 * Packet:
 * @n: the packet's length by its own header; what lies behind is no part of it (TFC padding, RFC 4303 section 2.7)
 * @n_header: bytes before the upper layer; of a fragment: before the fragment's data
 * @n_fixed: bytes before the destination options or the upper layer: what transport mode leaves outside (IPv6), or the header
 * @next_after_fixed: the protocol number of what stands there; @fixed_next_at: where it is written
 * @upper_next_at: where the upper layer's protocol number is written
 * @tos: DSCP and ECN
 * @fragment: is one; @offset in bytes, @more follow, @id; its data stands from @fragment_at on and is of @fragment_next
 * @options: IPv4 options, or IPv6 extension headers that transport mode would have to leave outside
 */
typedef struct {
    Flow flow;
    gsize n, n_header, n_fixed;
    gsize fragment_at;
    guint8 next_after_fixed, fragment_next;
    guint16 fixed_next_at, upper_next_at;
    guint8 tos, ttl;
    gboolean df, fragment, more, options;
    guint32 offset, id;
} Packet;

/* %FALSE when the headers do not hold together, or the packet is longer than @n bytes. */
gboolean packet_parse(const guint8 *data, gsize n, Packet *out);

/* The start of a packet, as ICMP errors quote it: it may end anywhere behind its headers. */
gboolean packet_parse_start(const guint8 *data, gsize n, Packet *out);

/* One end of a flow, with its port. */
void flow_address(const Flow *flow, FlowEnd end, ObolAddress *out);

#endif
