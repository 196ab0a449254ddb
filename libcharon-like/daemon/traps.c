/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/traps.c - policies without an SA: the first packet that matches one raises an acquire; shunts let pass or drop.
 *
 * A trap protects from the moment it is installed: besides the outbound policies there are the inbound ones, so that
 * nothing comes in clear that should have come through the tunnel.  The Child SA that it brings up has the same
 * policies: kernels count them, so the trap is there again when the Child SA has gone. */
#include "daemon/daemon-private.h"

/* The traps of one child. */
typedef struct {
    char *connection, *child;
    GArray *policies; /* of ObolPolicySpec, as they were added */
    char *route_owner;
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
    g_free(trap->route_owner);
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
remove_policies(ObolDaemon *daemon, const GArray *policies)
{
    for (guint i = 0; i < policies->len; i++) {
        ObolKernelRequest request = {
            .op = OBOL_KERNEL_DELETE_POLICY, .policy = g_array_index(policies, ObolPolicySpec, i),
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
        remove_policies(daemon, trap->policies);
        daemon_routes_remove(daemon, trap->route_owner);
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

static Trap *
find_trap(ObolDaemon *daemon, const char *connection, const char *child)
{
    for (guint i = 0; i < daemon->traps->list->len; i++) {
        Trap *trap = g_ptr_array_index(daemon->traps->list, i);

        if (g_str_equal(trap->connection, connection) && g_str_equal(trap->child, child))
            return trap;
    }
    return NULL;
}

gboolean
daemon_traps_has(ObolDaemon *daemon, const char *connection, const char *child)
{
    return find_trap(daemon, connection, child) != NULL;
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

static gboolean
same_policies(const GArray *a, const GArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const ObolPolicySpec *x = &g_array_index(a, ObolPolicySpec, i), *y = &g_array_index(b, ObolPolicySpec, i);

        if (x->direction != y->direction || x->reqid != y->reqid || !obol_ts_equal(&x->source, &y->source)
            || !obol_ts_equal(&x->destination, &y->destination)
            || !obol_address_equal(&x->tunnel_source, &y->tunnel_source)
            || !obol_address_equal(&x->tunnel_destination, &y->tunnel_destination))
            return FALSE;
    }
    return TRUE;
}

static GArray *
policies_for(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child, const ObolAddress *local,
             const ObolAddress *remote)
{
    DaemonDriver *driver = g_ptr_array_index(daemon->drivers, 0); /* all number alike */
    guint32 reqid;

    if (child->action != OBOL_POLICY_PROTECT)
        return daemon_shunt_policies(child);
    reqid = obol_shard_reqid(daemon_driver_shard(driver), connection->name, child);
    return daemon_trap_policies(child, reqid, local, remote);
}

static void
lead(ObolDaemon *daemon, const Trap *trap, const ObolChildConfig *child, const ObolAddress *local, const ObolAddress *remote)
{
    if (child->action == OBOL_POLICY_PASS)
        daemon_routes_add_pass(daemon, trap->route_owner, child);
    else if (child->action == OBOL_POLICY_PROTECT && child->mode == OBOL_MODE_TUNNEL && child->if_id_out == 0)
        daemon_routes_add(daemon, trap->route_owner, child->local_ts, child->remote_ts, local, remote);
}

/* Adds the policies before those of the same trap that stand already are taken away, so that there is no gap. */
static void
install(Installation *installation, const ObolConnection *connection, const ObolChildConfig *child, GArray *policies,
        const ObolAddress *local, const ObolAddress *remote)
{
    ObolDaemon *daemon = installation->daemon;
    Trap *trap = find_trap(daemon, connection->name, child->name);
    g_autoptr(GArray) old = NULL;

    installation->n_pending = policies->len;
    if (trap == NULL) {
        trap = g_new0(Trap, 1);
        trap->connection = g_strdup(connection->name);
        trap->child = g_strdup(child->name);
        trap->route_owner = g_strdup_printf("trap %s/%s", connection->name, child->name);
        g_ptr_array_add(daemon->traps->list, trap);
    } else {
        old = g_steal_pointer(&trap->policies);
    }
    trap->policies = g_array_ref(policies);
    for (guint i = 0; i < policies->len; i++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_ADD_POLICY, .policy = g_array_index(policies, ObolPolicySpec, i) };

        obol_bus_kernel_request(daemon->bus, &request, policy_added, installation);
    }
    if (old != NULL)
        remove_policies(daemon, old);
    lead(daemon, trap, child, local, remote);
}

static void
fail(Installation *installation, ObolControlError code, const char *text)
{
    installation->error = g_error_new_literal(OBOL_CONTROL_ERROR, code, text);
}

/* Either takes the installation on, to be ended by the kernel's answers, or leaves an error in it, or has nothing to do. */
static void
install_or_not(Installation *installation, const ObolAddress *local, const ObolAddress *remote)
{
    ObolDaemon *daemon = installation->daemon;
    const ObolConnection *connection;
    const ObolChildConfig *child = daemon_find_policies(daemon, installation->connection, installation->child, &connection);
    g_autoptr(GArray) policies = NULL;
    const Trap *trap;

    if (child == NULL || daemon->stopping) {
        fail(installation, OBOL_CONTROL_ERROR_NOT_FOUND, "the connection was removed meanwhile");
        return;
    }
    policies = policies_for(daemon, connection, child, local, remote);
    trap = find_trap(daemon, connection->name, child->name);
    if (policies->len == 0)
        fail(installation, OBOL_CONTROL_ERROR_FAILED, "no local selector is of the family of a remote one");
    else if (trap == NULL || !same_policies(trap->policies, policies))
        install(installation, connection, child, policies, local, remote);
}

static void
located(G_GNUC_UNUSED ObolDaemon *daemon, const ObolAddress *local, const ObolAddress *remote, const GError *error,
        gpointer data)
{
    Installation **owner = data, *installation = g_steal_pointer(owner);

    if (error != NULL)
        installation->error = g_error_copy(error);
    else
        install_or_not(installation, local, remote);
    if (installation->n_pending > 0)
        return;
    installation_end(installation);
    installation_free(installation);
}

/* Shunts have no peer to look for. */
static void
begin_shunt(ObolDaemon *daemon, gpointer data)
{
    static const ObolAddress nobody;

    located(daemon, &nobody, &nobody, NULL, data);
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
    if (child->action != OBOL_POLICY_PROTECT)
        daemon_after(daemon, 0, begin_shunt, owner, owner_free);
    else
        daemon_locate(daemon, connection, located, owner, owner_free);
}

void
daemon_traps_refresh(ObolDaemon *daemon)
{
    for (guint i = 0; i < daemon->traps->list->len; i++) {
        const Trap *trap = g_ptr_array_index(daemon->traps->list, i);
        const ObolConnection *connection;
        const ObolChildConfig *child = daemon_find_policies(daemon, trap->connection, trap->child, &connection);

        if (child != NULL && child->action == OBOL_POLICY_PROTECT)
            daemon_trap_install(daemon, connection, child, NULL, NULL);
    }
}
