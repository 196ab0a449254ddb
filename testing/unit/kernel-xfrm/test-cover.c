/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-cover.c - traffic selectors become the kernel's, whole and nothing more. */
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "plugins/kernel-xfrm/cover.h"

static ObolTs
ts(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs out;

    obol_ts_parse(text, &out, &error);
    g_assert_no_error(error);
    return out;
}

static GArray *
cover(const char *source, const char *destination)
{
    const ObolTs s = ts(source), d = ts(destination);
    const char *why;
    gboolean invalid;
    GArray *made = cover_make(&s, &d, &why, &invalid);

    g_assert_cmpstr(why, ==, NULL);
    return made;
}

static void
assert_refused(const char *source, const char *destination, gboolean is_invalid, const char *expected)
{
    const ObolTs s = ts(source), d = ts(destination);
    const char *why;
    gboolean invalid;

    g_assert_null(cover_make(&s, &d, &why, &invalid));
    g_assert_cmpstr(why, ==, expected);
    g_assert_cmpint(invalid, ==, is_invalid);
}

static void
test_prefixes(void)
{
    g_autoptr(GArray) made = cover("10.0.0.0/8", "2.0.0.0/7");
    const struct xfrm_selector *at = &g_array_index(made, struct xfrm_selector, 0);

    g_assert_cmpuint(made->len, ==, 1);
    g_assert_cmpint(at->family, ==, AF_INET);
    g_assert_cmpint(at->prefixlen_s, ==, 8);
    g_assert_cmpint(at->prefixlen_d, ==, 7);
    g_assert_cmpint(at->sport_mask, ==, 0);
    g_assert_cmpint(at->proto, ==, 0);
}

/* How many of all the selectors match @address and @port as the source. */
static guint
matches(const GArray *made, guint32 address, guint16 port)
{
    guint n = 0;

    for (guint i = 0; i < made->len; i++) {
        const struct xfrm_selector *at = &g_array_index(made, struct xfrm_selector, i);
        guint32 mask = at->prefixlen_s == 0 ? 0 : ~(guint32) 0 << (32 - at->prefixlen_s);

        n += ((g_ntohl(at->saddr.a4) ^ address) & mask) == 0 && ((at->sport ^ g_htons(port)) & at->sport_mask) == 0;
    }
    return n;
}

static void
test_every_value_once(void)
{
    g_autoptr(GArray) made = cover("10.0.0.1-10.0.0.6[tcp/1000-2000]", "192.0.2.0/24[tcp]");

    for (guint32 address = 0x0a000000; address < 0x0a000010; address++)
        for (guint port = 0; port <= G_MAXUINT16; port += 7)
            g_assert_cmpuint(matches(made, address, (guint16) port), ==,
                             address >= 0x0a000001 && address <= 0x0a000006 && port >= 1000 && port <= 2000);
    g_assert_cmpuint(matches(made, 0x0a000001, 1000), ==, 1);
    g_assert_cmpuint(matches(made, 0x0a000001, 999), ==, 0);
    g_assert_cmpuint(matches(made, 0x0a000006, 2000), ==, 1);
    g_assert_cmpuint(matches(made, 0x0a000006, 2001), ==, 0);
}

static void
test_icmp(void)
{
    ObolTs source = ts("10.0.0.0/8[icmp]"), destination = ts("0.0.0.0/0[icmp]");
    g_autoptr(GArray) made = NULL;
    const struct xfrm_selector *at;
    const char *why;
    gboolean invalid;

    source.port_first = source.port_last = 8 << 8; /* echo request */
    made = cover_make(&source, &destination, &why, &invalid);
    g_assert_cmpuint(made->len, ==, 1);
    at = &g_array_index(made, struct xfrm_selector, 0);
    g_assert_cmpint(g_ntohs(at->sport), ==, 8);
    g_assert_cmpint(g_ntohs(at->sport_mask), ==, 0xffff);
    g_assert_cmpint(g_ntohs(at->dport), ==, 0);
    g_assert_cmpint(g_ntohs(at->dport_mask), ==, 0xffff);
}

