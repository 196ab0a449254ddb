/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/test-names.c - peers that are known by name: a resolver of the test's own knows right.test alone. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "daemon-test.h"

/* --- the resolver --- */

typedef struct {
    GResolver parent;
} KnowingResolver;
typedef GResolverClass KnowingResolverClass;

GType knowing_resolver_get_type(void);
G_DEFINE_TYPE(KnowingResolver, knowing_resolver, G_TYPE_RESOLVER)

static void
free_addresses(gpointer list)
{
    g_list_free_full(list, g_object_unref);
}

static void
look_up(GResolver *resolver, const gchar *name, GCancellable *cancellable, GAsyncReadyCallback done, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(resolver, cancellable, done, data);

    if (g_str_equal(name, "right.test"))
        g_task_return_pointer(task, g_list_append(NULL, g_inet_address_new_from_string("192.0.2.2")), free_addresses);
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "there is no %s", name);
}

static GList *
finish(G_GNUC_UNUSED GResolver *resolver, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void
knowing_resolver_class_init(KnowingResolverClass *class)
{
    class->lookup_by_name_async = look_up;
    class->lookup_by_name_finish = finish;
}

static void
knowing_resolver_init(G_GNUC_UNUSED KnowingResolver *self)
{
}

/* --- tests --- */

/* The left has @hosts in place of the right's address. */
static void
start_with(DaemonTest *t, const char *hosts)
{
    g_autofree char *path = g_build_filename(t->folder[0], "obol.conf", NULL), *text = NULL;
    g_autoptr(GString) changed = NULL;
    GError *error = NULL;

    daemon_test_write(t, 0, "", "");
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    changed = g_string_new(text);
    g_assert_cmpuint(g_string_replace(changed, "remote_addrs = [ \"192.0.2.2\"", hosts, 1), ==, 1);
    g_file_set_contents_full(path, changed->str, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
    g_assert_no_error(error);
    daemon_test_write(t, 1, "", "");
    daemon_test_start(t, 1);
    daemon_test_start(t, 0);
}

static void
initiate(DaemonTest *t, Outcome *outcome)
{
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, outcome);
    WAIT_FOR(t, outcome->n_calls > 0);
    g_assert_cmpuint(outcome->n_calls, ==, 1);
}

static void
test_a_peer_is_found_by_its_name(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "remote_addrs = [ \"right.test\"");
    initiate(t, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_ike_sas, ==, 1);
}

static void
test_after_an_unknown_name_the_next_one_is_tried(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "remote_addrs = [ \"other.test\", \"right.test\"");
    initiate(t, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(daemon_test_stats(t, 1).n_ike_sas, ==, 1);
}

static void
test_an_unknown_name_is_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "remote_addrs = [ \"other.test\"");
    initiate(t, &outcome);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_assert_nonnull(strstr(outcome.error->message, "remote_addrs names no peer that can be reached"));
    g_clear_error(&outcome.error);
    g_assert_cmpuint(daemon_test_stats(t, 0).n_ike_sas, ==, 0);
}

/* The one who asked hears of the end, and what the resolver says later is nobody's. */
static void
test_the_daemon_may_end_while_a_name_is_looked_up(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    start_with(t, "remote_addrs = [ \"right.test\"");
    obol_control_initiate(daemon_test_control(t, 0), "c", NULL, -1, daemon_test_note, &outcome);
    g_main_context_iteration(t->context, FALSE);
    g_clear_pointer(&t->daemon[0], obol_daemon_free);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
    g_clear_error(&outcome.error);
    daemon_test_settle(t);
    g_assert_cmpuint(outcome.n_calls, ==, 1);
}

/* RFC 5685 section 9.2: the gateway's name is looked up by whoever is sent there. */
static void
test_a_redirect_to_an_unknown_name_is_told(DaemonTest *t, G_GNUC_UNUSED gconstpointer data)
{
    Outcome outcome = { 0 };

    daemon_test_write(t, 0, "", "");
    daemon_test_write(t, 1, "redirect_to = \"other.test\"; redirect_at = \"init\";", "");
    daemon_test_start(t, 1);
    daemon_test_start(t, 0);
    initiate(t, &outcome);
    g_assert_error(outcome.error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED);
    g_assert_cmpint(outcome.code, ==, OBOL_REASON_REDIRECT);
    g_clear_error(&outcome.error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GResolver) resolver = NULL;

    g_test_init(&argc, &argv, NULL);
    resolver = g_object_new(knowing_resolver_get_type(), NULL);
    g_resolver_set_default(resolver);
    COLD_TEST("names/a-peer-is-found-by-its-name", test_a_peer_is_found_by_its_name);
    COLD_TEST("names/after-an-unknown-name-the-next-one-is-tried", test_after_an_unknown_name_the_next_one_is_tried);
    COLD_TEST("names/an-unknown-name-is-told", test_an_unknown_name_is_told);
    COLD_TEST("names/the-daemon-may-end-while-a-name-is-looked-up", test_the_daemon_may_end_while_a_name_is_looked_up);
    COLD_TEST("names/a-redirect-to-an-unknown-name-is-told", test_a_redirect_to_an_unknown_name_is_told);
    return g_test_run();
}
