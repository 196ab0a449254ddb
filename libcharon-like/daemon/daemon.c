/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/daemon.c - from settings and plugins to a running daemon, and the way back. */
#include <obol/daemon.h>

#include "daemon/daemon-private.h"

#include <gio/gio.h>
#include <string.h>

#define N_SHARDS 1
#define STOP_PATIENCE_US (2 * G_USEC_PER_SEC) /* for the answers to our Deletes */

static const char *const essential[] = { "kernel/", "socket/", "random/", "prf/", "ke/", NULL };

/* --- settings --- */

static ObolNode *
read_settings(const char *config_dir, GError **error)
{
    g_autoptr(ObolNode) tree = obol_settings_read_dir(config_dir, error);

    if (tree == NULL || !obol_settings_check(tree, obol_schema, error))
        return NULL;
    return g_steal_pointer(&tree);
}

static const ObolSettingSpec *
daemon_members(void)
{
    const ObolSettingSpec *spec = obol_schema;

    while (!g_str_equal(spec->name, "daemon"))
        spec++;
    return spec->members;
}

static gint64
daemon_number(const ObolNode *settings, const char *name)
{
    return obol_setting_number(obol_node_get(settings, "daemon"), daemon_members(), name);
}

static void
read_limits(const ObolNode *settings, guint number, ObolShardLimits *out)
{
    *out = (ObolShardLimits) {
        .number = number,
        .n_shards = N_SHARDS,
        .cookie_threshold = (guint) daemon_number(settings, "cookie_threshold"),
        .half_open_limit = (guint) daemon_number(settings, "half_open_limit"),
        .half_open_per_address = (guint) daemon_number(settings, "half_open_per_address"),
        .ike_sa_limit = (guint) daemon_number(settings, "ike_sa_limit"),
        .cookie_lifetime_us = daemon_number(settings, "cookie_lifetime"),
        .stray_replies_per_second = (guint) daemon_number(settings, "stray_replies_per_second"),
    };
}

/* What was said on the command line is said more lately than what is in the file. */
static void
set_log(ObolDaemon *daemon)
{
    int level = daemon->options.log_level;

    if (level < 0)
        level = (int) daemon_number(daemon->settings, "log_level");
    obol_bus_set_log(daemon->bus, level, daemon->options.log_to_journal);
}

/* --- start --- */

static gboolean
open_roles(ObolDaemon *daemon, GError **error)
{
    ObolKernelClient kernel = { daemon_kernel_event, daemon };
    ObolSocketClient socket = { daemon_receive, daemon };

    if (!obol_bus_load(daemon->bus, daemon->options.plugin_dir, daemon->settings, essential, error)
        || !obol_bus_open_kernel(daemon->bus, &kernel, error) || !obol_bus_open_socket(daemon->bus, &socket, error))
        return FALSE;
    for (guint i = 0; i < N_SHARDS; i++) {
        ObolShardLimits limits;

        read_limits(daemon->settings, i, &limits);
        g_ptr_array_add(daemon->drivers, daemon_driver_new(daemon, &limits));
    }
    return TRUE;
}

static gboolean
start(ObolDaemon *daemon, GError **error)
{
    DaemonPlan *plan;

    daemon->settings = read_settings(daemon->options.config_dir, error);
    if (daemon->settings == NULL)
        return FALSE;
    daemon->bus = obol_bus_new(daemon->context);
    set_log(daemon);
    if (!open_roles(daemon, error))
        return FALSE;
    plan = daemon_plan_new(daemon, NULL, daemon->settings, error);
    if (plan == NULL)
        return FALSE;
    obol_bus_set_control(daemon->bus, &daemon->control);
    if (!obol_bus_open_frontends(daemon->bus, error)) {
        daemon_plan_free(plan);
        return FALSE;
    }
    daemon_plan_apply(daemon, plan);
    daemon_plan_free(plan);
    return TRUE;
}

ObolDaemon *
obol_daemon_new(const ObolDaemonOptions *options, GError **error)
{
    g_autoptr(ObolDaemon) daemon = g_new0(ObolDaemon, 1);

    daemon->context = g_main_context_ref_thread_default();
    daemon->loop = g_main_loop_new(daemon->context, FALSE);
    daemon->options = *options;
    daemon->options.config_dir = g_strdup(options->config_dir);
    daemon->options.plugin_dir = g_strdup(options->plugin_dir);
    daemon->control.daemon = daemon;
    daemon->started_us = daemon_now_us();
    daemon->started_real_us = g_get_real_time();
    daemon->drivers = g_ptr_array_new_with_free_func(daemon_driver_free);
    daemon->deferred = g_hash_table_new(NULL, NULL);
    daemon->searches = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    daemon->snapshot = daemon_snapshot_new();
    daemon->commands = daemon_commands_new(daemon);
    daemon->traps = daemon_traps_new();
    daemon->desires = daemon_desires_new();
    if (!start(daemon, error))
        return NULL;
    return g_steal_pointer(&daemon);
}

