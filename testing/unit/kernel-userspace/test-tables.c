/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-tables.c - the keyed hash, the heap of deadlines, ranges as prefixes, drops. */
#include <string.h>

#include "plugins/kernel-userspace/drops.h"
#include "plugins/kernel-userspace/heap.h"
#include "plugins/kernel-userspace/netlink.h"
#include "plugins/kernel-userspace/route.h"
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

static ObolTs
range(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs ts;

    obol_ts_parse(text, &ts, &error);
    g_assert_no_error(error);
    return ts;
}

static char *
prefixes_of(const char *text)
{
    RoutePrefix prefixes[ROUTE_PREFIXES_MAX];
    ObolTs ts = range(text);
    guint n = route_prefixes(&ts, prefixes);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < n; i++) {
        ObolAddress address = { .family = prefixes[i].family };
        char name[OBOL_ADDRESS_TEXT_MAX];

        memcpy(address.bytes, prefixes[i].address, 16);
        g_string_append_printf(out, "%s%s/%u", i > 0 ? " " : "", obol_address_format(&address, name), prefixes[i].bits);
    }
    return g_string_free(out, FALSE);
}

static void
test_ranges_become_prefixes(void)
{
    static const struct {
        const char *range, *prefixes;
    } cases[] = {
        { "10.1.0.0/16", "10.1.0.0/16" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "::/0", "::/0" },
        { "10.0.0.1", "10.0.0.1/32" },
        { "10.0.0.1..10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32" },
        { "255.255.255.254..255.255.255.255", "255.255.255.254/31" },
        { "0.0.0.0..0.0.0.2", "0.0.0.0/31 0.0.0.2/32" },
        { "2001:db8::ffff..2001:db8::1:0", "2001:db8::ffff/128 2001:db8::1:0/128" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = prefixes_of(cases[i].range);

        g_assert_cmpstr(got, ==, cases[i].prefixes);
    }
}

static void
test_the_worst_range_fits(void)
{
    RoutePrefix prefixes[ROUTE_PREFIXES_MAX];
    ObolTs worst = range("::/0");

    worst.first[15] = 1;
    worst.last[15] = 0xfe;
    g_assert_cmpuint(route_prefixes(&worst, prefixes), ==, ROUTE_PREFIXES_MAX);
    g_assert_cmpuint(prefixes[ROUTE_PREFIXES_MAX - 1].bits, ==, 128);
    g_assert_cmpuint(prefixes[ROUTE_PREFIXES_MAX - 1].address[15], ==, 0xfe);
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
    g_test_add_func("/kernel-userspace/prefixes/ranges-become-prefixes", test_ranges_become_prefixes);
    g_test_add_func("/kernel-userspace/prefixes/the-worst-range-fits", test_the_worst_range_fits);
    g_test_add_func("/kernel-userspace/drops/are-counted-always-and-logged-seldom", test_drops_are_counted_always_and_logged_seldom);
    g_test_add_func("/kernel-userspace/netlink/attributes-are-found-and-never-outside",
                    test_attributes_are_found_and_never_outside);
    return g_test_run();
}
