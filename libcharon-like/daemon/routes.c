/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/routes.c - routes that lead packets to the policies, with the right source address.
 *
 * A packet finds its policy after it has found a route: without one to the far network it never comes so far, and with a
 * source address outside of the near one the policy is not its own.  A kernel plugin that brings packets to its policies
 * by itself has none of these. */
#include "daemon/daemon-private.h"

#include <string.h>

/* What one owner wants, and what it has got. */
typedef struct {
    GArray *local_ts, *remote_ts; /* of ObolTs; dynamic ones are of the addresses below */
    ObolAddress local, remote;    /* outer; family 0: there is no tunnel, packets go their usual way */
    GArray *routes;               /* of ObolRouteSpec */
} Lead;

struct DaemonRoutes {
    GHashTable *by_owner; /* text -> Lead, both owned */
};

static void
lead_free(gpointer data)
{
    Lead *lead = data;

    g_array_unref(lead->local_ts);
    g_array_unref(lead->remote_ts);
    g_array_unref(lead->routes);
    g_free(lead);
}

DaemonRoutes *
daemon_routes_new(void)
{
    DaemonRoutes *routes = g_new(DaemonRoutes, 1);

    routes->by_owner = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, lead_free);
    return routes;
}

void
daemon_routes_free(DaemonRoutes *routes)
{
    if (routes == NULL)
        return;
    g_hash_table_unref(routes->by_owner);
    g_free(routes);
}

static gboolean
wanted(ObolDaemon *daemon)
{
    const ObolKernelAbilities *abilities = obol_bus_kernel_abilities(daemon->bus);

    return daemon_setting(daemon, "install_routes") != 0 && abilities != NULL && !abilities->routes_itself;
}

/* --- which routes --- */

static gboolean
holds(const ObolTs *range, const ObolAddress *address)
{
    gsize n = obol_address_n_bytes(address);

    return n > 0 && range->family == address->family && memcmp(range->first, address->bytes, n) <= 0
           && memcmp(address->bytes, range->last, n) <= 0;
}

/* The address that we speak from anyway, where it will do. */
static void
choose_source(ObolDaemon *daemon, const Lead *lead, const ObolTs *ours, ObolAddress *out)
{
    *out = (ObolAddress) { 0 };
    if (daemon_setting(daemon, "route_source") == 0)
        return;
    if (holds(ours, &lead->local))
        *out = lead->local;
    else
        obol_bus_network_address_in(daemon->bus, ours, out);
    out->port = 0;
}

/* Some address that packets to @range go to as well. */
static ObolAddress
address_within(const ObolTs *range)
{
    ObolAddress address = { .family = range->family };
    gsize n = obol_address_n_bytes(&address);

    memcpy(address.bytes, range->first, n);
    if (memcmp(range->first, range->last, n) != 0)
        address.bytes[n - 1] |= 1; /* the first of a network is no host's */
    return address;
}

static gboolean
whole_addresses(const ObolTs *ts)
{
    return ts->protocol == 0 && ts->port_first == 0 && ts->port_last == 65535;
}

/* A route can not tell protocols and ports apart: those selectors are left to the routes that there are.  So is a way round a
 * tunnel that is for everything. */
static gboolean
can_be_routed(const Lead *lead, const ObolTs *ours, const ObolTs *theirs)
{
    return ours->family == theirs->family && theirs->family != 0 && whole_addresses(ours) && whole_addresses(theirs)
           && (lead->remote.family != 0 || obol_ts_prefix(theirs) != 0);
}

static gboolean
route_equal(const ObolRouteSpec *a, const ObolRouteSpec *b)
{
    return obol_ts_equal(&a->destination, &b->destination) && obol_address_equal(&a->source, &b->source)
           && obol_address_equal(&a->gateway, &b->gateway);
}

static gboolean
has_route(const GArray *routes, const ObolRouteSpec *route)
{
    for (guint i = 0; i < routes->len; i++)
        if (route_equal(&g_array_index(routes, ObolRouteSpec, i), route))
            return TRUE;
    return FALSE;
}

static gboolean
has_destination(const GArray *routes, const ObolTs *destination)
{
    for (guint i = 0; i < routes->len; i++)
        if (obol_ts_equal(&g_array_index(routes, ObolRouteSpec, i).destination, destination))
            return TRUE;
    return FALSE;
}

/* One route for each far selector: of several near ones the first decides about the source address. */
static GArray *
routes_for(ObolDaemon *daemon, const Lead *lead)
{
    GArray *routes = g_array_new(FALSE, TRUE, sizeof(ObolRouteSpec));

    for (guint i = 0; wanted(daemon) && i < lead->remote_ts->len; i++) {
        for (guint j = 0; j < lead->local_ts->len; j++) {
            ObolTs ours = g_array_index(lead->local_ts, ObolTs, j), theirs = g_array_index(lead->remote_ts, ObolTs, i);
            ObolRouteSpec route = { .gateway = lead->remote };

            obol_ts_resolve(&ours, &lead->local);
            obol_ts_resolve(&theirs, &lead->remote);
            if (lead->remote.family == 0)
                ours = theirs; /* it is the far side alone that a way round a tunnel is for */
            if (!can_be_routed(lead, &ours, &theirs) || has_destination(routes, &theirs))
                continue;
            route.destination = theirs;
            if (lead->remote.family == 0)
                route.gateway = address_within(&theirs);
            else
                choose_source(daemon, lead, &ours, &route.source);
            route.gateway.port = 0;
            g_array_append_val(routes, route);
        }
    }
    return routes;
}

