/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* heap.h - deadlines of any number of things behind one timer (design decision 8). */
#ifndef USERSPACE_HEAP_H
#define USERSPACE_HEAP_H

#include <glib.h>

/* Embedded in what has a deadline; zeroed: not in a heap. */
typedef struct Deadline {
    gint64 at_us;
    guint place; /* in the heap, from 1; 0: not in one */
    void (*due)(struct Deadline *deadline, gpointer data, gint64 now_us); /* is out of the heap when called */
} Deadline;

typedef struct {
    GPtrArray *items; /* of #Deadline, borrowed */
} Heap;

void heap_init(Heap *heap);
void heap_clear(Heap *heap);
/* Sets or moves; the same as heap_remove() when @at_us is 0. */
void heap_set(Heap *heap, Deadline *deadline, gint64 at_us);
void heap_remove(Heap *heap, Deadline *deadline);
/* The earliest deadline, or -1. */
gint64 heap_next_us(const Heap *heap);
/* Calls what is due, @n_max at most; a deadline that is set again for a time not after @now_us waits for the next call's turn. */
void heap_run(Heap *heap, gint64 now_us, guint n_max, gpointer data);

#endif
