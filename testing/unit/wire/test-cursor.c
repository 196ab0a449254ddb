/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/wire/test-cursor.c - no read leaves its bytes, and the first broken rule is the one that is told. */
#include "wire/cursor.h"

#include <obol/numbers.h>
#include <string.h>

static const guint8 bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void
test_numbers_are_in_network_order(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, 15, &fault);

    g_assert_cmphex(obol_cursor_u8(&c), ==, 0x01);
    g_assert_cmphex(obol_cursor_u16(&c), ==, 0x0203);
    g_assert_cmphex(obol_cursor_u32(&c), ==, 0x04050607);
    g_assert_cmphex(obol_cursor_u64(&c), ==, 0x08090a0b0c0d0e0f);
    g_assert_true(obol_cursor_done(&c));
}

static void
test_a_short_read_gives_zero_and_empties_every_cursor(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, sizeof bytes, &fault);
    ObolCursor inner;
    guint8 copied[4] = { 9, 9, 9, 9 };

    obol_cursor_skip(&c, 3);
    inner = obol_cursor_take(&c, 3);
    obol_cursor_skip(&inner, 1);
    g_assert_cmpuint(obol_cursor_u32(&inner), ==, 0);
    g_assert_false(obol_cursor_ok(&c));
    g_assert_cmpuint(fault.offset, ==, 4);
    g_assert_cmpuint(fault.notify, ==, OBOL_N_INVALID_SYNTAX);
    g_assert_cmpuint(obol_cursor_left(&c), ==, 0);
    g_assert_cmpuint(obol_cursor_u8(&c), ==, 0);
    g_assert_cmpuint(obol_cursor_rest(&c).n, ==, 0);
    obol_cursor_copy(&c, copied, sizeof copied);
    g_assert_cmpmem(copied, 4, "\0\0\0\0", 4);
    g_assert_false(obol_cursor_done(&c));
}

static void
test_the_first_broken_rule_wins(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, sizeof bytes, &fault);

    obol_cursor_skip(&c, 5);
    obol_cursor_require(&c, TRUE, "held");
    g_assert_true(obol_cursor_ok(&c));
    obol_cursor_require(&c, FALSE, "first");
    obol_cursor_require(&c, FALSE, "second");
    g_assert_cmpstr(fault.rule, ==, "first");
    g_assert_cmpuint(fault.offset, ==, 5);
}

static void
test_what_is_left_over_is_a_fault(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, 3, &fault);

    obol_cursor_u16(&c);
    g_assert_false(obol_cursor_done(&c));
    g_assert_cmpuint(fault.offset, ==, 2);
}

static void
test_a_nested_cursor_ends_where_it_was_told(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, sizeof bytes, &fault);
    ObolCursor inner = obol_cursor_take(&c, 2);
    ObolSpan rest = obol_cursor_rest(&inner);

    g_assert_true(rest.data == bytes);
    g_assert_cmpuint(rest.n, ==, 2);
    g_assert_true(obol_cursor_done(&inner));
    g_assert_cmpuint(obol_cursor_u8(&c), ==, 3);
    obol_cursor_take(&c, sizeof bytes);
    g_assert_cmpuint(fault.offset, ==, 3);
}

static void
test_huge_lengths_do_not_wrap(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(bytes, sizeof bytes, &fault);

    obol_cursor_skip(&c, 8);
    g_assert_cmpuint(obol_cursor_span(&c, G_MAXSIZE).n, ==, 0);
    g_assert_false(obol_cursor_ok(&c));
}

static void
test_nothing_at_all_is_a_fine_message(void)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c = obol_cursor(NULL, 0, &fault);

    obol_cursor_copy(&c, NULL, 0);
    g_assert_null(obol_cursor_rest(&c).data);
    g_assert_true(obol_cursor_done(&c));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/cursor/numbers-are-in-network-order", test_numbers_are_in_network_order);
    g_test_add_func("/wire/cursor/a-short-read-gives-zero-and-empties-every-cursor",
                    test_a_short_read_gives_zero_and_empties_every_cursor);
    g_test_add_func("/wire/cursor/the-first-broken-rule-wins", test_the_first_broken_rule_wins);
    g_test_add_func("/wire/cursor/what-is-left-over-is-a-fault", test_what_is_left_over_is_a_fault);
    g_test_add_func("/wire/cursor/a-nested-cursor-ends-where-it-was-told", test_a_nested_cursor_ends_where_it_was_told);
    g_test_add_func("/wire/cursor/huge-lengths-do-not-wrap", test_huge_lengths_do_not_wrap);
    g_test_add_func("/wire/cursor/nothing-at-all-is-a-fine-message", test_nothing_at_all_is_a_fine_message);
    return g_test_run();
}
