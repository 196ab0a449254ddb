/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-daemon.c - whole daemons, two of them in one process, with a kernel and a wire of the test's
 * own. */
#include <obol/daemon.h>

#include <glib/gstdio.h>
#include <gmodule.h>
#include <string.h>

#include "fake.h"

#define TURNS_MAX 100000 /* of the loop, for anything: more means that it never comes */

/* Two daemons, left and right, each with a folder of settings. */
typedef struct {
    GMainContext *context;
    char *folder[2];
    ObolDaemon *daemon[2];
    Fake *fake[2];
    FakeWorld *world;
} DaemonTest;

static const char *const addresses[2] = { "192.0.2.1", "192.0.2.2" };
static const char *const names[2] = { "left.example", "right.example" };
static const char *const nets[2] = { "10.1.0.0/16", "10.2.0.0/16" };

/* --- settings and start --- */

static void
write_settings(DaemonTest *t, guint side, const char *connection_extra, const char *child_extra)
{
    g_autofree char *path = g_build_filename(t->folder[side], "obol.conf", NULL);
    g_autofree char *text = g_strdup_printf(
        "plugins = { openssl-free-crypto = { load = true; }; fake = { load = true; address = \"%s\"; }; };\n"
        "connections = { c = { local_addrs = [ \"%s\" ]; remote_addrs = [ \"%s\" ];\n"
        "  proposals = [ \"aes128gcm16-prfsha256-x25519\" ];\n  %s\n"
        "  local = { auth = \"psk\"; id = \"%s\"; }; remote = { auth = \"psk\"; id = \"%s\"; };\n"
        "  children = { net = { local_ts = [ \"%s\" ]; remote_ts = [ \"%s\" ];\n"
        "    esp_proposals = [ \"aes128gcm16\" ]; %s }; };\n"
        "}; };\n"
        "secrets = { ike = { secret = \"correct horse\"; }; };\n",
        addresses[side], addresses[side], addresses[!side], connection_extra, names[side], names[!side], nets[side],
            nets[!side],
        child_extra);
    GError *error = NULL;

    g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
    g_assert_no_error(error);
}

static void
start(DaemonTest *t, guint side)
{
    g_autofree char *plugins = g_strdup_printf("%s/.libs:%s/testing/unit/daemon/.libs", g_getenv("OBOL_BUILDDIR"),
                                               g_getenv("OBOL_BUILDDIR"));
    ObolDaemonOptions options = { .config_dir = t->folder[side], .plugin_dir = plugins, .log_level = 0 };
    GError *error = NULL;
    GModule *module;
    g_autofree char *path = NULL;

    t->daemon[side] = obol_daemon_new(&options, &error);
    g_assert_no_error(error);
    path = g_strdup_printf("%s/testing/unit/daemon/.libs/fake.so", g_getenv("OBOL_BUILDDIR"));
    module = g_module_open(path, G_MODULE_BIND_LOCAL);
    g_assert_true(g_module_symbol(module, "fake_world", (gpointer *) &t->world));
    g_module_close(module); /* the daemon keeps it */
    t->fake[side] = g_ptr_array_index(t->world->daemons, t->world->daemons->len - 1);
    t->world->deaf = FALSE;
}

static void
set_up(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->context = g_main_context_new();
    g_main_context_push_thread_default(t->context);
    for (guint side = 0; side < 2; side++) {
        t->folder[side] = g_dir_make_tmp("obol-XXXXXX", NULL);
        write_settings(t, side, "", "");
    }
}

static void
set_up_and_start(DaemonTest *t, gconstpointer data)
{
    set_up(t, data);
    start(t, 0);
    start(t, 1);
}

