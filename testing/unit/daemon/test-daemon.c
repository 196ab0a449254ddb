/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-daemon.c - what daemons do when they are told to, when settings change, and at the end. */
#include "daemon-test.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- commands --- */

static void
test_initiate_waits_for_the_child(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_tunnel(t);
    g_assert_cmpuint(t->fake[0]->n_sas, ==, 2);
    g_assert_cmpuint(t->fake[1]->n_sas, ==, 2);
    g_assert_cmpuint(t->fake[0]->policies->len, >=, 2);
}

static void
test_terminate_counts_what_it_ended(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolSaSelector which = { .ike = "c" };
    Outcome outcome = { 0 };

    daemon_test_tunnel(t);
    obol_control_terminate(daemon_test_control(t, 0), &which, FALSE, -1, daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(outcome.n_matched, ==, 1);
    g_assert_cmpuint(outcome.n_done, ==, 1);
    daemon_test_settle(t);
    for (guint side = 0; side < 2; side++) {
        g_assert_cmpuint(daemon_test_stats(t, side).n_ike_sas, ==, 0);
        g_assert_cmpuint(t->fake[side]->n_sas, ==, 0);
        g_assert_cmpuint(t->fake[side]->policies->len, ==, 0);
    }
}

static void
test_what_is_not_there_is_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolSaSelector which = { .ike = "other" };
    Outcome initiated = { 0 }, terminated = { 0 }, installed = { 0 };

    obol_control_initiate(daemon_test_control(t, 0), "other", NULL, -1, daemon_test_note, &initiated);
    obol_control_terminate(daemon_test_control(t, 0), &which, FALSE, -1, daemon_test_note, &terminated);
    obol_control_install(daemon_test_control(t, 0), NULL, "other", daemon_test_note, &installed);
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
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, 1, daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT);
    g_clear_error(&outcome.error);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 1);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
}

static void
test_who_does_not_wait_is_called_at_once(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };
    Outcome outcome = { 0 };

    obol_control_initiate(daemon_test_control(t, 0), NULL, "net", 0, daemon_test_note, &outcome);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    obol_control_terminate(daemon_test_control(t, 0), &all, FALSE, 0, daemon_test_note, &outcome);
    g_assert_cmpuint(outcome.n_calls, ==, 2);
    g_assert_cmpuint(outcome.n_matched, ==, 1);
    daemon_test_settle(t);
    g_assert_cmpuint(outcome.n_calls, ==, 2);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
}

static void
test_who_went_away_is_not_called(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };
    ObolControlTicket ticket = obol_control_initiate(daemon_test_control(t, 0), "c", "net", -1, daemon_test_note, &outcome);

    obol_control_forget(daemon_test_control(t, 0), ticket);
    daemon_test_settle(t);
    g_assert_cmpuint(outcome.n_calls, ==, 0);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
}

static void
test_a_failure_brings_its_reason(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };
    g_autoptr(GError) error = NULL;

    daemon_test_write(t, 1, "", "");
    obol_control_unload_connection(daemon_test_control(t, 1), "c", &error);
    g_assert_no_error(error);
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, &outcome);
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

    daemon_test_tunnel(t);
    obol_control_each_sa(daemon_test_control(t, 0), note_sa, &listed);
    g_assert_cmpuint(listed.n_sas, ==, 1);
    g_assert_cmpuint(listed.bytes_in + listed.bytes_out, ==, 0);
    listed = (Listed) { 0 };
    obol_control_query_sas(daemon_test_control(t, 0), note_sa, note_end, &listed);
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

    obol_control_each_connection(daemon_test_control(t, side), note_connection, text);
    return g_string_free(text, FALSE);
}

/* --- reload --- */

static void
test_a_reload_with_an_error_changes_nothing(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *before = connections_of(t, 0);
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    daemon_test_tunnel(t);
    daemon_test_write(t, 0, "uniqe = \"keep\";", "");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "unique"));
    after = connections_of(t, 0);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
}

static void
test_a_reload_changes_what_is_listed_and_no_living_sa(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    daemon_test_tunnel(t);
    daemon_test_write(t, 0, "unique = \"keep\";", "");
    g_assert_true(obol_daemon_reload(t->daemon[0], &error));
    g_assert_no_error(error);
    after = connections_of(t, 0);
    g_assert_cmpstr(after, ==, "c 192.0.2.1 UNIQUE_KEEP none;");
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
}

static void
test_a_proposal_that_nobody_can_do_is_refused(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    daemon_test_write(t, 0, "", "mode = \"beet\";");
    g_assert_false(obol_daemon_reload(t->daemon[0], &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE);
}

/* --- what is to be up --- */

static void
test_start_brings_it_up_at_load(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_start(t, 1);
    daemon_test_write(t, 0, "", "start_action = \"start\";");
    daemon_test_start(t, 0);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_child_sas, ==, 1);
}

/* Waits for the real pause of about a second. */
static void
test_what_the_peer_ends_comes_up_again(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };

    test_start_brings_it_up_at_load(t, NULL);
    obol_control_terminate(daemon_test_control(t, 1), &all, FALSE, 0, NULL, NULL);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    WAIT_FOR(t, daemon_test_stats(t, 0).n_child_sas == 1);
}

