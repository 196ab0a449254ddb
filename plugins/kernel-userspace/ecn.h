/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ecn.h - congestion marks and code points between inner and outer header (RFC 4301 section 5.1.2, RFC 6040). */
#ifndef USERSPACE_ECN_H
#define USERSPACE_ECN_H

#include "packet.h"

#define ECN_BITS 3

/* RFC 6040 section 4.1, normal mode: what the outer header carries for an inner @tos. */
guint8 ecn_outer(guint8 tos, gboolean copy_dscp, gboolean copy_ecn);

/* Section 4.2: combines @outer into the inner @tos; %FALSE when the packet must be dropped. */
gboolean ecn_inner(guint8 tos, guint8 outer, guint8 *out);

/* Writes @tos into the header that @packet was parsed from, checksum included. */
void ecn_rewrite(guint8 *data, const Packet *packet, guint8 tos);

#endif
