/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-control.c - commands that take their time: initiate, terminate, install, uninstall, reload-settings. */
#include "client-end.h"
#include "fake-daemon.h"

static void
assert_outcome(const char *expected)
{
    g_autoptr(ObolNode) response = receive_response(&end);

    assert_text(response, expected);
}

static void
test_initiate_answers_when_the_outcome_is_there(void)
{
    send_request(&end, "initiate", ARGS("child", "net", "ike", "gw"));
    g_assert_true(is_silent(&end));
    g_assert_cmpstr(fake.asked_ike, ==, "gw");
    g_assert_cmpstr(fake.asked_child, ==, "net");
    g_assert_cmpint(fake.asked_timeout_us, ==, -1); /* no timeout: for ever */
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
}

static void
test_initiate_wants_a_name(void)
{
    assert_refused(&end, "initiate", NO_ARGS, "missing configuration name");
    assert_refused(&end, "initiate", ARGS("timeout", "100"), "missing configuration name");
}

static void
test_initiate_without_waiting_is_answered_at_once(void)
{
    listen_for(&end, "control-log");
    send_request(&end, "initiate", ARGS("child", "net", "timeout", "-1"));
    g_assert_cmpint(fake.asked_timeout_us, ==, 0);
    assert_outcome("success=yes");
}

static void
test_timeout_is_in_milliseconds(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT, "too late");

    send_request(&end, "initiate", ARGS("child", "net", "timeout", "0x5dc"));
    g_assert_cmpint(fake.asked_timeout_us, ==, 1500 * 1000);
    fake_finish(error, NULL, 1, 0);
    assert_outcome("success=no errmsg=CHILD_SA 'net' not established after 1500ms error=timeout");
}

static void
test_failure_carries_its_reason(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "it failed");
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_PROPOSAL_PEER, "IKE_SA_INIT", OBOL_SIDE_PEER,
                                                   OBOL_N_NO_PROPOSAL_CHOSEN, "offered %s", "AES_CBC_128");
    g_autoptr(ObolNode) response = NULL;

    send_request(&end, "initiate", ARGS("ike", "gw"));
    fake_finish(error, reason, 1, 0);
    response = receive_response(&end);
    g_assert_cmpstr(obol_vici_text(response, "success"), ==, "no");
    g_assert_true(g_str_has_prefix(obol_vici_text(response, "errmsg"), "establishing IKE_SA 'gw' failed"));
    g_assert_cmpstr(obol_vici_text(response, "reason"), ==, "E-PROP-PEER");
    g_assert_cmpstr(obol_vici_text(response, "reason-phase"), ==, "IKE_SA_INIT");
    g_assert_cmpstr(obol_vici_text(response, "reason-side"), ==, "peer");
    g_assert_cmpstr(obol_vici_text(response, "reason-facts"), ==, "offered AES_CBC_128");
    g_assert_null(obol_vici_text(response, "reason-next"));
}

static void
test_name_that_is_not_there_is_said_so(void)
{
    g_autoptr(GError) error = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "no child 'nte'");

    send_request(&end, "initiate", ARGS("child", "nte"));
    fake_finish(error, NULL, 0, 0);
    assert_outcome("success=no errmsg=CHILD_SA 'nte' config not found: no child 'nte' error=not-found");
}

static void
test_second_request_waits_its_turn(void)
{
    g_autoptr(ObolNode) version = NULL;

    send_request(&end, "initiate", ARGS("child", "net"));
    send_request(&end, "version", NO_ARGS);
    send_request(&end, "get-conns", NO_ARGS);
    g_assert_true(is_silent(&end));
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
    version = receive_response(&end);
    g_assert_nonnull(obol_vici_text(version, "daemon"));
    assert_outcome("conns[ ]");
}

static void
test_registering_works_while_a_command_runs(void)
{
    g_autoptr(ObolNode) event = NULL;

    send_request(&end, "initiate", ARGS("child", "net"));
    listen_for(&end, "log");
    fake_tell_log("ike", 0, FALSE, "meanwhile");
    event = receive_event(&end, "log");
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
}