static void
tear_down(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
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

typedef struct {
    guint n_calls, n_matched, n_done;
    GError *error;
    ObolReasonCode code;
} Outcome;

static void
note_outcome(const GError *error, const ObolReason *reason, guint n_matched, guint n_done, gpointer data)
{
    Outcome *outcome = data;

    outcome->n_calls++;
    outcome->n_matched = n_matched;
    outcome->n_done = n_done;
    g_clear_error(&outcome->error);
    outcome->error = error != NULL ? g_error_copy(error) : NULL;
    outcome->code = reason != NULL ? reason->code : OBOL_REASON_NONE;
}

#define WAIT_FOR(t, condition)                                   \
    do {                                                         \
        guint turns_ = 0;                                        \
        while (!(condition)) {                                   \
            g_assert_cmpuint(turns_++, <, TURNS_MAX);            \
            g_main_context_iteration((t)->context, TRUE);        \
        }                                                        \
    } while (0)

/* Whatever is under way without waiting for a clock. */
static void
settle(DaemonTest *t)
{
    while (g_main_context_iteration(t->context, FALSE))
        continue;
}

static ObolControl *
control_of(const DaemonTest *t, guint side)
{
    return obol_bus_control(t->fake[side]->bus);
}

static ObolStats
stats_of(const DaemonTest *t, guint side)
{
    ObolStats stats;

    obol_control_stats(control_of(t, side), &stats);
    return stats;
}

static void
set_up_tunnel(DaemonTest *t)
{
    Outcome outcome = { 0 };

    obol_control_initiate(control_of(t, 0), "c", NULL, -1, note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_no_error(outcome.error);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(stats_of(t, 1).n_child_sas, ==, 1);
}

/* --- commands --- */

static void
test_initiate_waits_for_the_child(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    set_up_tunnel(t);
    g_assert_cmpuint(t->fake[0]->n_sas, ==, 2);
    g_assert_cmpuint(t->fake[1]->n_sas, ==, 2);
    g_assert_cmpuint(t->fake[0]->policies->len, >=, 2);
}

static void
test_terminate_counts_what_it_ended(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolSaSelector which = { .ike = "c" };
    Outcome outcome = { 0 };

    set_up_tunnel(t);
    obol_control_terminate(control_of(t, 0), &which, FALSE, -1, note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(outcome.n_matched, ==, 1);
    g_assert_cmpuint(outcome.n_done, ==, 1);
    settle(t);
    for (guint side = 0; side < 2; side++) {
        g_assert_cmpuint(stats_of(t, side).n_ike_sas, ==, 0);
        g_assert_cmpuint(t->fake[side]->n_sas, ==, 0);
        g_assert_cmpuint(t->fake[side]->policies->len, ==, 0);
    }
}

static void
test_what_is_not_there_is_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolSaSelector which = { .ike = "other" };
    Outcome initiated = { 0 }, terminated = { 0 }, installed = { 0 };

    obol_control_initiate(control_of(t, 0), "other", NULL, -1, note_outcome, &initiated);
    obol_control_terminate(control_of(t, 0), &which, FALSE, -1, note_outcome, &terminated);
    obol_control_install(control_of(t, 0), NULL, "other", note_outcome, &installed);
    g_assert_cmpuint(initiated.n_calls + terminated.n_calls + installed.n_calls, ==, 0);
    WAIT_FOR(t, initiated.n_calls > 0 && terminated.n_calls > 0 && installed.n_calls > 0);
    g_assert_error(initiated.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
    g_assert_error(terminated.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
    g_assert_error(installed.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
    g_clear_error(&initiated.error);
    g_clear_error(&terminated.error);
    g_clear_error(&installed.error);
}

static void
test_patience_ends_but_the_command_goes_on(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    t->world->deaf = TRUE;
    obol_control_initiate(control_of(t, 0), "c", NULL, 1, note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT);
    g_clear_error(&outcome.error);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 1);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
}

static void
test_who_does_not_wait_is_called_at_once(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };
    Outcome outcome = { 0 };

    obol_control_initiate(control_of(t, 0), NULL, "net", 0, note_outcome, &outcome);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
    obol_control_terminate(control_of(t, 0), &all, FALSE, 0, note_outcome, &outcome);
    g_assert_cmpuint(outcome.n_calls, ==, 2);
    g_assert_cmpuint(outcome.n_matched, ==, 1);
    settle(t);
    g_assert_cmpuint(outcome.n_calls, ==, 2);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 0);
}

static void
test_who_went_away_is_not_called(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };
    ObolControlTicket ticket = obol_control_initiate(control_of(t, 0), "c", "net", -1, note_outcome, &outcome);

    obol_control_forget(control_of(t, 0), ticket);
    settle(t);
    g_assert_cmpuint(outcome.n_calls, ==, 0);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
}

static void
test_a_failure_brings_its_reason(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };
    g_autoptr(GError) error = NULL;

    write_settings(t, 1, "", "");
    obol_control_unload_connection(control_of(t, 1), "c", &error);
    g_assert_no_error(error);
    obol_control_initiate(control_of(t, 0), "c", NULL, -1, note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_assert_cmpint(outcome.code, !=, OBOL_REASON_NONE);
    g_clear_error(&outcome.error);
}

/* --- lists --- */

typedef struct {
    guint n_sas, n_done;
    guint64 bytes_in, bytes_out;
} Listed;

static void
note_sa(const ObolIkeInfo *sa, gpointer data)
{
    Listed *listed = data;

    listed->n_sas++;
    g_assert_cmpstr(sa->connection, ==, "c");
    g_assert_cmpuint(sa->n_children, ==, 1);
    listed->bytes_in += sa->children[0].in.bytes;
    listed->bytes_out += sa->children[0].out.bytes;
}

static void
note_end(gpointer data)
{
    ((Listed *) data)->n_done++;
}

static void
test_a_query_brings_fresh_counters(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Listed listed = { 0 };

    set_up_tunnel(t);
    obol_control_each_sa(control_of(t, 0), note_sa, &listed);
    g_assert_cmpuint(listed.n_sas, ==, 1);
    g_assert_cmpuint(listed.bytes_in + listed.bytes_out, ==, 0);
    listed = (Listed) { 0 };
    obol_control_query_sas(control_of(t, 0), note_sa, note_end, &listed);
    WAIT_FOR(t, listed.n_done > 0);
    g_assert_cmpuint(listed.n_sas, ==, 1);
    g_assert_cmpuint(listed.bytes_in, ==, 1000);
    g_assert_cmpuint(listed.bytes_out, ==, 1000);
}

static void
note_connection(const ObolConnectionInfo *connection, gpointer data)
{
    GString *text = data;

    g_string_append_printf(text, "%s %s %s %s;", connection->name, connection->local_addrs[0], connection->unique,
                           connection->children[0].start_action);
}

static char *
connections_of(const DaemonTest *t, guint side)
{
    GString *text = g_string_new(NULL);

    obol_control_each_connection(control_of(t, side), note_connection, text);
    return g_string_free(text, FALSE);
}

/* --- reload --- */

static void
test_a_reload_with_an_error_changes_nothing(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *before = connections_of(t, 0);
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    set_up_tunnel(t);
    write_settings(t, 0, "uniqe = \"keep\";", "");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "unique"));
    after = connections_of(t, 0);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
}

