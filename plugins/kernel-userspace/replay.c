/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* replay.c - the anti-replay window of RFC 4303 section 3.4.3, as the ring of words of RFC 6479. */
#include "replay.h"

#include <string.h>

#define WORD_BITS 64

void
replay_init(Replay *replay, guint32 window)
{
    guint32 n_words = 1;

    *replay = (Replay) { .window = window > 0 ? MIN(window, REPLAY_WINDOW_MAX) : REPLAY_WINDOW_UNCHECKED, .check = window > 0 };
    /* RFC 6479 section 2: one word more than the window, so that a word is only cleared when all of it is too old. */
    while (n_words < replay->window / WORD_BITS + 2)
        n_words *= 2;
    replay->n_words = n_words;
    replay->words = g_new0(guint64, n_words);
}

void
replay_clear(Replay *replay)
{
    g_clear_pointer(&replay->words, g_free);
}

gboolean
replay_extend(const Replay *replay, guint32 low, guint64 *out)
{
    guint32 top_low = (guint32) replay->top, bottom_low = top_low - replay->window + 1; /* modulo 2^32 as A2.1 */
    guint64 high = replay->top >> 32;

    if (top_low >= replay->window - 1) { /* case A: the window lies in one subspace */
        if (low < bottom_low)
            high++;
    } else if (low >= bottom_low) { /* case B: it spans two, and this is the lower one */
        if (high == 0)
            return FALSE;
        high--;
    }
    if (high > G_MAXUINT32)
        return FALSE;
    *out = high << 32 | low;
    return TRUE;
}

static guint64 *
word_of(const Replay *replay, guint64 number)
{
    return &replay->words[number / WORD_BITS & (replay->n_words - 1)];
}

gboolean
replay_may(const Replay *replay, guint64 number)
{
    if (number == 0) /* section 3.3.3: the first packet has number 1 */
        return FALSE;
    if (!replay->check || number > replay->top)
        return TRUE;
    if (replay->top - number >= replay->window)
        return FALSE;
    return (*word_of(replay, number) >> number % WORD_BITS & 1) == 0;
}

gboolean
replay_mark(Replay *replay, guint64 number)
{
    gboolean newest = number > replay->top;

    if (newest) {
        guint64 from = replay->top / WORD_BITS, n_new = number / WORD_BITS - from;

        for (guint64 i = 1; i <= MIN(n_new, replay->n_words); i++)
            *word_of(replay, (from + i) * WORD_BITS) = 0;
        replay->top = number;
    }
    if (replay->top - number < replay->window)
        *word_of(replay, number) |= (guint64) 1 << number % WORD_BITS;
    return newest;
}
