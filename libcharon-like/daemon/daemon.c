/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/daemon.c - from settings and plugins to a running daemon, and the way back. */
#include <obol/daemon.h>

#include "daemon/daemon-private.h"

#include <gio/gio.h>
#include <string.h>

#define N_SHARDS 1
#define STOP_PATIENCE_US (2 * G_USEC_PER_SEC) /* for the answers to our Deletes, and again for the kernel's */
#define LOOK_US (5 * G_TIME_SPAN_MILLISECOND)  /* between looks whether the kernel has answered */

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

gint64
daemon_setting(ObolDaemon *daemon, const char *name)
{
    return daemon_number(daemon->settings, name);
}

const char *
daemon_text_setting(ObolDaemon *daemon, const char *name)
{
    return obol_setting_text(obol_node_get(daemon->settings, "daemon"), daemon_members(), name);
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
        .lingering_max = (guint) daemon_number(settings, "lingering_limit"),
        .lingering_bytes = (gsize) daemon_number(settings, "lingering_memory"),
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

/* The sockets one by one, until one can not be adopted. */
typedef struct {
    ObolDaemon *daemon;
    GError *error;
} Adoption;

/* Without leave (the way to the kernel may be a proxy's) IKE still works as long as no policy covers the peers themselves, and
 * without NAT; anything else is a fault to be told at once. */
static void
adopt(int fd, int family, gboolean nat_t, gpointer data)
{
    Adoption *adoption = data;
    ObolBus *bus = adoption->daemon->bus;
    g_autoptr(GError) error = NULL;

    if (adoption->error != NULL || obol_bus_kernel_adopt_socket(bus, fd, family, nat_t, &error))
        return;
    if (g_error_matches(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_PERMISSION)
        || g_error_matches(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED))
        obol_bus_log(bus, "knl", 0, "%s: %s; tunnels that cover a peer's own address%s will not work",
                     obol_bus_kernel_name(bus), error->message, nat_t ? ", and ESP in UDP," : "");
    else
        g_set_error(&adoption->error, error->domain, error->code, "%s can not take on the UDP sockets: %s",
                    obol_bus_kernel_name(bus), error->message);
}

static gboolean
adopt_sockets(ObolDaemon *daemon, GError **error)
{
    Adoption adoption = { .daemon = daemon };

    obol_bus_socket_each(daemon->bus, adopt, &adoption);
    if (adoption.error == NULL)
        return TRUE;
    g_propagate_error(error, adoption.error);
    return FALSE;
}

/* A daemon without routes of its own still serves: the admin may have them. */
static void
open_network(ObolDaemon *daemon)
{
    ObolNetworkClient network = { daemon_network_changed, daemon };
    const ObolKernelAbilities *abilities = obol_bus_kernel_abilities(daemon->bus);
    g_autoptr(GError) error = NULL;

    if (!obol_bus_open_network(daemon->bus, &network, &error))
        obol_bus_log(daemon->bus, "net", daemon_setting(daemon, "install_routes") != 0 ? 0 : 1,
                     "no routes for tunnels, and no word of addresses that change: %s",
                     error != NULL ? error->message : "no network plugin is loaded");
    else if (abilities != NULL && abilities->routes_itself)
        obol_bus_log(daemon->bus, "net", 1, "%s routes packets to its policies itself: no routes for tunnels beside them",
                     obol_bus_kernel_name(daemon->bus));
}

static gboolean
open_roles(ObolDaemon *daemon, GError **error)
{
    ObolKernelClient kernel = { daemon_kernel_event, daemon };
    ObolSocketClient socket = { daemon_receive, daemon };
    g_autoptr(ObolSecret) secret = NULL;

    if (!obol_bus_load(daemon->bus, daemon->options.plugin_dir, daemon->settings, essential, error)
        || !obol_bus_open_kernel(daemon->bus, &kernel, error) || !obol_bus_open_socket(daemon->bus, &socket, error)
        || !adopt_sockets(daemon, error))
        return FALSE;
    open_network(daemon);
    secret = daemon_crash_secret(daemon);
    for (guint i = 0; i < N_SHARDS; i++) {
        ObolShardLimits limits;

        read_limits(daemon->settings, i, &limits);
        g_ptr_array_add(daemon->drivers, daemon_driver_new(daemon, &limits));
        obol_shard_set_crash_secret(daemon_driver_shard(g_ptr_array_index(daemon->drivers, i)), secret);
    }
    daemon_network_tell(daemon);
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
    daemon->options.state_dir = g_strdup(options->state_dir);
    daemon->control.daemon = daemon;
    daemon->started_us = daemon_now_us();
    daemon->started_real_us = g_get_real_time();
    daemon->drivers = g_ptr_array_new_with_free_func(daemon_driver_free);
    daemon->deferred = g_hash_table_new(NULL, NULL);
    daemon->searches = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    daemon->snapshot = daemon_snapshot_new();
    daemon->commands = daemon_commands_new(daemon);
    daemon->traps = daemon_traps_new();
    daemon->routes = daemon_routes_new();
    daemon->desires = daemon_desires_new();
    daemon->pools = daemon_pools_new();
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

/* The policies that stand without an SA go when nothing is left that they could have been shared with. */
static void
wait_for_kernel(ObolDaemon *daemon)
{
    daemon->waiting_for_kernel = TRUE;
    daemon_trap_uninstall(daemon, NULL, NULL);
    daemon_cancel(daemon, daemon->stop_source);
    daemon->stop_source = daemon_after(daemon, STOP_PATIENCE_US, leave_loop, NULL, NULL);
}

static void
look_again(ObolDaemon *daemon, G_GNUC_UNUSED gpointer data)
{
    daemon->look_source = NULL;
    daemon_stopped_if_empty(daemon);
}

/* Each step has a patience of its own: the peers', then the kernel's, which may be a proxy on another machine. */
void
daemon_stopped_if_empty(ObolDaemon *daemon)
{
    if (!daemon->stopping || daemon->stop_source == NULL || (n_ike_sas(daemon) > 0 && !daemon->waiting_for_kernel))
        return;
    if (!daemon->waiting_for_kernel)
        wait_for_kernel(daemon);
    if (obol_bus_kernel_unanswered(daemon->bus) > 0) {
        if (daemon->look_source == NULL)
            daemon->look_source = daemon_after(daemon, LOOK_US, look_again, NULL, NULL);
        return;
    }
    daemon_cancel(daemon, daemon->stop_source);
    daemon->stop_source = daemon_after(daemon, 0, leave_loop, NULL, NULL);
}

/* The peers were given their time: what is still there goes without their answers. */
static void
patience_ended(ObolDaemon *daemon, G_GNUC_UNUSED gpointer data)
{
    static const ObolSaSelector everything = { 0 };

    for (guint i = 0; i < daemon->drivers->len; i++) {
        DaemonDriver *driver = g_ptr_array_index(daemon->drivers, i);

        obol_shard_terminate(daemon_driver_shard(driver), &everything, TRUE, 0, daemon_driver_enter(driver));
        daemon_driver_leave(driver);
    }
    wait_for_kernel(daemon);
    daemon_stopped_if_empty(daemon);
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
    daemon->stop_source = daemon_after(daemon, STOP_PATIENCE_US, patience_ended, NULL, NULL);
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
    daemon_routes_free(daemon->routes);
    daemon_desires_free(daemon, daemon->desires);
    daemon->desires = NULL;
    cancel_all(daemon);
    g_ptr_array_unref(daemon->drivers);
    daemon_pools_free(daemon->pools);
    daemon_snapshot_free(daemon->snapshot);
    obol_bus_free(daemon->bus);
    g_hash_table_unref(daemon->deferred);
    g_hash_table_unref(daemon->searches);
    obol_node_free(daemon->settings);
    g_free((char *) daemon->options.config_dir);
    g_free((char *) daemon->options.plugin_dir);
    g_free((char *) daemon->options.state_dir);
    g_main_loop_unref(daemon->loop);
    g_main_context_unref(daemon->context);
    g_free(daemon);
}
