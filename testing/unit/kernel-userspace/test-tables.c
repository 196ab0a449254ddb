/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-tables.c - the keyed hash, the heap of deadlines, drops. */
#include <string.h>

#include "plugins/kernel-userspace/drops.h"
#include "plugins/kernel-userspace/heap.h"
#include "plugins/kernel-userspace/netlink.h"
#include "plugins/kernel-userspace/siphash.h"

/* The example of appendix A of Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and its program's first. */
static void
test_siphash_gives_the_published_values(void)
{
    SipKey key = { { G_GUINT64_CONSTANT(0x0706050403020100), G_GUINT64_CONSTANT(0x0f0e0d0c0b0a0908) } };
    static const guint8 message[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

    g_assert_cmphex(siphash(&key, message, 15), ==, G_GUINT64_CONSTANT(0xa129ca6149be45e5));
    g_assert_cmphex(siphash(&key, message, 0), ==, G_GUINT64_CONSTANT(0x726fdb47dd0e0e31));
}

typedef struct {
    Deadline deadline;
    guint due;
} Item;

static gint64 last_us;

static void
item_due(Deadline *deadline, gpointer data, gint64 now_us)
{
    g_assert_cmpint(deadline->at_us, <=, now_us);
    g_assert_cmpint(deadline->at_us, >=, last_us);
    last_us = deadline->at_us;
    ((Item *) deadline)->due++;
    (*(guint *) data)++;
}

static void
test_deadlines_come_in_order_whatever_moves(void)
{
    g_autofree Item *items = g_new0(Item, 500);
    guint n_due = 0, n_set = 0;
    Heap heap;

    last_us = 0;
    heap_init(&heap);
    g_assert_cmpint(heap_next_us(&heap), ==, -1);
    for (guint i = 0; i < 5000; i++) {
        Item *item = &items[g_test_rand_int_range(0, 500)];

        item->deadline.due = item_due;
        if (g_test_rand_int_range(0, 4) == 0)
            heap_remove(&heap, &item->deadline);
        else
            heap_set(&heap, &item->deadline, g_test_rand_int_range(1, 1000000));
    }
    for (guint i = 0; i < 500; i++)
        n_set += items[i].deadline.place != 0;
    while (heap_next_us(&heap) >= 0)
        heap_run(&heap, heap_next_us(&heap), 7, &n_due);
    g_assert_cmpuint(n_due, ==, n_set);
    for (guint i = 0; i < 500; i++)
        g_assert_cmpuint(items[i].due, <=, 1);
    heap_clear(&heap);
}

static void
count_line(gpointer data, int level, const char *text)
{
    (void) level;
    (void) text;
    (*(guint *) data)++;
}

static void
test_drops_are_counted_always_and_logged_seldom(void)
{
    guint n_lines = 0;
    Drops drops = { .log = count_line, .data = &n_lines };

    for (guint i = 0; i < 10000; i++)
        drops_count(&drops, DROP_ESP_FORGED, 1000 + i);
    g_assert_cmpuint(drops.count[DROP_ESP_FORGED], ==, 10000);
    g_assert_cmpuint(n_lines, ==, 1);
    drops_count(&drops, DROP_ESP_FORGED, 1000 + DROP_INTERVAL_US);
    g_assert_cmpuint(n_lines, ==, 2);
    for (guint i = 0; i < N_DROPS; i++)
        g_assert_cmpstr(drop_name(i), !=, "?");
}

/* What a kernel, or somebody who claims to be one, may send. */
static void
test_attributes_are_found_and_never_outside(void)
{
    guint8 body[] = { 9, 9, 9, 9, 5, 0, 7, 0, 1, 0, 0, 0, 8, 0, 15, 0, 1, 2, 3, 4 }; /* big or little, the lengths are small */
    guint32 value = 0;

    if (G_BYTE_ORDER != G_LITTLE_ENDIAN) {
        g_test_skip("the bytes are of a little-endian machine");
        return;
    }
    g_assert_true(netlink_attribute(body, sizeof body, 4, 15, &value, sizeof value));
    g_assert_cmpuint(value, ==, 0x04030201);
    g_assert_false(netlink_attribute(body, sizeof body, 4, 16, &value, sizeof value));
    g_assert_false(netlink_attribute(body, sizeof body, 4, 15, &value, 2));
    for (gsize cut = 0; cut < sizeof body; cut++) {
        g_autofree guint8 *copy = g_memdup2(body, cut);

        g_assert_false(netlink_attribute(copy, cut, 4, 15, &value, sizeof value));
    }
    for (gsize bit = 0; bit < sizeof body * 8; bit++) {
        g_autofree guint8 *copy = g_memdup2(body, sizeof body);

        copy[bit / 8] ^= (guint8) (1 << bit % 8);
        netlink_attribute(copy, sizeof body, 4, 15, &value, sizeof value);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-userspace/siphash/gives-the-published-values", test_siphash_gives_the_published_values);
    g_test_add_func("/kernel-userspace/heap/deadlines-come-in-order-whatever-moves", test_deadlines_come_in_order_whatever_moves);
    g_test_add_func("/kernel-userspace/drops/are-counted-always-and-logged-seldom", test_drops_are_counted_always_and_logged_seldom);
    g_test_add_func("/kernel-userspace/netlink/attributes-are-found-and-never-outside",
                    test_attributes_are_found_and_never_outside);
    return g_test_run();
}
