/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-selectors.c - an admin changes what a living tunnel protects, by the public header alone. */
#include "daemon-test.h"

#include <string.h>

typedef struct {
    guint n_calls;
    GError *error;
    ObolReasonCode code;
    guint32 old_id, new_id;
    char *local, *remote, *facts;
} Changed;

static void
changed_clear(Changed *c)
{
    g_clear_error(&c->error);
    g_free(c->local);
    g_free(c->remote);
    g_free(c->facts);
    *c = (Changed) { 0 };
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Changed, changed_clear)

static void
note(const GError *error, const ObolReason *reason, const ObolSelectorsResult *result, gpointer data)
{
    Changed *c = data;

    c->n_calls++;
    c->error = error != NULL ? g_error_copy(error) : NULL;
    c->code = reason != NULL ? reason->code : OBOL_REASON_NONE;
    c->facts = reason != NULL ? g_strdup(reason->facts) : NULL;
    if (result == NULL)
        return;
    g_assert_cmpstr(result->ike, ==, "c");
    g_assert_cmpstr(result->child, ==, "net");
    c->old_id = result->old_id;
    c->new_id = result->new_id;
    c->local = obol_ts_list_format(result->local_ts);
    c->remote = obol_ts_list_format(result->remote_ts);
}

static void
begin(DaemonTest *t, const ObolSaSelector *which, ObolTsOp op, const char *remote, gint64 timeout_us, Changed *c)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    const ObolTsChange change = { op, NULL, list };
    ObolTs one;

    changed_clear(c);
    g_assert_true(obol_ts_parse(remote, &one, NULL));
    g_array_append_val(list, one);
    obol_control_selectors(daemon_test_control(t, 0), which, &change, timeout_us, note, c);
}

static void
change(DaemonTest *t, ObolTsOp op, const char *remote, Changed *c)
{
    static const ObolSaSelector net = { .child = "net" };

    begin(t, &net, op, remote, -1, c);
    g_assert_cmpuint(c->n_calls, ==, 0); /* it is told from the loop, whatever it is */
    WAIT_FOR(t, c->n_calls > 0);
    daemon_test_settle(t);
    g_assert_cmpuint(c->n_calls, ==, 1);
}

/* The right allows more than the left asks for. */
static void
up(DaemonTest *t)
{
    daemon_test_write_children(t, 1, "", "net = { local_ts = [ \"10.2.0.0/16\", \"10.4.0.0/16\" ]; remote_ts = [ \"10.1.0.0/16\" ];"
                                         "esp_proposals = [ \"aes128gcm16\" ]; };");
    daemon_test_start(t, 0);
    daemon_test_start(t, 1);
    daemon_test_tunnel(t);
}

static void
test_the_result_tells_old_and_new(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };
    guint32 first;

    up(t);
    change(t, OBOL_TS_ADD, "10.4.0.0/16", &c);
    g_assert_no_error(c.error);
    g_assert_cmpuint(c.old_id, !=, c.new_id);
    g_assert_cmpstr(c.local, ==, "10.1.0.0/16");
    g_assert_cmpstr(c.remote, ==, "10.2.0.0/16 10.4.0.0/16");
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_child_sas, ==, 1);
    first = c.new_id;
    change(t, OBOL_TS_ADD, "10.4.7.0/24", &c); /* it is there already */
    g_assert_no_error(c.error);
    g_assert_cmpuint(c.old_id, ==, first);
    g_assert_cmpuint(c.new_id, ==, first);
}

static void
test_by_number_and_connection(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };
    ObolSaSelector which = { .ike = "c", .child = "net" };

    up(t);
    begin(t, &which, OBOL_TS_ADD, "10.4.0.0/16", -1, &c);
    WAIT_FOR(t, c.n_calls > 0);
    g_assert_no_error(c.error);
    daemon_test_settle(t);
    which = (ObolSaSelector) { .child_id = c.new_id };
    begin(t, &which, OBOL_TS_REMOVE, "10.2.0.0/16", -1, &c);
    WAIT_FOR(t, c.n_calls > 0);
    g_assert_no_error(c.error);
    g_assert_cmpstr(c.remote, ==, "10.4.0.0/16");
    daemon_test_settle(t);
    which = (ObolSaSelector) { .child = "net", .ike_id = 4711 };
    begin(t, &which, OBOL_TS_ADD, "10.2.0.0/16", -1, &c);
    WAIT_FOR(t, c.n_calls > 0);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
}

