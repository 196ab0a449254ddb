/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/daemon-test.c - whole daemons, two of them in one process: settings, start, waiting. */
#include "daemon-test.h"

#include <glib/gstdio.h>
#include <gmodule.h>

static const char *const addresses[2] = { "192.0.2.1", "192.0.2.2" };
static const char *const names[2] = { "left.example", "right.example" };
static const char *const nets[2] = { "10.1.0.0/16", "10.2.0.0/16" };

/* --- settings and start --- */

static void
write_all(DaemonTest *t, guint side, const char *daemon, const char *connection_extra, const char *children)
{
    g_autofree char *path = g_build_filename(t->folder[side], "obol.conf", NULL);
    g_autofree char *text = g_strdup_printf(
        "daemon = { %s };\n"
        "plugins = { openssl-free-crypto = { load = true; }; fake = { load = true; address = \"%s\"; }; };\n"
        "connections = { c = { local_addrs = [ \"%s\", \"192.0.2.0/24\" ]; remote_addrs = [ \"%s\", \"192.0.2.0/24\" ];\n"
        "  proposals = [ \"aes128gcm16-prfsha256-x25519\" ];\n  %s\n"
        "  local = { auth = \"psk\"; id = \"%s\"; }; remote = { auth = \"psk\"; id = \"%s\"; };\n"
        "  children = { %s };\n}; };\n"
        "secrets = { ike = { secret = \"correct horse\"; }; };\n",
        daemon, addresses[side], addresses[side], addresses[!side], connection_extra, names[side], names[!side], children);
    GError *error = NULL;

    g_unlink(path); /* what was longer would show behind */
    g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
    g_assert_no_error(error);
}

void
daemon_test_write(DaemonTest *t, guint side, const char *connection_extra, const char *child_extra)
{
    g_autofree char *child = g_strdup_printf("net = { local_ts = [ \"%s\" ]; remote_ts = [ \"%s\" ];\n"
                                             "    esp_proposals = [ \"aes128gcm16\" ]; %s };",
                                             nets[side], nets[!side], child_extra);

    write_all(t, side, "", connection_extra, child);
}

void
daemon_test_write_children(DaemonTest *t, guint side, const char *daemon, const char *children)
{
    write_all(t, side, daemon, "", children);
}

ObolDaemon *
daemon_test_try(DaemonTest *t, guint side, GError **error)
{
    g_autofree char *plugins = g_strdup_printf("%s/.libs:%s/testing/unit/daemon/.libs", g_getenv("OBOL_BUILDDIR"),
                                               g_getenv("OBOL_BUILDDIR"));
    ObolDaemonOptions options = { .config_dir = t->folder[side], .plugin_dir = plugins, .log_level = 0 };

    return obol_daemon_new(&options, error);
}

void
daemon_test_start(DaemonTest *t, guint side)
{
    GError *error = NULL;

    t->daemon[side] = daemon_test_try(t, side, &error);
    g_assert_no_error(error);
    t->fake[side] = g_ptr_array_index(t->world->daemons, t->world->daemons->len - 1);
}

void
daemon_test_set_up(DaemonTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    g_autofree char *path = g_strdup_printf("%s/testing/unit/daemon/.libs/fake.so", g_getenv("OBOL_BUILDDIR"));
    GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);

    g_assert_true(g_module_symbol(module, "fake_world", (gpointer *) &t->world));
    g_module_make_resident(module);
    fake_world_reset(t->world);
    t->context = g_main_context_new();
    g_main_context_push_thread_default(t->context);
    for (guint side = 0; side < 2; side++) {
        t->folder[side] = g_dir_make_tmp("obol-XXXXXX", NULL);
        daemon_test_write(t, side, "", "");
    }
}

void
daemon_test_set_up_and_start(DaemonTest *t, gconstpointer unused)
{
    daemon_test_set_up(t, unused);
    daemon_test_start(t, 0);
    daemon_test_start(t, 1);
}

void
daemon_test_tear_down(DaemonTest *t, G_GNUC_UNUSED gconstpointer unused)
{
    for (guint side = 0; side < 2; side++) {
        g_autofree char *path = g_build_filename(t->folder[side], "obol.conf", NULL);

        obol_daemon_free(t->daemon[side]);
        g_unlink(path);
        g_rmdir(t->folder[side]);
        g_free(t->folder[side]);
    }
    g_main_context_pop_thread_default(t->context);
    g_main_context_unref(t->context);
}

/* --- waiting --- */

void
daemon_test_note(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data)
{
    Outcome *outcome = data;

    outcome->n_calls++;
    outcome->n_matched = n_matched;
    outcome->n_done = n_done;
    g_clear_error(&outcome->error);
    outcome->error = error != NULL ? g_error_copy(error) : NULL;
    outcome->code = reason != NULL ? reason->code : OBOL_REASON_NONE;
}

void
daemon_test_settle(DaemonTest *t)
{
    while (g_main_context_iteration(t->context, FALSE))
        continue;
}

ObolControl *
daemon_test_control(const DaemonTest *t, guint side)
{
    return obol_bus_control(t->fake[side]->bus);
}

ObolStats
daemon_test_stats(const DaemonTest *t, guint side)
{
    ObolStats stats;

    obol_control_stats(daemon_test_control(t, side), &stats);
    return stats;
}

void
daemon_test_tunnel(DaemonTest *t)
{
    Outcome outcome = { 0 };

    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_no_error(outcome.error);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_child_sas, ==, 1);
}
