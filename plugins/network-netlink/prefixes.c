/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefixes.c - a range of addresses as the fewest prefixes: halves of halves, until one lies inside as a whole. */
#include "prefixes.h"

#include <string.h>

typedef struct {
    const ObolTs *range;
    gsize n; /* bytes of an address */
    Prefix *out;
    guint count;
} Cover;

static void
cover(Cover *c, const Prefix *half)
{
    guint8 last[16];
    Prefix next = *half;

    memcpy(last, half->address.bytes, sizeof last);
    for (gsize bit = half->bits; bit < c->n * 8; bit++)
        last[bit / 8] |= (guint8) (0x80 >> bit % 8);
    if (memcmp(last, c->range->first, c->n) < 0 || memcmp(half->address.bytes, c->range->last, c->n) > 0)
        return;
    if (memcmp(half->address.bytes, c->range->first, c->n) >= 0 && memcmp(last, c->range->last, c->n) <= 0) {
        if (c->count < PREFIXES_MAX)
            c->out[c->count++] = *half;
        return;
    }
    next.bits++;
    cover(c, &next);
    next.address.bytes[half->bits / 8] |= (guint8) (0x80 >> half->bits % 8);
    cover(c, &next);
}

guint
prefixes_of(const ObolTs *range, Prefix out[PREFIXES_MAX])
{
    const Prefix everything = { .address = { .family = range->family } };
    Cover c = { .range = range, .n = obol_address_n_bytes(&everything.address), .out = out };

    if (c.n == 0 || memcmp(range->first, range->last, c.n) > 0)
        return 0;
    cover(&c, &everything);
    return c.count;
}
