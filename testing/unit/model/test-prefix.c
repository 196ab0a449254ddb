/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-prefix.c - ranges as prefixes, held against counting, and the way back. */
#include <obol/prefix.h>

#include <netinet/in.h>
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
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];
    const ObolTs ts = range_of(range);
    guint n = obol_ts_prefixes(&ts, prefixes, OBOL_PREFIXES_MAX);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < n; i++) {
        ObolAddress address = { .family = ts.family };
        char name[OBOL_ADDRESS_TEXT_MAX];

        memcpy(address.bytes, prefixes[i].bytes, sizeof prefixes[i].bytes);
        g_string_append_printf(text, "%s%s/%u", i > 0 ? " " : "", obol_address_format(&address, name), prefixes[i].bits);
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
    assert_prefixes("255.255.255.254..255.255.255.255", "255.255.255.254/31");
    assert_prefixes("2001:db8::ffff..2001:db8::1:0", "2001:db8::ffff/128 2001:db8::1:0/128");
}

static void
test_ports(void)
{
    static const guint8 first[2] = { 0x03, 0xe8 }, last[2] = { 0x03, 0xf1 }; /* 1000 to 1009 */
    ObolPrefix prefixes[2];

    g_assert_cmpuint(obol_range_prefixes(first, last, 2, prefixes, 2), ==, 2);
    g_assert_cmpuint(prefixes[0].bits, ==, 13);
    g_assert_cmpuint(prefixes[1].bits, ==, 15);
    g_assert_cmphex(prefixes[1].bytes[1], ==, 0xf0);
    g_assert_cmpuint(obol_range_prefixes(first, last, 2, prefixes, 1), ==, 0);
}

static void
test_back(void)
{
    static const char *const texts[] = { "10.1.0.0/16", "0.0.0.0/0", "192.0.2.1", "2001:db8::/33", "::/0", "::1" };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const ObolTs ts = range_of(texts[i]);
        ObolPrefix prefix;
        ObolTs again;

        g_assert_cmpuint(obol_ts_prefixes(&ts, &prefix, 1), ==, 1);
        obol_ts_from_prefix(ts.family, prefix.bytes, prefix.bits, &again);
        g_assert_true(obol_ts_equal(&ts, &again));
    }
}

/* Host bits that a kernel tells are no part of it, and there are no more bits than an address has. */
static void
test_back_from_odd_ones(void)
{
    static const guint8 address[16] = { 10, 1, 2, 3 };
    const ObolTs network = range_of("10.1.0.0/16"), host = range_of("10.1.2.3");
    ObolTs ts;

    obol_ts_from_prefix(AF_INET, address, 16, &ts);
    g_assert_true(obol_ts_equal(&ts, &network));
    obol_ts_from_prefix(AF_INET, address, 200, &ts);
    g_assert_true(obol_ts_equal(&ts, &host));
}

/* Every address of the range is in exactly one prefix, and no other one is. */
static void
test_counted(void)
{
    for (guint first = 0; first < 64; first++) {
        for (guint last = first; last < 64; last++) {
            ObolTs ts = { .family = AF_INET, .port_last = 65535, .first = { 10, 0, 0, (guint8) first },
                          .last = { 10, 0, 0, (guint8) last } };
            ObolPrefix prefixes[OBOL_PREFIXES_MAX];
            guint n = obol_ts_prefixes(&ts, prefixes, OBOL_PREFIXES_MAX), covered[64] = { 0 };

            for (guint i = 0; i < n; i++)
                for (guint k = 0; k < 1u << (32 - prefixes[i].bits); k++)
                    covered[prefixes[i].bytes[3] + k]++;
            for (guint i = 0; i < 64; i++)
                g_assert_cmpuint(covered[i], ==, i >= first && i <= last);
        }
    }
}

static void
test_worst(void)
{
    ObolTs ts = { .family = AF_INET6, .port_last = 65535 };
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];

    memset(ts.last, 0xff, sizeof ts.last);
    ts.first[15] = 1;
    ts.last[15] = 0xfe;
    g_assert_cmpuint(obol_ts_prefixes(&ts, prefixes, OBOL_PREFIXES_MAX), ==, OBOL_PREFIXES_MAX);
}

static void
test_none(void)
{
    ObolTs backwards = range_of("10.0.0.1"), nowhere = { .family = 0 };
    ObolPrefix prefixes[OBOL_PREFIXES_MAX];

    backwards.last[0] = 9;
    g_assert_cmpuint(obol_ts_prefixes(&backwards, prefixes, OBOL_PREFIXES_MAX), ==, 0);
    g_assert_cmpuint(obol_ts_prefixes(&nowhere, prefixes, OBOL_PREFIXES_MAX), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/prefix/known-ranges", test_known);
    g_test_add_func("/model/prefix/each-address-is-in-one", test_counted);
    g_test_add_func("/model/prefix/the-worst-range-has-room", test_worst);
    g_test_add_func("/model/prefix/what-is-no-range-has-none", test_none);
    g_test_add_func("/model/prefix/ports-are-ranges-too", test_ports);
    g_test_add_func("/model/prefix/a-prefix-is-a-selector-again", test_back);
    g_test_add_func("/model/prefix/what-is-odd-is-a-selector-too", test_back_from_odd_ones);
    return g_test_run();
}