static void
test_other_clients_are_served_meanwhile(void)
{
    End other = end_new(server);
    g_autoptr(ObolNode) response = NULL;

    send_request(&end, "initiate", ARGS("child", "net"));
    response = call(&other, "version", NO_ARGS);
    end_close(&other);
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
}

static void
test_control_log_follows_this_connection_alone(void)
{
    g_autoptr(ObolNode) event = NULL;

    listen_for(&end, "control-log");
    fake_tell_log("ike", 1, TRUE, "before");
    send_request(&end, "initiate", ARGS("child", "net"));
    fake_tell_log("ike", 1, FALSE, "of no SA");
    fake_tell_log("ike", 2, TRUE, "too detailed");
    g_assert_true(is_silent(&end));
    fake_tell_log("ike", 1, TRUE, "sent");
    event = receive_event(&end, "control-log");
    assert_text(event, "group=IKE level=1 ikesa-name=gw ikesa-uniqueid=5 msg=sent");
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
    fake_tell_log("ike", 1, TRUE, "after");
    g_assert_true(is_silent(&end));
}

static void
test_loglevel_opens_the_control_log_further(void)
{
    g_autoptr(ObolNode) event = NULL;

    listen_for(&end, "control-log");
    send_request(&end, "initiate", ARGS("ike", "gw", "loglevel", "2"));
    fake_tell_log("ike", 2, TRUE, "detail");
    event = receive_event(&end, "control-log");
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
}

static void
test_client_that_goes_is_forgotten(void)
{
    End other = end_new(server);

    send_request(&other, "initiate", ARGS("child", "net"));
    g_assert_cmpuint(server->jobs->len, ==, 1);
    end_close(&other);
    g_assert_cmpuint(fake.n_forgotten, ==, 1);
    g_assert_cmpuint(server->jobs->len, ==, 0);
}

static void
test_outcome_without_ticket_may_find_nobody(void)
{
    End other = end_new(server);

    send_request(&other, "install", ARGS("child", "net"));
    end_close(&other);
    g_assert_cmpuint(fake.n_forgotten, ==, 0);
    g_assert_cmpuint(server->jobs->len, ==, 0);
    fake_finish(NULL, NULL, 1, 1);
}

static void
test_server_that_closes_forgets_what_runs(void)
{
    ViciServer *second = server_new();
    End other = end_new(second);

    send_request(&other, "initiate", ARGS("child", "net"));
    vici_server_free(second);
    g_assert_cmpuint(fake.n_forgotten, ==, 1);
    g_assert_true(is_closed(&other));
    end_close(&other);
}

static void
test_terminate_selects_by_name_and_number(void)
{
    send_request(&end, "terminate", ARGS("ike", "gw", "child-id", "7", "force", "yes", "timeout", "10"));
    g_assert_cmpstr(fake.asked_ike, ==, "gw");
    g_assert_null(fake.asked_child);
    g_assert_cmpuint(fake.asked_which.child_id, ==, 7);
    g_assert_cmpuint(fake.asked_which.ike_id, ==, 0);
    g_assert_true(fake.asked_force);
    fake_finish(NULL, NULL, 2, 2);
    assert_outcome("success=yes matches=2 terminated=2");
}

static void
test_rekey_answers_at_once(void)
{
    send_request(&end, "rekey", ARGS("ike", "gw"));
    assert_outcome("success=yes matches=1");
    g_assert_false(fake.asked_reauth);
    send_request(&end, "rekey", ARGS("ike-id", "5", "reauth", "yes"));
    assert_outcome("success=yes matches=1");
    g_assert_cmpuint(fake.asked_which.ike_id, ==, 5);
    g_assert_true(fake.asked_reauth);
    send_request(&end, "rekey", ARGS("child", "net", "child-id", "7"));
    assert_outcome("success=no errmsg=no matching SAs to rekey found matches=0 error=not-found");
    g_assert_cmpstr(fake.asked_child, ==, "net");
    g_assert_cmpuint(fake.asked_which.child_id, ==, 7);
    assert_refused(&end, "rekey", ARGS("reauth", "yes"), "missing rekey selector");
}

