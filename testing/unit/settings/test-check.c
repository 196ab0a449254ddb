/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-check.c - a tree against a schema. */
#include "settings-test.h"

static const ObolSettingSpec inner[] = {
    { .name = "size", .type = OBOL_TYPE_SIZE, .fallback = "1k", .min = 1, .max = 1 << 20 },
    { NULL },
};

static const ObolSettingSpec schema[] = {
    { .name = "text", .type = OBOL_TYPE_TEXT, .fallback = "fall" },
    { .name = "truth", .type = OBOL_TYPE_BOOL, .fallback = "yes" },
    { .name = "count", .type = OBOL_TYPE_INTEGER, .fallback = "7", .min = -1, .max = 10 },
    { .name = "delay", .type = OBOL_TYPE_DURATION, .fallback = "2s", .min = G_TIME_SPAN_SECOND, .max = G_TIME_SPAN_HOUR },
    { .name = "word", .type = OBOL_TYPE_ENUM, .fallback = "red", .choices = (const char *const[]) { "red", "green", NULL } },
    { .name = "list", .type = OBOL_TYPE_LIST, .fallback = "a, b" },
    { .name = "bare", .type = OBOL_TYPE_TEXT },
    { .name = "one", .type = OBOL_TYPE_SECTION, .members = inner },
    { .name = "many", .type = OBOL_TYPE_SECTIONS, .members = inner },
    { .name = "side*", .type = OBOL_TYPE_SECTION, .members = inner },
    { .name = "some", .type = OBOL_TYPE_BOOL, .only = (const char *const[]) { "no", NULL }, .why = "it is not there." },
    { .name = "never", .type = OBOL_TYPE_LIST, .only = (const char *const[]) { NULL }, .why = "it is not there either." },
    { .name = "hidden", .type = OBOL_TYPE_INTEGER, .secret = TRUE },
    { NULL },
};

static void
assert_checks(const char *text)
{
    g_autoptr(ObolNode) tree = tree_of(text);
    g_autoptr(GError) error = NULL;

    obol_settings_check(tree, schema, &error);
    g_assert_no_error(error);
}

