/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-value.c - durations, sizes, numbers, truth, and the nearest word. */
#include "settings/settings.h"

static void
test_durations(void)
{
    static const struct {
        const char *text;
        gint64 us;
    } good[] = { { "90s", 90000000 },     { "5m", 300000000 },      { "1h", G_TIME_SPAN_HOUR }, { "2d", 2 * G_TIME_SPAN_DAY },
                 { "200ms", 200000 },     { "30", 30000000 },       { "0", 0 },                 { "1H", G_TIME_SPAN_HOUR },
                 { "106751991d", G_GINT64_CONSTANT(106751991) * G_TIME_SPAN_DAY } };
    static const char *const bad[] = { "", "s", "-1s", "+1s", "1.5h", "1 h", "1h30m", "1w", "1hh", " 1h", "1h ",
                                       "106751992d", "99999999999999999999s", "0x", "1us" };
    gint64 us;

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(obol_duration_parse(good[i].text, &us));
        g_assert_cmpint(us, ==, good[i].us);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(obol_duration_parse(bad[i], &us));
}

static void
test_sizes(void)
{
    static const struct {
        const char *text;
        gint64 bytes;
    } good[] = { { "4G", G_GINT64_CONSTANT(4) << 30 }, { "10M", 10 << 20 }, { "1k", 1024 }, { "7", 7 }, { "0", 0 },
                 { "1T", G_GINT64_CONSTANT(1) << 40 }, { "8388607t", G_GINT64_CONSTANT(8388607) << 40 } };
    static const char *const bad[] = { "", "G", "-1", "1.5G", "1KB", "8388608T", "18446744073709551616", "1 G" };
    gint64 bytes;

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(obol_size_parse(good[i].text, &bytes));
        g_assert_cmpint(bytes, ==, good[i].bytes);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(obol_size_parse(bad[i], &bytes));
}

static void
test_integers(void)
{
    gint64 n;

    g_assert_true(obol_integer_parse("9223372036854775807", &n) && n == G_MAXINT64);
    g_assert_true(obol_integer_parse("-5", &n) && n == -5);
    g_assert_true(obol_integer_parse("0x10", &n) && n == 16);
    g_assert_true(obol_integer_parse("010", &n) && n == 10); /* not octal */
    g_assert_false(obol_integer_parse("9223372036854775808", &n));
    g_assert_false(obol_integer_parse("", &n));
    g_assert_false(obol_integer_parse("--1", &n));
    g_assert_false(obol_integer_parse("1L", &n));
    g_assert_false(obol_integer_parse("0xg", &n));
    g_assert_false(obol_integer_parse("12a", &n));
}

static void
test_truth(void)
{
    gint64 n;

    g_assert_true(obol_bool_parse("Yes", &n) && n == 1);
    g_assert_true(obol_bool_parse("true", &n) && n == 1);
    g_assert_true(obol_bool_parse("1", &n) && n == 1);
    g_assert_true(obol_bool_parse("enabled", &n) && n == 1);
    g_assert_true(obol_bool_parse("no", &n) && n == 0);
    g_assert_true(obol_bool_parse("FALSE", &n) && n == 0);
    g_assert_true(obol_bool_parse("0", &n) && n == 0);
    g_assert_false(obol_bool_parse("2", &n));
    g_assert_false(obol_bool_parse("", &n));
}

static void
test_nearest(void)
{
    static const char *const names[] = { "local_addrs", "remote_addrs", "mode", "rekey_time", "encap", NULL };

    g_assert_cmpstr(obol_nearest_name("local_adrs", names), ==, "local_addrs");
    g_assert_cmpstr(obol_nearest_name("remote_addr", names), ==, "remote_addrs");
    g_assert_cmpstr(obol_nearest_name("mdoe", names), ==, "mode"); /* neighbours swapped */
    g_assert_cmpstr(obol_nearest_name("Rekey-Time", names), ==, "rekey_time");
    g_assert_null(obol_nearest_name("nonsense", names));
    g_assert_null(obol_nearest_name("", names));
}

static void
test_no_word_is_too_long(void)
{
    static const char *const names[] = { "mode", "a-name-that-is-longer-than-any-that-is-ever-compared-with-another", NULL };
    g_autofree char *word = g_strnfill(100000, 'm');

    g_assert_null(obol_nearest_name(word, names));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/value/durations-are-whole-numbers-with-a-unit", test_durations);
    g_test_add_func("/settings/value/sizes-count-in-1024s", test_sizes);
    g_test_add_func("/settings/value/integers-never-wrap-and-are-never-octal", test_integers);
    g_test_add_func("/settings/value/truth-has-four-spellings", test_truth);
    g_test_add_func("/settings/nearest/a-third-of-the-letters-may-be-wrong", test_nearest);
    g_test_add_func("/settings/nearest/a-word-of-any-length-is-safe", test_no_word_is_too_long);
    return g_test_run();
}
