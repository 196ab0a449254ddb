/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw.h - raw sockets: ESP as an IP protocol of its own, and packets that are to leave in clear. */
#ifndef USERSPACE_RAW_H
#define USERSPACE_RAW_H

#include <obol/socket.h>

#define RAW_BATCH 128

typedef struct Raw Raw;

/**
 * raw_open:
 * @esp: ESP itself, in and out; else only packets in clear
 * @status: (out): a negative errno when not even one family can be had
 *
 * Returns: (transfer full): %NULL then.
 */
Raw *raw_open(gboolean esp, guint32 mark, int *status);
void raw_free(Raw *raw);

/* For the loop: the ESP sockets; -1 where a family is missing. */
int raw_fd(const Raw *raw, guint index);
#define RAW_FDS 2

/* Reads one batch; gives the datagrams read, written to @out with the outer addresses and without IP header. */
gsize raw_receive(Raw *raw, guint index, ObolDatagram out[RAW_BATCH]);

/* Gives the datagrams that the system did not take. */
gsize raw_send(Raw *raw, const ObolDatagram *batch, gsize n);

/* A whole IP packet, as it is. */
gboolean raw_send_clear(Raw *raw, const guint8 *packet, gsize n, int family, const guint8 *destination);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Raw, raw_free)

#endif
