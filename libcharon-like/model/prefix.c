/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/prefix.c - a range as the fewest prefixes: each as wide as its first value and the range's last one allow. */
#include <obol/prefix.h>

#include <string.h>
#include <netinet/in.h>

static guint
trailing_zeros(const guint8 *bytes, gsize n_bytes)
{
    guint zeros = 0;

    while (zeros < n_bytes * 8 && (bytes[n_bytes - 1 - zeros / 8] >> zeros % 8 & 1) == 0)
        zeros++;
    return zeros;
}

/* @out: @first with its last @n_free bits set. */
static void
last_of(const guint8 *first, gsize n_bytes, guint n_free, guint8 *out)
{
    memcpy(out, first, n_bytes);
    for (guint bit = 0; bit < n_free; bit++)
        out[n_bytes - 1 - bit / 8] |= (guint8) (1 << bit % 8);
}

static void
increment(guint8 *bytes, gsize n_bytes)
{
    while (n_bytes > 0 && ++bytes[--n_bytes] == 0)
        continue;
}

guint
obol_range_prefixes(const guint8 *first, const guint8 *last, gsize n_bytes, ObolPrefix *out, guint max)
{
    guint8 at[16], end[16];
    guint count = 0;

    g_return_val_if_fail(n_bytes >= 1 && n_bytes <= sizeof at, 0);
    if (memcmp(first, last, n_bytes) > 0)
        return 0;
    memcpy(at, first, n_bytes);
    while (count < max) {
        guint n_free = trailing_zeros(at, n_bytes);

        for (last_of(at, n_bytes, n_free, end); memcmp(end, last, n_bytes) > 0; last_of(at, n_bytes, n_free, end))
            n_free--;
        out[count] = (ObolPrefix) { .bits = (guint8) (n_bytes * 8 - n_free) };
        memcpy(out[count++].bytes, at, n_bytes);
        if (memcmp(end, last, n_bytes) == 0)
            return count;
        memcpy(at, end, n_bytes);
        increment(at, n_bytes);
    }
    return 0;
}

static gsize
n_bytes_of(guint16 family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

guint
obol_ts_prefixes(const ObolTs *ts, ObolPrefix *out, guint max)
{
    gsize n_bytes = n_bytes_of(ts->family);

    return n_bytes != 0 ? obol_range_prefixes(ts->first, ts->last, n_bytes, out, max) : 0;
}

void
obol_ts_from_prefix(guint16 family, const guint8 *bytes, guint n_bits, ObolTs *out)
{
    gsize n_bytes = n_bytes_of(family);

    *out = (ObolTs) { .family = family, .port_last = G_MAXUINT16 };
    memcpy(out->first, bytes, n_bytes);
    for (gsize bit = n_bits; bit < n_bytes * 8; bit++)
        out->first[bit / 8] &= (guint8) ~(0x80 >> bit % 8);
    last_of(out->first, n_bytes, (guint) n_bytes * 8 - MIN(n_bits, (guint) n_bytes * 8), out->last);
}
