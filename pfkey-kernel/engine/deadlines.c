/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* deadlines.c - deadlines of any number of things, in order. */
#include "pfkey-kernel/engine/deadlines.h"

PfkeyDeadlines *
pfkey_deadlines_new(void)
{
    return g_sequence_new(NULL);
}

void
pfkey_deadlines_free(PfkeyDeadlines *deadlines)
{
    g_sequence_free(deadlines);
}

static gint
compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    const PfkeyDeadline *x = a, *y = b;

    (void) unused;
    return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

void
pfkey_deadlines_set(PfkeyDeadlines *deadlines, PfkeyDeadline *deadline, gint64 at_us)
{
    if (deadline->place != NULL)
        g_sequence_remove(g_steal_pointer(&deadline->place));
    deadline->at_us = at_us;
    if (at_us != G_MAXINT64)
        deadline->place = g_sequence_insert_sorted(deadlines, deadline, compare, NULL);
}

PfkeyDeadline *
pfkey_deadlines_first(PfkeyDeadlines *deadlines)
{
    return g_sequence_is_empty(deadlines) ? NULL : g_sequence_get(g_sequence_get_begin_iter(deadlines));
}
