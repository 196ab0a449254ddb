/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/nearest.c - what somebody may have meant: the closest name by edit distance. */
#include "settings/settings.h"

#include <string.h>

#define WORD_MAX 40 /* longer words are not compared: no key is so long */

/* Insertions, deletions, substitutions and swaps of neighbours, each one step. */
static guint
distance(const char *a, gsize n_a, const char *b, gsize n_b)
{
    guint rows[3][WORD_MAX + 1];
    guint *before = rows[0], *last = rows[1], *now = rows[2];

    for (gsize j = 0; j <= n_b; j++)
        last[j] = (guint) j;
    for (gsize i = 1; i <= n_a; i++) {
        guint *spare = before;

        now[0] = (guint) i;
        for (gsize j = 1; j <= n_b; j++) {
            gboolean same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);

            now[j] = MIN(MIN(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[n_b];
}

const char *
obol_nearest_name(const char *word, const char *const *names)
{
    gsize n_word = strlen(word);
    guint best = (guint) MAX(n_word / 3, 1) + 1; /* a third may be wrong; one letter of a short word */
    const char *nearest = NULL;

    if (n_word > WORD_MAX)
        return NULL;
    for (; *names != NULL; names++) {
        gsize n_name = strlen(*names);
        guint steps;

        if (n_name > WORD_MAX)
            continue;
        steps = distance(word, n_word, *names, n_name);
        if (steps < best) {
            best = steps;
            nearest = *names;
        }
    }
    return nearest;
}
