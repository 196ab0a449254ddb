/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-ts.c - traffic selectors as sets of packets. */
#include <obol/settings.h>
#include <obol/ts.h>

#include <string.h>

static ObolTs
ts(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs out;

    g_assert_true(obol_ts_parse(text, &out, &error));
    g_assert_no_error(error);
    return out;
}

static GArray *
list(const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (char **word = words; *word != NULL; word++) {
        ObolTs one = ts(*word);

        g_array_append_val(out, one);
    }
    return out;
}

static void
test_text_comes_back_as_it_went(void)
{
    static const char *const texts[][2] = {
        { "10.0.0.0/8", "10.0.0.0/8" },
        { "10.0.0.1", "10.0.0.1/32" },
        { "10.0.0.77/8", "10.0.0.0/8" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "10.0.0.1..10.0.0.9", "10.0.0.1..10.0.0.9" },
        { "10.0.0.1-10.0.0.9", "10.0.0.1..10.0.0.9" },
        { "10.0.0.0-10.0.0.255", "10.0.0.0/24" },
        { "2001:db8::/32", "2001:db8::/32" },
        { "::/0", "::/0" },
        { "dynamic", "dynamic" },
        { "dynamic[tcp/443]", "dynamic[tcp/443]" },
        { "10.0.0.0/8[tcp]", "10.0.0.0/8[tcp]" },
        { "10.0.0.0/8[6/443]", "10.0.0.0/8[tcp/443]" },
        { "10.0.0.0/8[udp/1000-2000]", "10.0.0.0/8[udp/1000-2000]" },
        { "10.0.0.0/8[/80]", "10.0.0.0/8[0/80]" },
        { "10.0.0.0/8[sctp/opaque]", "10.0.0.0/8[sctp/OPAQUE]" },
        { "10.0.0.0/8[200]", "10.0.0.0/8[200]" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        ObolTs one = ts(texts[i][0]);
        g_autofree char *back = obol_ts_format(&one);

        g_assert_cmpstr(back, ==, texts[i][1]);
    }
}

static void
test_nonsense_is_refused_with_a_reason(void)
{
    static const char *const texts[] = {
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "10.0.0.9..10.0.0.1", "10.0.0.1..::1", "name", "10.0.0.0/8[",
        "10.0.0.0/8]", "10.0.0.0/8[tcp/70000]", "10.0.0.0/8[tcp/9-1]", "10.0.0.0/8[256]", "10.0.0.0/8[nothing]", "10.0.0.0/8[tcp] x",
        "fe80::1%eth0/64", "10.0.0.0/8[tcp/1-2-3]",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        ObolTs out;

        g_assert_false(obol_ts_parse(texts[i], &out, &error));
        g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
    }
}

/* A world of 16 addresses, 3 protocols and 8 ports, in which everything can be tried. */
#define N_ADDRESSES 16
#define N_PROTOCOLS 3
#define N_PORTS 8

static ObolTs
small_ts(void)
{
    ObolTs out = { .family = g_test_rand_int_range(0, 8) == 0 ? AF_INET6 : AF_INET };
    guint8 a = (guint8) g_test_rand_int_range(0, N_ADDRESSES), b = (guint8) g_test_rand_int_range(0, N_ADDRESSES);
    gsize last = out.family == AF_INET ? 3 : 15;

    out.protocol = (guint8) g_test_rand_int_range(0, N_PROTOCOLS);
    out.first[last] = MIN(a, b);
    out.last[last] = MAX(a, b);
    if (g_test_rand_bit()) {
        out.port_last = 65535;
    } else {
        a = (guint8) g_test_rand_int_range(0, N_PORTS);
        b = (guint8) g_test_rand_int_range(0, N_PORTS);
        out.port_first = MIN(a, b);
        out.port_last = MAX(a, b);
    }
    return out;
}

typedef gboolean (*EachPacket)(const ObolAddress *address, guint8 protocol, guint16 port, gpointer data);

/* Is @holds true of every packet of the small world? */
static gboolean
for_every_packet(EachPacket holds, gpointer data)
{
    static const guint16 families[] = { AF_INET, AF_INET6 };

    for (guint i = 0; i < 2 * N_ADDRESSES * N_PROTOCOLS * N_PORTS; i++) {
        ObolAddress address = { .family = families[i % 2] };

        address.bytes[address.family == AF_INET ? 3 : 15] = (guint8) (i / 2 % N_ADDRESSES);
        if (!holds(&address, (guint8) (1 + i / 2 / N_ADDRESSES % N_PROTOCOLS), (guint16) (i / 2 / N_ADDRESSES / N_PROTOCOLS), data))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    ObolTs a, b, both;
    gboolean common;
} Pair;

static gboolean
intersection_is_right(const ObolAddress *address, guint8 protocol, guint16 port, gpointer data)
{
    const Pair *p = data;
    gboolean in_both = obol_ts_matches(&p->a, address, protocol, port) && obol_ts_matches(&p->b, address, protocol, port);

    return in_both == (p->common && obol_ts_matches(&p->both, address, protocol, port));
}

static gboolean
b_implies_a(const ObolAddress *address, guint8 protocol, guint16 port, gpointer data)
{
    const Pair *p = data;

    return !obol_ts_matches(&p->b, address, protocol, port) || obol_ts_matches(&p->a, address, protocol, port);
}

static void
test_intersection_holds_what_both_hold(void)
{
    for (guint i = 0; i < 3000; i++) {
        Pair p = { .a = small_ts(), .b = small_ts() };

        p.common = obol_ts_intersect(&p.a, &p.b, &p.both);
        g_assert_true(for_every_packet(intersection_is_right, &p));
    }
}

static void
test_contained_is_every_packet(void)
{
    for (guint i = 0; i < 3000; i++) {
        Pair p = { .a = small_ts(), .b = small_ts() };

        if (obol_ts_contains(&p.a, &p.b))
            g_assert_true(for_every_packet(b_implies_a, &p));
        g_assert_true(obol_ts_contains(&p.a, &p.a));
    }
}

typedef struct {
    const GArray *configured, *proposed, *result;
} Narrowing;

static gboolean
any_matches(const GArray *selectors, const ObolAddress *address, guint8 protocol, guint16 port)
{
    for (guint i = 0; selectors != NULL && i < selectors->len; i++) {
        if (obol_ts_matches(&g_array_index(selectors, ObolTs, i), address, protocol, port))
            return TRUE;
    }
    return FALSE;
}

static gboolean
narrowing_is_right(const ObolAddress *address, guint8 protocol, guint16 port, gpointer data)
{
    const Narrowing *n = data;

    return any_matches(n->result, address, protocol, port)
           == (any_matches(n->configured, address, protocol, port) && any_matches(n->proposed, address, protocol, port));
}

static gboolean
is_one_packet(const ObolTs *one)
{
    return one->protocol != 0 && memcmp(one->first, one->last, sizeof one->first) == 0;
}

static void
test_narrowing_holds_what_both_sets_hold(void)
{
    for (guint i = 0; i < 2000; i++) {
        g_autoptr(GArray) configured = g_array_new(FALSE, FALSE, sizeof(ObolTs));
        g_autoptr(GArray) proposed = g_array_new(FALSE, FALSE, sizeof(ObolTs));
        g_autoptr(GArray) result = NULL;

        for (int n = g_test_rand_int_range(1, 4); n > 0; n--) {
            ObolTs a = small_ts(), b = small_ts();

            g_array_append_val(configured, a);
            g_array_append_val(proposed, b);
        }
        if (proposed->len > 1 && is_one_packet(&g_array_index(proposed, ObolTs, 0)))
            continue; /* a packet's own selectors: a rule of its own, below */
        result = obol_ts_narrow(configured, proposed);
        g_assert_true(for_every_packet(narrowing_is_right, &(Narrowing) { configured, proposed, result }));
        g_assert_true(result == NULL || (obol_ts_list_within(result, configured) && obol_ts_list_within(result, proposed)));
    }
}

static void
test_narrowing_keeps_the_packet_that_asked(void)
{
    g_autoptr(GArray) ours = list("10.1.0.0/16 10.2.0.0/16");
    g_autoptr(GArray) inside = list("10.1.2.3[tcp/80] 10.0.0.0/8");
    g_autoptr(GArray) outside = list("10.9.9.9[tcp/80] 10.0.0.0/8");
    g_autoptr(GArray) kept = obol_ts_narrow(ours, inside);

    g_assert_nonnull(kept);
    g_assert_true(any_matches(kept, &(ObolAddress) { .family = AF_INET, .bytes = { 10, 1, 2, 3 } }, 6, 80));
    g_assert_null(obol_ts_narrow(ours, outside));
}

static void
test_nothing_common_is_no_list(void)
{
    g_autoptr(GArray) a = list("10.1.0.0/16"), b = list("10.2.0.0/16 2001:db8::/32");

    g_assert_null(obol_ts_narrow(a, b));
}

static void
test_a_narrowed_list_says_nothing_twice(void)
{
    g_autoptr(GArray) a = list("10.0.0.0/8 10.1.0.0/16"), b = list("10.1.0.0/16 10.1.2.0/24 0.0.0.0/0");
    g_autoptr(GArray) result = obol_ts_narrow(a, b);
    g_autofree char *text = obol_ts_list_format(result);

    g_assert_cmpstr(text, ==, "10.0.0.0/8");
}

static void
test_dynamic_becomes_the_address_and_keeps_its_ports(void)
{
    ObolAddress address = { .family = AF_INET, .bytes = { 192, 0, 2, 7 } };
    ObolTs one = ts("dynamic[udp/53]"), fixed = ts("10.0.0.0/8");
    g_autofree char *text = NULL;

    obol_ts_resolve(&one, &address);
    text = obol_ts_format(&one);
    g_assert_cmpstr(text, ==, "192.0.2.7/32[udp/53]");
    obol_ts_resolve(&fixed, &address);
    g_assert_cmpint(obol_ts_prefix(&fixed), ==, 8);
}

static void
test_opaque_is_no_port_at_all(void)
{
    ObolTs opaque = ts("10.0.0.0/8[tcp/opaque]"), any = ts("10.0.0.0/8[tcp]"), one = ts("10.0.0.0/8[tcp/80]"), out;
    ObolAddress address = { .family = AF_INET, .bytes = { 10, 0, 0, 1 } };

    g_assert_false(obol_ts_matches(&opaque, &address, 6, 80));
    g_assert_true(obol_ts_contains(&any, &opaque));
    g_assert_false(obol_ts_contains(&one, &opaque));
    g_assert_false(obol_ts_intersect(&one, &opaque, &out));
    g_assert_true(obol_ts_intersect(&any, &opaque, &out));
    g_assert_true(obol_ts_equal(&out, &opaque));
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/ts/text-comes-back-as-it-went", test_text_comes_back_as_it_went);
    g_test_add_func("/model/ts/nonsense-is-refused-with-a-reason", test_nonsense_is_refused_with_a_reason);
    g_test_add_func("/model/ts/intersection-holds-what-both-hold", test_intersection_holds_what_both_hold);
    g_test_add_func("/model/ts/contained-is-every-packet", test_contained_is_every_packet);
    g_test_add_func("/model/ts/narrowing-holds-what-both-sets-hold", test_narrowing_holds_what_both_sets_hold);
    g_test_add_func("/model/ts/narrowing-keeps-the-packet-that-asked", test_narrowing_keeps_the_packet_that_asked);
    g_test_add_func("/model/ts/nothing-common-is-no-list", test_nothing_common_is_no_list);
    g_test_add_func("/model/ts/a-narrowed-list-says-nothing-twice", test_a_narrowed_list_says_nothing_twice);
    g_test_add_func("/model/ts/dynamic-becomes-the-address-and-keeps-its-ports", test_dynamic_becomes_the_address_and_keeps_its_ports);
    g_test_add_func("/model/ts/opaque-is-no-port-at-all", test_opaque_is_no_port_at_all);
    return g_test_run();
}
