/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-replay.c - the window against a naive one, and RFC 4303's extended numbers. */
#include "plugins/kernel-userspace/replay.h"

/* What the window means, without any cleverness: a set of all numbers ever seen. */
typedef struct {
    GHashTable *seen;
    guint64 top, window;
} Oracle;

static gboolean
oracle_may(const Oracle *oracle, guint64 number)
{
    if (number == 0 || (oracle->top >= number && oracle->top - number >= oracle->window))
        return FALSE;
    return !g_hash_table_contains(oracle->seen, &number);
}

static void
oracle_mark(Oracle *oracle, guint64 number)
{
    g_hash_table_add(oracle->seen, g_memdup2(&number, sizeof number));
    oracle->top = MAX(oracle->top, number);
}

static guint64
any_number(const Oracle *oracle)
{
    guint64 back = (guint64) g_test_rand_int_range(0, g_test_rand_bit() ? 100 : (gint32) oracle->window + 70);

    switch (g_test_rand_int_range(0, 5)) {
    case 0: return oracle->top + 1;
    case 1: return oracle->top + (guint64) g_test_rand_int_range(0, 5);
    case 2: return oracle->top + (guint64) g_test_rand_int_range(0, 200);
    case 3: return oracle->top + (guint64) g_test_rand_int_range(0, 20000);
    default: return oracle->top - MIN(oracle->top, back);
    }
}

static void
test_agrees_with_a_naive_one(gconstpointer data)
{
    guint32 window = GPOINTER_TO_UINT(data);
    Oracle oracle = { g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL), 0, window };
    guint n_accepted = 0;
    Replay replay;

    replay_init(&replay, window);
    for (guint i = 0; i < 20000; i++) {
        guint64 number = any_number(&oracle);
        gboolean may = oracle_may(&oracle, number), newest = number > oracle.top;

        g_assert_cmpint(replay_may(&replay, number), ==, may);
        if (!may)
            continue;
        n_accepted++;
        g_assert_cmpint(replay_mark(&replay, number), ==, newest);
        oracle_mark(&oracle, number);
        g_assert_cmpuint(replay.top, ==, oracle.top);
    }
    g_assert_cmpuint(n_accepted, >, 100);
    replay_clear(&replay);
    g_hash_table_unref(oracle.seen);
}

static void
test_extended_numbers_are_guessed_within_the_window(void)
{
    static const guint64 tops[] = { 0, 1, 63, 64, 0xfffffff0, 0xffffffff, 0x100000000, 0x10000003f, 0x5fffffffe, 0x700000000 };

    for (guint t = 0; t < G_N_ELEMENTS(tops); t++) {
        Replay replay;

        replay_init(&replay, 64);
        if (tops[t] > 0)
            replay_mark(&replay, tops[t]);
        /* All that a window of 64 allows late, and up to 2^31 early, must be guessed right. */
        for (gint64 delta = -63; delta < 5000; delta++) {
            guint64 number = tops[t] + (guint64) delta, guess;

            if (delta < 0 && (guint64) -delta >= tops[t])
                continue;
            g_assert_true(replay_extend(&replay, (guint32) number, &guess));
            g_assert_cmphex(guess, ==, number);
        }
        replay_clear(&replay);
    }
}

static void
test_extended_numbers_below_zero_are_refused(void)
{
    Replay replay;
    guint64 guess;

    replay_init(&replay, 64);
    g_assert_false(replay_extend(&replay, 0xffffffff, &guess));
    replay_mark(&replay, 10);
    g_assert_false(replay_extend(&replay, 0xfffffff0, &guess));
    replay_clear(&replay);
}

static void
test_without_a_window_duplicates_pass(void)
{
    Replay replay;

    replay_init(&replay, 0);
    g_assert_true(replay_mark(&replay, 7));
    g_assert_true(replay_may(&replay, 7));
    g_assert_false(replay_mark(&replay, 7));
    g_assert_false(replay_may(&replay, 0));
    replay_clear(&replay);
}

static void
test_a_leap_over_the_whole_ring_forgets_nothing_it_should_know(void)
{
    Replay replay;

    replay_init(&replay, 64);
    for (guint64 i = 1; i <= 200; i++)
        replay_mark(&replay, i);
    replay_mark(&replay, G_GUINT64_CONSTANT(1) << 40);
    g_assert_false(replay_may(&replay, 200));
    g_assert_false(replay_may(&replay, G_GUINT64_CONSTANT(1) << 40));
    g_assert_true(replay_may(&replay, (G_GUINT64_CONSTANT(1) << 40) - 63));
    g_assert_false(replay_may(&replay, (G_GUINT64_CONSTANT(1) << 40) - 64));
    replay_clear(&replay);
}

int
main(int argc, char **argv)
{
    static const guint windows[] = { 1, 2, 32, 63, 64, 65, 100, 128, 1000, 4096, 8192 };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(windows); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/replay/agrees-with-a-naive-one/%u", windows[i]);

        g_test_add_data_func(path, GUINT_TO_POINTER(windows[i]), test_agrees_with_a_naive_one);
    }
    g_test_add_func("/kernel-userspace/replay/extended-numbers-are-guessed-within-the-window",
                    test_extended_numbers_are_guessed_within_the_window);
    g_test_add_func("/kernel-userspace/replay/extended-numbers-below-zero-are-refused",
                    test_extended_numbers_below_zero_are_refused);
    g_test_add_func("/kernel-userspace/replay/without-a-window-duplicates-pass", test_without_a_window_duplicates_pass);
    g_test_add_func("/kernel-userspace/replay/a-leap-over-the-whole-ring-forgets-nothing-it-should-know",
                    test_a_leap_over_the_whole_ring_forgets_nothing_it_should_know);
    return g_test_run();
}
