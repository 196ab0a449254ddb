/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/cursor.c - the only way that bytes from outside are read. */
#include "wire/cursor.h"

#include <string.h>

#include <obol/numbers.h>

#define RULE_SHORT "a field runs past the end of what holds it (RFC 7296 section 3)"
#define RULE_LEFT_OVER "bytes are left over after the last field (RFC 7296 section 3)"

ObolCursor
obol_cursor(const guint8 *data, gsize n, ObolWireFault *fault)
{
    return (ObolCursor) { .start = data, .at = data, .end = n == 0 ? data : data + n, .fault = fault };
}

static void
refuse(ObolCursor *c, const char *rule)
{
    if (c->fault->rule != NULL)
        return;
    c->fault->offset = c->base + (gsize) (c->at - c->start);
    c->fault->notify = OBOL_N_INVALID_SYNTAX;
    c->fault->rule = rule;
}

gsize
obol_cursor_left(const ObolCursor *c)
{
    return c->fault->rule == NULL ? (gsize) (c->end - c->at) : 0;
}

/* The next @n bytes, or NULL with the fault set: the one place where a bound is checked. */
static const guint8 *
advance(ObolCursor *c, gsize n)
{
    const guint8 *bytes = c->at;

    if (c->fault->rule != NULL)
        return NULL;
    if (n > (gsize) (c->end - c->at)) {
        refuse(c, RULE_SHORT);
        return NULL;
    }
    if (n > 0)
        c->at += n;
    return bytes;
}

static guint64
big_endian(ObolCursor *c, gsize n)
{
    const guint8 *bytes = advance(c, n);
    guint64 value = 0;

    for (gsize i = 0; bytes != NULL && i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

guint8
obol_cursor_u8(ObolCursor *c)
{
    return (guint8) big_endian(c, 1);
}

guint16
obol_cursor_u16(ObolCursor *c)
{
    return (guint16) big_endian(c, 2);
}

guint32
obol_cursor_u32(ObolCursor *c)
{
    return (guint32) big_endian(c, 4);
}

guint64
obol_cursor_u64(ObolCursor *c)
{
    return big_endian(c, 8);
}

void
obol_cursor_skip(ObolCursor *c, gsize n)
{
    advance(c, n);
}

void
obol_cursor_copy(ObolCursor *c, guint8 *out, gsize n)
{
    const guint8 *bytes = advance(c, n);

    if (n == 0)
        return;
    if (bytes != NULL)
        memcpy(out, bytes, n);
    else
        memset(out, 0, n);
}

ObolCursor
obol_cursor_take(ObolCursor *c, gsize n)
{
    gsize base = c->base + (gsize) (c->at - c->start);
    const guint8 *bytes = advance(c, n);
    ObolCursor taken = obol_cursor(bytes, bytes != NULL ? n : 0, c->fault);

    taken.base = base;
    return taken;
}

ObolSpan
obol_cursor_span(ObolCursor *c, gsize n)
{
    const guint8 *bytes = advance(c, n);

    return bytes != NULL && n > 0 ? (ObolSpan) { bytes, n } : (ObolSpan) { NULL, 0 };
}

ObolSpan
obol_cursor_rest(ObolCursor *c)
{
    return obol_cursor_span(c, obol_cursor_left(c));
}

void
obol_cursor_require(ObolCursor *c, gboolean holds, const char *rule)
{
    if (!holds)
        refuse(c, rule);
}

gboolean
obol_cursor_ok(const ObolCursor *c)
{
    return c->fault->rule == NULL;
}

gboolean
obol_cursor_done(ObolCursor *c)
{
    obol_cursor_require(c, obol_cursor_left(c) == 0, RULE_LEFT_OVER);
    return obol_cursor_ok(c);
}
