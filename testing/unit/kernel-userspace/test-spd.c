/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-spd.c - policies are found as a scan of all of them would find them. */
#include "plugins/kernel-userspace/spd.h"

#include <string.h>

#include "plugins/kernel-userspace/selectors.h"

static const SipKey key = { { 1, 2 } };

static void
set_up(Spd *spd)
{
    spd_init(spd, &key);
}

static ObolTs
selector(const char *text)
{
    g_autoptr(GError) error = NULL;
    ObolTs ts;

    obol_ts_parse(text, &ts, &error);
    g_assert_no_error(error);
    return ts;
}

static ObolPolicySpec
policy(const char *source, const char *destination, guint32 reqid)
{
    return (ObolPolicySpec) {
        .direction = OBOL_DIR_OUT, .action = OBOL_POLICY_PROTECT, .source = selector(source),
        .destination = selector(destination), .reqid = reqid, .protocol = OBOL_PROTO_ESP,
    };
}

static Flow
flow(const char *source, const char *destination, guint8 protocol, guint16 port)
{
    ObolAddress from, to;
    Flow out = { .protocol = protocol, .ports = { port, port } };

    g_assert_true(obol_address_parse(source, &from) && obol_address_parse(destination, &to));
    out.family = from.family;
    memcpy(out.addresses[FLOW_SOURCE], from.bytes, 16);
    memcpy(out.addresses[FLOW_DESTINATION], to.bytes, 16);
    return out;
}

static guint32
reqid_for(const Spd *spd, const Flow *f)
{
    const Policy *found = spd_lookup(spd, OBOL_DIR_OUT, f);

    return found != NULL ? found->spec.reqid : 0;
}

static void
count_gone(gpointer data, Policy *gone)
{
    (void) gone;
    (*(guint *) data)++;
}

static void
test_the_narrower_policy_comes_first(void)
{
    ObolPolicySpec wide = policy("10.0.0.0/8", "0.0.0.0/0", 1), narrow = policy("10.1.0.0/16", "10.2.0.0/16", 2);
    ObolPolicySpec tcp = policy("10.1.0.0/16[tcp]", "10.2.0.0/16[tcp/443]", 3);
    Flow other = flow("10.9.0.1", "8.8.8.8", PROTO_UDP, 53), inner = flow("10.1.0.1", "10.2.0.1", PROTO_UDP, 53);
    Flow web = flow("10.1.0.1", "10.2.0.1", PROTO_TCP, 443), none = flow("192.0.2.1", "8.8.8.8", PROTO_TCP, 1);
    Spd spd;

    set_up(&spd);
    g_assert_nonnull(spd_add(&spd, &wide));
    g_assert_nonnull(spd_add(&spd, &narrow));
    g_assert_nonnull(spd_add(&spd, &tcp));
    g_assert_cmpuint(reqid_for(&spd, &other), ==, 1);
    g_assert_cmpuint(reqid_for(&spd, &inner), ==, 2);
    g_assert_cmpuint(reqid_for(&spd, &web), ==, 3);
    g_assert_cmpuint(reqid_for(&spd, &none), ==, 0);
    spd_clear(&spd);
}

static void
test_equal_selectors_are_counted_and_the_newest_serves(void)
{
    ObolPolicySpec trap = policy("10.1.0.0/16", "10.2.0.0/16", 1), first = trap, second = trap;
    Flow f = flow("10.1.0.1", "10.2.0.1", PROTO_UDP, 1);
    Policy *only;
    guint gone = 0;
    Spd spd;

    trap.trap = TRUE;
    second.reqid = 2;
    set_up(&spd);
    only = spd_add(&spd, &trap);
    g_assert_true(spd_add(&spd, &first) == only);
    g_assert_true(only->trap); /* it stays one while one of them is */
    g_assert_true(spd_add(&spd, &second) == only);
    g_assert_cmpuint(reqid_for(&spd, &f), ==, 2);
    g_assert_true(spd_remove(&spd, &second, count_gone, &gone));
    g_assert_cmpuint(reqid_for(&spd, &f), ==, 1);
    g_assert_true(spd_remove(&spd, &trap, count_gone, &gone));
    g_assert_false(only->trap);
    g_assert_cmpuint(gone, ==, 0);
    g_assert_true(spd_remove(&spd, &first, count_gone, &gone));
    g_assert_cmpuint(gone, ==, 1);
    g_assert_cmpuint(reqid_for(&spd, &f), ==, 0);
    g_assert_false(spd_remove(&spd, &first, count_gone, &gone));
    g_assert_cmpuint(spd.pairs->len, ==, 0);
    spd_clear(&spd);
}

static void
test_selectors_of_two_families_are_refused(void)
{
    ObolPolicySpec mixed = policy("10.0.0.0/8", "2001:db8::/32", 1);
    Spd spd;

    set_up(&spd);
    g_assert_null(spd_add(&spd, &mixed));
    spd_clear(&spd);
}