static void
test_a_reload_changes_what_is_listed_and_no_living_sa(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    set_up_tunnel(t);
    write_settings(t, 0, "unique = \"keep\";", "");
    g_assert_true(obol_daemon_reload(t->daemon[0], &error));
    g_assert_no_error(error);
    after = connections_of(t, 0);
    g_assert_cmpstr(after, ==, "c 192.0.2.1 UNIQUE_KEEP none;");
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
}

static void
test_a_proposal_that_nobody_can_do_is_refused(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    write_settings(t, 0, "", "mode = \"beet\";");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
}

/* --- what is to be up --- */

static void
test_start_brings_it_up_at_load(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    start(t, 1);
    write_settings(t, 0, "", "start_action = \"start\";");
    start(t, 0);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(stats_of(t, 1).n_child_sas, ==, 1);
}

/* Waits for the real pause of about a second. */
static void
test_what_the_peer_ends_comes_up_again(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };

    test_start_brings_it_up_at_load(t, NULL);
    obol_control_terminate(control_of(t, 1), &all, FALSE, 0, NULL, NULL);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 0);
    WAIT_FOR(t, stats_of(t, 0).n_child_sas == 1);
}

static void
test_what_the_admin_ends_stays_down(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };

    test_start_brings_it_up_at_load(t, NULL);
    obol_control_terminate(control_of(t, 0), &all, FALSE, 0, NULL, NULL);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 0);
    g_assert_false(g_main_context_pending(t->context));
}

static void
test_a_trap_waits_for_a_packet(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_ACQUIRE };
    const ObolPolicySpec *policy;

    start(t, 1);
    write_settings(t, 0, "", "start_action = \"trap\";");
    start(t, 0);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 0);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
    policy = g_ptr_array_index(t->fake[0]->policies, 0);
    g_assert_true(policy->trap);
    event.reqid = policy->reqid;
    event.source = policy->source;
    event.destination = policy->destination;
    for (guint i = 0; i < 10; i++)
        t->fake[0]->kernel.event(t->fake[0]->kernel.data, &event);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 1);
    g_assert_cmpuint(stats_of(t, 0).n_child_sas, ==, 1);
}

static void
test_a_trap_comes_and_goes_by_command(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    obol_control_install(control_of(t, 0), "c", "net", note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls == 1);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
    obol_control_uninstall(control_of(t, 0), "c", "net", note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls == 2);
    g_assert_no_error(outcome.error);
    settle(t);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 0);
    obol_control_uninstall(control_of(t, 0), "c", "net", note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls == 3);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
    g_clear_error(&outcome.error);
}

/* --- shared secrets --- */

