/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-load.c - plugins from files: chosen by the settings, checked, and left out with a reason. */
#include "bus-test.h"

static char *folder;

static ObolBus *
load(const char *settings, const char *const *essential, GError **error)
{
    g_autoptr(ObolNode) tree = tree_of(settings);
    ObolBus *bus = quiet_bus();
    g_autoptr(GError) inner = NULL;

    g_assert_true(obol_settings_check(tree, obol_schema, &inner));
    obol_bus_load(bus, folder, tree, essential, error);
    return bus;
}

static void
assert_state(const char *settings, const char *state)
{
    g_autoptr(ObolBus) bus = load(settings, NULL, NULL);
    g_autofree char *text = describe(bus);

    assert_contains(text, state);
}

static void
test_good(void)
{
    assert_state("plugins = { good = { load = true; }; };", "good: loaded [listener/good]\n");
    assert_state("plugins = { good = { }; };", "good: loaded [listener/good]\n");
    assert_state("plugins = { good = { load = 5; }; };", "good: loaded [listener/good]\n");
}

static void
test_not_chosen(void)
{
    g_autoptr(ObolBus) bus = load("daemon = { };", NULL, NULL);
    g_autofree char *text = describe(bus);

    g_assert_cmpstr(text, ==, "");
    assert_state("plugins = { good = { load = false; }; };", "good: is switched off by load = no []\n");
    assert_state("plugins = { good = { load = \"perhaps\"; }; };", "good: load: is yes, no, or a rank above zero []\n");
    assert_state("plugins = { good = { load = -1; }; };", "good: load: is yes, no, or a rank above zero []\n");
}

static void
test_refused(void)
{
    assert_state("plugins = { other-major = { }; };", "other-major: is built for plugin ABI 2, this daemon has 1 []\n");
    assert_state("plugins = { no-symbol = { }; };", "no-symbol.so exports no obol_plugin []\n");
    assert_state("plugins = { misnamed = { }; };", "misnamed: calls itself \"wolf\" []\n");
    assert_state("plugins = { absent = { }; };", "absent: there is no absent.so in ");
}

static void
test_newer_minor(void)
{
    assert_state("plugins = { newer-minor = { }; };",
                 "newer-minor: loaded; without unknown/unheard: role 16 is of a newer ABI than 1.0 [listener/later]\n");
}

static void
test_self_test(void)
{
    assert_state("plugins = { bad-test = { }; };",
                 "bad-test: loaded; without listener/broken: its self-test failed: two and two are five; "
                 "without listener/leaning: needs listener/broken, which was left out [listener/sound]\n");
}

static void
test_the_rest_goes_on(void)
{
    assert_state("plugins = { absent = { }; other-major = { }; good = { }; };", "good: loaded [listener/good]\n");
}

static void
test_rank(void)
{
    g_autoptr(ObolBus) bus = load("plugins = { bad-test = { load = 1; }; good = { load = 7; }; newer-minor = { load = 3; }; };", NULL,
                                  NULL);
    g_autofree char *text = describe(bus);

    g_assert_true(g_str_has_prefix(text, "good: "));
    g_assert_true(strstr(text, "newer-minor: ") < strstr(text, "bad-test: "));
}

static void
test_wrong_settings(void)
{
    assert_state("plugins = { good = { cuont = 1; }; };", "good: t.conf:1:22: cuont: no such key; did you mean \"count\"?");
    assert_state("plugins = { good = { count = 99; }; };", "good: t.conf:1:22: count: 99 is not between 0 and 10");
}

static void
test_settings(void)
{
    g_autoptr(ObolBus) bus = load("plugins = { good = { load = 2; words = [ \"x\" ]; }; };", NULL, NULL);
    g_autoptr(ObolNode) later = tree_of("plugins = { good = { count = 3; }; };"), wrong = tree_of("plugins = { good = { count = 11; }; };");
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(obol_bus_setting_number(bus, "good.count"), ==, 7);
    g_assert_cmpint(obol_bus_setting_number(bus, "good.delay"), ==, 2 * G_TIME_SPAN_SECOND);
    g_assert_cmpstr(obol_bus_setting(bus, "good.count"), ==, "7");
    g_assert_cmpstr(obol_bus_setting_list(bus, "good.words")[0], ==, "x");
    g_assert_null(obol_bus_setting_list(bus, "good.bare"));
    g_assert_false(obol_bus_check_settings(bus, wrong, &error));
    g_assert_cmpint(obol_bus_setting_number(bus, "good.count"), ==, 7);
    obol_bus_set_settings(bus, later);
    g_assert_cmpint(obol_bus_setting_number(bus, "good.count"), ==, 3);
    g_assert_cmpstr(obol_bus_setting_list(bus, "good.words")[1], ==, "b");
}

static void
test_essential(void)
{
    static const char *const listener[] = { "listener/", NULL }, *const kernel[] = { "listener/", "kernel/", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolBus) with = load("plugins = { good = { }; };", listener, &error), without = NULL;

    g_assert_no_error(error);
    without = load("plugins = { good = { }; other-major = { }; };", kernel, &error);
    g_assert_nonnull(error);
    assert_contains(error->message, "no plugin provides kernel/, without which nothing works:");
    assert_contains(error->message, "\n  plugin other-major: is built for plugin ABI 2");
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    folder = g_test_build_filename(G_TEST_BUILT, "unit", "bus", "plugins", ".libs", NULL);
    g_test_add_func("/bus/load/a-chosen-plugin-is-loaded", test_good);
    g_test_add_func("/bus/load/what-is-not-chosen-is-not-loaded", test_not_chosen);
    g_test_add_func("/bus/load/what-is-no-plugin-of-this-abi-is-refused", test_refused);
    g_test_add_func("/bus/load/a-newer-minor-loads-as-far-as-it-is-known", test_newer_minor);
    g_test_add_func("/bus/load/a-failed-self-test-leaves-out-what-needs-it", test_self_test);
    g_test_add_func("/bus/load/one-refusal-does-not-stop-the-rest", test_the_rest_goes_on);
    g_test_add_func("/bus/load/a-higher-rank-comes-first", test_rank);
    g_test_add_func("/bus/load/wrong-settings-leave-the-plugin-out", test_wrong_settings);
    g_test_add_func("/bus/load/settings-come-with-defaults-and-are-replaced-whole", test_settings);
    g_test_add_func("/bus/load/an-essential-role-without-provider-is-an-error", test_essential);
    status = g_test_run();
    g_free(folder);
    return status;
}
