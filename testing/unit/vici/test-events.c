/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-events.c - what happens in the daemon reaches whoever listens; the last failures are kept. */
#include <string.h>

#include "client-end.h"
#include "fake-daemon.h"

static ObolReason *
reason_of(ObolReasonCode code, const char *facts)
{
    return obol_reason_new(code, "IKE_AUTH", OBOL_SIDE_US, 0, "%s", facts);
}

static void
test_ike_updown_tells_both_ways(void)
{
    g_autoptr(ObolNode) up = NULL, down = NULL;
    g_autofree char *text = NULL;

    listen_for(&end, "ike-updown");
    fake_tell_ike_state(OBOL_IKE_CONNECTING, NULL);
    g_assert_true(is_silent(&end));
    fake_tell_ike_state(OBOL_IKE_ESTABLISHED, NULL);
    up = receive_event(&end, "ike-updown");
    text = text_of(up);
    g_assert_true(g_str_has_prefix(text, "up=yes gw{ uniqueid=5 version=2 state=ESTABLISHED "));
    fake_tell_ike_state(OBOL_IKE_GONE, NULL);
    down = receive_event(&end, "ike-updown");
    g_assert_null(obol_node_get(down, "up"));
    g_assert_nonnull(obol_node_get(down, "gw"));
}

/* What is left of the old one is neither down nor a failure. */
static void
test_ike_rekey_has_the_old_one_and_the_new_one(void)
{
    g_autoptr(ObolNode) event = NULL;
    const ObolNode *gw;

    listen_for(&end, "ike-rekey");
    listen_for(&end, "ike-updown");
    fake_tell_ike_rekeyed();
    event = receive_event(&end, "ike-rekey");
    gw = obol_node_get(event, "gw");
    g_assert_cmpstr(obol_vici_text(obol_node_get(gw, "old"), "uniqueid"), ==, "5");
    g_assert_cmpstr(obol_vici_text(obol_node_get(gw, "new"), "uniqueid"), ==, "6");
    g_assert_cmpstr(obol_vici_text(obol_node_get(gw, "new"), "state"), ==, "ESTABLISHED");
    g_assert_true(is_silent(&end));
}

/* As strongSwan has it: the new addresses, and the SA as it was before. */
static void
test_ike_update_has_the_addresses_of_before_and_now(void)
{
    g_autoptr(ObolNode) event = NULL;

    listen_for(&end, "ike-update");
    fake_tell_ike_moved();
    event = receive_event(&end, "ike-update");
    g_assert_cmpstr(obol_vici_text(event, "local-host"), ==, "192.0.2.1");
    g_assert_cmpstr(obol_vici_text(event, "local-port"), ==, "4500");
    g_assert_cmpstr(obol_vici_text(event, "remote-host"), ==, "192.0.2.2");
    g_assert_cmpstr(obol_vici_text(obol_node_get(event, "gw"), "local-host"), ==, "192.0.2.9");
    g_assert_cmpstr(obol_vici_text(obol_node_get(event, "gw"), "remote-host"), ==, "192.0.2.2");
}

static void
test_child_updown_holds_the_child(void)
{
    g_autoptr(ObolNode) event = NULL;
    const ObolNode *children;

    listen_for(&end, "child-updown");
    fake_tell_child_state(OBOL_CHILD_INSTALLED, NULL);
    event = receive_event(&end, "child-updown");
    children = obol_node_get(obol_node_get(event, "gw"), "child-sas");
    g_assert_cmpstr(obol_vici_text(event, "up"), ==, "yes");
    g_assert_cmpstr(obol_vici_text(obol_node_get(children, "net-7"), "state"), ==, "INSTALLED");
}

static void
test_alert_has_the_protocols_type_and_our_reason(void)
{
    g_autoptr(ObolReason) silent = reason_of(OBOL_REASON_NET_SILENT, "5 tries in 165s");
    g_autoptr(ObolNode) event = NULL;

    listen_for(&end, "alert");
    fake_tell_ike_state(OBOL_IKE_GONE, silent);
    event = receive_event(&end, "alert");
    g_assert_cmpstr(obol_vici_text(event, "type"), ==, "retransmit-send-timeout");
    g_assert_nonnull(obol_node_get(obol_node_get(event, "ike-sa"), "gw"));
    g_assert_cmpstr(obol_vici_text(event, "reason"), ==, "E-NET-SILENT");
    g_assert_cmpstr(obol_vici_text(event, "reason-facts"), ==, "5 tries in 165s");
}

static void
test_message_tells_what_a_ladder_needs(void)
{
    g_autoptr(ObolNode) event = NULL;

    listen_for(&end, "message");
    fake_tell_message(TRUE, FALSE, OBOL_IKE_SA_INIT);
    event = receive_event(&end, "message");
    g_assert_cmpstr(obol_vici_text(event, "direction"), ==, "out");
    g_assert_cmpstr(obol_vici_text(event, "exchange"), ==, "IKE_SA_INIT");
    g_assert_cmpstr(obol_vici_text(event, "initiator-spi"), ==, "0000000000000001");
    g_assert_cmpstr(obol_vici_text(event, "bytes"), ==, "464");
    g_assert_cmpstr(obol_vici_text(event, "payloads"), ==, "SA KE No");
    g_assert_null(obol_vici_text(event, "response"));
    g_assert_nonnull(obol_vici_text(event, "time"));
}

