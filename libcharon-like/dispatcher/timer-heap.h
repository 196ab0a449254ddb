/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/timer-heap.h - whose turn is next: one heap for all SAs, one place in it for each. */
#ifndef OBOL_DISPATCHER_TIMER_HEAP_H
#define OBOL_DISPATCHER_TIMER_HEAP_H

#include <glib.h>

/* Part of whatever is to be woken. */
typedef struct {
    gint64 when_us;
    guint place; /* in the heap, from 1; 0: not armed */
} ObolTimer;

typedef struct {
    gint64 when_us; /* the timer's own, beside its pointer: sifting touches one run of memory */
    ObolTimer *timer;
} ObolTimerEntry;

typedef struct {
    ObolTimerEntry *entries;
    guint n, n_room;
    guint64 n_moves; /* entries moved since the beginning: the cost, for tests */
} ObolTimerHeap;

void obol_timer_heap_init(ObolTimerHeap *heap);
void obol_timer_heap_clear(ObolTimerHeap *heap);
/* Arms, moves, or with G_MAXINT64 disarms. */
void obol_timer_heap_set(ObolTimerHeap *heap, ObolTimer *timer, gint64 when_us);
/* The earliest; NULL when none is armed. */
ObolTimer *obol_timer_heap_first(const ObolTimerHeap *heap);

#endif
