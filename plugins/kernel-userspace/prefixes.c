/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefixes.c - an address range as prefixes. */
#include <string.h>

#include "route.h"
#include "selectors.h"

/* Zero bits at the end of @address, of @n bytes. */
static guint
trailing_zeros(const guint8 *address, gsize n)
{
    guint zeros = 0;

    while (zeros < n * 8 && (address[n - 1 - zeros / 8] >> zeros % 8 & 1) == 0)
        zeros++;
    return zeros;
}

/* The last address of the prefix that starts at @first and leaves @host bits free. */
static void
last_of(const guint8 *first, gsize n, guint host, guint8 *out)
{
    memcpy(out, first, n);
    for (guint bit = 0; bit < host; bit++)
        out[n - 1 - bit / 8] |= (guint8) (1 << bit % 8);
}

/* %FALSE when there is none after it. */
static gboolean
increment(guint8 *address, gsize n)
{
    while (n > 0)
        if (++address[--n] != 0)
            return TRUE;
    return FALSE;
}

guint
route_prefixes(const ObolTs *range, RoutePrefix out[ROUTE_PREFIXES_MAX])
{
    gsize n = selector_n_bytes(range);
    guint8 at[16], last[16] = { 0 };
    guint count = 0;

    if (memcmp(range->first, range->last, n) > 0)
        return 0;
    memcpy(at, range->first, sizeof at);
    while (count < ROUTE_PREFIXES_MAX) {
        guint host = trailing_zeros(at, n);

        for (last_of(at, n, host, last); memcmp(last, range->last, n) > 0; last_of(at, n, host, last))
            host--;
        out[count] = (RoutePrefix) { .family = range->family, .bits = (guint16) (n * 8 - host) };
        memcpy(out[count++].address, at, n);
        if (memcmp(last, range->last, n) == 0)
            break;
        memcpy(at, last, n);
        if (!increment(at, n))
            break;
    }
    return count;
}
