/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/traps.c - policies without an SA: the first packet that matches one raises an acquire.
 *
 * A trap protects from the moment it is installed: besides the outbound policies there are the inbound ones, so that
 * nothing comes in clear that should have come through the tunnel. */
#include "daemon/daemon-private.h"

#include <string.h>

/* The traps of one child. */
typedef struct {
    char *connection, *child;
    GArray *policies; /* of ObolPolicySpec, as they were added */
} Trap;

struct DaemonTraps {
    GPtrArray *list; /* of Trap */
};

/* An installation under way; counted by the answers that are to come. */
typedef struct {
    ObolDaemon *daemon;
    char *connection, *child;
    ObolControlDone done;
    gpointer data;
    guint n_pending;
    GError *error; /* the first */
} Installation;

static void
trap_free(gpointer data)
{
    Trap *trap = data;

    g_free(trap->connection);
    g_free(trap->child);
    g_array_unref(trap->policies);
    g_free(trap);
}

DaemonTraps *
daemon_traps_new(void)
{
    DaemonTraps *traps = g_new(DaemonTraps, 1);

    traps->list = g_ptr_array_new_with_free_func(trap_free);
    return traps;
}

static void
nobody_waits(G_GNUC_UNUSED const ObolKernelReply *reply, G_GNUC_UNUSED gpointer data)
{
}

static void
remove_policies(ObolDaemon *daemon, const Trap *trap)
{
    for (guint i = 0; i < trap->policies->len; i++) {
        ObolKernelRequest request = {
            .op = OBOL_KERNEL_DELETE_POLICY, .policy = g_array_index(trap->policies, ObolPolicySpec, i),
        };

        obol_bus_kernel_request(daemon->bus, &request, nobody_waits, NULL);
    }
}

gboolean
daemon_trap_uninstall(ObolDaemon *daemon, const char *connection, const char *child)
{
    gboolean found = FALSE;

    for (guint i = daemon->traps->list->len; i-- > 0;) {
        const Trap *trap = g_ptr_array_index(daemon->traps->list, i);

        if ((connection != NULL && !g_str_equal(connection, trap->connection))
            || (child != NULL && !g_str_equal(child, trap->child)))
            continue;
        remove_policies(daemon, trap);
        g_ptr_array_remove_index(daemon->traps->list, i);
        found = TRUE;
    }
    return found;
}

void
daemon_traps_free(ObolDaemon *daemon, DaemonTraps *traps)
{
    if (traps == NULL)
        return;
    daemon_trap_uninstall(daemon, NULL, NULL);
    g_ptr_array_unref(traps->list);
    g_free(traps);
}

gboolean
daemon_traps_has(ObolDaemon *daemon, const char *connection, const char *child)
{
    for (guint i = 0; i < daemon->traps->list->len; i++) {
        const Trap *trap = g_ptr_array_index(daemon->traps->list, i);

        if (g_str_equal(trap->connection, connection) && g_str_equal(trap->child, child))
            return TRUE;
    }
    return FALSE;
}

/* --- installing --- */

static void
installation_free(gpointer data)
{
    Installation *installation = data;

    g_free(installation->connection);
    g_free(installation->child);
    g_clear_error(&installation->error);
    g_free(installation);
}

static void
installation_end(Installation *installation)
{
    if (installation->error != NULL) {
        obol_bus_log(installation->daemon->bus, "cfg", 0, "trap %s: %s", installation->child,
                     installation->error->message);
        daemon_trap_uninstall(installation->daemon, installation->connection, installation->child);
    }
    if (installation->done != NULL)
        installation->done(installation->error, NULL, 1, installation->error == NULL, installation->data);
}

static void
policy_added(const ObolKernelReply *reply, gpointer data)
{
    Installation *installation = data;

    if (reply->error != NULL && installation->error == NULL)
        installation->error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, reply->error->message);
    if (--installation->n_pending > 0)
        return;
    if (!installation->daemon->closing)
        installation_end(installation);
    installation_free(installation);
}

