/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-prefixes.c - ranges as prefixes, held against counting. */
#include "prefixes.h"

#include <string.h>

static ObolTs
range_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs ts;

    obol_ts_parse(text, &ts, &error);
    g_assert_no_error(error);
    return ts;
}

static void
assert_prefixes(const char *range, const char *expected)
{
    Prefix prefixes[PREFIXES_MAX];
    const ObolTs ts = range_of(range);
    guint n = prefixes_of(&ts, prefixes);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < n; i++) {
        char address[OBOL_ADDRESS_TEXT_MAX];

        g_string_append_printf(text, "%s%s/%u", i > 0 ? " " : "", obol_address_format(&prefixes[i].address, address), prefixes[i].bits);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_known(void)
{
    assert_prefixes("10.0.0.0/8", "10.0.0.0/8");
    assert_prefixes("0.0.0.0/0", "0.0.0.0/0");
    assert_prefixes("10.0.0.1", "10.0.0.1/32");
    assert_prefixes("10.0.0.1..10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
    assert_prefixes("0.0.0.0..255.255.255.254",
                    "0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 224.0.0.0/4 240.0.0.0/5 248.0.0.0/6 252.0.0.0/7 254.0.0.0/8 255.0.0.0/9 "
                    "255.128.0.0/10 255.192.0.0/11 255.224.0.0/12 255.240.0.0/13 255.248.0.0/14 255.252.0.0/15 255.254.0.0/16 "
                    "255.255.0.0/17 255.255.128.0/18 255.255.192.0/19 255.255.224.0/20 255.255.240.0/21 255.255.248.0/22 "
                    "255.255.252.0/23 255.255.254.0/24 255.255.255.0/25 255.255.255.128/26 255.255.255.192/27 "
                    "255.255.255.224/28 255.255.255.240/29 255.255.255.248/30 255.255.255.252/31 255.255.255.254/32");
    assert_prefixes("fd00::/64", "fd00::/64");
    assert_prefixes("::/0", "::/0");
}

/* Every address of the range is in exactly one prefix, and no other one is. */
static void
test_counted(void)
{
    for (guint first = 0; first < 64; first++) {
        for (guint last = first; last < 64; last++) {
            ObolTs ts = { .family = AF_INET, .port_last = 65535, .first = { 10, 0, 0, (guint8) first },
                          .last = { 10, 0, 0, (guint8) last } };
            Prefix prefixes[PREFIXES_MAX];
            guint n = prefixes_of(&ts, prefixes), covered[64] = { 0 };

            for (guint i = 0; i < n; i++)
                for (guint k = 0; k < 1u << (32 - prefixes[i].bits); k++)
                    covered[prefixes[i].address.bytes[3] + k]++;
            for (guint i = 0; i < 64; i++)
                g_assert_cmpuint(covered[i], ==, i >= first && i <= last);
        }
    }
}

static void
test_worst(void)
{
    ObolTs ts = { .family = AF_INET6, .port_last = 65535 };
    Prefix prefixes[PREFIXES_MAX];

    memset(ts.last, 0xff, sizeof ts.last);
    ts.first[15] = 1;
    ts.last[15] = 0xfe;
    g_assert_cmpuint(prefixes_of(&ts, prefixes), ==, PREFIXES_MAX);
}

static void
test_none(void)
{
    ObolTs backwards = range_of("10.0.0.1"), nowhere = { .family = 0 };
    Prefix prefixes[PREFIXES_MAX];

    backwards.last[0] = 9;
    g_assert_cmpuint(prefixes_of(&backwards, prefixes), ==, 0);
    g_assert_cmpuint(prefixes_of(&nowhere, prefixes), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network-netlink/prefixes/known-ranges", test_known);
    g_test_add_func("/network-netlink/prefixes/each-address-is-in-one", test_counted);
    g_test_add_func("/network-netlink/prefixes/the-worst-range-has-room", test_worst);
    g_test_add_func("/network-netlink/prefixes/what-is-no-range-has-none", test_none);
    return g_test_run();
}
