/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* beet.c - bound end-to-end tunnels: IPv4 options in their pseudo-header. */
#include "beet.h"

#include <string.h>

#define UNIT 8
#define OPTION_NOP 1

/* The options end on a multiple of 8; what is missing is NOPs before them. */
gsize
beet_wrap_options(guint8 *payload, gsize n_options, guint8 next)
{
    gsize n_pad = (UNIT - (BEET_HEADER + n_options) % UNIT) % UNIT, n_all = BEET_HEADER + n_pad + n_options;
    guint8 *at = payload - n_all;

    at[0] = next;
    at[1] = (guint8) (n_all / UNIT - 1);
    at[2] = (guint8) n_pad;
    at[3] = 0;
    memset(at + BEET_HEADER, OPTION_NOP, n_pad);
    return n_all;
}

gboolean
beet_parse(const guint8 *data, gsize n, BeetHeader *out)
{
    gsize n_before;

    if (n < BEET_HEADER)
        return FALSE;
    n_before = BEET_HEADER + data[2];
    out->n_all = (data[1] + 1u) * UNIT;
    out->next = data[0];
    if (out->n_all > n || n_before > out->n_all)
        return FALSE;
    out->options = data + n_before;
    out->n_options = out->n_all - n_before;
    return out->n_options % 4 == 0 && out->n_options <= BEET_OPTIONS_MAX;
}