static void
add_pair(Trap *trap, const ObolChildConfig *child, guint32 reqid, const ObolTs ts[2], const ObolAddress ends[2])
{
    static const ObolDirection directions[] = { OBOL_DIR_OUT, OBOL_DIR_IN, OBOL_DIR_FORWARD };

    for (gsize i = 0; i < G_N_ELEMENTS(directions); i++) {
        gboolean out = directions[i] == OBOL_DIR_OUT;
        ObolPolicySpec policy = {
            .direction = directions[i], .action = OBOL_POLICY_PROTECT, .reqid = reqid, .mode = child->mode,
            .protocol = child->protocol, .priority = child->priority, .trap = out,
            .source = ts[!out], .destination = ts[out],
            .tunnel_source = ends[!out], .tunnel_destination = ends[out],
        };

        if (directions[i] == OBOL_DIR_FORWARD && child->mode == OBOL_MODE_TRANSPORT)
            continue; /* such packets end here */
        g_array_append_val(trap->policies, policy);
    }
}

static Trap *
trap_new(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child, const ObolAddress *local,
         const ObolAddress *remote)
{
    DaemonDriver *driver = g_ptr_array_index(daemon->drivers, 0); /* all number alike */
    guint32 reqid = obol_shard_reqid(daemon_driver_shard(driver), connection->name, child);
    ObolAddress ends[2] = { *local, *remote };
    Trap *trap = g_new0(Trap, 1);

    trap->connection = g_strdup(connection->name);
    trap->child = g_strdup(child->name);
    trap->policies = g_array_new(FALSE, FALSE, sizeof(ObolPolicySpec));
    ends[0].port = ends[1].port = 0;
    for (guint i = 0; i < child->local_ts->len; i++) {
        for (guint j = 0; j < child->remote_ts->len; j++) {
            ObolTs ts[2] = { g_array_index(child->local_ts, ObolTs, i), g_array_index(child->remote_ts, ObolTs, j) };

            obol_ts_resolve(&ts[0], local);
            obol_ts_resolve(&ts[1], remote);
            if (ts[0].family == ts[1].family)
                add_pair(trap, child, reqid, ts, ends);
        }
    }
    return trap;
}

static void
located(ObolDaemon *daemon, const ObolAddress *local, const ObolAddress *remote, const GError *error, gpointer data)
{
    Installation **owner = data, *installation = g_steal_pointer(owner);
    const ObolConnection *connection = daemon_find_connection(daemon, installation->connection, installation->child);
    Trap *trap;

    if (error == NULL && connection != NULL && !daemon->stopping) {
        daemon_trap_uninstall(daemon, installation->connection, installation->child);
        trap = trap_new(daemon, connection, obol_connection_child(connection, installation->child), local, remote);
        g_ptr_array_add(daemon->traps->list, trap);
        installation->n_pending = trap->policies->len;
        for (guint i = 0; i < trap->policies->len; i++) {
            ObolKernelRequest request = {
                .op = OBOL_KERNEL_ADD_POLICY, .policy = g_array_index(trap->policies, ObolPolicySpec, i),
            };

            obol_bus_kernel_request(daemon->bus, &request, policy_added, installation);
        }
        if (installation->n_pending > 0)
            return;
        installation->error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED,
                                                  "no local selector is of the family of a remote one");
    } else {
        installation->error = error != NULL ? g_error_copy(error)
                                            : g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND,
                                                                  "the connection was removed meanwhile");
    }
    installation_end(installation);
    installation_free(installation);
}

static void
owner_free(gpointer data)
{
    Installation **owner = data;

    g_clear_pointer(owner, installation_free);
    g_free(owner);
}

void
daemon_trap_install(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child,
                    ObolControlDone done, gpointer data)
{
    Installation **owner = g_new(Installation *, 1), *installation = g_new0(Installation, 1);

    installation->daemon = daemon;
    installation->connection = g_strdup(connection->name);
    installation->child = g_strdup(child->name);
    installation->done = done;
    installation->data = data;
    *owner = installation;
    daemon_locate(daemon, connection, located, owner, owner_free);
}
