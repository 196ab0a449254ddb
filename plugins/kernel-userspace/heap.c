/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* heap.c - deadlines of any number of things behind one timer (design decision 8). */
#include "heap.h"

static Deadline *
at(const Heap *heap, guint place)
{
    return g_ptr_array_index(heap->items, place - 1);
}

static void
put(Heap *heap, guint place, Deadline *deadline)
{
    g_ptr_array_index(heap->items, place - 1) = deadline;
    deadline->place = place;
}

static void
rise(Heap *heap, Deadline *deadline)
{
    guint place = deadline->place;

    for (; place > 1 && at(heap, place / 2)->at_us > deadline->at_us; place /= 2)
        put(heap, place, at(heap, place / 2));
    put(heap, place, deadline);
}

static void
sink(Heap *heap, Deadline *deadline)
{
    guint place = deadline->place, n = heap->items->len;

    for (;;) {
        guint child = 2 * place;

        if (child < n && at(heap, child + 1)->at_us < at(heap, child)->at_us)
            child++;
        if (child > n || at(heap, child)->at_us >= deadline->at_us)
            break;
        put(heap, place, at(heap, child));
        place = child;
    }
    put(heap, place, deadline);
}

void
heap_init(Heap *heap)
{
    heap->items = g_ptr_array_new();
}

void
heap_clear(Heap *heap)
{
    g_clear_pointer(&heap->items, g_ptr_array_unref);
}

void
heap_remove(Heap *heap, Deadline *deadline)
{
    guint place = deadline->place;
    Deadline *last;

    if (place == 0)
        return;
    last = at(heap, heap->items->len);
    g_ptr_array_set_size(heap->items, (int) heap->items->len - 1);
    deadline->place = 0;
    if (last == deadline)
        return;
    put(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}

void
heap_set(Heap *heap, Deadline *deadline, gint64 at_us)
{
    heap_remove(heap, deadline);
    deadline->at_us = at_us;
    if (at_us == 0)
        return;
    g_ptr_array_add(heap->items, deadline);
    deadline->place = heap->items->len;
    rise(heap, deadline);
}

gint64
heap_next_us(const Heap *heap)
{
    return heap->items->len > 0 ? at(heap, 1)->at_us : -1;
}

void
heap_run(Heap *heap, gint64 now_us, guint n_max, gpointer data)
{
    for (guint i = 0; i < n_max && heap->items->len > 0 && at(heap, 1)->at_us <= now_us; i++) {
        Deadline *deadline = at(heap, 1);

        heap_remove(heap, deadline);
        deadline->due(deadline, data, now_us);
    }
}
