/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/cursor.c - the only way that PF_KEY's bytes are read. */
#include "pfkey-kernel/wire/cursor.h"

#include <string.h>

#define RULE_SHORT "a field runs past the end of what holds it (RFC 2367 section 2.2)"
#define RULE_LEFT_OVER "bytes are left over after the last field (RFC 2367 section 2.2)"

PfkeyCursor
pfkey_cursor(const guint8 *data, gsize n, PfkeyFault *fault)
{
    return (PfkeyCursor) { .start = data, .at = data, .end = n == 0 ? data : data + n, .fault = fault };
}

static void
refuse(PfkeyCursor *c, const char *rule)
{
    if (c->fault->rule != NULL)
        return;
    c->fault->offset = pfkey_cursor_offset(c);
    c->fault->rule = rule;
}

gsize
pfkey_cursor_left(const PfkeyCursor *c)
{
    return c->fault->rule == NULL ? (gsize) (c->end - c->at) : 0;
}

gsize
pfkey_cursor_offset(const PfkeyCursor *c)
{
    return c->base + (gsize) (c->at - c->start);
}

/* The next @n bytes, or NULL with the fault set: the one place where a bound is checked. */
static const guint8 *
advance(PfkeyCursor *c, gsize n)
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

void
pfkey_cursor_copy(PfkeyCursor *c, guint8 *out, gsize n)
{
    const guint8 *bytes = advance(c, n);

    if (n == 0)
        return;
    if (bytes != NULL)
        memcpy(out, bytes, n);
    else
        memset(out, 0, n);
}

guint8
pfkey_cursor_u8(PfkeyCursor *c)
{
    guint8 value;

    pfkey_cursor_copy(c, &value, sizeof value);
    return value;
}

guint16
pfkey_cursor_u16(PfkeyCursor *c)
{
    guint16 value;

    pfkey_cursor_copy(c, (guint8 *) &value, sizeof value);
    return value;
}

guint32
pfkey_cursor_u32(PfkeyCursor *c)
{
    guint32 value;

    pfkey_cursor_copy(c, (guint8 *) &value, sizeof value);
    return value;
}

guint64
pfkey_cursor_u64(PfkeyCursor *c)
{
    guint64 value;

    pfkey_cursor_copy(c, (guint8 *) &value, sizeof value);
    return value;
}

guint16
pfkey_cursor_be16(PfkeyCursor *c)
{
    guint16 value = pfkey_cursor_u16(c); /* the macro names its argument twice */

    return GUINT16_FROM_BE(value);
}

guint32
pfkey_cursor_be32(PfkeyCursor *c)
{
    guint32 value = pfkey_cursor_u32(c);

    return GUINT32_FROM_BE(value);
}

void
pfkey_cursor_skip(PfkeyCursor *c, gsize n)
{
    advance(c, n);
}

PfkeyCursor
pfkey_cursor_take(PfkeyCursor *c, gsize n)
{
    gsize base = pfkey_cursor_offset(c);
    const guint8 *bytes = advance(c, n);
    PfkeyCursor taken = pfkey_cursor(bytes, bytes != NULL ? n : 0, c->fault);

    taken.base = base;
    return taken;
}

ObolSpan
pfkey_cursor_span(PfkeyCursor *c, gsize n)
{
    const guint8 *bytes = advance(c, n);

    return bytes != NULL && n > 0 ? (ObolSpan) { bytes, n } : (ObolSpan) { NULL, 0 };
}

ObolSpan
pfkey_cursor_rest(PfkeyCursor *c)
{
    return pfkey_cursor_span(c, pfkey_cursor_left(c));
}

void
pfkey_cursor_require(PfkeyCursor *c, gboolean holds, const char *rule)
{
    if (!holds)
        refuse(c, rule);
}

gboolean
pfkey_cursor_ok(const PfkeyCursor *c)
{
    return c->fault->rule == NULL;
}

gboolean
pfkey_cursor_done(PfkeyCursor *c)
{
    pfkey_cursor_require(c, pfkey_cursor_left(c) == 0, RULE_LEFT_OVER);
    return pfkey_cursor_ok(c);
}