static void
test_shared_secrets_come_and_go(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const char *const owners[] = { "left.example", "right.example", NULL };
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) ids = NULL;
    Outcome outcome = { 0 };

    /* A closer match than the file's, and wrong. */
    g_assert_true(obol_control_load_shared(control_of(t, 0), "mine", (const guint8 *) "wrong", 5, owners, &error));
    g_assert_no_error(error);
    ids = obol_control_shared_ids(control_of(t, 0));
    g_assert_cmpuint(g_strv_length(ids), ==, 1);
    g_assert_cmpstr(ids[0], ==, "mine");
    obol_control_initiate(control_of(t, 0), "c", NULL, -1, note_outcome, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_clear_error(&outcome.error);
    g_assert_true(obol_control_unload_shared(control_of(t, 0), "mine"));
    g_assert_false(obol_control_unload_shared(control_of(t, 0), "mine"));
    settle(t);
    set_up_tunnel(t);
}

/* --- the end --- */

static void
test_quitting_tells_the_peer(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    set_up_tunnel(t);
    obol_daemon_quit(t->daemon[0]);
    obol_daemon_run(t->daemon[0]);
    settle(t);
    g_assert_cmpuint(stats_of(t, 0).n_ike_sas, ==, 0);
    g_assert_cmpuint(stats_of(t, 1).n_ike_sas, ==, 0);
}

static void
test_who_still_waits_is_told_of_the_end(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    t->world->deaf = TRUE;
    obol_control_initiate(control_of(t, 0), "c", NULL, -1, note_outcome, &outcome);
    settle(t);
    g_clear_pointer(&t->daemon[0], obol_daemon_free);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_clear_error(&outcome.error);
}

static void
test_without_a_kernel_it_does_not_start(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *path = g_build_filename(t->folder[0], "obol.conf", NULL);
    ObolDaemonOptions options = { .config_dir = t->folder[0], .plugin_dir = "/nonexistent", .log_level = 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, "plugins = { };\n", -1, NULL));
    g_assert_null(obol_daemon_new(&options, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "kernel"));
}

#define DAEMON_TEST(name, func) g_test_add("/daemon/" name, DaemonTest, NULL, set_up_and_start, func, tear_down)
#define COLD_TEST(name, func) g_test_add("/daemon/" name, DaemonTest, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    DAEMON_TEST("initiate/waits-for-the-child", test_initiate_waits_for_the_child);
    DAEMON_TEST("initiate/who-does-not-wait-is-called-at-once", test_who_does_not_wait_is_called_at_once);
    DAEMON_TEST("initiate/who-went-away-is-not-called", test_who_went_away_is_not_called);
    DAEMON_TEST("initiate/patience-ends-but-the-command-goes-on", test_patience_ends_but_the_command_goes_on);
    DAEMON_TEST("initiate/a-failure-brings-its-reason", test_a_failure_brings_its_reason);
    DAEMON_TEST("terminate/counts-what-it-ended", test_terminate_counts_what_it_ended);
    DAEMON_TEST("commands/what-is-not-there-is-told", test_what_is_not_there_is_told);
    DAEMON_TEST("query/brings-fresh-counters", test_a_query_brings_fresh_counters);
    DAEMON_TEST("reload/an-error-changes-nothing", test_a_reload_with_an_error_changes_nothing);
    DAEMON_TEST("reload/changes-the-list-and-no-living-sa", test_a_reload_changes_what_is_listed_and_no_living_sa);
    DAEMON_TEST("reload/what-nobody-can-do-is-refused", test_a_proposal_that_nobody_can_do_is_refused);
    COLD_TEST("start/brings-it-up-at-load", test_start_brings_it_up_at_load);
    COLD_TEST("start/what-the-peer-ends-comes-up-again", test_what_the_peer_ends_comes_up_again);
    COLD_TEST("start/what-the-admin-ends-stays-down", test_what_the_admin_ends_stays_down);
    COLD_TEST("trap/waits-for-a-packet", test_a_trap_waits_for_a_packet);
    DAEMON_TEST("trap/comes-and-goes-by-command", test_a_trap_comes_and_goes_by_command);
    DAEMON_TEST("shared/come-and-go", test_shared_secrets_come_and_go);
    DAEMON_TEST("quit/tells-the-peer", test_quitting_tells_the_peer);
    DAEMON_TEST("quit/who-still-waits-is-told", test_who_still_waits_is_told_of_the_end);
    COLD_TEST("start/without-a-kernel-it-does-not-start", test_without_a_kernel_it_does_not_start);
    return g_test_run();
}