static void
test_log_is_watched_only_while_somebody_listens(void)
{
    guint before = fake.n_watches;
    g_autoptr(ObolNode) event = NULL;
    End other = end_new(server);

    listen_for(&other, "log");
    g_assert_cmpuint(fake.n_watches, ==, before + 1);
    fake_tell_log("knl", 1, TRUE, "line");
    event = receive_event(&other, "log");
    assert_text(event, "group=KNL level=1 thread=0 ikesa-name=gw ikesa-uniqueid=5 msg=line");
    fake_tell_log("knl", 2, TRUE, "debugging stays in the log");
    g_assert_true(is_silent(&other));
    end_close(&other);
    g_assert_cmpuint(fake.n_watches, ==, before);
}

static guint
list_failures(const char *const *args, char **last)
{
    ObolViciPacket packet = { 0 };
    guint n = 0;

    send_request(&end, "list-failures", args);
    for (;;) {
        g_autoptr(ObolNode) message = receive(&end, &packet);

        if (packet.type == OBOL_VICI_CMD_RESPONSE)
            return n;
        n++;
        g_free(*last);
        *last = text_of(message);
    }
}

static void
test_failures_are_kept_with_their_reasons(void)
{
    g_autoptr(ObolReason) reason = reason_of(OBOL_REASON_PSK_NONE, "no key for a and b");
    g_autofree char *last = NULL;

    listen_for(&end, "list-failure");
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, 0);
    fake_tell_failure("gw", reason);
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, 1);
    g_assert_nonnull(strstr(last, " times=1 ike=gw local=192.0.2.1:4500 remote=192.0.2.2:4500 ike-id=5 "));
    g_assert_nonnull(strstr(last, "reason-facts=no key for a and b"));
    g_assert_cmpuint(list_failures(ARGS("ike", "other"), &last), ==, 0);
    g_assert_cmpuint(list_failures(ARGS("ike", "gw"), &last), ==, 1);
}

static void
test_same_failure_again_is_counted(void)
{
    g_autoptr(ObolReason) reason = reason_of(OBOL_REASON_PSK_NONE, "no key");
    g_autofree char *last = NULL;

    listen_for(&end, "list-failure");
    for (guint i = 0; i < 1000; i++)
        fake_tell_failure("gw", reason);
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, 1);
    g_assert_nonnull(strstr(last, " times=1000 "));
}

static void
test_strangers_do_not_push_out_the_admins_failures(void)
{
    g_autoptr(ObolReason) ours = reason_of(OBOL_REASON_TS_PEER, "ours");
    g_autofree char *last = NULL;

    listen_for(&end, "list-failure");
    fake_tell_failure("gw", ours);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *facts = g_strdup_printf("scan %u", i);
        g_autoptr(ObolReason) theirs = reason_of(OBOL_REASON_PROPOSAL_US, facts);

        fake_tell_failure(NULL, theirs);
    }
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, 1 + VICI_FAILURES_STRANGERS_MAX);
    g_assert_cmpuint(list_failures(ARGS("ike", "gw"), &last), ==, 1);
}

static void
test_kept_failures_are_bounded(void)
{
    g_autofree char *last = NULL;

    listen_for(&end, "list-failure");
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *facts = g_strdup_printf("try %u", i);
        g_autoptr(ObolReason) reason = reason_of(OBOL_REASON_TS_PEER, facts);

        fake_tell_failure("gw", reason);
    }
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, VICI_FAILURES_MAX);
    g_assert_nonnull(strstr(last, "try 999"));
}

static void
test_what_the_admin_asked_for_is_no_failure(void)
{
    g_autoptr(ObolReason) reason = reason_of(OBOL_REASON_DELETED_BY_US, "terminate");
    g_autofree char *last = NULL;

    listen_for(&end, "list-failure");
    fake_tell_ike_state(OBOL_IKE_GONE, reason);
    g_assert_cmpuint(list_failures(NO_ARGS, &last), ==, 0);
}

static const ViciTest tests[] = {
    { "/vici/events/ike-updown-tells-both-ways", test_ike_updown_tells_both_ways },
    { "/vici/events/ike-update-has-the-addresses-of-before-and-now", test_ike_update_has_the_addresses_of_before_and_now },
    { "/vici/events/ike-rekey-has-the-old-one-and-the-new-one", test_ike_rekey_has_the_old_one_and_the_new_one },
    { "/vici/events/child-updown-holds-the-child", test_child_updown_holds_the_child },
    { "/vici/events/alert-has-the-protocols-type-and-our-reason", test_alert_has_the_protocols_type_and_our_reason },
    { "/vici/events/message-tells-what-a-ladder-needs", test_message_tells_what_a_ladder_needs },
    { "/vici/events/log-is-watched-only-while-somebody-listens", test_log_is_watched_only_while_somebody_listens },
    { "/vici/failures/are-kept-with-their-reasons", test_failures_are_kept_with_their_reasons },
    { "/vici/failures/same-again-is-counted", test_same_failure_again_is_counted },
    { "/vici/failures/strangers-do-not-push-out-the-admins", test_strangers_do_not_push_out_the_admins_failures },
    { "/vici/failures/kept-ones-are-bounded", test_kept_failures_are_bounded },
    { "/vici/failures/what-the-admin-asked-for-is-none", test_what_the_admin_asked_for_is_no_failure },
};

int
main(int argc, char **argv)
{
    return run_vici_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
