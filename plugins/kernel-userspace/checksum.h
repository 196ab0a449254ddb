/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* checksum.h - the Internet checksum (RFC 1071) of headers that we write or repair. */
#ifndef USERSPACE_CHECKSUM_H
#define USERSPACE_CHECKSUM_H

#include "packet.h"

/* Adds @n bytes to a running sum; only the last run may have an odd length. */
guint32 checksum_add(guint32 sum, const guint8 *data, gsize n);
/* The checksum field's value, host order. */
guint16 checksum_finish(guint32 sum);

/* Writes the header checksum of the 20-byte IPv4 header @header. */
void checksum_ipv4(guint8 header[IP4_HEADER]);

/* Of the pseudo-header: addresses of @flow, @protocol, @n bytes of upper layer. */
guint32 checksum_pseudo(const Flow *flow, guint8 protocol, gsize n);

/**
 * checksum_translate:
 * @was: checksum_pseudo() of the addresses that the sender knew, with neither protocol nor length
 *
 * RFC 3948 section 3.1.2: an upper layer whose checksum was made with addresses that a NAT has changed since gets the one for those of
 * @flow.  What was wrong stays wrong (RFC 1624).  @n bytes at @payload, whole, not a fragment.
 */
void checksum_translate(const Flow *flow, guint32 was, guint8 protocol, guint8 *payload, gsize n);

/**
 * checksum_repair:
 * Likewise where nobody has told which addresses those were: it gets a new one.
 * The packet is authentic, so nothing is lost by not looking at the old one.  @n bytes at @payload, whole, not a fragment.
 */
void checksum_repair(const Flow *flow, guint8 protocol, guint8 *payload, gsize n);

#endif
