/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* segments.h - what a device with segmentation offload gives, cut into packets that a wire carries. */
#ifndef USERSPACE_SEGMENTS_H
#define USERSPACE_SEGMENTS_H

#include "offload.h"
#include "packet.h"

/**
 * Segments:
 * One packet of the device, while it is cut.
 * @n_headers: of IP and the upper layer; repeated before each segment
 * @size: payload of a segment, but for the last one
 * @at: where the next one starts; @n when all are made
 * @pseudo: sum of the pseudo-header without the length
 */
typedef struct {
    const guint8 *data;
    gsize n, n_headers, size, at;
    guint32 pseudo;
    guint index;
    Packet packet;
    Offload offload;
} Segments;

/* @n bytes, a header of offload.h first; borrowed until all is cut.  %FALSE when they do not hold together, or a segment would
 * have more than @n_max bytes. */
gboolean segments_begin(Segments *segments, const guint8 *bytes, gsize n, gsize n_max);

/* The next packet, whole and with its checksums, into @out, which has room for @n_max bytes.  Gives its length; 0 when there is
 * none left. */
gsize segments_next(Segments *segments, guint8 *out);

#endif
