/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* esp.h - ESP (RFC 4303) put around payloads and taken off, in place, many at a time.  Pure: no clock, no I/O, no policy. */
#ifndef USERSPACE_ESP_H
#define USERSPACE_ESP_H

#include <obol/crypto.h>

#include "replay.h"

#define ESP_HEADER 8                            /* SPI and sequence number */
#define ESP_HEADROOM (ESP_HEADER + OBOL_IV_MAX) /* before a payload that is to be sealed */
/* RFC 4303 appendix A3: after so many packets in a row that did not open, the next is tried with the following high halves of the
 * extended number too; more than 2^32 packets may have been lost.  A forger makes us work a sixteenth more by it. */
#define RESYNC_EVERY 64
#define RESYNC_SUBSPACES 4

#define ESP_TAILROOM (255 + 2 + OBOL_ICV_MAX)   /* behind it: padding, its length, next header, ICV */

typedef enum {
    ESP_OK,
    ESP_DUMMY,     /* authentic, next header 59: nothing to deliver (RFC 4303 section 2.6) */
    ESP_SHORT,     /* too short for its algorithms */
    ESP_REPLAYED,  /* seen before, or older than the window */
    ESP_FORGED,    /* the ICV is wrong */
    ESP_PADDING,   /* authentic, but the padding is not as section 2.4 wants it */
    ESP_EXHAUSTED, /* the sequence numbers are used up (section 3.3.3) */
    ESP_NO_ROOM,   /* the buffer does not hold the result */
    ESP_BACKEND,   /* the cryptographic library failed */
} EspVerdict;

/**
 * Esp:
 * One direction of one SA, as far as bytes go.
 * @sent: the last sequence number used
 * @replay: inbound only
 * @n_failed: packets in a row that did not open
 * @tail: with ESN and an integrity algorithm of its own the high half is authenticated behind the ciphertext, with an AEAD
 *   before it (sections 2.2.1, RFC 4106 section 5)
 */
typedef struct {
    ObolGuard *guard;
    guint32 spi;
    gboolean esn, tail;
    gsize n_iv, n_icv, align;
    guint64 sent;
    Replay replay;
    guint n_failed;
} Esp;

/**
 * EspPacket:
 * @data, @n: seal: the payload in, the ESP packet out.  open: the ESP packet in, the payload out, with what TFC padding there is
 * @n_before, @n_behind: seal: bytes of the same buffer that may be used before and behind @data
 * @n_pad_to: seal: TFC padding: the payload is filled with zeros up to this length
 * @next_header: seal: in.  open: out
 * @newest: open: (out): the highest number so far
 */
typedef struct {
    guint8 *data;
    gsize n, n_before, n_behind, n_pad_to;
    guint8 next_header;
    gboolean newest;
    EspVerdict verdict;
} EspPacket;

/* @suite names the algorithms, @window is for inbound SAs and ignored with @inbound FALSE.  %FALSE with @error set. */
gboolean esp_init(Esp *esp, const ObolCrypto *crypto, const ObolSuite *suite, guint32 spi, const ObolSecret *encr_key,
                  const ObolSecret *integ_key, gboolean inbound, guint32 window, GError **error);
void esp_clear(Esp *esp);

void esp_seal(Esp *esp, EspPacket *packets, gsize n);
void esp_open(Esp *esp, EspPacket *packets, gsize n);

/* The longest payload whose ESP packet, from SPI to ICV, has at most @n bytes; 0 for none. */
gsize esp_payload_max(const Esp *esp, gsize n);

/* May a number follow the last one? */
gboolean esp_exhausted(const Esp *esp);

#endif
