/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-fit.c - settings that the kernel which serves can not honour are refused when they are loaded. */
#include "daemon-test.h"

#include <string.h>

#define GCM "esp_proposals = [ \"aes128gcm16\" ]; "
#define NETS "local_ts = [ \"10.1.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; " GCM

typedef struct {
    const char *child; /* its keys */
    gsize ability;     /* offset of the ability that is missing */
    const char *message;
} Case;

#define CAN(member) G_STRUCT_OFFSET(ObolKernelAbilities, member)

static const Case cases[] = {
    { NETS, CAN(esp), "esp_proposals: kernel/fake (a test's kernel) has no ESP" },
    { NETS, CAN(tunnel), "mode: kernel/fake (a test's kernel) has no tunnel mode" },
    { "local_ts = [ \"10.1.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; ah_proposals = [ \"sha256\" ];", CAN(ah_padding),
      "ah_proposals: kernel/fake (a test's kernel) has no AH over IPv4 with other ICVs than of 12 bytes" },
    { GCM "mode = \"transport\";", CAN(transport), "has no transport mode" },
    { NETS "ipcomp = true;", CAN(ipcomp), "ipcomp: kernel/fake (a test's kernel) has no IPComp; the plugin kernel-xfrm or pfkey-kernel or kernel-userspace could" },
    { NETS "tfc_padding = 100;", CAN(tfc_padding), "tfc_padding: " },
    { NETS "rekey_bytes = \"1M\";", CAN(byte_lifetimes), "life_bytes: " },
    { NETS "rekey_packets = 1000;", CAN(packet_lifetimes), "life_packets: " },
    { NETS "mark_in = \"7\";", CAN(marks), "mark_in, mark_out: kernel/fake (a test's kernel) has no firewall marks" },
    { NETS "set_mark_out = \"7\";", CAN(set_marks), "set_mark_in, set_mark_out: " },
    { NETS "if_id_out = 7;", CAN(if_ids), "if_id_in, if_id_out: kernel/fake (a test's kernel) has no interface IDs" },
    { NETS "hw_offload = \"packet\";", CAN(offload), "hw_offload: " },
    { NETS "priority = 7;", CAN(exact_priority), "priority: " },
    { "local_ts = [ \"10.1.0.0/16[tcp/80-90]\" ]; remote_ts = [ \"10.2.0.0/16\" ]; " GCM, CAN(port_ranges),
      "has no ranges of ports; the plugin kernel-xfrm or kernel-userspace could" },
    { "local_ts = [ \"10.1.0.0/16[icmp/2048]\" ]; remote_ts = [ \"10.2.0.0/16[icmp/2048]\" ]; " GCM, CAN(port_ranges), "ranges of ports" },
    { "local_ts = [ \"10.1.0.0/16[icmp/0-255]\" ]; remote_ts = [ \"10.2.0.0/16[icmp/0-255]\" ]; " GCM, CAN(port_ranges), "ranges of ports" },
    { "local_ts = [ \"10.1.0.0/16\", \"fd01::/64\" ]; remote_ts = [ \"10.2.0.0/16\", \"fd02::/64\" ]; " GCM, CAN(mixed_families),
      "make two children, one for each family" },
    { "local_ts = [ \"fd01::/64\" ]; remote_ts = [ \"fd02::/64\" ]; " GCM, CAN(other_family),
      "has no tunnels with another address family inside than outside" },
    { "local_ts = [ \"fd01::/64\" ]; mode = \"pass\"; mark_out = \"1\";", CAN(marks), "mark_in, mark_out: " },
};

/* All that can be had. */
static ObolKernelAbilities
everything(const ObolKernelAbilities *from)
{
    static const ObolTransform transforms[] = {
        { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 },
        { .type = OBOL_TRANSFORM_INTEG, .id = OBOL_INTEG_HMAC_SHA2_256_128 },
        { .type = 0 },
    };
    ObolKernelAbilities all = *from;

    all.transforms = transforms;
    all.esn = all.tunnel = all.transport = all.beet = all.esp = all.ah = all.ah_padding = all.ipcomp = all.plain_esp = all.udp_encap = TRUE;
    all.update_addresses = all.port_ranges = all.byte_lifetimes = all.packet_lifetimes = all.tfc_padding = TRUE;
    all.marks = all.if_ids = all.set_marks = all.offload = all.mixed_families = all.other_family = all.exact_priority = TRUE;
    all.flags = OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_NO_DSCP_OUT | OBOL_SA_DSCP_IN | OBOL_SA_ICMP;
    return all;
}

static void
load(DaemonTest *t, const char *child)
{
    g_autofree char *children = g_strdup_printf("net = { %s };", child);

    daemon_test_write_children(t, 0, "", children);
}

