/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-policies.c - traps, shunts, routes, and what follows when addresses change. */
#include "daemon-test.h"

#include <string.h>

#define GCM "esp_proposals = [ \"aes128gcm16\" ]; "
#define NETS "local_ts = [ \"10.1.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; " GCM

static guint
n_policies(const DaemonTest *t, ObolDirection direction, ObolPolicyAction action)
{
    guint n = 0;

    for (guint i = 0; i < t->fake[0]->policies->len; i++) {
        const ObolPolicySpec *policy = g_ptr_array_index(t->fake[0]->policies, i);

        n += policy->direction == direction && policy->action == action;
    }
    return n;
}

static const ObolPolicySpec *
nth(const DaemonTest *t, guint i)
{
    return g_ptr_array_index(t->fake[0]->policies, i);
}

static void
start_with(DaemonTest *t, const char *daemon, const char *children)
{
    daemon_test_write_children(t, 0, daemon, children);
    daemon_test_start(t, 0);
    daemon_test_settle(t);
}

/* --- traps --- */

static void
test_a_trap_carries_what_its_child_will_have(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->world->abilities.marks = t->world->abilities.if_ids = t->world->abilities.exact_priority = TRUE;
    t->world->abilities.ipcomp = TRUE;
    start_with(t, "", "net = { " NETS "start_action = \"trap\"; mark_in = \"1\"; mark_out = \"2\"; if_id_in = 3; if_id_out = 4;"
                      " reqid = 77; priority = 5; ipcomp = true; policies_fwd_out = true; };");
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        const ObolPolicySpec *policy = nth(t, i);
        gboolean outbound = i == 0 || i == 3;

        g_assert_cmpint(policy->direction, ==, i == 0 ? OBOL_DIR_OUT : i == 1 ? OBOL_DIR_IN : OBOL_DIR_FORWARD);
        g_assert_cmpuint(policy->mark.value, ==, outbound ? 2 : 1);
        g_assert_cmpuint(policy->if_id, ==, outbound ? 4 : 3);
        g_assert_cmpuint(policy->reqid, ==, 77);
        g_assert_cmpuint(policy->priority, ==, 5);
        g_assert_true(policy->ipcomp);
        g_assert_cmpint(policy->trap, ==, i == 0);
    }
}

static void
test_trap_and_start_are_both(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS "start_action = \"trap|start\"; };");
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_OUT, OBOL_POLICY_PROTECT), ==, 2); /* the trap's and the Child SA's */
}

static void
test_what_was_removed_takes_its_trap(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    start_with(t, "", "net = { " NETS "start_action = \"trap\"; };");
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
    daemon_test_write_children(t, 0, "", "net = { " NETS " };");
    g_assert_true(obol_daemon_reload(t->daemon[0], &error));
    daemon_test_settle(t);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 0);
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
}

/* --- without policies, and with a reqid of the admin's --- */

static void
test_policies_no_is_none(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS "policies = false; reqid = 42; };");
    daemon_test_tunnel(t);
    g_assert_cmpuint(t->fake[0]->n_sas, ==, 2);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 0);
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
}

static void
test_policies_no_has_no_trap_by_command(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "", "net = { " NETS "policies = false; };");
    obol_control_install(daemon_test_control(t, 0), "c", "net", daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_nonnull(strstr(outcome.error->message, "policies = no"));
    g_clear_error(&outcome.error);
}

/* --- shunts --- */

#define SHUNTS                                                                                                  \
    "net = { " NETS " }; lan = { mode = \"pass\"; local_ts = \"10.1.0.0/16\"; remote_ts = \"10.1.0.0/16\";"     \
    " start_action = \"trap\"; }; rest = { mode = \"drop\"; start_action = \"trap\"; };"

static void
note_shunts(const ObolConnectionInfo *connection, gpointer data)
{
    for (gsize i = 0; i < connection->n_children; i++)
        if (connection->children[i].action != OBOL_POLICY_PROTECT && connection->children[i].trap_installed)
            g_string_append_printf(data, "%s:%d ", connection->children[i].name, connection->children[i].action);
}

static void
test_shunts_are_policies_alone(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GString) listed = g_string_new(NULL);

    start_with(t, "", SHUNTS);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_OUT, OBOL_POLICY_PASS), ==, 1);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_FORWARD, OBOL_POLICY_PASS), ==, 1);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_IN, OBOL_POLICY_DROP), ==, 2); /* "dynamic" is any address of both families */
    obol_control_each_connection(daemon_test_control(t, 0), note_shunts, listed);
    g_assert_cmpstr(listed->str, ==, "lan:1 rest:2 ");
}

