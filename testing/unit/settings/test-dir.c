/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-dir.c - a folder of files becomes one tree. */
#include "settings-test.h"

#include <glib/gstdio.h>

typedef struct {
    char *dir;
} Folder;

static void
put(Folder *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder->dir, name, NULL), *parent = g_path_get_dirname(path);

    g_assert_no_errno(g_mkdir_with_parents(parent, 0700));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_no_errno(g_chmod(path, 0600));
}

static void
set_up(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    folder->dir = g_dir_make_tmp("obol-settings-XXXXXX", NULL);
    g_assert_nonnull(folder->dir);
}

static void
delete_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        delete_tree(below);
    }
    g_remove(path);
}

static void
tear_down(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    delete_tree(folder->dir);
    g_free(folder->dir);
}

static void
test_joined(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolNode) tree = NULL;
    const ObolNode *connections;

    put(folder, "obol.conf", "daemon = { log_level = 2; }; connections = { a = { x = 1; }; };");
    put(folder, "conf.d/20.conf", "connections = { c = { }; };");
    put(folder, "conf.d/10.conf", "connections = { b = { }; a = { y = 2; }; };");
    put(folder, "connections.d/x.conf", "connections = { d = { }; };");
    put(folder, "secrets.d/x.conf", "secrets = { ike = { }; };");
    put(folder, "conf.d/README", "this is no setting");
    put(folder, "conf.d/.#10.conf", "nor = is this");
    tree = obol_settings_read_dir(folder->dir, &error);
    g_assert_no_error(error);
    connections = obol_node_get(tree, "connections");
    g_assert_cmpuint(connections->items->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        const ObolNode *connection = connections->items->pdata[i];

        g_assert_cmpint(connection->name[0], ==, "abcd"[i]);
    }
    g_assert_cmpuint(obol_node_get(connections, "a")->items->len, ==, 2);
    g_assert_nonnull(obol_node_get(obol_node_get(tree, "secrets"), "ike"));
}

static void
test_twice(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;

    put(folder, "obol.conf", "connections = {\n  a = { x = 1; };\n};");
    put(folder, "conf.d/10.conf", "connections = { a = { x = 1; }; };");
    g_assert_null(obol_settings_read_dir(folder->dir, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_CONFLICT);
    message = g_strdup_printf("%s/conf.d/10.conf:1:23: x: stands already at %s/obol.conf:2:9\n", folder->dir, folder->dir);
    assert_contains(error->message, message);
}

static void
test_all_files_are_told(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    put(folder, "obol.conf", "a = ;");
    put(folder, "conf.d/10.conf", "b = ;");
    put(folder, "conf.d/20.conf", "b = 1;");
    g_assert_null(obol_settings_read_dir(folder->dir, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_SYNTAX);
    assert_contains(error->message, "/obol.conf:1:5: expected a value here");
    assert_contains(error->message, "/conf.d/10.conf:1:5: expected a value here");
}

static void
test_nothing_there(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ObolNode) tree = NULL;

    g_assert_null(obol_settings_read_dir(folder->dir, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_IO);
    assert_contains(error->message, "/obol.conf: is not there");
    put(folder, "conf.d/10.conf", "daemon = { };");
    tree = obol_settings_read_dir(folder->dir, NULL);
    g_assert_nonnull(tree);
}

static void
test_open_secret(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(folder->dir, "obol.conf", NULL), *message = NULL;
    g_autoptr(ObolNode) open_tree = NULL, closed_tree = NULL;
    g_autoptr(GError) error = NULL;

    put(folder, "obol.conf", "secrets = { ike = { secret = \"geheim\"; }; };");
    closed_tree = obol_settings_read_dir(folder->dir, NULL);
    g_assert_true(obol_settings_check(closed_tree, obol_schema, NULL));
    g_assert_no_errno(g_chmod(path, 0640));
    open_tree = obol_settings_read_dir(folder->dir, NULL);
    g_assert_false(obol_settings_check(open_tree, obol_schema, &error));
    g_assert_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_IO);
    message = g_strdup_printf("secret: others can read this file: chmod 600 %s", path);
    assert_contains(error->message, message);
    g_assert_null(strstr(error->message, "geheim"));
}

#define ADD(name, test) g_test_add("/settings/dir/" name, Folder, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sections-of-one-name-join-in-the-order-of-the-files", test_joined);
    ADD("a-value-in-two-files-names-both-places", test_twice);
    ADD("the-faults-of-all-files-are-told", test_all_files_are_told);
    ADD("a-folder-without-settings-is-an-error", test_nothing_there);
    ADD("a-secret-that-others-can-read-is-refused-with-the-remedy", test_open_secret);
    return g_test_run();
}
