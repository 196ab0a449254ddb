/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-manual.c - what is shipped about the settings is what the schema tables say, and the samples are right. */
#include "settings-test.h"

static char *
read_source(const char *folder, const char *file)
{
    g_autofree char *path = g_build_filename(g_getenv("OBOL_SRCDIR"), folder, file, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

/* What schema-manual prints; @arguments is freed. */
static char *
run(GPtrArray *arguments)
{
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    g_autofree char *complaint = NULL;
    int status = -1;

    g_ptr_array_insert(arguments, 0, g_build_filename(g_getenv("OBOL_BUILDDIR"), "doc", "schema-manual", NULL));
    g_ptr_array_add(arguments, NULL);
    g_spawn_sync(NULL, (char **) arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &complaint, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("schema-manual: %s", complaint);
    g_ptr_array_unref(arguments);
    return out;
}

static char *
plugin_path(const char *name)
{
    g_autofree char *file = g_strdup_printf("%s.so", name);

    return g_build_filename(g_getenv("OBOL_BUILDDIR"), ".libs", file, NULL);
}

static char **plugins;

static void
test_manual(void)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *shipped = read_source("doc", "obol.conf.5"), *made = NULL;

    for (char **name = plugins; *name != NULL; name++)
        g_ptr_array_add(arguments, plugin_path(*name));
    made = run(arguments);
    if (!g_str_equal(made, shipped))
        g_test_message("make update-manual");
    g_assert_true(g_str_equal(made, shipped));
}

static void
check_sample(const char *file, const char *name)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *shipped = read_source("conf.d", file), *made = NULL;
    g_autoptr(ObolNode) tree = NULL;
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(arguments, g_strdup("--sample"));
    if (name != NULL)
        g_ptr_array_add(arguments, plugin_path(name));
    made = run(arguments);
    if (!g_str_equal(made, shipped))
        g_test_message("%s: make update-manual", file);
    g_assert_true(g_str_equal(made, shipped));
    tree = tree_of(shipped);
    obol_settings_check(tree, obol_schema, &error);
    g_assert_no_error(error);
}

static void
test_samples(void)
{
    check_sample("obol.conf", NULL);
    for (char **name = plugins; *name != NULL; name++) {
        g_autofree char *file = g_strdup_printf("%s.conf", *name);

        check_sample(file, *name);
    }
}

/* All keys of the daemon's sample, with the comments taken off, are what the schema has as defaults. */
static void
test_samples_uncommented(void)
{
    g_autofree char *sample = read_source("conf.d", "obol.conf");
    g_auto(GStrv) parts = g_strsplit(sample, "  # ", -1);
    g_autoptr(GString) bare = g_string_new(NULL);
    g_autoptr(ObolNode) tree = NULL;
    g_autoptr(GError) error = NULL;

    for (char **part = parts; *part != NULL; part++)
        g_string_append_printf(bare, "%s%s", strstr(*part, " = ") != NULL ? "" : "# ", *part);
    tree = tree_of(bare->str);
    obol_settings_check(tree, obol_schema, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(obol_node_get(tree, "daemon")->items->len, >=, 5);
}

static void
test_examples(void)
{
    static const char *const examples[] = { "net-to-net.conf.example", "host-to-host.conf.example", "roadwarriors.conf.example" };

    for (gsize i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autofree char *text = read_source("conf.d/examples", examples[i]);
        g_autoptr(ObolNode) tree = tree_of(text);
        g_autoptr(ObolConnectionSet) set = NULL;
        g_autoptr(GError) error = NULL;

        obol_settings_check(tree, obol_schema, &error);
        g_assert_no_error(error);
        set = obol_connections_from_tree(tree, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(set->connections->len, ==, 1);
    }
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    plugins = g_strsplit(OBOL_PLUGINS, " ", -1);
    g_test_add_func("/settings/manual/obol.conf-5-is-the-schemas'", test_manual);
    g_test_add_func("/settings/manual/samples-are-the-schemas'-and-right", test_samples);
    g_test_add_func("/settings/manual/what-a-sample-shows-is-valid", test_samples_uncommented);
    g_test_add_func("/settings/manual/examples-are-right", test_examples);
    status = g_test_run();
    g_strfreev(plugins);
    return status;
}
