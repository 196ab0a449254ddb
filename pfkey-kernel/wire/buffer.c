/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/buffer.c - a growing run of bytes that may hold keys. */
#include "pfkey-kernel/wire/buffer.h"

#include <string.h>

#include <obol/secret.h>

#include "pfkey-kernel/wire/system.h"

#define ROOM_MIN 256

void
pfkey_buffer_clear(PfkeyBuffer *buffer)
{
    if (buffer->data != NULL)
        obol_wipe(buffer->data, buffer->room);
    g_free(buffer->data);
    *buffer = (PfkeyBuffer) PFKEY_BUFFER_INIT;
}

void
pfkey_buffer_truncate(PfkeyBuffer *buffer, gsize n)
{
    g_return_if_fail(n <= buffer->n);
    if (n < buffer->n)
        obol_wipe(buffer->data + n, buffer->n - n);
    buffer->n = n;
}

void
pfkey_buffer_empty(PfkeyBuffer *buffer)
{
    pfkey_buffer_truncate(buffer, 0);
}

/* Not realloc(): it may leave the old bytes behind. */
void
pfkey_buffer_reserve(PfkeyBuffer *buffer, gsize n)
{
    gsize room = MAX(buffer->room, ROOM_MIN);
    guint8 *moved;

    if (n <= buffer->room - buffer->n)
        return;
    g_assert(n <= G_MAXSIZE / 4 - buffer->n);
    while (room - buffer->n < n)
        room *= 2;
    moved = g_malloc(room);
    if (buffer->n > 0)
        memcpy(moved, buffer->data, buffer->n);
    if (buffer->data != NULL)
        obol_wipe(buffer->data, buffer->room);
    g_free(buffer->data);
    buffer->data = moved;
    buffer->room = room;
}

guint8 *
pfkey_buffer_grow(PfkeyBuffer *buffer, gsize n)
{
    guint8 *grown;

    pfkey_buffer_reserve(buffer, n);
    grown = buffer->data + buffer->n;
    if (n > 0)
        memset(grown, 0, n);
    buffer->n += n;
    return grown;
}

void
pfkey_buffer_drop(PfkeyBuffer *buffer, gsize n)
{
    g_return_if_fail(n <= buffer->n);
    if (n > 0 && n < buffer->n)
        memmove(buffer->data, buffer->data + n, buffer->n - n);
    pfkey_buffer_truncate(buffer, buffer->n - n);
}

void
pfkey_put_bytes(PfkeyBuffer *out, const guint8 *bytes, gsize n)
{
    guint8 *grown = pfkey_buffer_grow(out, n);

    if (n > 0)
        memcpy(grown, bytes, n);
}

void
pfkey_put_u8(PfkeyBuffer *out, guint8 value)
{
    pfkey_put_bytes(out, &value, sizeof value);
}

void
pfkey_put_u16(PfkeyBuffer *out, guint16 value)
{
    pfkey_put_bytes(out, (const guint8 *) &value, sizeof value);
}

void
pfkey_put_u32(PfkeyBuffer *out, guint32 value)
{
    pfkey_put_bytes(out, (const guint8 *) &value, sizeof value);
}

void
pfkey_put_u64(PfkeyBuffer *out, guint64 value)
{
    pfkey_put_bytes(out, (const guint8 *) &value, sizeof value);
}

void
pfkey_put_be16(PfkeyBuffer *out, guint16 value)
{
    pfkey_put_u16(out, GUINT16_TO_BE(value));
}

void
pfkey_put_be32(PfkeyBuffer *out, guint32 value)
{
    pfkey_put_u32(out, GUINT32_TO_BE(value));
}

void
pfkey_put_zeros(PfkeyBuffer *out, gsize n)
{
    pfkey_buffer_grow(out, n);
}

void
pfkey_put_padding(PfkeyBuffer *out, gsize start)
{
    gsize over = (out->n - start) % PFKEY_WORD;

    if (over > 0)
        pfkey_put_zeros(out, PFKEY_WORD - over);
}

void
pfkey_set_u16(PfkeyBuffer *out, gsize at, guint16 value)
{
    g_return_if_fail(at <= out->n && out->n - at >= sizeof value);
    memcpy(out->data + at, &value, sizeof value);
}
