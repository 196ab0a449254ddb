/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-resolve.c - what features need, want, and share; and the order of opening and closing. */
#include "bus-test.h"

#include <gio/gio.h>

static GString *story; /* what was opened and closed, in order */

static gpointer
open_a(ObolBus *bus G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_string_append(story, "+a");
    return &story;
}

static void
close_a(gpointer self G_GNUC_UNUSED)
{
    g_string_append(story, "-a");
}

static gpointer
open_b(ObolBus *bus G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_string_append(story, "+b");
    return &open_a;
}

static void
close_b(gpointer self G_GNUC_UNUSED)
{
    g_string_append(story, "-b");
}

static gpointer
open_broken(ObolBus *bus G_GNUC_UNUSED, GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "out of order");
    return NULL;
}

static const ObolListenerVtable a = { .size = sizeof a, .open = open_a, .close = close_a };
static const ObolListenerVtable b = { .size = sizeof b, .open = open_b, .close = close_b };
static const ObolListenerVtable broken = { .size = sizeof broken, .open = open_broken };
static const char *const needs_a[] = { "listener/a", NULL }, *const needs_b[] = { "listener/b", NULL };
static const char *const needs_any_socket[] = { "socket/", NULL };

static char *
add(const ObolFeature *features)
{
    const ObolPlugin plugin = PLUGIN("p", features);
    g_autoptr(ObolBus) bus = quiet_bus();

    g_assert_true(obol_bus_add_plugin(bus, &plugin, NULL, NULL));
    return describe(bus);
}

static void
test_order(void)
{
    const ObolFeature features[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .needs = needs_a },
        { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a },
        { 0 },
    };
    const ObolPlugin plugin = PLUGIN("p", features);
    g_autoptr(ObolBus) bus = quiet_bus();

    g_string_truncate(story, 0);
    g_assert_true(obol_bus_add_plugin(bus, &plugin, NULL, NULL));
    g_assert_true(obol_bus_open_frontends(bus, NULL));
    obol_bus_close_roles(bus);
    g_assert_cmpstr(story->str, ==, "+a+b-b-a");
}

static void
test_wants(void)
{
    const ObolFeature mutual[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .wants = needs_a },
        { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a, .wants = needs_b },
        { 0 },
    };
    const ObolFeature later[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .wants = needs_a },
        { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a },
        { 0 },
    };
    const ObolFeature nobody[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .wants = needs_any_socket },
        { 0 },
    };
    const ObolPlugin plugin = PLUGIN("p", later);
    g_autoptr(ObolBus) bus = quiet_bus();
    g_autofree char *both = add(mutual), *alone = add(nobody);

    g_assert_cmpstr(both, ==, "p: loaded [listener/b listener/a]\n");
    g_assert_cmpstr(alone, ==, "p: loaded [listener/b]\n");
    g_string_truncate(story, 0);
    obol_bus_add_plugin(bus, &plugin, NULL, NULL);
    obol_bus_open_frontends(bus, NULL);
    g_assert_cmpstr(story->str, ==, "+a+b");
}

static void
test_unmet(void)
{
    const ObolFeature features[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .needs = needs_any_socket },
        { .role = OBOL_ROLE_LISTENER, .name = "c", .listener = &b, .needs = needs_b },
        { 0 },
    };
    g_autofree char *text = add(features);

    g_assert_cmpstr(text, ==, "p: loaded; without listener/b: needs socket/, which nobody provides; "
                              "without listener/c: needs listener/b, which was left out []\n");
}

static void
test_circle(void)
{
    const ObolFeature features[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "c", .listener = &b, .needs = needs_b },
        { .role = OBOL_ROLE_LISTENER, .name = "b", .listener = &b, .needs = needs_a },
        { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a, .needs = needs_b },
        { .role = OBOL_ROLE_LISTENER, .name = "d", .listener = &a },
        { 0 },
    };
    g_autofree char *text = add(features);

    assert_contains(text, "without listener/c: needs in a circle: listener/b needs listener/a needs listener/b;");
    assert_contains(text, "without listener/a: needs in a circle: listener/a needs listener/b needs listener/a [listener/d]\n");
}

static void
test_twice(void)
{
    const ObolFeature features[] = { { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a }, { 0 } };
    const ObolPlugin p = PLUGIN("p", features), q = PLUGIN("q", features);
    g_autoptr(ObolBus) bus = quiet_bus();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_assert_true(obol_bus_add_plugin(bus, &p, NULL, NULL));
    g_assert_false(obol_bus_add_plugin(bus, &p, NULL, &error));
    g_assert_cmpstr(error->message, ==, "plugin p: is loaded already");
    g_assert_true(obol_bus_add_plugin(bus, &q, NULL, NULL));
    text = describe(bus);
    g_assert_cmpstr(text, ==, "p: loaded [listener/a]\np: is loaded already []\n"
                              "q: loaded; without listener/a: plugin p provides it already []\n");
}