/* --- reload --- */

gboolean
obol_daemon_reload(ObolDaemon *daemon, GError **error)
{
    g_autoptr(ObolNode) tree = read_settings(daemon->options.config_dir, error);
    DaemonPlan *plan = NULL;

    if (tree != NULL && obol_bus_check_settings(daemon->bus, tree, error))
        plan = daemon_plan_new(daemon, daemon->settings, tree, error);
    if (plan == NULL) {
        obol_bus_log(daemon->bus, "cfg", 0, "settings: everything stays as it was: the new ones have an error");
        return FALSE;
    }
    obol_node_free(daemon->settings);
    daemon->settings = g_steal_pointer(&tree);
    obol_bus_set_settings(daemon->bus, daemon->settings);
    set_log(daemon);
    for (guint i = 0; i < daemon->drivers->len; i++) {
        ObolShardLimits limits;

        read_limits(daemon->settings, i, &limits);
        obol_shard_set_limits(daemon_driver_shard(g_ptr_array_index(daemon->drivers, i)), &limits);
    }
    daemon_plan_apply(daemon, plan);
    daemon_plan_free(plan);
    return TRUE;
}

/* --- the loop, and the end --- */

void
obol_daemon_run(ObolDaemon *daemon)
{
    g_main_loop_run(daemon->loop);
}

static void
leave_loop(ObolDaemon *daemon, G_GNUC_UNUSED gpointer data)
{
    daemon->stop_source = NULL;
    g_main_loop_quit(daemon->loop);
}

static guint
n_ike_sas(const ObolDaemon *daemon)
{
    ObolStats stats = { 0 };

    for (guint i = 0; i < daemon->drivers->len; i++)
        obol_shard_stats(daemon_driver_shard(g_ptr_array_index(daemon->drivers, i)), &stats);
    return stats.n_ike_sas;
}

void
daemon_stopped_if_empty(ObolDaemon *daemon)
{
    if (!daemon->stopping || daemon->stop_source == NULL || n_ike_sas(daemon) > 0)
        return;
    daemon_cancel(daemon, daemon->stop_source);
    daemon->stop_source = daemon_after(daemon, 0, leave_loop, NULL, NULL);
}

void
obol_daemon_quit(ObolDaemon *daemon)
{
    static const ObolSaSelector everything = { 0 };

    if (daemon->stopping)
        return;
    daemon->stopping = TRUE;
    obol_bus_log(daemon->bus, "dmn", 0, "stopping: %u IKE SAs to delete", n_ike_sas(daemon));
    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        obol_shard_terminate(daemon_driver_shard(driver), &everything, FALSE, 0, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    daemon->stop_source = daemon_after(daemon, STOP_PATIENCE_US, leave_loop, NULL, NULL);
    daemon_stopped_if_empty(daemon);
}

/* The loop's own list loses its members as they are cancelled. */
static void
cancel_all(ObolDaemon *daemon)
{
    GHashTableIter iter;
    gpointer item;

    g_hash_table_iter_init(&iter, daemon->searches);
    while (g_hash_table_iter_next(&iter, &item, NULL))
        g_cancellable_cancel(item);
    g_hash_table_iter_init(&iter, daemon->deferred);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        GSource *source = item;

        g_hash_table_iter_remove(&iter);
        g_source_destroy(source);
        g_hash_table_iter_init(&iter, daemon->deferred); /* what was freed with it may have cancelled others */
    }
}

void
obol_daemon_free(ObolDaemon *daemon)
{
    if (daemon == NULL)
        return;
    daemon->stopping = TRUE;
    g_clear_pointer(&daemon->commands, daemon_commands_free);
    if (daemon->bus != NULL) {
        daemon_traps_free(daemon, daemon->traps);
        daemon->traps = NULL;
        daemon->closing = TRUE;
        obol_bus_close_roles(daemon->bus);
    }
    daemon_traps_free(daemon, daemon->traps);
    daemon_desires_free(daemon, daemon->desires);
    daemon->desires = NULL;
    cancel_all(daemon);
    g_ptr_array_unref(daemon->drivers);
    daemon_snapshot_free(daemon->snapshot);
    obol_bus_free(daemon->bus);
    g_hash_table_unref(daemon->deferred);
    g_hash_table_unref(daemon->searches);
    obol_node_free(daemon->settings);
    g_free((char *) daemon->options.config_dir);
    g_free((char *) daemon->options.plugin_dir);
    g_main_loop_unref(daemon->loop);
    g_main_context_unref(daemon->context);
    g_free(daemon);
}