/* --- into the kernel and out of it --- */

/* Turns the routes of @lead into @now (transfer full): first what is new, then what is to go. */
static void
change(ObolDaemon *daemon, Lead *lead, GArray *now)
{
    g_autoptr(GArray) old = lead->routes;

    lead->routes = g_array_new(FALSE, TRUE, sizeof(ObolRouteSpec));
    for (guint i = 0; i < now->len; i++) {
        const ObolRouteSpec *route = &g_array_index(now, ObolRouteSpec, i);
        g_autoptr(GError) error = NULL;

        if (has_route(old, route) || obol_bus_network_add_route(daemon->bus, route, &error))
            g_array_append_vals(lead->routes, route, 1);
        else
            obol_bus_log(daemon->bus, "net", 0, "%s", error->message);
    }
    for (guint i = 0; i < old->len; i++) {
        const ObolRouteSpec *route = &g_array_index(old, ObolRouteSpec, i);
        g_autoptr(GError) error = NULL;

        if (!has_route(lead->routes, route) && !obol_bus_network_remove_route(daemon->bus, route, &error))
            obol_bus_log(daemon->bus, "net", 1, "%s", error->message);
    }
    g_array_unref(now);
}

static void
add(ObolDaemon *daemon, const char *owner, const GArray *local_ts, const GArray *remote_ts, const ObolAddress *local,
    const ObolAddress *remote)
{
    Lead *lead = g_hash_table_lookup(daemon->routes->by_owner, owner);

    if (lead == NULL) {
        lead = g_new0(Lead, 1);
        lead->routes = g_array_new(FALSE, TRUE, sizeof(ObolRouteSpec));
        g_hash_table_insert(daemon->routes->by_owner, g_strdup(owner), lead);
    }
    g_clear_pointer(&lead->local_ts, g_array_unref);
    g_clear_pointer(&lead->remote_ts, g_array_unref);
    lead->local_ts = g_array_copy((GArray *) local_ts);
    lead->remote_ts = g_array_copy((GArray *) remote_ts);
    lead->local = *local;
    lead->remote = *remote;
    change(daemon, lead, routes_for(daemon, lead));
}

void
daemon_routes_add(ObolDaemon *daemon, const char *owner, const GArray *local_ts, const GArray *remote_ts,
                  const ObolAddress *local, const ObolAddress *remote)
{
    add(daemon, owner, local_ts, remote_ts, local, remote);
}

void
daemon_routes_add_pass(ObolDaemon *daemon, const char *owner, const ObolChildConfig *shunt)
{
    static const ObolAddress nobody;

    add(daemon, owner, shunt->local_ts, shunt->remote_ts, &nobody, &nobody);
}

void
daemon_routes_remove(ObolDaemon *daemon, const char *owner)
{
    Lead *lead = g_hash_table_lookup(daemon->routes->by_owner, owner);

    if (lead == NULL)
        return;
    change(daemon, lead, g_array_new(FALSE, TRUE, sizeof(ObolRouteSpec)));
    g_hash_table_remove(daemon->routes->by_owner, owner);
}

void
daemon_routes_child_state(ObolDaemon *daemon, guint shard, const ObolIkeInfo *sa, const ObolChildInfo *child)
{
    g_autofree char *owner = g_strdup_printf("child %u/%u", shard, child->unique_id);
    const ObolChildConfig *config = NULL;
    const ObolConnection *connection;

    if (daemon->closing)
        return;
    if (child->state == OBOL_CHILD_GONE)
        daemon_routes_remove(daemon, owner);
    if (child->state != OBOL_CHILD_INSTALLED || child->mode != OBOL_MODE_TUNNEL || child->if_id_out != 0)
        return;
    if (sa->connection != NULL && child->name != NULL)
        config = daemon_find_policies(daemon, sa->connection, child->name, &connection);
    /* An XFRM interface has routes of the admin's; without policies there is nothing to lead to. */
    if (config == NULL || (config->policies && config->if_id_out == 0))
        daemon_routes_add(daemon, owner, child->local_ts, child->remote_ts, &sa->local, &sa->remote);
}

void
daemon_routes_move(ObolDaemon *daemon, guint shard, const ObolIkeInfo *sa)
{
    for (gsize i = 0; i < sa->n_children; i++)
        daemon_routes_child_state(daemon, shard, sa, &sa->children[i]);
}

void
daemon_routes_refresh(ObolDaemon *daemon)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, daemon->routes->by_owner);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        change(daemon, value, routes_for(daemon, value));
}