static void
test_tables(void)
{
    static const ObolKernelVtable empty = { .size = sizeof empty }, mad = { .size = 3 };
    const ObolFeature features[] = {
        { .role = OBOL_ROLE_KERNEL, .name = "none" },
        { .role = OBOL_ROLE_KERNEL, .name = "empty", .kernel = &empty },
        { .role = OBOL_ROLE_KERNEL, .name = "mad", .kernel = &mad },
        { .role = OBOL_ROLE_LISTENER, .listener = &a },
        { 0 },
    };
    g_autofree char *text = add(features);

    assert_contains(text, "without kernel/none: has no table of functions;");
    assert_contains(text, "without kernel/empty: lacks a function that every kernel must have");
    assert_contains(text, "without kernel/mad: its table says to be 3 bytes long;");
    assert_contains(text, "without listener/: has no name []\n");
}

/* An older plugin's table ends early: what it never heard of is not called, whatever stands behind it. */
static void
test_older_table(void)
{
    struct {
        ObolListenerVtable table;
        gpointer behind;
    } older = { .table = { .size = G_STRUCT_OFFSET(ObolListenerVtable, ike_state), .open = open_a, .close = close_a } };
    const ObolFeature features[] = { { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &older.table }, { 0 } };
    const ObolPlugin plugin = PLUGIN("p", features);
    g_autoptr(ObolBus) bus = quiet_bus();
    const ObolIkeInfo sa = { .connection = "c" };

    memset((guint8 *) &older.table + older.table.size, 0x5a, sizeof older - older.table.size);
    g_assert_true(obol_bus_add_plugin(bus, &plugin, NULL, NULL));
    g_assert_true(obol_bus_open_frontends(bus, NULL));
    obol_bus_tell_ike_state(bus, &sa, OBOL_IKE_NEW, NULL);
    g_assert_false(obol_bus_anybody_wants_messages(bus));
}

static void
test_frontend_fails(void)
{
    const ObolFeature features[] = {
        { .role = OBOL_ROLE_LISTENER, .name = "broken", .listener = &broken },
        { .role = OBOL_ROLE_LISTENER, .name = "a", .listener = &a },
        { 0 },
    };
    const ObolPlugin plugin = PLUGIN("p", features);
    g_autoptr(ObolBus) bus = quiet_bus();
    g_autofree char *text = NULL;

    g_string_truncate(story, 0);
    obol_bus_add_plugin(bus, &plugin, NULL, NULL);
    g_assert_true(obol_bus_open_frontends(bus, NULL));
    text = describe(bus);
    g_assert_cmpstr(story->str, ==, "+a");
    g_assert_cmpstr(text, ==, "p: loaded; without listener/broken: listener/broken: out of order [listener/a]\n");
}

static void
test_names(void)
{
    g_assert_cmpstr(obol_role_name(OBOL_ROLE_KERNEL), ==, "kernel");
    g_assert_cmpstr(obol_role_name(OBOL_ROLE_LISTENER), ==, "listener");
    for (ObolRoleKind role = OBOL_ROLE_END + 1; role < OBOL_N_ROLES; role++)
        g_assert_cmpstr(obol_role_name(role), !=, "unknown");
    g_assert_cmpstr(obol_role_name(OBOL_ROLE_END), ==, "unknown");
    g_assert_cmpstr(obol_role_name((ObolRoleKind) 9999), ==, "unknown");
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    story = g_string_new(NULL);
    g_test_add_func("/bus/resolve/what-is-needed-opens-first-and-closes-last", test_order);
    g_test_add_func("/bus/resolve/what-is-wanted-comes-first-where-it-comes-at-all", test_wants);
    g_test_add_func("/bus/resolve/an-unmet-need-leaves-out-and-is-named", test_unmet);
    g_test_add_func("/bus/resolve/a-circle-is-named", test_circle);
    g_test_add_func("/bus/resolve/nothing-is-registered-twice", test_twice);
    g_test_add_func("/bus/resolve/a-table-without-its-functions-is-left-out", test_tables);
    g_test_add_func("/bus/resolve/an-older-table-is-read-no-further-than-it-goes", test_older_table);
    g_test_add_func("/bus/resolve/a-frontend-that-fails-does-not-stop-the-rest", test_frontend_fails);
    g_test_add_func("/bus/roles/every-role-has-its-name", test_names);
    status = g_test_run();
    g_string_free(story, TRUE);
    return status;
}