static void
assert_round_trip(const char *source, const char *destination)
{
    const ObolTs s = ts(source), d = ts(destination);
    g_autoptr(GArray) made = cover(source, destination);
    ObolTs s_back, d_back;

    g_assert_cmpuint(made->len, ==, 1);
    cover_read(&g_array_index(made, struct xfrm_selector, 0), &s_back, &d_back);
    g_assert_true(obol_ts_equal(&s, &s_back));
    g_assert_true(obol_ts_equal(&d, &d_back));
}

static void
test_round_trip(void)
{
    assert_round_trip("10.0.0.0/8", "0.0.0.0/0");
    assert_round_trip("2001:db8::/32[udp/53]", "::/0[udp]");
    assert_round_trip("10.0.0.1/32[tcp/1024-2047]", "10.0.0.2/32[tcp/80]");
    assert_round_trip("10.0.0.1/32[icmp/2048]", "10.0.0.2/32[icmp/2048]");
    assert_round_trip("10.0.0.1/32[icmp]", "10.0.0.2/32[icmp]");
}

static void
test_refusals(void)
{
    assert_refused("10.0.0.0/8", "::/0", TRUE, "the selectors are not both of IPv4, or both of IPv6");
    assert_refused("10.0.0.0/8[tcp]", "10.0.0.0/8[udp]", TRUE, "the selectors are of different protocols");
    assert_refused("10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp]", FALSE,
                   "the kernel can not select packets whose ports are hidden (OPAQUE)");
    assert_refused("0.0.0.1-255.255.255.254", "0.0.0.1-255.255.255.254", FALSE,
                   "the ranges would need more than 256 of the kernel's policies");
    assert_refused("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::/0[tcp/1-65534]", FALSE,
                   "the ranges would need more than 256 of the kernel's policies");
}

static guint32
priority(const char *source, const char *destination, ObolPolicyAction action)
{
    const ObolPolicySpec policy = { .action = action, .source = ts(source), .destination = ts(destination) };

    return cover_priority(&policy);
}

static void
test_priorities(void)
{
    const ObolPolicyAction protect = OBOL_POLICY_PROTECT;

    g_assert_cmpuint(priority("10.0.0.1/32", "10.0.0.2/32", protect), <, priority("10.0.0.0/31", "10.0.0.2/32", protect));
    g_assert_cmpuint(priority("10.0.0.1/32[tcp]", "10.0.0.2/32[tcp]", protect), <, priority("10.0.0.1/32", "10.0.0.2/32", protect));
    g_assert_cmpuint(priority("10.0.0.1/32[tcp/80]", "10.0.0.2/32[tcp]", protect), <,
                     priority("10.0.0.1/32[tcp]", "10.0.0.2/32[tcp]", protect));
    g_assert_cmpuint(priority("10.0.0.1/32", "10.0.0.2/32", OBOL_POLICY_PASS), <, priority("10.0.0.1/32", "10.0.0.2/32", protect));
    g_assert_cmpuint(priority("10.0.0.1/32", "10.0.0.2/32", protect), <, priority("10.0.0.0/31", "10.0.0.2/32", OBOL_POLICY_DROP));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-xfrm/cover/prefixes-stay-one", test_prefixes);
    g_test_add_func("/kernel-xfrm/cover/a-range-is-covered-once-and-no-more", test_every_value_once);
    g_test_add_func("/kernel-xfrm/cover/ICMP-types-stand-in-for-ports", test_icmp);
    g_test_add_func("/kernel-xfrm/cover/what-is-read-back-is-what-was-asked", test_round_trip);
    g_test_add_func("/kernel-xfrm/cover/what-can-not-be-is-refused-by-name", test_refusals);
    g_test_add_func("/kernel-xfrm/cover/the-narrower-goes-first", test_priorities);
    return g_test_run();
}
