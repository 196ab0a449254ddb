/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-ts-change.c - selectors added to others, and cut out of them. */
#include <obol/settings.h>
#include <obol/ts.h>

#include <string.h>

static GArray *
list(const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (char **word = words; *word != NULL; word++) {
        ObolTs one;

        if ((*word)[0] == '\0')
            continue;
        g_assert_true(obol_ts_parse(*word, &one, NULL));
        g_array_append_val(out, one);
    }
    return out;
}

/* Of our end there are two, as with a virtual address of each family. */
static GArray *
addresses(gboolean ours)
{
    static const ObolAddress all[] = {
        { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
        { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
        { .family = AF_INET, .bytes = { 192, 0, 2, 2 } },
    };
    GArray *result = g_array_new(FALSE, FALSE, sizeof(ObolAddress));

    g_array_append_vals(result, ours ? &all[0] : &all[2], ours ? 2 : 1);
    return result;
}

/* --- cut out --- */

static void
test_what_is_cut_out_leaves_the_rest(void)
{
    static const char *const cases[][3] = {
        { "10.0.0.0/8", "10.0.0.0/8", "" },
        { "10.0.0.0/8", "0.0.0.0/0", "" },
        { "10.0.0.0/8", "192.168.0.0/16", "10.0.0.0/8" },
        { "10.0.0.0/8", "::/0", "10.0.0.0/8" },
        { "10.1.0.0/16", "10.1.128.0/17", "10.1.0.0/17" },
        { "10.1.0.0/16", "10.1.0.0/17", "10.1.128.0/17" },
        { "10.1.0.0/30", "10.1.0.1", "10.1.0.0/32 10.1.0.2/31" },
        { "10.1.0.0/29", "10.1.0.3", "10.1.0.0/31 10.1.0.2/32 10.1.0.4/30" },
        { "10.1.0.1..10.1.0.9", "10.1.0.4..10.1.0.5", "10.1.0.1..10.1.0.3 10.1.0.6..10.1.0.9" },
        { "10.1.0.0/29", "10.1.0.2..10.1.0.6", "10.1.0.0/31 10.1.0.7/32" },
        { "0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/1" },
        { "255.255.255.254/31", "255.255.255.255", "255.255.255.254/32" },
        { "0.0.0.0/31", "0.0.0.0", "0.0.0.1/32" },
        { "2001:db8::/32", "2001:db8:8000::/33", "2001:db8::/33" },
        { "10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp/0-79] 10.0.0.0/8[tcp/81-65535]" },
        { "10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/0-79]", "10.0.0.0/8[tcp/80-65535]" },
        { "10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp]", "" },
        { "10.0.0.0/8[tcp]", "10.0.0.0/8[udp]", "10.0.0.0/8[tcp]" },
        { "10.0.0.0/8[tcp]", "10.128.0.0/9", "10.0.0.0/9[tcp]" },
        { "10.0.0.0/31[tcp]", "10.0.0.1[tcp/80]", "10.0.0.0/32[tcp] 10.0.0.1/32[tcp/0-79] 10.0.0.1/32[tcp/81-65535]" },
        { "10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp]", "" },
        { "10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp/OPAQUE]" },
        { "10.0.0.0/8 192.168.0.0/16", "192.168.0.0/17 10.128.0.0/9", "10.0.0.0/9 192.168.128.0/17" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) from = list(cases[i][0]);
        g_autoptr(GArray) less = list(cases[i][1]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) left = obol_ts_list_subtract(from, less, &error);
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        text = obol_ts_list_format(left);
        g_assert_cmpstr(text, ==, cases[i][2]);
    }
}

static void
test_what_no_selector_can_say_is_refused(void)
{
    static const char *const cases[][2] = {
        { "10.0.0.0/8", "10.0.0.0/8[tcp]" },
        { "10.0.0.0/8", "10.1.0.0/16[tcp/22]" },
        { "10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/opaque]" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) from = list(cases[i][0]);
        g_autoptr(GArray) less = list(cases[i][1]);
        g_autoptr(GError) error = NULL;

        g_assert_null(obol_ts_list_subtract(from, less, &error));
        g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
    }
}

static gboolean
matches(const GArray *selectors, guint8 last, guint16 port)
{
    const ObolAddress address = { .family = AF_INET, .bytes = { 10, 0, 0, last } };

    for (guint i = 0; i < selectors->len; i++) {
        if (obol_ts_matches(&g_array_index(selectors, ObolTs, i), &address, 6, port))
            return TRUE;
    }
    return FALSE;
}

static GArray *
random_list(GRand *dice)
{
    guint n = (guint) g_rand_int_range(dice, 1, 4);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (guint i = 0; i < n; i++) {
        ObolTs one = { .family = AF_INET, .protocol = 6, .first = { 10 }, .last = { 10 } };
        guint8 a = (guint8) g_rand_int_range(dice, 0, 16), b = (guint8) g_rand_int_range(dice, 0, 16);
        guint16 p = (guint16) g_rand_int_range(dice, 0, 4), q = (guint16) g_rand_int_range(dice, 0, 4);

        one.first[3] = MIN(a, b);
        one.last[3] = MAX(a, b);
        one.port_first = MIN(p, q);
        one.port_last = MAX(p, q);
        g_array_append_val(out, one);
    }
    return out;
}

/* Packet by packet, against the meaning of the words. */
static void
test_every_packet_is_where_it_belongs(void)
{
    g_autoptr(GRand) dice = g_rand_new_with_seed(9);

    for (guint n = 0; n < 2000; n++) {
        g_autoptr(GArray) from = random_list(dice);
        g_autoptr(GArray) less = random_list(dice);
        g_autoptr(GArray) left = obol_ts_list_subtract(from, less, NULL);

        g_assert_nonnull(left);
        for (guint host = 0; host < 17; host++) {
            for (guint16 port = 0; port < 5; port++)
                g_assert_cmpint(matches(left, (guint8) host, port), ==,
                                matches(from, (guint8) host, port) && !matches(less, (guint8) host, port));
        }
    }
}

/* --- changes --- */

typedef struct {
    ObolTsOp op;
    const char *local, *remote, *then_local, *then_remote; /* then NULL: refused */
} Case;

static void
test_changes_of_a_child(void)
{
    static const Case cases[] = {
        { OBOL_TS_ADD, NULL, "10.3.0.0/16", "10.1.0.0/16", "10.2.0.0/16 10.3.0.0/16" },
        { OBOL_TS_ADD, NULL, "10.2.7.0/24", "10.1.0.0/16", "10.2.0.0/16" },            /* covered already */
        { OBOL_TS_ADD, NULL, "10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8" },              /* covers what there is */
        { OBOL_TS_ADD, "dynamic[udp/500]", NULL, "10.1.0.0/16 192.0.2.1/32[udp/500] 2001:db8::1/128[udp/500]", "10.2.0.0/16" },
        { OBOL_TS_REMOVE, "10.1.0.0/17", "10.2.0.0/17", "10.1.128.0/17", "10.2.128.0/17" },
        { OBOL_TS_SET, NULL, "dynamic", "10.1.0.0/16", "192.0.2.2/32" },
        { OBOL_TS_SET, NULL, "10.3.0.0/16 10.3.1.0/24", "10.1.0.0/16", "10.3.0.0/16" },
        { OBOL_TS_REMOVE, NULL, "10.2.0.0/16", NULL, NULL },
        { OBOL_TS_REMOVE, NULL, "10.0.0.0/8", NULL, NULL },
        { OBOL_TS_REMOVE, NULL, "10.2.0.0/17 172.16.0.0/12", NULL, NULL },
        { OBOL_TS_REMOVE, "10.2.0.0/16", NULL, NULL, NULL },                           /* the other end's */
        { OBOL_TS_SET, NULL, "2001:db8::/32", NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) now_local = list("10.1.0.0/16");
        g_autoptr(GArray) now_remote = list("10.2.0.0/16");
        g_autoptr(GArray) local = cases[i].local != NULL ? list(cases[i].local) : NULL;
        g_autoptr(GArray) remote = cases[i].remote != NULL ? list(cases[i].remote) : NULL;
        const ObolTsChange change = { cases[i].op, local, remote };
        g_autoptr(GArray) here = addresses(TRUE);
        g_autoptr(GArray) there = addresses(FALSE);
        g_autoptr(GArray) new_local = NULL;
        g_autoptr(GArray) new_remote = NULL;
        g_autoptr(GError) error = NULL;
        gboolean done = obol_ts_change_apply(&change, now_local, now_remote, here, there, &new_local, &new_remote, &error);
        g_autofree char *left = done ? obol_ts_list_format(new_local) : NULL, *right = done ? obol_ts_list_format(new_remote) : NULL;

        g_assert_cmpstr(left, ==, cases[i].then_local);
        g_assert_cmpstr(right, ==, cases[i].then_remote);
        g_assert_true(done == (error == NULL));
    }
}

/* An address out of all of IPv6 leaves 128 prefixes: just as many as there may be; one more is too many. */
static void
test_there_is_a_bound(void)
{
    g_autoptr(GArray) all = list("::/0");
    g_autoptr(GArray) one = list("2001:db8::1");
    g_autoptr(GArray) two = list("2001:db8::1 ::5");
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) left = obol_ts_list_subtract(all, one, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(left->len, ==, OBOL_TS_MAX);
    g_assert_null(obol_ts_list_subtract(all, two, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/ts-change/what-is-cut-out-leaves-the-rest", test_what_is_cut_out_leaves_the_rest);
    g_test_add_func("/model/ts-change/what-no-selector-can-say-is-refused", test_what_no_selector_can_say_is_refused);
    g_test_add_func("/model/ts-change/every-packet-is-where-it-belongs", test_every_packet_is_where_it_belongs);
    g_test_add_func("/model/ts-change/changes-of-a-child", test_changes_of_a_child);
    g_test_add_func("/model/ts-change/there-is-a-bound", test_there_is_a_bound);
    return g_test_run();
}
