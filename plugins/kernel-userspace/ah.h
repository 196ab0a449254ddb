/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ah.h - AH (RFC 4302) put into IP packets and taken for what it is, in place.  Pure: no clock, no I/O, no policy. */
#ifndef USERSPACE_AH_H
#define USERSPACE_AH_H

#include "esp.h"

#define AH_HEADER 12                        /* before the ICV */
#define AH_MAX (AH_HEADER + OBOL_ICV_MAX + 4) /* with what aligns it for IPv6 */
#define AH_IP_HEADERS_MAX 1024              /* of a packet, before AH; more is refused */

/* Which end looks at a header: what changes on the way in a way that can be foreseen is foreseen by the sender. */
typedef enum { AH_SENDING, AH_RECEIVING } AhEnd;

/**
 * Ah:
 * One direction of one SA, as far as bytes go.
 * @sent: the last sequence number used
 * @replay: inbound only
 * @n_failed: packets in a row whose ICV was wrong
 */
typedef struct {
    const ObolMacVtable *calls;
    gpointer mac;
    guint32 spi;
    gboolean esn;
    gsize n_icv;
    guint64 sent;
    Replay replay;
    guint n_failed;
} Ah;

/* What ah_open() has found: where the payload is, and of which protocol. */
typedef struct {
    gsize n_ah;
    guint8 next_header;
    gboolean newest;
} AhOpened;

gboolean ah_init(Ah *ah, const ObolCrypto *crypto, const ObolSuite *suite, guint32 spi, const ObolSecret *integ_key,
                 gboolean inbound, guint32 window, GError **error);
void ah_clear(Ah *ah);

/* Bytes of the AH header: a multiple of 4 in IPv4, of 8 in IPv6 (RFC 4302 section 2.6; Linux errs here unless told so). */
gsize ah_length(const Ah *ah, int family);
gboolean ah_exhausted(const Ah *ah);

/**
 * ah_seal:
 * @packet, @n: a whole IP packet: @n_headers bytes of headers that name AH as the next one and have the final length, then room
 *   for ah_length(), then the payload
 *
 * Only the IPv4 header checksum is still to be made.
 */
EspVerdict ah_seal(Ah *ah, guint8 *packet, gsize n, gsize n_headers, guint8 next_header);

/* @packet, @n: a whole IP packet with AH behind @n_headers bytes.  Nothing is changed. */
EspVerdict ah_open(Ah *ah, const guint8 *packet, gsize n, gsize n_headers, AhOpened *out);

/**
 * ah_canonical:
 * The headers of an IP packet as the ICV sees them (RFC 4302 section 3.3.3.1): what may change on the way is zero, what changes
 * in a way that can be foreseen is as the receiver will see it.  %FALSE when they do not hold together, or hold what can not be
 * foreseen.
 */
gboolean ah_canonical(const guint8 *headers, gsize n, AhEnd end, guint8 *out);

#endif
