/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/cursor.h - the only way that bytes from outside are read. */
#ifndef OBOL_WIRE_CURSOR_H
#define OBOL_WIRE_CURSOR_H

#include <obol/macros.h>

/* Why the bytes were refused: the first broken rule wins.  One a message, shared by all its cursors.  @offset is from the
 * start of the datagram, or of the decrypted payloads; @payload is the payload type in which it happened, 0: the header. */
typedef struct {
    gsize offset;
    guint8 payload;
    guint16 notify;   /* what RFC 7296 wants the peer to be told: INVALID_SYNTAX unless set otherwise; 0: nothing */
    const char *rule; /* NULL: none yet; static string that cites its section */
} ObolWireFault;

/* A read-only walk over borrowed bytes.  After a fault every read gives 0 and nothing is left, so loops end, and a decoder
 * reads straight down like the figure in the RFC and asks once, at the end. */
typedef struct {
    const guint8 *start, *at, *end;
    ObolWireFault *fault;
    gsize base; /* offset of @start within the whole message, for the fault */
} ObolCursor;

ObolCursor obol_cursor(const guint8 *data, gsize n, ObolWireFault *fault);
guint8 obol_cursor_u8(ObolCursor *c);
guint16 obol_cursor_u16(ObolCursor *c); /* network order in, host order out */
guint32 obol_cursor_u32(ObolCursor *c);
guint64 obol_cursor_u64(ObolCursor *c);
gsize obol_cursor_left(const ObolCursor *c);
void obol_cursor_skip(ObolCursor *c, gsize n);
void obol_cursor_copy(ObolCursor *c, guint8 *out, gsize n); /* zeroes @out after a fault */
ObolCursor obol_cursor_take(ObolCursor *c, gsize n);        /* the next @n bytes, as a cursor */
ObolSpan obol_cursor_span(ObolCursor *c, gsize n);          /* the next @n bytes, as a span */
ObolSpan obol_cursor_rest(ObolCursor *c);
void obol_cursor_require(ObolCursor *c, gboolean holds, const char *rule);
gboolean obol_cursor_ok(const ObolCursor *c);
gboolean obol_cursor_done(ObolCursor *c); /* no fault, and nothing left over */

#endif
