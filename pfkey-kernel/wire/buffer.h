/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/buffer.h - a growing run of bytes that may hold keys: wiped when it moves, is emptied or goes. */
#ifndef PFKEY_WIRE_BUFFER_H
#define PFKEY_WIRE_BUFFER_H

#include <obol/macros.h>

/* Zeroed is empty.  @data and @n are for reading; they change with every call below. */
typedef struct {
    guint8 *data;
    gsize n, room;
} PfkeyBuffer;

#define PFKEY_BUFFER_INIT { NULL, 0, 0 }

void pfkey_buffer_clear(PfkeyBuffer *buffer); /* wipes and frees */
void pfkey_buffer_empty(PfkeyBuffer *buffer); /* wipes, and keeps the room */
void pfkey_buffer_reserve(PfkeyBuffer *buffer, gsize n); /* room for @n more */
/* @n more bytes, zeroed, for the caller to fill at once. */
guint8 *pfkey_buffer_grow(PfkeyBuffer *buffer, gsize n);
void pfkey_buffer_drop(PfkeyBuffer *buffer, gsize n); /* the first @n bytes are done with */
void pfkey_buffer_truncate(PfkeyBuffer *buffer, gsize n); /* what is behind the first @n goes */

void pfkey_put_u8(PfkeyBuffer *out, guint8 value);
void pfkey_put_u16(PfkeyBuffer *out, guint16 value); /* host order */
void pfkey_put_u32(PfkeyBuffer *out, guint32 value);
void pfkey_put_u64(PfkeyBuffer *out, guint64 value);
void pfkey_put_be16(PfkeyBuffer *out, guint16 value);
void pfkey_put_be32(PfkeyBuffer *out, guint32 value);
void pfkey_put_bytes(PfkeyBuffer *out, const guint8 *bytes, gsize n);
void pfkey_put_zeros(PfkeyBuffer *out, gsize n);
/* Zeros until what began at @start is a whole number of words of 64 bits (RFC 2367 section 2.2). */
void pfkey_put_padding(PfkeyBuffer *out, gsize start);
/* Overwrites two bytes that were put at @at. */
void pfkey_set_u16(PfkeyBuffer *out, gsize at, guint16 value);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PfkeyBuffer, pfkey_buffer_clear)

#endif