static void
assert_refused(const char *text, ObolSettingsError code, const char *message)
{
    g_autoptr(ObolNode) tree = tree_of(text);
    g_autoptr(GError) error = NULL;

    g_assert_false(obol_settings_check(tree, schema, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, (int) code);
    assert_contains(error->message, message);
}

static void
test_good(void)
{
    assert_checks("");
    assert_checks("text = \"\"; truth = true; count = -1; delay = \"1h\"; word = \"GREEN\"; list = [ \"x\" ]; bare = 1;");
    assert_checks("list = \"x, y\"; truth = \"0\"; count = \"0xA\"; delay = 5;");
    assert_checks("one = { size = 1; }; many = { a = { }; b = { size = \"1M\"; }; }; side = { }; side-2 = { }; SIDE3 = { };");
    assert_checks("some = false; never = [ ];");
}

static void
test_unknown(void)
{
    assert_refused("cuont = 1;", OBOL_SETTINGS_ERROR_UNKNOWN, "t.conf:1:1: cuont: no such key; did you mean \"count\"?");
    assert_refused("zebra = 1;", OBOL_SETTINGS_ERROR_UNKNOWN, "t.conf:1:1: zebra: no such key here\n  zebra = 1;\n  ^");
    assert_refused("many = { x = {\n sise = 1; }; };", OBOL_SETTINGS_ERROR_UNKNOWN, "t.conf:2:2: sise: no such key; did you mean \"size\"?");
    /* A family of sections does not swallow a misspelt value, and nobody is sent to what can not be set. */
    assert_refused("side_x = 1;", OBOL_SETTINGS_ERROR_UNKNOWN, "side_x: no such key; did you mean \"side\"?");
    assert_refused("nevr = 1;", OBOL_SETTINGS_ERROR_UNKNOWN, "nevr: no such key here");
}

static void
test_types(void)
{
    assert_refused("truth = \"perhaps\";", OBOL_SETTINGS_ERROR_VALUE, "truth: \"perhaps\" is not yes or no");
    assert_refused("count = 1.5;", OBOL_SETTINGS_ERROR_VALUE, "count: \"1.5\" is not a whole number");
    assert_refused("delay = \"1 h\";", OBOL_SETTINGS_ERROR_VALUE, "delay: \"1 h\" is not a duration");
    assert_refused("one = { size = \"1Q\"; };", OBOL_SETTINGS_ERROR_VALUE, "size: \"1Q\" is not a size");
    assert_refused("word = \"gren\";", OBOL_SETTINGS_ERROR_VALUE,
                   "word: \"gren\" is none of \"red\" or \"green\"; did you mean \"green\"?");
    assert_refused("text = [ \"a\" ];", OBOL_SETTINGS_ERROR_VALUE, "text: this is not a text");
    assert_refused("text = { };", OBOL_SETTINGS_ERROR_VALUE, "text: this is not a text");
    assert_refused("list = { };", OBOL_SETTINGS_ERROR_VALUE, "list: this is not a list of texts");
    assert_refused("list = ( \"a\", { } );", OBOL_SETTINGS_ERROR_VALUE, "list: this is not a list of texts");
    assert_refused("one = 1;", OBOL_SETTINGS_ERROR_VALUE, "one: is a section, one = { ... }");
    assert_refused("many = { a = 1; };", OBOL_SETTINGS_ERROR_VALUE, "a: \"many\" holds sections, a = { ... }");
    assert_refused("hidden = \"x1y\";", OBOL_SETTINGS_ERROR_VALUE, "hidden: this is not a whole number");
}

static void
test_ranges(void)
{
    assert_refused("count = 11;", OBOL_SETTINGS_ERROR_VALUE, "count: 11 is not between -1 and 10");
    assert_refused("count = -2;", OBOL_SETTINGS_ERROR_VALUE, "count: -2 is not between -1 and 10");
    assert_refused("delay = \"999ms\";", OBOL_SETTINGS_ERROR_VALUE, "delay: 999ms is not between 1s and 1h");
    assert_refused("one = { size = \"2M\"; };", OBOL_SETTINGS_ERROR_VALUE, "size: 2M is not between 1 and 1M");
    assert_refused("delay = \"9223372036854775807d\";", OBOL_SETTINGS_ERROR_VALUE, "is not a duration");
}

static void
test_only(void)
{
    assert_refused("some = 1;", OBOL_SETTINGS_ERROR_VALUE, "some: \"1\" can not be honoured, only \"no\": it is not there.");
    assert_refused("never = [ \"x\" ];", OBOL_SETTINGS_ERROR_VALUE, "never: can not be set: it is not there either.");
}

static void
test_all_are_told(void)
{
    g_autoptr(ObolNode) tree = tree_of("a = 1;\ncount = 99;\ntruth = 5;");
    g_autoptr(GError) error = NULL;

    g_assert_false(obol_settings_check(tree, schema, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_UNKNOWN);
    assert_contains(error->message, "t.conf:1:1: a: ");
    assert_contains(error->message, "\nt.conf:2:1: count: ");
    assert_contains(error->message, "\nt.conf:3:1: truth: ");
}

static void
test_many_faults_are_counted(void)
{
    g_autoptr(ObolNode) tree = obol_node_new(OBOL_NODE_SECTION, NULL, NULL, 0, 0);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("x%u", i);

        obol_node_take(tree, obol_node_new_value(name, "", 0));
    }
    g_assert_false(obol_settings_check(tree, schema, &error));
    g_assert_true(g_str_has_suffix(error->message, "\n... and 980 more"));
}

/* What comes over the control socket has no place, may stand twice and may hold any bytes. */
static void
test_control(void)
{
    g_autoptr(ObolNode) tree = obol_node_new(OBOL_NODE_SECTION, "c", NULL, 0, 0);
    g_autoptr(GError) error = NULL;

    obol_node_take(tree, obol_node_new_value("count", "99", 2));
    obol_node_take(tree, obol_node_new_value("text", "a\0b", 3));
    obol_node_take(tree, obol_node_new_value("truth", "\x1b[31m", 5));
    obol_node_take(tree, obol_node_new_value("truth", "yes", 3));
    g_assert_false(obol_settings_check(tree, schema, &error));
    g_assert_cmpstr(error->message, ==,
                    "truth: stands here twice\ncount: 99 is not between -1 and 10\ntext: \"a\" is not a text\n"
                    "truth: \"\\033[31m\" is not yes or no");
}

static void
test_depth(void)
{
    static ObolSettingSpec deep[] = { { .name = "d", .type = OBOL_TYPE_SECTION }, { NULL } };
    ObolNode *top = obol_node_new(OBOL_NODE_SECTION, "d", NULL, 0, 0), *at = top;
    g_autoptr(GError) error = NULL;

    deep[0].members = deep;
    for (guint i = 0; i < 100; i++) {
        ObolNode *below = obol_node_new(OBOL_NODE_SECTION, "d", NULL, 0, 0);

        obol_node_take(at, below);
        at = below;
    }
    g_assert_false(obol_settings_check(top, deep, &error));
    assert_contains(error->message, "nested too deeply");
    obol_node_free(top);
}

static void
test_defaults(void)
{
    g_autoptr(ObolNode) tree = tree_of("word = \"GREEN\"; list = [ \"x, y\", \"z\" ]; one = { size = \"2k\"; };");
    g_auto(GStrv) given = obol_setting_list(tree, schema, "list"), fallback = obol_setting_list(NULL, schema, "list");

    g_assert_cmpstr(obol_setting_text(tree, schema, "text"), ==, "fall");
    g_assert_cmpstr(obol_setting_text(tree, schema, "word"), ==, "green");
    g_assert_cmpint(obol_setting_number(tree, schema, "word"), ==, 1);
    g_assert_cmpint(obol_setting_number(tree, schema, "truth"), ==, 1);
    g_assert_cmpint(obol_setting_number(NULL, schema, "delay"), ==, 2 * G_TIME_SPAN_SECOND);
    g_assert_cmpint(obol_setting_number(obol_node_get(tree, "one"), inner, "size"), ==, 2048);
    g_assert_null(obol_setting_text(tree, schema, "bare"));
    g_assert_cmpuint(g_strv_length(given), ==, 2);
    g_assert_cmpstr(given[0], ==, "x, y"); /* within a list a comma is a comma */
    g_assert_cmpuint(g_strv_length(fallback), ==, 2);
    g_assert_cmpstr(fallback[1], ==, "b");
}

/* The tables themselves: every default is valid by its own row, and each refusal says why. */
static void
check_table(const ObolSettingSpec *members, guint depth)
{
    for (; members->name != NULL; members++) {
        g_autoptr(ObolNode) tree = obol_node_new(OBOL_NODE_SECTION, NULL, NULL, 0, 0);
        const ObolSettingSpec alone[] = { *members, { NULL } };
        g_autoptr(GError) error = NULL;

        g_assert_true(members->doc != NULL || members->why != NULL);
        g_assert_true((members->only == NULL) == (members->why == NULL));
        g_assert_true((members->type == OBOL_TYPE_ENUM) == (members->choices != NULL));
        if (members->members != NULL && depth < 8)
            check_table(members->members, depth + 1);
        if (members->fallback == NULL)
            continue;
        obol_node_take(tree, obol_node_new_value(members->name, members->fallback, strlen(members->fallback)));
        obol_settings_check(tree, alone, &error);
        g_assert_no_error(error);
    }
}

static void
test_tables(void)
{
    check_table(obol_schema, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/check/what-fits-passes", test_good);
    g_test_add_func("/settings/check/an-unknown-key-names-the-nearest-one", test_unknown);
    g_test_add_func("/settings/check/a-value-of-another-type-is-refused", test_types);
    g_test_add_func("/settings/check/a-value-out-of-range-names-the-range", test_ranges);
    g_test_add_func("/settings/check/what-can-not-be-honoured-says-why", test_only);
    g_test_add_func("/settings/check/all-faults-are-told", test_all_are_told);
    g_test_add_func("/settings/check/the-number-of-told-faults-is-bounded", test_many_faults_are_counted);
    g_test_add_func("/settings/check/a-control-message-is-checked-as-a-file-is", test_control);
    g_test_add_func("/settings/check/depth-is-bounded", test_depth);
    g_test_add_func("/settings/get/a-default-stands-in-for-what-is-unset", test_defaults);
    g_test_add_func("/settings/schema/every-default-passes-its-own-row", test_tables);
    return g_test_run();
}
