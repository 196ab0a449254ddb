/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-tables.c - keyed hash, open table and timer heap: right, and no dearer when they are
 * full. */
#include "dispatcher/key-table.h"
#include "dispatcher/keyed-hash.h"
#include "dispatcher/reqids.h"
#include "dispatcher/timer-heap.h"

#define N_MANY 20000

/* --- keyed hash --- */

/* CPython 3.11 hashes bytes by SipHash-1-3, with the zero key when PYTHONHASHSEED=0:
 * hash(bytes(range(n))) & (2**64-1). */
static void
test_agrees_with_another_implementation(void)
{
    static const struct { gsize n; guint64 hash; } known[] = {
        { 1, G_GUINT64_CONSTANT(0x68a914128e01e473) },  { 7, G_GUINT64_CONSTANT(0x2f098ab0c751325a) },
        { 8, G_GUINT64_CONSTANT(0xead411e67ebe2eea) },  { 15, G_GUINT64_CONSTANT(0xf30eb725bb91c9ea) },
        { 16, G_GUINT64_CONSTANT(0x8972188433a5c5b7) }, { 63, G_GUINT64_CONSTANT(0x385d3e39e5f37359) },
    };
    ObolHashKey key = { 0, 0 };
    guint8 bytes[64];

    for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) i;
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        ObolSpan all = { bytes, known[i].n };

        g_assert_cmphex(obol_keyed_hash(&key, &all, 1), ==, known[i].hash);
        for (gsize cut = 0; cut <= known[i].n; cut++) {
            ObolSpan parts[2] = { { bytes, cut }, { bytes + cut, known[i].n - cut } };

            g_assert_cmphex(obol_keyed_hash(&key, parts, 2), ==, known[i].hash);
        }
    }
}

static void
test_another_key_gives_another_hash(void)
{
    ObolHashKey a = { 1, 2 }, b = { 1, 3 };
    ObolSpan same = { (const guint8 *) "same", 4 };

    g_assert_cmphex(obol_keyed_hash(&a, &same, 1), !=, obol_keyed_hash(&b, &same, 1));
}

/* --- open table --- */

static void
test_does_what_a_plain_table_does(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261);
    g_autoptr(GHashTable) model = g_hash_table_new(NULL, NULL);
    ObolKeyTable table;

    obol_key_table_init(&table);
    for (guint i = 0; i < 200000; i++) {
        guint64 key = (guint64) g_rand_int_range(rand, 0, 3000);
        gpointer value = g_rand_boolean(rand) ? GUINT_TO_POINTER(i + 1) : NULL;

        /* 0 stands for 1: see the header. */
        obol_key_table_set(&table, key, value);
        if (value != NULL)
            g_hash_table_insert(model, GUINT_TO_POINTER(MAX(key, 1)), value);
        else
            g_hash_table_remove(model, GUINT_TO_POINTER(MAX(key, 1)));
        g_assert_cmpuint(table.n, ==, g_hash_table_size(model));
        key = (guint64) g_rand_int_range(rand, 1, 3000);
        g_assert_true(obol_key_table_get(&table, key) == g_hash_table_lookup(model, GUINT_TO_POINTER(key)));
    }
    for (guint key = 1; key < 3000; key++)
        g_assert_true(obol_key_table_get(&table, key) == g_hash_table_lookup(model, GUINT_TO_POINTER(key)));
    obol_key_table_clear(&table);
}

/* Places looked at for each of @n lookups, in hundredths, in a table of @n. */
static guint
steps_per_lookup(guint n, gboolean counting_up)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(n);
    g_autofree guint64 *keys = g_new(guint64, n);
    ObolKeyTable table;
    guint64 before;
    guint result;

    obol_key_table_init(&table);
    for (guint i = 0; i < n; i++) {
        keys[i] = counting_up ? i + 1 : (guint64) g_rand_int(rand) << 32 | g_rand_int(rand) | 1;
        obol_key_table_set(&table, keys[i], keys);
    }
    before = table.n_steps;
    for (guint i = 0; i < n; i++)
        g_assert_nonnull(obol_key_table_get(&table, keys[i]));
    result = (guint) ((table.n_steps - before) * 100 / n);
    obol_key_table_clear(&table);
    return result;
}

static void
test_a_lookup_costs_the_same_among_many(void)
{
    g_assert_cmpuint(steps_per_lookup(100, FALSE), <, 400);
    g_assert_cmpuint(steps_per_lookup(N_MANY, FALSE), <, 400);
    g_assert_cmpuint(steps_per_lookup(100, TRUE), <, 400);
    g_assert_cmpuint(steps_per_lookup(N_MANY, TRUE), <, 400);
}

static void
test_room_is_given_back(void)
{
    ObolKeyTable table;

    obol_key_table_init(&table);
    for (guint i = 1; i <= N_MANY; i++)
        obol_key_table_set(&table, i, &table);
    g_assert_cmpuint(table.bits, >=, 15);
    for (guint i = 1; i <= N_MANY; i++)
        obol_key_table_set(&table, i, NULL);
    g_assert_cmpuint(table.n, ==, 0);
    g_assert_cmpuint(table.bits, ==, 4);
    obol_key_table_clear(&table);
}

/* --- timer heap --- */

static gint64
earliest(const ObolTimer *timers, guint n)
{
    gint64 first = G_MAXINT64;

    for (guint i = 0; i < n; i++) {
        if (timers[i].place != 0)
            first = MIN(first, timers[i].when_us);
    }
    return first;
}