static void
test_selectors_tell_the_old_and_the_new(void)
{
    send_request(&end, "selectors", ARGS("child", "net", "op", "add", "remote-ts", "10.9.0.0/16[tcp/443]"));
    assert_outcome("success=yes child=net ike=gw ike-id=5 old-id=7 new-id=8 local-ts[ ] remote-ts[ 10.9.0.0/16[tcp/443] ]");
    g_assert_cmpstr(fake.asked_child, ==, "net");
    g_assert_cmpstr(fake.asked_change, ==, "0 - === 10.9.0.0/16[tcp/443]");
    send_request(&end, "selectors", ARGS("child-id", "7", "ike", "gw", "op", "set", "local-ts", "dynamic", "timeout", "1500"));
    assert_outcome("success=yes child=net ike=gw ike-id=5 old-id=7 new-id=8 local-ts[ dynamic ] remote-ts[ ]");
    g_assert_cmpuint(fake.asked_which.child_id, ==, 7);
    g_assert_cmpint(fake.asked_timeout_us, ==, 1500 * 1000);
    g_assert_cmpstr(fake.asked_change, ==, "2 dynamic === -");
}

static void
test_selectors_that_are_narrowed_carry_the_reason(void)
{
    g_autoptr(ObolNode) response = NULL;

    send_request(&end, "selectors", ARGS("child", "narrow", "op", "remove", "local-ts", "10.9.0.0/16"));
    response = receive_response(&end);
    g_assert_cmpstr(obol_vici_text(response, "success"), ==, "no");
    g_assert_cmpstr(obol_vici_text(response, "reason"), ==, "E-NARROWED");
    g_assert_cmpstr(obol_vici_text(response, "reason-facts"), ==, "asked for a, granted b");
    g_assert_null(obol_vici_text(response, "new-id"));
}

static void
test_selectors_want_all_that_it_takes(void)
{
    assert_refused(&end, "selectors", ARGS("op", "add", "local-ts", "10.0.0.0/8"), "missing child or child-id");
    assert_refused(&end, "selectors", ARGS("ike", "gw", "op", "add", "local-ts", "10.0.0.0/8"), "missing child or child-id");
    assert_refused(&end, "selectors", ARGS("child", "net", "local-ts", "10.0.0.0/8"), "op: add, remove or set");
    assert_refused(&end, "selectors", ARGS("child", "net", "op", "replace", "local-ts", "10.0.0.0/8"), "op: add, remove or set");
    assert_refused(&end, "selectors", ARGS("child", "net", "op", "add"), "missing local-ts or remote-ts");
    send_request(&end, "selectors", ARGS("child", "net", "op", "add", "local-ts", "10.0.0.0/99"));
    {
        g_autoptr(ObolNode) response = receive_response(&end);

        g_assert_cmpstr(obol_vici_text(response, "success"), ==, "no");
        g_assert_cmpstr(obol_vici_text(response, "error"), ==, "usage");
        g_assert_true(g_str_has_prefix(obol_vici_text(response, "errmsg"), "local-ts: "));
    }
}

static void
test_terminate_says_what_did_not_work(void)
{
    g_autoptr(GError) missing = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "none");

    assert_refused(&end, "terminate", ARGS("force", "yes"), "missing terminate selector");
    send_request(&end, "terminate", ARGS("ike", "gw"));
    fake_finish(missing, NULL, 0, 0);
    assert_outcome("success=no errmsg=no matching SAs to terminate found matches=0 terminated=0 error=not-found");
    send_request(&end, "terminate", ARGS("ike", "gw"));
    fake_finish(NULL, NULL, 3, 2);
    assert_outcome("success=no errmsg=not all matching SAs could be terminated matches=3 terminated=2");
}

