/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/put.c - writing numbers and bytes in network order. */
#include "wire/payload.h"

void
obol_put_u8(GByteArray *out, guint8 value)
{
    g_byte_array_append(out, &value, 1);
}

void
obol_put_u16(GByteArray *out, guint16 value)
{
    const guint8 bytes[] = { (guint8) (value >> 8), (guint8) value };

    g_byte_array_append(out, bytes, sizeof bytes);
}

void
obol_put_bytes(GByteArray *out, const guint8 *bytes, gsize n)
{
    if (n > 0)
        g_byte_array_append(out, bytes, (guint) n);
}

void
obol_put_span(GByteArray *out, ObolSpan span)
{
    obol_put_bytes(out, span.data, span.n);
}

void
obol_put_length_at(GByteArray *out, guint at, guint from)
{
    guint length = out->len - from;

    g_return_if_fail(length <= G_MAXUINT16);
    out->data[at] = (guint8) (length >> 8);
    out->data[at + 1] = (guint8) length;
}