static void
test_shunts_are_not_negotiated(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "", SHUNTS);
    obol_control_initiate(daemon_test_control(t, 0), "c", "lan", -1, daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 0);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
    g_clear_error(&outcome.error);
    obol_control_uninstall(daemon_test_control(t, 0), "c", "lan", daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 1);
    daemon_test_settle(t);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_OUT, OBOL_POLICY_PASS), ==, 0);
    obol_control_install(daemon_test_control(t, 0), "c", "lan", daemon_test_note, &outcome);
    WAIT_FOR(t, outcome.n_calls > 2);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(n_policies(t, OBOL_DIR_OUT, OBOL_POLICY_PASS), ==, 1);
}

/* --- routes --- */

static const ObolRouteSpec *
only_route(const DaemonTest *t)
{
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 1);
    return g_ptr_array_index(t->fake[0]->routes, 0);
}

static void
test_a_tunnel_has_a_route_while_it_is_there(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };
    g_autofree char *destination = NULL;
    char text[OBOL_ADDRESS_TEXT_MAX];

    obol_address_parse("10.1.0.7", &t->world->inside);
    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS " };");
    daemon_test_tunnel(t);
    destination = obol_ts_format(&only_route(t)->destination);
    g_assert_cmpstr(destination, ==, "10.2.0.0/16");
    g_assert_cmpstr(obol_address_format(&only_route(t)->source, text), ==, "10.1.0.7");
    g_assert_cmpstr(obol_address_format(&only_route(t)->gateway, text), ==, "192.0.2.2");
    obol_control_terminate(daemon_test_control(t, 0), &all, FALSE, 0, NULL, NULL);
    daemon_test_settle(t);
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
}

static void
test_no_routes_where_none_are_wanted(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const char *const daemons[] = { "install_routes = false;", "" };

    daemon_test_start(t, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(daemons); i++) {
        t->world->abilities.routes_itself = daemons[i][0] == '\0';
        start_with(t, daemons[i], "net = { " NETS "start_action = \"trap\"; };");
        g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
        g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
        g_clear_pointer(&t->daemon[0], obol_daemon_free);
    }
}

static void
test_what_a_route_can_not_say_has_none(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    t->world->abilities.if_ids = TRUE;
    start_with(t, "", "tcp = { local_ts = \"10.1.0.0/16[tcp]\"; remote_ts = \"10.2.0.0/16[tcp]\"; start_action = \"trap\"; " GCM "};"
                      "own = { local_ts = \"10.1.0.0/16\"; remote_ts = \"10.3.0.0/16\"; if_id_out = 7; start_action = \"trap\"; " GCM "};"
                      "host = { mode = \"transport\"; start_action = \"trap\"; " GCM "};");
    g_assert_cmpuint(n_policies(t, OBOL_DIR_OUT, OBOL_POLICY_PROTECT), ==, 3);
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
}

static void
test_what_passes_goes_its_usual_way(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *destination = NULL;
    char text[OBOL_ADDRESS_TEXT_MAX];

    start_with(t, "", SHUNTS);
    destination = obol_ts_format(&only_route(t)->destination);
    g_assert_cmpstr(destination, ==, "10.1.0.0/16");
    g_assert_cmpstr(obol_address_format(&only_route(t)->gateway, text), ==, "10.1.0.1");
    g_assert_cmpuint(only_route(t)->source.family, ==, 0);
}

/* --- changes --- */

static void
test_a_change_moves_what_depends_on_addresses(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    start_with(t, "", "net = { " NETS "start_action = \"trap\"; };");
    g_assert_cmpuint(only_route(t)->source.family, ==, 0);
    obol_address_parse("10.1.0.9", &t->world->inside);
    t->fake[0]->network.changed(t->fake[0]->network.data);
    daemon_test_settle(t);
    g_assert_cmpstr(obol_address_format(&only_route(t)->source, text), ==, "10.1.0.9");
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 3);
}

static void
test_who_waits_for_another_try_has_it_at_once(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector all = { 0 };

    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS "start_action = \"start\"; };");
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    obol_control_terminate(daemon_test_control(t, 1), &all, FALSE, 0, NULL, NULL);
    daemon_test_settle(t);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
    t->fake[0]->network.changed(t->fake[0]->network.data);
    daemon_test_settle(t); /* no clock is waited for */
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
}

