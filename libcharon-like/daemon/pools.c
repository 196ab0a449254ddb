/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/pools.c - the pools of virtual addresses: from files and from the control socket, asked by the shards. */
#include "daemon/daemon-private.h"

#include <obol/numbers.h>

#include "pools/pools.h"

struct DaemonPools {
    ObolPools *pools;
    GHashTable *from_files; /* names: what a reload may change or take away */
};

DaemonPools *
daemon_pools_new(void)
{
    DaemonPools *pools = g_new(DaemonPools, 1);

    pools->pools = obol_pools_new();
    pools->from_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return pools;
}

void
daemon_pools_free(DaemonPools *pools)
{
    if (pools == NULL)
        return;
    obol_pools_free(pools->pools);
    g_hash_table_unref(pools->from_files);
    g_free(pools);
}

/* --- settings --- */

static gboolean
is_planned(const GPtrArray *configs, const char *name)
{
    for (guint i = 0; i < configs->len; i++) {
        if (g_str_equal(((const ObolPoolConfig *) g_ptr_array_index(configs, i))->name, name))
            return TRUE;
    }
    return FALSE;
}

static void
drop_missing(DaemonPools *pools, const GPtrArray *configs)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, pools->from_files);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (is_planned(configs, name))
            continue;
        obol_pools_remove(pools->pools, name);
        g_hash_table_iter_remove(&iter);
    }
}

/* Of two pools of one name the control socket's counts, as with connections. */
void
daemon_pools_apply(ObolDaemon *daemon, const GPtrArray *configs)
{
    DaemonPools *pools = daemon->pools;

    drop_missing(pools, configs);
    for (guint i = 0; i < configs->len; i++) {
        const ObolPoolConfig *config = g_ptr_array_index(configs, i);

        if (obol_pools_find(pools->pools, config->name) != NULL && !g_hash_table_contains(pools->from_files, config->name))
            continue;
        if (obol_pools_set(pools->pools, config))
            g_hash_table_add(pools->from_files, g_strdup(config->name));
        else
            obol_bus_log(daemon->bus, "cfg", 0, "pool %s is left out: there are too many", config->name);
    }
}

gboolean
obol_control_load_pool(ObolControl *control, const ObolNode *section, GError **error)
{
    DaemonPools *pools = control->daemon->pools;
    g_autoptr(ObolPoolConfig) config = NULL;

    if (!obol_settings_check(section, obol_schema_pool, error))
        return FALSE;
    config = obol_pool_from_node(section, error);
    if (config == NULL)
        return FALSE;
    if (!obol_pools_set(pools->pools, config)) {
        g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "there are too many pools");
        return FALSE;
    }
    g_hash_table_remove(pools->from_files, config->name);
    obol_bus_log(control->daemon->bus, "cfg", 1, "settings: pool %s over the control socket", config->name);
    return TRUE;
}

gboolean
obol_control_unload_pool(ObolControl *control, const char *name, GError **error)
{
    DaemonPools *pools = control->daemon->pools;
    const ObolPool *pool = obol_pools_find(pools->pools, name);

    if (pool == NULL) {
        g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "there is no pool %s", name);
        return FALSE;
    }
    if (obol_pool_n_online(pool) > 0) {
        g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "%u addresses of pool %s are held by peers",
                    obol_pool_n_online(pool), name);
        return FALSE;
    }
    obol_pools_remove(pools->pools, name);
    g_hash_table_remove(pools->from_files, name);
    return TRUE;
}

/* --- lists --- */

void
obol_control_each_pool(ObolControl *control, ObolPoolVisit visit, gpointer data)
{
    const ObolPools *pools = control->daemon->pools->pools;

    for (guint i = 0; i < obol_pools_n(pools); i++) {
        const ObolPool *pool = obol_pools_nth(pools, i);
        const ObolPoolInfo info = {
            .name = obol_pool_config(pool)->name, .first = obol_pool_config(pool)->first, .size = obol_pool_size(pool),
            .n_online = obol_pool_n_online(pool), .n_offline = obol_pool_n_offline(pool),
        };

        visit(&info, data);
    }
}

