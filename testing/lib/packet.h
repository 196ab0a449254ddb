/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/packet.h - from a captured frame down to what UDP or ESP carried. */
#ifndef OBOL_TESTING_PACKET_H
#define OBOL_TESTING_PACKET_H

#include "lib/pcap.h"
#include "wire/cursor.h"

/* IP fragments that still wait for the rest of their datagram. */
typedef struct ObolFragments ObolFragments;

ObolFragments *obol_fragments_new(void);
void obol_fragments_free(ObolFragments *fragments);

/**
 * obol_packet_read:
 * @frame: one frame, its fault fresh
 * @link_type: LINKTYPE_ number of the file format
 * @fragments: of this capture
 * @out: all but the frame's number; the payload lies in @frame, or in @store when it was put together from fragments
 * @store: (element-type GBytes): what must live as long as @out
 */
gboolean obol_packet_read(ObolCursor frame, guint link_type, ObolFragments *fragments, ObolCaptured *out,
                          GPtrArray *store);

#endif