static void
test_the_cost_does_not_grow_with_road_warriors(void)
{
    Spd spd;

    set_up(&spd);
    for (guint i = 0; i < 20000; i++) {
        g_autofree char *client = g_strdup_printf("10.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);
        ObolPolicySpec spec = policy("0.0.0.0/0", client, i + 1);

        g_assert_nonnull(spd_add(&spd, &spec));
    }
    g_assert_cmpuint(spd.pairs->len, ==, 1); /* one question a lookup */
    for (guint i = 0; i < 20000; i += 777) {
        g_autofree char *client = g_strdup_printf("10.%u.%u.%u", i >> 16, i >> 8 & 0xff, i & 0xff);
        Flow f = flow("192.0.2.1", client, PROTO_UDP, 1);

        g_assert_cmpuint(reqid_for(&spd, &f), ==, i + 1);
    }
    spd_clear(&spd);
}

/* Anything at all: prefixes, odd ranges, ports, both families. */
static void
random_selector(ObolTs *out, gboolean v6)
{
    static const guint8 protocols[] = { 0, PROTO_TCP, PROTO_UDP };
    gsize n = v6 ? 16 : 4;

    *out = (ObolTs) { .family = v6 ? AF_INET6 : AF_INET, .port_last = 65535 };
    out->protocol = protocols[g_test_rand_int_range(0, 3)];
    if (g_test_rand_bit()) {
        out->port_first = (guint16) g_test_rand_int_range(0, 4);
        out->port_last = (guint16) (out->port_first + g_test_rand_int_range(0, 3));
    }
    out->first[0] = out->last[0] = 10;
    out->first[n - 2] = (guint8) g_test_rand_int_range(0, 3);
    out->first[n - 1] = (guint8) g_test_rand_int_range(0, 8);
    out->last[n - 2] = (guint8) (out->first[n - 2] + g_test_rand_int_range(0, 2));
    out->last[n - 1] = (guint8) (out->first[n - 1] + g_test_rand_int_range(0, 8));
}

static Flow
random_flow(gboolean v6)
{
    gsize n = v6 ? 16 : 4;
    Flow f = { .family = v6 ? AF_INET6 : AF_INET, .opaque = g_test_rand_int_range(0, 8) == 0 };

    f.protocol = g_test_rand_bit() ? PROTO_TCP : PROTO_UDP;
    for (guint end = 0; end < 2; end++) {
        f.ports[end] = f.opaque ? 0 : (guint16) g_test_rand_int_range(0, 6);
        f.addresses[end][0] = 10;
        f.addresses[end][n - 2] = (guint8) g_test_rand_int_range(0, 4);
        f.addresses[end][n - 1] = (guint8) g_test_rand_int_range(0, 16);
    }
    return f;
}

static void
test_agrees_with_a_scan(void)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(ObolPolicySpec));
    guint gone = 0, n_found = 0;
    Spd spd;

    set_up(&spd);
    for (guint round = 0; round < 3000; round++) {
        gboolean v6 = g_test_rand_bit();
        const Policy *found;
        guint32 best = G_MAXUINT32;
        Flow f = random_flow(v6);

        if (all->len < 200 || g_test_rand_bit()) {
            ObolPolicySpec spec = { .direction = OBOL_DIR_OUT, .reqid = round + 1, .protocol = OBOL_PROTO_ESP };

            random_selector(&spec.source, v6);
            random_selector(&spec.destination, v6);
            spec.priority = (guint32) g_test_rand_int_range(1, 1000);
            g_assert_nonnull(spd_add(&spd, &spec));
            g_array_append_val(all, spec);
        } else {
            guint victim = (guint) g_test_rand_int_range(0, (gint32) all->len);

            g_assert_true(spd_remove(&spd, &g_array_index(all, ObolPolicySpec, victim), count_gone, &gone));
            g_array_remove_index(all, victim);
        }
        for (guint i = 0; i < all->len; i++) {
            const ObolPolicySpec *spec = &g_array_index(all, ObolPolicySpec, i);

            if (selector_matches(&spec->source, &f, FLOW_SOURCE) &&
                selector_matches(&spec->destination, &f, FLOW_DESTINATION)) {
                gboolean replaced = FALSE; /* by a newer one with the same selectors */

                for (guint k = i + 1; k < all->len; k++) {
                    const ObolPolicySpec *later = &g_array_index(all, ObolPolicySpec, k);

                    replaced |= obol_ts_equal(&later->source, &spec->source) &&
                                obol_ts_equal(&later->destination, &spec->destination);
                }
                if (!replaced)
                    best = MIN(best, spec->priority);
            }
        }
        found = spd_lookup(&spd, OBOL_DIR_OUT, &f);
        g_assert_cmpuint(found != NULL ? found->priority : G_MAXUINT32, ==, best);
        n_found += found != NULL;
    }
    g_assert_cmpuint(n_found, >, 100);
    spd_clear(&spd);
}

static void
test_selectors_judge_as_the_model_does(void)
{
    for (guint i = 0; i < 20000; i++) {
        gboolean v6 = g_test_rand_bit();
        Flow f = random_flow(v6);
        ObolAddress address;
        ObolTs ts;

        random_selector(&ts, v6);
        f.opaque = FALSE;
        flow_address(&f, FLOW_SOURCE, &address);
        g_assert_cmpint(selector_matches(&ts, &f, FLOW_SOURCE), ==,
                        obol_ts_matches(&ts, &address, f.protocol, f.ports[FLOW_SOURCE]));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-userspace/spd/the-narrower-policy-comes-first", test_the_narrower_policy_comes_first);
    g_test_add_func("/kernel-userspace/spd/equal-selectors-are-counted-and-the-newest-serves",
                    test_equal_selectors_are_counted_and_the_newest_serves);
    g_test_add_func("/kernel-userspace/spd/selectors-of-two-families-are-refused", test_selectors_of_two_families_are_refused);
    g_test_add_func("/kernel-userspace/spd/the-cost-does-not-grow-with-road-warriors",
                    test_the_cost_does_not_grow_with_road_warriors);
    g_test_add_func("/kernel-userspace/spd/agrees-with-a-scan", test_agrees_with_a_scan);
    g_test_add_func("/kernel-userspace/spd/selectors-judge-as-the-model-does", test_selectors_judge_as_the_model_does);
    return g_test_run();
}
