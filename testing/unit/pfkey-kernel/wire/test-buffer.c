/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/wire/test-buffer.c - bytes go where they are put, and are wiped when they go. */
#include "pfkey-kernel/wire/buffer.h"

#include <string.h>

static void
test_it_grows_and_keeps_what_it_has(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;

    for (guint i = 0; i < 5000; i++)
        pfkey_put_u8(&out, (guint8) i);
    g_assert_cmpuint(out.n, ==, 5000);
    for (guint i = 0; i < 5000; i++)
        g_assert_cmpuint(out.data[i], ==, (guint8) i);
}

static void
test_what_is_dropped_or_cut_off_is_wiped(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    static const guint8 zeros[6];

    pfkey_put_bytes(&out, (const guint8 *) "secret", 6);
    pfkey_buffer_empty(&out);
    g_assert_cmpmem(out.data, 6, zeros, 6); /* the room is kept */
    pfkey_put_bytes(&out, (const guint8 *) "secret", 6);
    pfkey_buffer_drop(&out, 4);
    g_assert_cmpmem(out.data, out.n, "et", 2);
    g_assert_cmpmem(out.data + 2, 4, zeros, 4);
    pfkey_buffer_truncate(&out, 1);
    g_assert_cmpmem(out.data, 2, "e", 2);
}

static void
test_padding_counts_from_where_the_thing_began(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;

    pfkey_put_u8(&out, 1);
    pfkey_put_u16(&out, 2);
    pfkey_put_padding(&out, 1);
    g_assert_cmpuint(out.n, ==, 9);
    pfkey_put_padding(&out, 1);
    g_assert_cmpuint(out.n, ==, 9);
}

static void
test_orders_are_as_named(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    guint64 host = G_GUINT64_CONSTANT(0x0102030405060708);

    pfkey_put_be32(&out, 0x01020304);
    pfkey_put_be16(&out, 0x0506);
    g_assert_cmpmem(out.data, out.n, "\1\2\3\4\5\6", 6);
    pfkey_buffer_empty(&out);
    pfkey_put_u64(&out, host);
    g_assert_cmpmem(out.data, out.n, &host, sizeof host);
    pfkey_set_u16(&out, 0, 0xffff);
    g_assert_cmpmem(out.data, 2, "\377\377", 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/buffer/" path, function)
    CLAIM("it-grows-and-keeps-what-it-has", test_it_grows_and_keeps_what_it_has);
    CLAIM("what-is-dropped-or-cut-off-is-wiped", test_what_is_dropped_or_cut_off_is_wiped);
    CLAIM("padding-counts-from-where-the-thing-began", test_padding_counts_from_where_the_thing_began);
    CLAIM("orders-are-as-named", test_orders_are_as_named);
    return g_test_run();
}
