/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/timer-heap.c - a heap of four children a node: half as deep as a binary one, a node's children in one
 * cache line. */
#include "dispatcher/timer-heap.h"

#define CHILDREN 4
#define ROOM_MIN 16

void
obol_timer_heap_init(ObolTimerHeap *heap)
{
    *heap = (ObolTimerHeap) { .entries = g_new(ObolTimerEntry, ROOM_MIN), .n_room = ROOM_MIN };
}

void
obol_timer_heap_clear(ObolTimerHeap *heap)
{
    g_clear_pointer(&heap->entries, g_free);
    heap->n = 0;
}

static inline void
put(ObolTimerHeap *heap, guint index, ObolTimerEntry entry)
{
    heap->entries[index] = entry;
    entry.timer->place = index + 1;
    heap->n_moves++;
}

static guint
sift_up(ObolTimerHeap *heap, guint index, ObolTimerEntry entry)
{
    while (index > 0 && entry.when_us < heap->entries[(index - 1) / CHILDREN].when_us) {
        put(heap, index, heap->entries[(index - 1) / CHILDREN]);
        index = (index - 1) / CHILDREN;
    }
    return index;
}

static guint
sift_down(ObolTimerHeap *heap, guint index, ObolTimerEntry entry)
{
    for (;;) {
        guint first = index * CHILDREN + 1, best = first;

        if (first >= heap->n)
            return index;
        for (guint child = first + 1; child < MIN(first + CHILDREN, heap->n); child++) {
            if (heap->entries[child].when_us < heap->entries[best].when_us)
                best = child;
        }
        if (heap->entries[best].when_us >= entry.when_us)
            return index;
        put(heap, index, heap->entries[best]);
        index = best;
    }
}

static void
settle(ObolTimerHeap *heap, guint index, ObolTimerEntry entry)
{
    guint up = sift_up(heap, index, entry);

    put(heap, up == index ? sift_down(heap, index, entry) : up, entry);
}

static void
disarm(ObolTimerHeap *heap, ObolTimer *timer)
{
    guint index = timer->place - 1;
    ObolTimerEntry last = heap->entries[--heap->n];

    timer->place = 0;
    if (last.timer != timer)
        settle(heap, index, last);
    if (heap->n_room > ROOM_MIN && heap->n < heap->n_room / 4)
        heap->entries = g_renew(ObolTimerEntry, heap->entries, heap->n_room /= 2);
}

void
obol_timer_heap_set(ObolTimerHeap *heap, ObolTimer *timer, gint64 when_us)
{
    timer->when_us = when_us;
    if (when_us == G_MAXINT64) {
        if (timer->place != 0)
            disarm(heap, timer);
        return;
    }
    if (timer->place == 0) {
        if (heap->n == heap->n_room)
            heap->entries = g_renew(ObolTimerEntry, heap->entries, heap->n_room *= 2);
        timer->place = ++heap->n;
    }
    settle(heap, timer->place - 1, (ObolTimerEntry) { when_us, timer });
}

ObolTimer *
obol_timer_heap_first(const ObolTimerHeap *heap)
{
    return heap->n > 0 ? heap->entries[0].timer : NULL;
}