static void
note_addresses(const ObolIkeInfo *sa, gpointer data)
{
    GString *text = data;
    char local[OBOL_ADDRESS_TEXT_MAX], remote[OBOL_ADDRESS_TEXT_MAX];

    g_string_append_printf(text, "%s-%s ", obol_address_format(&sa->local, local), obol_address_format(&sa->remote, remote));
}

static void
assert_at(const DaemonTest *t, guint side, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    obol_control_each_sa(daemon_test_control(t, side), note_addresses, text);
    g_assert_cmpstr(text->str, ==, expected);
}

static void
change_address(DaemonTest *t, const char *text)
{
    obol_address_parse(text, &t->fake[0]->address);
    t->fake[0]->network.changed(t->fake[0]->network.data);
    daemon_test_settle(t);
}

/* RFC 4555: it is the same SA, and the peer follows it. */
static void
test_an_sa_moves_with_our_address(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    guint n;

    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS "start_action = \"start\"; };");
    daemon_test_settle(t);
    assert_at(t, 0, "192.0.2.1-192.0.2.2 ");
    n = daemon_test_stats(t, 0).n_initiated;
    change_address(t, "192.0.2.77");
    assert_at(t, 0, "192.0.2.77-192.0.2.2 ");
    assert_at(t, 1, "192.0.2.2-192.0.2.77 ");
    g_assert_cmpuint(daemon_test_stats(t, 0).n_initiated, ==, n);
}

/* --- the end --- */

static void
test_nothing_is_left_at_the_end(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    daemon_test_start(t, 1);
    start_with(t, "", "net = { " NETS "start_action = \"trap|start\"; }; lan = { mode = \"pass\"; start_action = \"trap\"; };");
    obol_daemon_quit(t->daemon[0]);
    obol_daemon_run(t->daemon[0]);
    g_assert_cmpuint(t->fake[0]->policies->len, ==, 0);
    g_assert_cmpuint(t->fake[0]->n_sas, ==, 0);
    g_assert_cmpuint(t->fake[0]->routes->len, ==, 0);
    g_assert_cmpuint(t->fake[0]->answers.length, ==, 0); /* all were waited for */
}

/* Answers that never come are waited for as long as patience lasts, and no longer. */
static void
test_a_mute_kernel_does_not_hold_the_end(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    start_with(t, "", "net = { " NETS "start_action = \"trap\"; };");
    t->world->mute = TRUE;
    obol_daemon_quit(t->daemon[0]);
    obol_daemon_run(t->daemon[0]);
    g_assert_cmpuint(t->fake[0]->answers.length, >, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    COLD_TEST("trap/carries-what-its-child-will-have", test_a_trap_carries_what_its_child_will_have);
    COLD_TEST("trap/and-start-are-both", test_trap_and_start_are_both);
    COLD_TEST("trap/goes-with-its-connection", test_what_was_removed_takes_its_trap);
    COLD_TEST("policies/no-is-none", test_policies_no_is_none);
    COLD_TEST("policies/no-has-no-trap", test_policies_no_has_no_trap_by_command);
    COLD_TEST("shunts/are-policies-alone", test_shunts_are_policies_alone);
    COLD_TEST("shunts/are-not-negotiated", test_shunts_are_not_negotiated);
    COLD_TEST("routes/a-tunnel-has-one-while-it-is-there", test_a_tunnel_has_a_route_while_it_is_there);
    COLD_TEST("routes/none-where-none-are-wanted", test_no_routes_where_none_are_wanted);
    COLD_TEST("routes/none-for-ports-interfaces-and-hosts", test_what_a_route_can_not_say_has_none);
    COLD_TEST("routes/what-passes-goes-its-usual-way", test_what_passes_goes_its_usual_way);
    COLD_TEST("change/moves-what-depends-on-addresses", test_a_change_moves_what_depends_on_addresses);
    COLD_TEST("change/who-waits-tries-at-once", test_who_waits_for_another_try_has_it_at_once);
    COLD_TEST("change/an-sa-moves-with-our-address", test_an_sa_moves_with_our_address);
    COLD_TEST("quit/nothing-is-left", test_nothing_is_left_at_the_end);
    COLD_TEST("quit/a-mute-kernel-does-not-hold-it", test_a_mute_kernel_does_not_hold_the_end);
    return g_test_run();
}
