/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-listener.c - the socket's file: who may open it, what was there before, what is left behind. */
#include "plugins/vici/listener.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static GMainContext *context;
static char *folder, *path;
static guint n_accepted;

static void
accepted(int fd, G_GNUC_UNUSED gpointer data)
{
    n_accepted++;
    close(fd);
}

static ViciListener *
listen_at(const char *where, GError **error)
{
    return vici_listener_new(context, where, NULL, 0640, accepted, NULL, error);
}

static int
connect_to(const char *where)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, where, sizeof address.sun_path);
    if (connect(fd, (const struct sockaddr *) &address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void
test_socket_is_made_with_its_folder_and_mode(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *deep = g_build_filename(folder, "a", "b", "vici.sock", NULL);
    g_autoptr(ViciListener) listener = listen_at(deep, &error);
    struct stat info;
    int fd;

    g_assert_no_error(error);
    g_assert_cmpint(stat(deep, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0640);
    fd = connect_to(deep);
    g_assert_cmpint(fd, >=, 0);
    while (n_accepted == 0)
        g_main_context_iteration(context, TRUE);
    close(fd);
    vici_listener_free(g_steal_pointer(&listener));
    g_assert_cmpint(stat(deep, &info), !=, 0);
}

static void
test_uri_names_the_same_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = g_strconcat("unix://", path, NULL);
    g_autoptr(ViciListener) listener = listen_at(uri, &error);

    g_assert_no_error(error);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void
test_leftover_of_a_dead_server_is_replaced(void)
{
    g_autoptr(GError) error = NULL;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_autoptr(ViciListener) listener = NULL;

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(dead, (const struct sockaddr *) &address, sizeof address), ==, 0);
    close(dead);
    listener = listen_at(path, &error);
    g_assert_no_error(error);
}

static void
test_living_server_is_left_alone(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ViciListener) first = listen_at(path, &error), second = NULL;

    g_assert_no_error(error);
    second = listen_at(path, &error);
    g_assert_null(second);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void
test_file_that_is_no_socket_is_left_alone(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
    g_assert_null(listen_at(path, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
}

static void
test_path_must_fit_and_be_absolute(void)
{
    g_autofree char *name = g_strnfill(120, 'x'), *deep = g_build_filename(folder, name, NULL);
    const char *const bad[] = { deep, "relative.sock", "" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(listen_at(bad[i], &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME);
    }
}

static void
test_group_that_is_not_there_is_named(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vici_listener_new(context, path, "no-such-group-here", 0660, accepted, NULL, &error));
    g_assert_nonnull(strstr(error->message, "no-such-group-here"));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void
set_up(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    context = g_main_context_new();
    folder = g_dir_make_tmp("obol-vici-XXXXXX", &error);
    g_assert_no_error(error);
    path = g_build_filename(folder, "vici.sock", NULL);
    n_accepted = 0;
}

static void
remove_below(const char *where)
{
    g_autoptr(GDir) dir = g_dir_open(where, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_build_filename(where, name, NULL);

        if (g_file_test(below, G_FILE_TEST_IS_DIR))
            remove_below(below);
        else
            g_unlink(below);
    }
    g_rmdir(where);
}

static void
tear_down(G_GNUC_UNUSED gpointer fixture, G_GNUC_UNUSED gconstpointer data)
{
    remove_below(folder);
    g_clear_pointer(&path, g_free);
    g_clear_pointer(&folder, g_free);
    g_main_context_unref(context);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "/vici/listener/socket-is-made-with-its-folder-and-mode", test_socket_is_made_with_its_folder_and_mode },
    { "/vici/listener/uri-names-the-same-file", test_uri_names_the_same_file },
    { "/vici/listener/leftover-of-a-dead-server-is-replaced", test_leftover_of_a_dead_server_is_replaced },
    { "/vici/listener/living-server-is-left-alone", test_living_server_is_left_alone },
    { "/vici/listener/file-that-is-no-socket-is-left-alone", test_file_that_is_no_socket_is_left_alone },
    { "/vici/listener/path-must-fit-and-be-absolute", test_path_must_fit_and_be_absolute },
    { "/vici/listener/group-that-is-not-there-is-named", test_group_that_is_not_there_is_named },
};

static void
run_test(G_GNUC_UNUSED gpointer fixture, gconstpointer data)
{
    void (*const *test)(void) = data;

    (*test)();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_vtable(tests[i].name, 0, &tests[i].run, set_up, run_test, tear_down);
    return g_test_run();
}
