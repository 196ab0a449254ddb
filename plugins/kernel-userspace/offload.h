/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* offload.h - the header that a TUN device with IFF_VNET_HDR puts before each packet (virtio 1.2, section 5.1.6). */
#ifndef USERSPACE_OFFLOAD_H
#define USERSPACE_OFFLOAD_H

#include <glib.h>
#include <string.h>

#define OFFLOAD_HEADER 10
#define OFFLOAD_PACKET_MAX 65536 /* the longest that the device gives or takes */

enum { OFFLOAD_NEEDS_CHECKSUM = 1 }; /* flags */

typedef enum {
    OFFLOAD_NONE = 0,
    OFFLOAD_TCP4 = 1,
    OFFLOAD_TCP6 = 4,
    OFFLOAD_UDP = 5,
    OFFLOAD_ECN = 0x80, /* a bit beside the others */
} OffloadKind;

/**
 * Offload:
 * @n_headers: bytes before the payload that is cut; a hint alone
 * @size: payload of a segment
 * @checksum_from, @checksum_at: with OFFLOAD_NEEDS_CHECKSUM: what is summed, and where in it the sum is to stand, which until
 *   then holds that of the pseudo-header
 */
typedef struct {
    guint8 flags, kind;
    guint16 n_headers, size, checksum_from, checksum_at;
} Offload;

/* The numbers are in the machine's own order. */
static inline void
offload_decode(const guint8 bytes[OFFLOAD_HEADER], Offload *out)
{
    guint16 numbers[4];

    memcpy(numbers, bytes + 2, sizeof numbers);
    *out = (Offload) { bytes[0], bytes[1], numbers[0], numbers[1], numbers[2], numbers[3] };
}

static inline void
offload_encode(const Offload *offload, guint8 bytes[OFFLOAD_HEADER])
{
    const guint16 numbers[4] = { offload->n_headers, offload->size, offload->checksum_from, offload->checksum_at };

    bytes[0] = offload->flags;
    bytes[1] = offload->kind;
    memcpy(bytes + 2, numbers, sizeof numbers);
}

#endif
