/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* deadlines.h - deadlines of any number of things, in order (design decision 8). */
#ifndef PFKEY_ENGINE_DEADLINES_H
#define PFKEY_ENGINE_DEADLINES_H

#include <glib.h>

/* Embedded in what has a deadline; zeroed: none. */
typedef struct {
    gint64 at_us;
    GSequenceIter *place;
} PfkeyDeadline;

typedef GSequence PfkeyDeadlines;

PfkeyDeadlines *pfkey_deadlines_new(void);
void pfkey_deadlines_free(PfkeyDeadlines *deadlines);
/* Sets or moves; G_MAXINT64: removes. */
void pfkey_deadlines_set(PfkeyDeadlines *deadlines, PfkeyDeadline *deadline, gint64 at_us);
/* The earliest, or %NULL. */
PfkeyDeadline *pfkey_deadlines_first(PfkeyDeadlines *deadlines);

#endif