static void
test_what_the_peer_does_not_grant_has_its_reason(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };

    up(t);
    change(t, OBOL_TS_ADD, "10.9.0.0/16", &c);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_assert_cmpint(c.code, ==, OBOL_REASON_NARROWED);
    g_assert_cmpstr(c.facts, ==, "asked for 10.1.0.0/16 === 10.2.0.0/16 10.9.0.0/16, the peer grants 10.1.0.0/16 === 10.2.0.0/16");
    change(t, OBOL_TS_SET, "10.9.0.0/16", &c);
    g_assert_cmpint(c.code, ==, OBOL_REASON_TS_PEER);
    g_assert_cmpstr(c.facts, ==, "asked for 10.1.0.0/16 === 10.9.0.0/16, the peer grants nothing of it");
    g_assert_cmpuint(daemon_test_stats(t, 0).n_child_sas, ==, 1);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_child_sas, ==, 1);
}

static void
test_what_can_not_be_is_wrong_use(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };

    up(t);
    change(t, OBOL_TS_REMOVE, "10.0.0.0/8", &c);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE);
    change(t, OBOL_TS_REMOVE, "172.16.0.0/12", &c);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE);
}

static void
test_what_the_kernel_can_not_is_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };

    t->world->abilities.port_ranges = FALSE;
    up(t);
    change(t, OBOL_TS_SET, "10.2.0.0/16[tcp/80-90]", &c);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE);
    g_assert_nonnull(strstr(c.error->message, "ranges of ports"));
}

static void
test_without_a_tunnel_there_is_nothing_to_change(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };

    daemon_test_start(t, 0);
    change(t, OBOL_TS_ADD, "10.4.0.0/16", &c);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND);
}

static void
test_who_does_not_wait_is_answered_at_once(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector net = { .child = "net" };
    g_auto(Changed) c = { 0 };

    up(t);
    begin(t, &net, OBOL_TS_ADD, "10.4.0.0/16", 0, &c);
    g_assert_cmpuint(c.n_calls, ==, 1);
    g_assert_no_error(c.error);
    g_assert_cmpuint(c.new_id, ==, 0);
    daemon_test_settle(t);
    change(t, OBOL_TS_ADD, "10.4.0.0/16", &c); /* it was done all the same */
    g_assert_cmpuint(c.old_id, ==, c.new_id);
}

static void
test_several_that_fit_are_named(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(Changed) c = { 0 };
    ObolSaSelector which = { .ike = "c", .child_id = 0, .child = NULL };

    daemon_test_write_children(t, 0, "", "net = { local_ts = [ \"10.1.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; },"
                                         "two = { local_ts = [ \"10.3.0.0/16\" ]; remote_ts = [ \"10.2.0.0/16\" ]; }");
    daemon_test_write_children(t, 1, "", "net = { local_ts = [ \"10.2.0.0/16\" ]; remote_ts = [ \"10.0.0.0/8\" ]; };");
    daemon_test_start(t, 0);
    daemon_test_start(t, 1);
    daemon_test_tunnel(t);
    {
        Outcome outcome = { 0 };

        obol_control_initiate(daemon_test_control(t, 0), "c", "two", -1, daemon_test_note, &outcome);
        WAIT_FOR(t, outcome.n_calls > 0);
        g_assert_no_error(outcome.error);
    }
    begin(t, &which, OBOL_TS_ADD, "10.4.0.0/16", -1, &c);
    WAIT_FOR(t, c.n_calls > 0);
    g_assert_error(c.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE);
    g_assert_nonnull(strstr(c.error->message, "net #"));
    g_assert_nonnull(strstr(c.error->message, "two #"));
}

static void
test_a_client_that_left_is_not_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    static const ObolSaSelector net = { .child = "net" };
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(ObolTs));
    const ObolTsChange change = { OBOL_TS_ADD, NULL, list };
    Changed c = { 0 };
    ObolTs one;

    up(t);
    g_assert_true(obol_ts_parse("10.4.0.0/16", &one, NULL));
    g_array_append_val(list, one);
    obol_control_forget(daemon_test_control(t, 0), obol_control_selectors(daemon_test_control(t, 0), &net, &change, -1, note, &c));
    daemon_test_settle(t);
    g_assert_cmpuint(c.n_calls, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    COLD_TEST("selectors/the-result-tells-old-and-new", test_the_result_tells_old_and_new);
    COLD_TEST("selectors/by-number-and-connection", test_by_number_and_connection);
    COLD_TEST("selectors/what-the-peer-does-not-grant-has-its-reason", test_what_the_peer_does_not_grant_has_its_reason);
    COLD_TEST("selectors/what-can-not-be-is-wrong-use", test_what_can_not_be_is_wrong_use);
    COLD_TEST("selectors/what-the-kernel-can-not-is-told", test_what_the_kernel_can_not_is_told);
    COLD_TEST("selectors/without-a-tunnel-there-is-nothing-to-change", test_without_a_tunnel_there_is_nothing_to_change);
    COLD_TEST("selectors/who-does-not-wait-is-answered-at-once", test_who_does_not_wait_is_answered_at_once);
    COLD_TEST("selectors/several-that-fit-are-named", test_several_that_fit_are_named);
    COLD_TEST("selectors/a-client-that-left-is-not-told", test_a_client_that_left_is_not_told);
    return g_test_run();
}
