/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bytes.h - numbers in network order, and a reader that can not leave its bytes. */
#ifndef USERSPACE_BYTES_H
#define USERSPACE_BYTES_H

#include <glib.h>
#include <string.h>

static inline guint16
get_u16(const guint8 *at)
{
    return (guint16) (at[0] << 8 | at[1]);
}

static inline guint32
get_u32(const guint8 *at)
{
    return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

static inline void
put_u16(guint8 *at, guint16 value)
{
    at[0] = (guint8) (value >> 8);
    at[1] = (guint8) value;
}

static inline void
put_u32(guint8 *at, guint32 value)
{
    put_u16(at, (guint16) (value >> 16));
    put_u16(at + 2, (guint16) value);
}

/* A walk over a packet.  After a read past the end every read gives zeros and @ok is FALSE for good. */
typedef struct {
    const guint8 *start, *at, *end;
    gboolean ok;
} Reader;

static inline Reader
reader(const guint8 *data, gsize n)
{
    return (Reader) { data, data, data + n, TRUE };
}

static inline gsize
reader_offset(const Reader *r)
{
    return (gsize) (r->at - r->start);
}

/* The next @n bytes, or zeros. @n is at most 40, an IPv6 header. */
static inline const guint8 *
reader_take(Reader *r, gsize n)
{
    static const guint8 zeros[40];
    const guint8 *at = r->at;

    if (!r->ok || n > sizeof zeros || n > (gsize) (r->end - r->at)) {
        r->ok = FALSE;
        return zeros;
    }
    r->at += n;
    return at;
}

static inline void
reader_skip(Reader *r, gsize n)
{
    if (!r->ok || n > (gsize) (r->end - r->at))
        r->ok = FALSE;
    else
        r->at += n;
}

#endif
