/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* upper.h - TCP and UDP headers, as far as cutting and joining segments goes. */
#ifndef USERSPACE_UPPER_H
#define USERSPACE_UPPER_H

#include "packet.h"

#define TCP_HEADER 20
#define UDP_HEADER 8

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_URG = 0x20, TCP_ECE = 0x40, TCP_CWR = 0x80 };

/* The header's length, of @n bytes at @upper; 0 when there is no whole header, or the protocol is another. */
gsize upper_header(guint8 protocol, const guint8 *upper, gsize n);

/* Where in it the checksum stands. */
gsize upper_checksum_at(guint8 protocol);

/* Makes @packet at @data one of @n bytes: the lengths of IP and UDP, and IPv4's checksum. */
void upper_set_length(guint8 *data, const Packet *packet, gsize n);

/* @pseudo: sum of the pseudo-header without its length. */
void upper_write_checksum(guint8 *upper, guint8 protocol, gsize n, guint32 pseudo);
gboolean upper_checksum_right(const guint8 *upper, gsize n, guint32 pseudo);

#endif