static void
test_terminate_without_waiting_is_a_success(void)
{
    send_request(&end, "terminate", ARGS("ike", "gw", "timeout", "-1"));
    assert_outcome("success=yes matches=1 terminated=0");
}

static void
test_install_and_uninstall_name_the_child(void)
{
    g_autoptr(GError) missing = g_error_new(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "none");

    send_request(&end, "install", ARGS("child", "net"));
    g_assert_cmpstr(fake.asked_child, ==, "net");
    fake_finish(NULL, NULL, 1, 1);
    assert_outcome("success=yes");
    send_request(&end, "install", ARGS("child", "x"));
    fake_finish(missing, NULL, 0, 0);
    assert_outcome("success=no errmsg=configuration name not found: 'x' error=not-found");
    send_request(&end, "uninstall", ARGS("child", "x"));
    fake_finish(missing, NULL, 0, 0);
    assert_outcome("success=no errmsg=policy 'x' not found: none error=not-found");
    assert_refused(&end, "install", NO_ARGS, "missing configuration name");
}

static void
test_reload_is_asked_for(void)
{
    g_autoptr(ObolNode) response = call(&end, "reload-settings", NO_ARGS);

    assert_text(response, "success=yes");
    g_assert_cmpuint(fake.n_reloads, ==, 1);
}

static const ViciTest tests[] = {
    { "/vici/initiate/answers-when-the-outcome-is-there", test_initiate_answers_when_the_outcome_is_there },
    { "/vici/initiate/wants-a-name", test_initiate_wants_a_name },
    { "/vici/initiate/without-waiting-is-answered-at-once", test_initiate_without_waiting_is_answered_at_once },
    { "/vici/initiate/timeout-is-in-milliseconds", test_timeout_is_in_milliseconds },
    { "/vici/initiate/failure-carries-its-reason", test_failure_carries_its_reason },
    { "/vici/initiate/name-that-is-not-there-is-said-so", test_name_that_is_not_there_is_said_so },
    { "/vici/initiate/second-request-waits-its-turn", test_second_request_waits_its_turn },
    { "/vici/initiate/registering-works-while-a-command-runs", test_registering_works_while_a_command_runs },
    { "/vici/initiate/other-clients-are-served-meanwhile", test_other_clients_are_served_meanwhile },
    { "/vici/initiate/control-log-follows-this-connection-alone", test_control_log_follows_this_connection_alone },
    { "/vici/initiate/loglevel-opens-the-control-log-further", test_loglevel_opens_the_control_log_further },
    { "/vici/initiate/client-that-goes-is-forgotten", test_client_that_goes_is_forgotten },
    { "/vici/install/outcome-without-ticket-may-find-nobody", test_outcome_without_ticket_may_find_nobody },
    { "/vici/initiate/server-that-closes-forgets-what-runs", test_server_that_closes_forgets_what_runs },
    { "/vici/terminate/selects-by-name-and-number", test_terminate_selects_by_name_and_number },
    { "/vici/rekey/answers-at-once", test_rekey_answers_at_once },
    { "/vici/selectors/tell-the-old-and-the-new", test_selectors_tell_the_old_and_the_new },
    { "/vici/selectors/that-are-narrowed-carry-the-reason", test_selectors_that_are_narrowed_carry_the_reason },
    { "/vici/selectors/want-all-that-it-takes", test_selectors_want_all_that_it_takes },
    { "/vici/terminate/says-what-did-not-work", test_terminate_says_what_did_not_work },
    { "/vici/terminate/without-waiting-is-a-success", test_terminate_without_waiting_is_a_success },
    { "/vici/install/names-the-child", test_install_and_uninstall_name_the_child },
    { "/vici/reload/is-asked-for", test_reload_is_asked_for },
};

int
main(int argc, char **argv)
{
    return run_vici_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