static void
assert_refused(DaemonTest *t, const char *child, const char *message)
{
    g_autoptr(GError) error = NULL;

    load(t, child);
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
    g_assert_true(g_str_has_prefix(error->message, "connections.c.children.net: "));
    if (strstr(error->message, message) == NULL)
        g_error("\"%s\" is not in: %s", message, error->message);
}

static void
assert_taken(DaemonTest *t, const char *child)
{
    g_autoptr(GError) error = NULL;

    load(t, child);
    obol_daemon_reload(t->daemon[0], &error);
    g_assert_no_error(error);
}

static void
test_each_ability_is_asked_for(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        t->world->abilities = everything(&t->world->abilities);
        assert_taken(t, cases[i].child);
        G_STRUCT_MEMBER(gboolean, &t->world->abilities, cases[i].ability) = FALSE;
        assert_refused(t, cases[i].child, cases[i].message);
    }
}

static void
test_header_flags_are_asked_for(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->world->abilities = everything(&t->world->abilities);
    assert_taken(t, NETS "copy_dscp = \"yes\"; copy_df = false;");
    t->world->abilities.flags &= ~(guint) OBOL_SA_NO_COPY_DF;
    assert_refused(t, NETS "copy_df = false;", "copy_df = no: ");
    assert_taken(t, NETS "copy_dscp = \"yes\";");
}

static void
test_numbers_have_bounds(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->world->abilities.reqid_max = 16383;
    t->world->abilities.replay_window_max = 32;
    assert_taken(t, NETS "reqid = 16383; replay_window = 32;");
    assert_refused(t, NETS "reqid = 16384;", "reqid: kernel/fake (a test's kernel) has no reqid above 16383");
    assert_refused(t, NETS "replay_window = 33;", "replay_window: kernel/fake (a test's kernel) has no window larger than 32 packets");
    assert_taken(t, NETS); /* nobody asked for the usual 64 */
}

static void
test_a_plugin_that_says_no_size_is_an_old_one(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->world->abilities = everything(&t->world->abilities);
    t->world->abilities.size = 0;
    assert_taken(t, NETS "mark_in = \"7\";");
    assert_refused(t, NETS "set_mark_in = \"7\";", "set_mark_in, set_mark_out: ");
}

static void
test_encapsulation_is_asked_for(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    t->world->abilities.udp_encap = FALSE;
    daemon_test_write(t, 0, "encap = true;", "");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_nonnull(strstr(error->message, "encap: kernel/fake (a test's kernel) has no ESP in UDP"));
}

static void
test_an_algorithm_is_asked_for(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    load(t, "esp_proposals = [ \"aes128-sha256\" ];");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_nonnull(strstr(error->message, "kernel/fake (a test's kernel) can not do ESP:AES_CBC_128"));
}

/* --- sockets --- */

static void
test_the_kernel_gets_the_sockets(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    const FakeAdoption *second;

    g_assert_cmpuint(t->fake[0]->adopted->len, ==, 2);
    second = &g_array_index(t->fake[0]->adopted, FakeAdoption, 1);
    g_assert_cmpint(second->fd, ==, 1001);
    g_assert_cmpint(second->family, ==, AF_INET);
    g_assert_true(second->nat_t);
}

static void
test_sockets_without_leave_are_no_end(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) why = g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_PERMISSION, "not you");

    t->world->no_adoption = why;
    daemon_test_start(t, 0);
    g_assert_cmpuint(t->fake[0]->adopted->len, ==, 0);
    t->world->no_adoption = NULL;
}

static void
test_sockets_that_can_not_be_used_are(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) why = g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID, "bad descriptor");
    g_autoptr(GError) error = NULL;

    t->world->no_adoption = why;
    g_assert_null(daemon_test_try(t, 0, &error));
    g_assert_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, "kernel/fake can not take on the UDP sockets: bad descriptor");
    t->world->no_adoption = NULL;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    DAEMON_TEST("fit/each-ability-is-asked-for", test_each_ability_is_asked_for);
    DAEMON_TEST("fit/header-flags-are-asked-for", test_header_flags_are_asked_for);
    DAEMON_TEST("fit/numbers-have-bounds", test_numbers_have_bounds);
    DAEMON_TEST("fit/a-plugin-that-says-no-size-is-an-old-one", test_a_plugin_that_says_no_size_is_an_old_one);
    DAEMON_TEST("fit/encapsulation-is-asked-for", test_encapsulation_is_asked_for);
    DAEMON_TEST("fit/an-algorithm-is-asked-for", test_an_algorithm_is_asked_for);
    DAEMON_TEST("adopt/the-kernel-gets-the-sockets", test_the_kernel_gets_the_sockets);
    COLD_TEST("adopt/without-leave-is-no-end", test_sockets_without_leave_are_no_end);
    COLD_TEST("adopt/what-can-not-be-used-is-one", test_sockets_that_can_not_be_used_are);
    return g_test_run();
}
