/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-corpus.c - broken files and what is told about each: corpus/NAME.conf and, word for word, corpus/NAME.errors.
 *
 * With OBOL_WRITE_CORPUS set the second is written anew, for a look at the difference. */
#include "settings-test.h"

/* As a start reads a file: the text, the schema, then what it means. */
static char *
errors_of(const char *text, gsize n, const char *name)
{
    g_autoptr(GError) first = NULL, second = NULL;
    g_autoptr(ObolNode) tree = obol_settings_read_text(text, n, name, &first);
    g_autoptr(ObolConnectionSet) connections = NULL;
    g_autoptr(ObolSharedKeys) keys = NULL;

    if (tree == NULL || !obol_settings_check(tree, obol_schema, &first))
        return g_strdup_printf("%s\n", first->message);
    connections = obol_connections_from_tree(tree, &first);
    keys = obol_shared_keys_from_tree(tree, &second);
    return g_strdup_printf("%s%s%s%s", first != NULL ? first->message : "", first != NULL ? "\n" : "",
                           second != NULL ? second->message : "", second != NULL ? "\n" : "");
}

static void
test_file(gconstpointer data)
{
    const char *name = data;
    g_autofree char *file = g_strconcat(name, ".conf", NULL), *errors = g_strconcat(name, ".errors", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "unit", "settings", "corpus", file, NULL);
    g_autofree char *beside = g_test_build_filename(G_TEST_DIST, "unit", "settings", "corpus", errors, NULL);
    g_autofree char *text = NULL, *expected = NULL, *told = NULL;
    g_autoptr(GError) error = NULL;
    gsize n;

    g_file_get_contents(path, &text, &n, &error);
    g_assert_no_error(error);
    told = errors_of(text, n, file);
    if (g_getenv("OBOL_WRITE_CORPUS") != NULL)
        g_file_set_contents(beside, told, -1, NULL);
    g_file_get_contents(beside, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(told, ==, expected);
    g_assert_cmpstr(told, !=, "");
}

int
main(int argc, char **argv)
{
    g_autofree char *folder = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = NULL;
    const char *name;

    g_test_init(&argc, &argv, NULL);
    folder = g_test_build_filename(G_TEST_DIST, "unit", "settings", "corpus", NULL);
    dir = g_dir_open(folder, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".conf")));
    g_assert_cmpuint(names->len, >=, 8);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *claim = g_strdup_printf("/settings/corpus/%s-is-refused-in-these-words", (char *) names->pdata[i]);

        g_test_add_data_func(claim, names->pdata[i], test_file);
    }
    return g_test_run();
}