static void
test_the_first_is_always_the_earliest(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20262);
    ObolTimer timers[300] = { { 0, 0 } };
    ObolTimerHeap heap;

    obol_timer_heap_init(&heap);
    for (guint i = 0; i < 20000; i++) {
        ObolTimer *timer = &timers[g_rand_int_range(rand, 0, G_N_ELEMENTS(timers))];
        const ObolTimer *first;
        gint64 when_us = g_rand_int_range(rand, 0, 3) == 0 ? G_MAXINT64 : g_rand_int_range(rand, 0, 1000);

        obol_timer_heap_set(&heap, timer, when_us);
        first = obol_timer_heap_first(&heap);
        g_assert_cmpint(first != NULL ? first->when_us : G_MAXINT64, ==, earliest(timers, G_N_ELEMENTS(timers)));
        for (guint j = 0; j < heap.n; j++)
            g_assert_cmpuint(heap.entries[j].timer->place, ==, j + 1);
    }
    obol_timer_heap_clear(&heap);
}

static void
test_they_come_out_in_order(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20263);
    g_autofree ObolTimer *timers = g_new0(ObolTimer, N_MANY);
    gint64 last = -1;
    ObolTimerHeap heap;
    guint n = 0;

    obol_timer_heap_init(&heap);
    for (guint i = 0; i < N_MANY; i++)
        obol_timer_heap_set(&heap, &timers[i], g_rand_int(rand));
    for (ObolTimer *first; (first = obol_timer_heap_first(&heap)) != NULL; n++) {
        g_assert_cmpint(first->when_us, >=, last);
        last = first->when_us;
        obol_timer_heap_set(&heap, first, G_MAXINT64);
    }
    g_assert_cmpuint(n, ==, N_MANY);
    obol_timer_heap_clear(&heap);
}

static void
test_setting_a_timer_costs_no_more_than_the_depth(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20264);
    g_autofree ObolTimer *timers = g_new0(ObolTimer, N_MANY);
    ObolTimerHeap heap;

    obol_timer_heap_init(&heap);
    for (guint i = 0; i < N_MANY; i++)
        obol_timer_heap_set(&heap, &timers[i], g_rand_int(rand));
    for (guint i = 0; i < N_MANY; i++) {
        guint64 before = heap.n_moves;

        obol_timer_heap_set(&heap, &timers[g_rand_int_range(rand, 0, N_MANY)], g_rand_int(rand));
        g_assert_cmpuint(heap.n_moves - before, <=, 9); /* 4^8 > 20,000, and its own place */
    }
    obol_timer_heap_clear(&heap);
}

/* --- reqids --- */

static ObolConnectionSet *
set_of(guint n_children, guint32 chosen)
{
    GPtrArray *connections = g_ptr_array_new_with_free_func((GDestroyNotify) obol_connection_unref);
    ObolConnection *connection = obol_connection_new("c");

    for (guint i = 0; i < n_children; i++) {
        g_autofree char *name = g_strdup_printf("child-%u", i);
        ObolChildConfig *child = obol_child_config_new(name);

        child->reqid = i == 0 ? chosen : 0;
        g_ptr_array_add(connection->children, child);
    }
    g_ptr_array_add(connections, connection);
    return obol_connection_set_new(connections);
}

/* Ten numbers for ten children, one of them the admin's; an eleventh has one beyond, that the kernel will refuse. */
static void
test_reqids_stay_within_the_kernels_bound(void)
{
    g_autoptr(ObolConnectionSet) ten = set_of(10, 7), eleven = set_of(11, 7);
    ObolReqids *reqids = obol_reqids_new();
    guint seen = 0;

    obol_reqids_configure(reqids, ten, 10);
    for (guint i = 0; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("child-%u", i);

        seen |= 1u << obol_reqids_of(reqids, "c", name);
    }
    g_assert_cmphex(seen, ==, 0x7fe);
    g_assert_cmpuint(obol_reqids_of(reqids, "c", "child-0"), ==, 7);
    obol_reqids_configure(reqids, eleven, 10);
    g_assert_cmpuint(obol_reqids_of(reqids, "c", "child-10"), ==, 11);
    obol_reqids_free(reqids);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatcher/keyed-hash/agrees-with-another-implementation",
                    test_agrees_with_another_implementation);
    g_test_add_func("/dispatcher/keyed-hash/another-key-gives-another-hash", test_another_key_gives_another_hash);
    g_test_add_func("/dispatcher/key-table/does-what-a-plain-table-does", test_does_what_a_plain_table_does);
    g_test_add_func("/dispatcher/key-table/a-lookup-costs-the-same-among-many",
                    test_a_lookup_costs_the_same_among_many);
    g_test_add_func("/dispatcher/key-table/room-is-given-back", test_room_is_given_back);
    g_test_add_func("/dispatcher/timer-heap/the-first-is-always-the-earliest", test_the_first_is_always_the_earliest);
    g_test_add_func("/dispatcher/timer-heap/they-come-out-in-order", test_they_come_out_in_order);
    g_test_add_func("/dispatcher/timer-heap/setting-a-timer-costs-no-more-than-the-depth",
                    test_setting_a_timer_costs_no_more_than_the_depth);
    g_test_add_func("/dispatcher/reqids/stay-within-the-kernels-bound", test_reqids_stay_within_the_kernels_bound);
    return g_test_run();
}
