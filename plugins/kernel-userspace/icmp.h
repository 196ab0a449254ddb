/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icmp.h - tells a sender of this side that its packet is too big (RFC 1191, RFC 4443; RFC 4301 section 8.2). */
#ifndef USERSPACE_ICMP_H
#define USERSPACE_ICMP_H

#include "packet.h"

#define ICMP_MESSAGE_MAX 576 /* RFC 1812 section 4.3.2.3; within the 1280 of IPv6 as well */
#define IP6_MTU_MIN 1280     /* RFC 8200 section 5 */

/* Answers are at most so many at once, and so many a second (RFC 4443 section 2.4 (f)). */
#define ICMP_BURST 16
#define ICMP_PER_SECOND 64

typedef struct {
    gint64 tokens_us;
    gint64 last_us;
} IcmpRate;

gboolean icmp_rate_allows(IcmpRate *rate, gint64 now_us);

/**
 * icmp_too_big:
 * Writes what @data's sender must be told: fragmentation needed, or Packet Too Big, with @mtu.  It comes from the packet's own
 * destination, since the tunnel's device has no address.  0 when nobody must be told: the packet is itself an ICMP error, a
 * later fragment, or for many.
 */
gsize icmp_too_big(const guint8 *data, const Packet *packet, gsize mtu, guint8 out[ICMP_MESSAGE_MAX]);

/**
 * icmp_quoted_flow:
 * RFC 4301 section 6.2: an ICMP error travels against the packet that it quotes.  Gives that packet's flow turned round, which is
 * the one of the SA that the error belongs to; %FALSE when @packet, at @data, is none.
 */
gboolean icmp_quoted_flow(const guint8 *data, const Packet *packet, Flow *out);

#endif
