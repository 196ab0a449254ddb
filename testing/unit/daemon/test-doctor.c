/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-doctor.c - what is found on machines that the test makes up. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/daemon-private.h"

typedef struct {
    char *root;
    ObolBus *bus;
    ObolNode *settings;
} DoctorTest;

static void
put(DoctorTest *t, const char *path, const char *contents)
{
    g_autofree char *whole = g_strconcat(t->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);

    g_mkdir_with_parents(folder, 0700);
    g_assert_true(g_file_set_contents(whole, contents, -1, NULL));
}

static void
set_up(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->root = g_dir_make_tmp("obol-doctor-XXXXXX", NULL);
    t->bus = obol_bus_new(NULL);
    obol_bus_set_log(t->bus, -1, FALSE);
}

static void
remove_all(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        if (g_file_test(below, G_FILE_TEST_IS_DIR) && !g_file_test(below, G_FILE_TEST_IS_SYMLINK))
            remove_all(below);
        g_remove(below);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_rmdir(path);
}

static void
tear_down(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    remove_all(t->root);
    g_free(t->root);
    obol_bus_free(t->bus);
    obol_node_free(t->settings);
}

/* "level code subject; ..." of all findings but that there is no kernel. */
static char *
findings(DoctorTest *t, gboolean running)
{
    g_autoptr(ObolNode) report = daemon_doctor(t->bus, t->settings, t->root, running);
    const ObolNode *found = obol_node_get(report, "findings");
    GString *text = g_string_new(NULL);

    g_assert_cmpint(obol_doctor_verdict(report), ==, OBOL_DOCTOR_NO_KERNEL);
    for (guint i = 0; i < found->items->len; i++) {
        const ObolNode *finding = g_ptr_array_index(found->items, i);
        const char *code = obol_node_get(finding, "code")->value, *advice;
        g_autofree char *words = obol_doctor_finding_text(finding, &advice);

        g_assert_null(strstr(words, "%s"));
        g_assert_false(g_str_has_prefix(words, code)); /* each code has its words */
        if (!g_str_equal(code, "no-kernel"))
            g_string_append_printf(text, "%s %s %s; ", obol_node_get(finding, "level")->value, code,
                                   obol_node_get(finding, "subject")->value);
    }
    return g_string_free(text, FALSE);
}

static void
assert_findings(DoctorTest *t, const char *expected)
{
    g_autofree char *found = findings(t, FALSE);

    g_assert_cmpstr(found, ==, expected);
}

static void
test_nothing(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    assert_findings(t, "");
}

static void
test_modules(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    struct utsname system;
    g_autofree char *builtin = NULL, *loadable = NULL;

    uname(&system);
    builtin = g_strdup_printf("/lib/modules/%s/modules.builtin", system.release);
    loadable = g_strdup_printf("/lib/modules/%s/modules.dep", system.release);
    put(t, builtin, "kernel/net/ipv4/esp4.ko\nkernel/net/ipv6/esp6.ko\nkernel/net/xfrm/xfrm_user.ko\n");
    put(t, loadable, "kernel/net/key/af_key.ko.xz: kernel/net/xfrm/xfrm_algo.ko.xz\nkernel/drivers/net/tun.ko:\n");
    put(t, "/proc/modules", "tun 61440 2 - Live 0x0\nah4 1 0 - Live 0x0\n");
    assert_findings(t, "note module-missing ah6; note module-missing ipcomp; note module-not-loaded af_key; ");
}

static void
test_capabilities(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    put(t, "/proc/self/status", "Name:\tobold\nCapEff:\t0000000000000400\n");
    assert_findings(t, "warning no-capability CAP_NET_ADMIN; note no-capability CAP_NET_RAW; ");
}

