/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw-ah.h - raw sockets that AH comes in by, with the IP headers that it answers for. */
#ifndef USERSPACE_RAW_AH_H
#define USERSPACE_RAW_AH_H

#include "core.h"

#define RAW_AH_BATCH 16
#define RAW_AH_FDS 2

typedef struct RawAh RawAh;

/* (transfer full): %NULL with a negative errno in @status when there are none for any family. */
RawAh *raw_ah_open(guint32 mark, int *status);
void raw_ah_free(RawAh *raw);
/* For the loop: IPv4 and IPv6; negative where a family is missing. */
int raw_ah_fd(const RawAh *raw, guint index);
/* Reads one batch of whole packets. */
gsize raw_ah_receive(RawAh *raw, guint index, CorePacket out[RAW_AH_BATCH]);

struct msghdr;
/**
 * raw_ah_join:
 * IPv6 keeps a packet's headers from a raw socket, but tells them one by one (RFC 3542): puts them together again before
 * @payload.
 * @n_before: room there
 *
 * Gives the bytes put; 0 when there is no room, or something is missing.  Class, flow label and hop limit are no part of what AH
 * answers for; of them only the class is told.
 */
gsize raw_ah_join(struct msghdr *message, const ObolAddress *source, guint8 *payload, gsize n_payload, gsize n_before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RawAh, raw_ah_free)

#endif
