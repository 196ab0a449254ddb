/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-windows.c - what tests of larger windows ask of a pair (RFC 7296 section 2.3). */
#include "exchange/pair.h"

static const char *const names[PAIR_FURTHER_MAX] = { "a", "b", "c", "d", "e", "f" };

Pair *
pair_with_windows(guint16 left, guint16 right, guint n)
{
    Pair *pair = pair_new(&(PairSetup) { .window = { left, right } });

    g_assert_cmpuint(n, <=, PAIR_FURTHER_MAX);
    for (guint i = 0; i < n; i++) {
        g_autofree char *ours = g_strdup_printf("10.%u.0.0/16", 10 + i), *theirs = g_strdup_printf("10.%u.0.0/16", 30 + i);

        pair_add_child(pair, names[i], ours, theirs);
    }
    pair_establish(pair);
    return pair;
}

void
pair_initiate_further(Pair *pair, PairSide *side, guint first, guint n)
{
    for (guint i = first; i < first + n; i++)
        pair_initiate_child(pair, side, names[i], 10 + i);
}

void
pair_turn_wire(Pair *pair)
{
    g_queue_reverse(pair->wire);
}

guint32
pair_id_of(const PairPacket *packet)
{
    ObolWireFault fault;
    ObolHeader header;

    g_assert_true(obol_header_decode(packet->bytes->data, packet->bytes->len, &header, &fault));
    return header.message_id;
}
