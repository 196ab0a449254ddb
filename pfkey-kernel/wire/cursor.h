/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/cursor.h - the only way that PF_KEY's bytes are read. */
#ifndef PFKEY_WIRE_CURSOR_H
#define PFKEY_WIRE_CURSOR_H

#include "pfkey-kernel/wire/system.h"

/* Why the bytes were refused: the first broken rule wins.  One a message, shared by all its cursors.  @offset is from the start
 * of the message. */
typedef struct {
    gsize offset;
    PfkeyExtension extension; /* in which it happened; PFKEY_EXT_UNKNOWN with @number 0: the message header */
    guint16 number;           /* what the wire calls that extension */
    const char *rule;         /* NULL: none yet; static string that cites its section, where there is one */
} PfkeyFault;

/* A read-only walk over borrowed bytes.  After a fault every read gives 0 and nothing is left, so loops end, and a decoder
 * reads straight down like the figure in the RFC and asks once, at the end.  Integers are in the host's order (RFC 2367 section
 * 1.3 has one machine at both ends) but for SPIs and ports. */
typedef struct {
    const guint8 *start, *at, *end;
    PfkeyFault *fault;
    gsize base; /* offset of @start within the whole message */
} PfkeyCursor;

PfkeyCursor pfkey_cursor(const guint8 *data, gsize n, PfkeyFault *fault);
guint8 pfkey_cursor_u8(PfkeyCursor *c);
guint16 pfkey_cursor_u16(PfkeyCursor *c);
guint32 pfkey_cursor_u32(PfkeyCursor *c);
guint64 pfkey_cursor_u64(PfkeyCursor *c);
guint16 pfkey_cursor_be16(PfkeyCursor *c); /* network order in, host order out */
guint32 pfkey_cursor_be32(PfkeyCursor *c);
gsize pfkey_cursor_left(const PfkeyCursor *c);
gsize pfkey_cursor_offset(const PfkeyCursor *c); /* within the whole message */
void pfkey_cursor_skip(PfkeyCursor *c, gsize n);
void pfkey_cursor_copy(PfkeyCursor *c, guint8 *out, gsize n); /* zeroes @out after a fault */
PfkeyCursor pfkey_cursor_take(PfkeyCursor *c, gsize n);       /* the next @n bytes, as a cursor */
ObolSpan pfkey_cursor_span(PfkeyCursor *c, gsize n);          /* the next @n bytes, as a span */
ObolSpan pfkey_cursor_rest(PfkeyCursor *c);
void pfkey_cursor_require(PfkeyCursor *c, gboolean holds, const char *rule);
gboolean pfkey_cursor_ok(const PfkeyCursor *c);
gboolean pfkey_cursor_done(PfkeyCursor *c); /* no fault, and nothing left over */

#endif