static void
test_interfaces(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    put(t, "/proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
    put(t, "/proc/sys/net/ipv4/conf/default/rp_filter", "1\n");
    put(t, "/proc/sys/net/ipv4/conf/lo/disable_xfrm", "1\n");
    put(t, "/proc/sys/net/ipv4/conf/eth0/rp_filter", "1\n");
    put(t, "/proc/sys/net/ipv4/conf/eth0/disable_policy", "1\n");
    put(t, "/proc/sys/net/ipv4/conf/eth0/disable_xfrm", "1\n");
    assert_findings(t, "warning rp-filter eth0; warning disable-policy eth0; warning disable-xfrm eth0; ");
    put(t, "/proc/sys/net/ipv4/conf/all/rp_filter", "2\n"); /* the larger of the two counts */
    put(t, "/proc/sys/net/core/xfrm_larval_drop", "0\n");
    assert_findings(t, "warning disable-policy eth0; warning disable-xfrm eth0; note larval-drop net.core.xfrm_larval_drop; ");
}

static void
test_forwarding(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const char text[] = "connections = { c = { local = { auth = \"psk\"; }; remote = { auth = \"psk\"; };"
                               " children = { n = { local_ts = \"10.1.0.0/16\"; }; h = { local_ts = \"fd00::1\"; }; }; }; };";

    t->settings = obol_settings_read_text(text, strlen(text), "t.conf", NULL);
    put(t, "/proc/sys/net/ipv4/ip_forward", "0\n");
    put(t, "/proc/sys/net/ipv6/conf/all/forwarding", "0\n");
    assert_findings(t, "warning no-forwarding net.ipv4.ip_forward; ");
}

static void
test_ports(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const char table[] = "  sl  local_address rem_address   st tx_queue\n"
                                "  12: 00000000:01F4 00000000:0000 07 00000000:00000000\n"
                                "  13: 00000000:1195 00000000:11F4 07 00000000:00000000\n";
    g_autofree char *ours = NULL;

    put(t, "/proc/net/udp", table);
    assert_findings(t, "error port-taken UDP 500; ");
    ours = findings(t, TRUE);
    g_assert_cmpstr(ours, ==, "");
    t->settings = obol_settings_read_text("plugins = { socket-default = { ike_port = -1; nat_t_port = 4501; }; };", 70, "t.conf", NULL);
    assert_findings(t, "error port-taken UDP 4501; ");
}

static void
test_other_daemons(DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *self = g_strconcat(t->root, "/proc/self/ns", NULL), *there = g_strconcat(t->root, "/proc/77/ns", NULL);
    g_autofree char *own = g_strconcat(self, "/net", NULL), *other = g_strconcat(there, "/net", NULL);

    put(t, "/proc/76/comm", "bash\n");
    put(t, "/proc/77/comm", "charon\n");
    g_mkdir_with_parents(self, 0700);
    g_mkdir_with_parents(there, 0700);
    g_assert_no_errno(symlink("net:[1]", own));
    g_assert_no_errno(symlink("net:[1]", other));
    assert_findings(t, "warning other-daemon charon (77); ");
    g_unlink(other);
    g_assert_no_errno(symlink("net:[2]", other)); /* a container's */
    assert_findings(t, "");
}

/* What comes over a socket may be of any shape. */
static void
test_strange_reports(G_GNUC_UNUSED DoctorTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const char *const texts[] = {
        "kernels = 1; findings = 2;", "kernels = { a = 1; }; findings = { b = [ 1 ]; };", "kernels = [ ]; serving = { };",
        "kernels = { a = { abilities = 1; state = { }; }; }; findings = { a = { }; };",
        "kernels = { a = { abilities = { algorithms = 1; esp = { }; }; }; }; system = [ 1 ];",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ObolNode) report = obol_settings_read_text(texts[i], strlen(texts[i]), "t.conf", &error);
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        text = obol_doctor_text(report);
        g_assert_nonnull(text);
        obol_doctor_verdict(report);
    }
}

#define TEST(name, func) g_test_add("/daemon/doctor/" name, DoctorTest, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("what-can-not-be-read-is-no-fault", test_nothing);
    TEST("modules-are-loaded-loadable-or-missing", test_modules);
    TEST("capabilities-that-lack-are-named", test_capabilities);
    TEST("interfaces-that-are-in-the-way", test_interfaces);
    TEST("forwarding-is-for-networks", test_forwarding);
    TEST("ports-that-others-have", test_ports);
    TEST("other-daemons-of-this-network", test_other_daemons);
    TEST("strange-reports-are-survived", test_strange_reports);
    return g_test_run();
}
