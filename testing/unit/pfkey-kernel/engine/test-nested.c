/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-nested.c - what is due in a main context that another one drives is dispatched, whenever it has become due. */
#include <glib-unix.h>
#include <unistd.h>

#include "pfkey-kernel/engine/nested.h"

#define TURNS 10 /* of the outer context, until what is due has had its turn */

typedef struct {
    GMainContext *inner, *outer;
    GSource *nested;
    guint n;
} World;

static gboolean
dispatch_timed(GSource *source, G_GNUC_UNUSED GSourceFunc callback, gpointer data)
{
    g_source_set_ready_time(source, -1);
    (*(guint *) data)++;
    return G_SOURCE_CONTINUE;
}

static gboolean
count(gpointer data)
{
    (*(guint *) data)++;
    return G_SOURCE_REMOVE;
}

static gboolean
count_fd(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    char byte;

    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    (*(guint *) data)++;
    return G_SOURCE_CONTINUE;
}

static void
world_init(World *world)
{
    *world = (World) { .inner = g_main_context_new(), .outer = g_main_context_new() };
    world->nested = pfkey_nested_new(world->inner);
    g_source_attach(world->nested, world->outer);
}

static void
world_clear(World *world)
{
    g_source_destroy(world->nested);
    g_source_unref(world->nested);
    g_main_context_unref(world->inner);
    g_main_context_unref(world->outer);
}

static void
turn(World *world)
{
    for (guint i = 0; i < TURNS; i++)
        g_main_context_iteration(world->outer, FALSE);
}

static void
test_what_is_due_already(void)
{
    static GSourceFuncs functions = { .dispatch = dispatch_timed };
    GSource *timed = g_source_new(&functions, sizeof(GSource));
    World world;

    world_init(&world);
    g_source_set_callback(timed, G_SOURCE_FUNC(count), &world.n, NULL);
    g_source_attach(timed, world.inner);
    for (guint i = 1; i <= 3; i++) {
        g_source_set_ready_time(timed, 0); /* long ago */
        turn(&world);
        g_assert_cmpuint(world.n, ==, i);
    }
    g_source_destroy(timed);
    g_source_unref(timed);
    world_clear(&world);
}

static void
test_idle(void)
{
    GSource *idle = g_idle_source_new();
    World world;

    world_init(&world);
    g_source_set_callback(idle, count, &world.n, NULL);
    g_source_attach(idle, world.inner);
    g_source_unref(idle);
    turn(&world);
    g_assert_cmpuint(world.n, ==, 1);
    world_clear(&world);
}

static void
test_a_descriptor(void)
{
    int fds[2];
    GSource *readable;
    World world;

    world_init(&world);
    g_assert_true(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
    readable = g_unix_fd_source_new(fds[0], G_IO_IN);
    g_source_set_callback(readable, G_SOURCE_FUNC(count_fd), &world.n, NULL);
    g_source_attach(readable, world.inner);
    turn(&world);
    g_assert_cmpuint(world.n, ==, 0);
    g_assert_cmpint(write(fds[1], "x", 1), ==, 1);
    turn(&world);
    g_assert_cmpuint(world.n, ==, 1);
    g_source_destroy(readable);
    g_source_unref(readable);
    close(fds[0]);
    close(fds[1]);
    world_clear(&world);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pfkey-kernel/nested/what-is-due-already-is-dispatched", test_what_is_due_already);
    g_test_add_func("/pfkey-kernel/nested/idle-work-is-dispatched", test_idle);
    g_test_add_func("/pfkey-kernel/nested/a-descriptor-is-waited-for", test_a_descriptor);
    return g_test_run();
}
