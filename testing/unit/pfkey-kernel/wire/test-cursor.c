/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/wire/test-cursor.c - no read leaves its bytes. */
#include "pfkey-kernel/wire/cursor.h"

#include <string.h>

static void
test_integers_are_in_the_hosts_order_unless_named_otherwise(void)
{
    static const guint8 bytes[] = { 0x12, 0x34, 0x56, 0x78 };
    PfkeyFault fault = { 0 };
    PfkeyCursor host = pfkey_cursor(bytes, sizeof bytes, &fault), network = host;
    guint32 expected;

    memcpy(&expected, bytes, sizeof expected);
    g_assert_cmphex(pfkey_cursor_u32(&host), ==, expected);
    g_assert_cmphex(pfkey_cursor_be16(&network), ==, 0x1234);
    g_assert_cmphex(pfkey_cursor_be16(&network), ==, 0x5678);
    g_assert_true(pfkey_cursor_done(&host));
    g_assert_true(pfkey_cursor_done(&network));
}

static void
test_a_read_past_the_end_gives_zero_and_the_first_fault_stays(void)
{
    g_autofree guint8 *bytes = g_malloc0(5);
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(bytes, 5, &fault);
    const char *rule;

    memset(bytes, 0xff, 5);
    g_assert_cmphex(pfkey_cursor_u32(&c), ==, 0xffffffff);
    g_assert_cmphex(pfkey_cursor_u16(&c), ==, 0);
    g_assert_cmpuint(fault.offset, ==, 4);
    rule = fault.rule;
    g_assert_nonnull(rule);
    g_assert_cmphex(pfkey_cursor_u8(&c), ==, 0); /* though there is a byte */
    g_assert_cmpuint(pfkey_cursor_left(&c), ==, 0);
    pfkey_cursor_require(&c, FALSE, "another");
    g_assert_true(fault.rule == rule);
    g_assert_false(pfkey_cursor_done(&c));
}

static void
test_a_taken_part_can_not_reach_the_whole(void)
{
    static const guint8 bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(bytes, sizeof bytes, &fault), part;

    pfkey_cursor_skip(&c, 2);
    part = pfkey_cursor_take(&c, 3);
    g_assert_cmpuint(pfkey_cursor_offset(&part), ==, 2);
    pfkey_cursor_skip(&part, 3);
    g_assert_true(pfkey_cursor_done(&part));
    g_assert_cmpuint(pfkey_cursor_u8(&c), ==, 6);
    pfkey_cursor_u8(&part);
    g_assert_cmpuint(fault.offset, ==, 5); /* of the whole */
    g_assert_false(pfkey_cursor_ok(&c));
}

static void
test_no_length_wraps(void)
{
    static const guint8 bytes[4];
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(bytes, sizeof bytes, &fault);

    pfkey_cursor_u8(&c);
    g_assert_cmpuint(pfkey_cursor_span(&c, G_MAXSIZE).n, ==, 0);
    g_assert_nonnull(fault.rule);
}

static void
test_nothing_is_nothing(void)
{
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(NULL, 0, &fault);
    ObolSpan rest = pfkey_cursor_rest(&c);

    g_assert_null(rest.data);
    g_assert_true(pfkey_cursor_done(&c));
}

static void
test_what_is_left_over_is_a_fault(void)
{
    static const guint8 bytes[2];
    PfkeyFault fault = { 0 };
    PfkeyCursor c = pfkey_cursor(bytes, sizeof bytes, &fault);

    pfkey_cursor_u8(&c);
    g_assert_false(pfkey_cursor_done(&c));
    g_assert_cmpuint(fault.offset, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/cursor/" path, function)
    CLAIM("integers-are-in-the-hosts-order-unless-named-otherwise", test_integers_are_in_the_hosts_order_unless_named_otherwise);
    CLAIM("a-read-past-the-end-gives-zero-and-the-first-fault-stays",
          test_a_read_past_the_end_gives_zero_and_the_first_fault_stays);
    CLAIM("a-taken-part-can-not-reach-the-whole", test_a_taken_part_can_not_reach_the_whole);
    CLAIM("no-length-wraps", test_no_length_wraps);
    CLAIM("nothing-is-nothing", test_nothing_is_nothing);
    CLAIM("what-is-left-over-is-a-fault", test_what_is_left_over_is_a_fault);
    return g_test_run();
}