/* The old IKE SA has gone, and the new one is refused by a peer that does not know us for a while. */
static void
test_a_wish_outlives_a_failed_reauthentication(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    const ObolSaSelector all = { .ike = "c" };
    g_autoptr(GError) error = NULL;

    daemon_test_start(t, 1);
    daemon_test_write(t, 0, "make_before_break = false;", "start_action = \"start\";");
    daemon_test_start(t, 0);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    obol_control_unload_connection(daemon_test_control(t, 1), "c", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(obol_control_rekey(daemon_test_control(t, 0), &all, TRUE), ==, 1);
    WAIT_FOR(t, daemon_test_stats(t, 0).n_ike_sas == 0);
    g_assert_true(obol_daemon_reload(t->daemon[1], &error));
    g_assert_no_error(error);
    WAIT_FOR(t, daemon_test_stats(t, 0).n_child_sas == 1);
}

static void
test_what_the_admin_ends_stays_down(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };

    test_start_brings_it_up_at_load(t, NULL);
    obol_control_terminate(daemon_test_control(t, 0), &all, FALSE, 0, NULL, NULL);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    g_assert_false(g_main_context_pending(t->context));
}

static void
test_a_trap_waits_for_a_packet(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    ObolKernelEvent event = { .kind = OBOL_KERNEL_ACQUIRE };
    const ObolPolicySpec *policy;

    daemon_test_start(t, 1);
    daemon_test_write(t, 0, "", "start_action = \"trap\";");
    daemon_test_start(t, 0);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
    policy = g_ptr_array_index(t->fake[0]->policies, 0);
    g_assert_true(policy->trap);
    event.reqid = policy->reqid;
    event.source = policy->source;
    event.destination = policy->destination;
    for (guint i = 0; i < 10; i++)
        t->fake[0]->kernel.event(t->fake[0]->kernel.data, &event);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 1);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
}

static void
test_a_trap_comes_and_goes_by_command(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    obol_control_install(daemon_test_control(t, 0), "c", "net", daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls == 1);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
    obol_control_uninstall(daemon_test_control(t, 0), "c", "net", daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls == 2);
    g_assert_no_error(outcome.error);
    daemon_test_settle(t);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 0);
    obol_control_uninstall(daemon_test_control(t, 0), "c", "net", daemon_test_note, &outcome);
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
    g_assert_true(obol_control_load_shared(daemon_test_control(t, 0), "mine", (const guint8 *) "wrong", 5, owners, &error));
    g_assert_no_error(error);
    ids = obol_control_shared_ids(daemon_test_control(t, 0));
    g_assert_cmpuint(g_strv_length(ids), ==, 1);
    g_assert_cmpstr(ids[0], ==, "mine");
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_clear_error(&outcome.error);
    g_assert_true(obol_control_unload_shared(daemon_test_control(t, 0), "mine"));
    g_assert_false(obol_control_unload_shared(daemon_test_control(t, 0), "mine"));
    daemon_test_settle(t);
    daemon_test_tunnel(t);
}

/* --- the end --- */

static void
test_quitting_tells_the_peer(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_tunnel(t);
    obol_daemon_quit(t->daemon[0]);
    obol_daemon_run(t->daemon[0]);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_ike_sas, ==, 0);
}

static void
test_who_still_waits_is_told_of_the_end(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    t->world->deaf = TRUE;
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, &outcome);
    daemon_test_settle(t);
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

/* --- what outlives a daemon --- */

static char *
secret_of(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "crash-secret", NULL);
    char *bytes;
    gsize n;

    if (!g_file_get_contents(path, &bytes, &n, NULL))
        return NULL;
    g_assert_cmpuint(n, ==, 32);
    return bytes;
}

static void
start_and_stop(DaemonTest *t)
{
    daemon_test_start(t, 0);
    g_clear_pointer(&t->daemon[0], obol_daemon_free);
}

/* RFC 6290 sections 5.1 and 9.1. */
static void
test_the_secret_outlives_the_daemon(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *dir = g_build_filename(t->folder[0], "state", NULL), *path = g_build_filename(dir, "crash-secret", NULL);
    g_autofree char *setting = g_strdup_printf("state_dir = \"%s\";", dir), *first = NULL, *second = NULL, *third = NULL;
    GStatBuf st;

    daemon_test_write_children(t, 0, setting, "net = { local_ts = [ \"10.1.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; };");
    start_and_stop(t);
    first = secret_of(dir);
    g_assert_nonnull(first);
    g_assert_cmpint(g_stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    start_and_stop(t);
    second = secret_of(dir);
    g_assert_cmpmem(first, 32, second, 32);
    /* One that others may have read is neither used nor thrown away. */
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
    start_and_stop(t);
    third = secret_of(dir);
    g_assert_cmpmem(first, 32, third, 32);
    g_assert_cmpint(g_stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0644);
    g_unlink(path);
    g_rmdir(dir);
}

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
    COLD_TEST("start/a-wish-outlives-a-failed-reauthentication", test_a_wish_outlives_a_failed_reauthentication);
    COLD_TEST("start/what-the-admin-ends-stays-down", test_what_the_admin_ends_stays_down);
    COLD_TEST("trap/waits-for-a-packet", test_a_trap_waits_for_a_packet);
    DAEMON_TEST("trap/comes-and-goes-by-command", test_a_trap_comes_and_goes_by_command);
    DAEMON_TEST("shared/come-and-go", test_shared_secrets_come_and_go);
    DAEMON_TEST("quit/tells-the-peer", test_quitting_tells_the_peer);
    DAEMON_TEST("quit/who-still-waits-is-told", test_who_still_waits_is_told_of_the_end);
    COLD_TEST("crash/the-secret-outlives-the-daemon", test_the_secret_outlives_the_daemon);
    COLD_TEST("start/without-a-kernel-it-does-not-start", test_without_a_kernel_it_does_not_start);
    return g_test_run();
}