void
obol_control_each_lease(ObolControl *control, const char *pool, ObolLeaseVisit visit, gpointer data)
{
    const ObolPool *found = obol_pools_find(control->daemon->pools->pools, pool);

    if (found != NULL)
        obol_pool_each_lease(found, visit, data);
}

/* --- the shards ask --- */

typedef struct {
    DaemonDriver *driver;
    guint64 ticket;
    ObolPoolRequest *request;
} Lease;

static void
lease_free(gpointer data)
{
    Lease *lease = data;

    obol_pool_request_free(lease->request);
    g_free(lease);
}

static void
log_unknown_pools(ObolDaemon *daemon, const ObolPoolRequest *request)
{
    for (char **name = request->pools; *name != NULL; name++) {
        if (obol_pools_find(daemon->pools->pools, *name) == NULL)
            obol_bus_log(daemon->bus, "cfg", 0, "there is no pool %s: load it, or take it out of the connection's pools", *name);
    }
}

static void
lease_now(ObolDaemon *daemon, gpointer data)
{
    const Lease *lease = data;
    g_autoptr(ObolPoolReply) reply = obol_pools_lease(daemon->pools->pools, lease->request);

    log_unknown_pools(daemon, lease->request);
    obol_shard_leased(daemon_driver_shard(lease->driver), lease->ticket, lease->request, reply, daemon_driver_enter(lease->driver));
    daemon_driver_leave(lease->driver);
}

void
daemon_pools_lease(ObolDaemon *daemon, DaemonDriver *driver, guint64 ticket, const ObolPoolRequest *request)
{
    Lease *lease = g_new(Lease, 1);

    *lease = (Lease) { driver, ticket, obol_pool_request_new(request->identity, (const char *const *) request->pools, request->addresses) };
    daemon_after(daemon, 0, lease_now, lease, lease_free);
}

void
daemon_pools_release(ObolDaemon *daemon, const ObolPoolRequest *request)
{
    obol_pools_release(daemon->pools->pools, request);
}

/* --- what we are given ourselves --- */

static void
set_address(ObolDaemon *daemon, const ObolIkeInfo *sa, gboolean up, const ObolAddress *address)
{
    char text[OBOL_ADDRESS_TEXT_MAX];
    g_autoptr(GError) error = NULL;

    obol_address_format(address, text);
    if (obol_bus_network_set_address(daemon->bus, address, up, &error))
        obol_bus_log(daemon->bus, "net", 1, "virtual address %s of %s %s", text, sa->connection, up ? "is installed" : "is removed");
    else if (up)
        obol_bus_log(daemon->bus, "net", 0, "virtual address %s of %s is not installed, which is left to the admin: %s", text,
                     sa->connection, error != NULL ? error->message : "no network plugin does it");
}

static const char *
what_it_is(guint16 type)
{
    switch (type) {
    case OBOL_CP_IP4_DNS:
    case OBOL_CP_IP6_DNS: return "name server";
    case OBOL_CP_DNS_DOMAIN: return "domain for these name servers";
    case OBOL_CP_IP4_SUBNET:
    case OBOL_CP_IP6_SUBNET: return "network";
    default: return "attribute";
    }
}

/* Told, no more: names are asked of whomever the admin has chosen, and his resolv.conf stays as it is. */
void
daemon_pools_configure(ObolDaemon *daemon, const ObolIkeInfo *sa, gboolean up, const GArray *addresses, const GArray *attributes)
{
    for (guint i = 0; i < addresses->len; i++)
        set_address(daemon, sa, up, &g_array_index(addresses, ObolAddress, i));
    for (guint i = 0; up && i < attributes->len; i++) {
        const ObolAttribute *attribute = &g_array_index(attributes, ObolAttribute, i);
        g_autofree char *value = obol_attribute_format(attribute);

        obol_bus_log(daemon->bus, "net", 0, "%s tells of the %s %s", sa->connection, what_it_is(attribute->type), value);
    }
}
