/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pools/pools.c - pools by name, and what an IKE SA asks of those that its connection names. */
#include "pools/pools.h"

struct ObolPools {
    GPtrArray *list;     /* of ObolPool, owned */
    GHashTable *by_name; /* the admin's names, so no stranger's keys */
};

static void
pool_free(gpointer data)
{
    obol_pool_free(data);
}

ObolPools *
obol_pools_new(void)
{
    ObolPools *pools = g_new(ObolPools, 1);

    pools->list = g_ptr_array_new_with_free_func(pool_free);
    pools->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return pools;
}

void
obol_pools_free(ObolPools *pools)
{
    if (pools == NULL)
        return;
    g_hash_table_unref(pools->by_name);
    g_ptr_array_unref(pools->list);
    g_free(pools);
}

ObolPool *
obol_pools_find(const ObolPools *pools, const char *name)
{
    return g_hash_table_lookup(pools->by_name, name);
}

guint
obol_pools_n(const ObolPools *pools)
{
    return pools->list->len;
}

ObolPool *
obol_pools_nth(const ObolPools *pools, guint i)
{
    return g_ptr_array_index(pools->list, i);
}

/* --- settings --- */

static void
keep(const ObolIdentity *identity, const ObolAddress *address, guint n_holders, gpointer data)
{
    if (n_holders > 0)
        obol_pool_restore(data, identity, address, n_holders);
}

static void
keep_offline(const ObolIdentity *identity, const ObolAddress *address, guint n_holders, gpointer data)
{
    obol_pool_restore(data, identity, address, n_holders);
}

/* Those that are held come first, whatever there is room for. */
static ObolPool *
with_leases_of(const ObolPool *old, const ObolPoolConfig *config)
{
    ObolPool *pool = obol_pool_new(config);

    obol_pool_each_lease(old, keep, pool);
    obol_pool_each_offline(old, keep_offline, pool);
    return pool;
}

static gboolean
same_range(const ObolPoolConfig *a, const ObolPoolConfig *b)
{
    return obol_address_equal(&a->first, &b->first) && obol_address_equal(&a->last, &b->last);
}

gboolean
obol_pools_set(ObolPools *pools, const ObolPoolConfig *config)
{
    ObolPool *old = obol_pools_find(pools, config->name), *pool;
    guint place;

    if (old != NULL && same_range(obol_pool_config(old), config)) {
        obol_pool_set_config(old, config);
        return TRUE;
    }
    if (old == NULL && pools->list->len >= OBOL_POOLS_MAX)
        return FALSE;
    pool = old != NULL ? with_leases_of(old, config) : obol_pool_new(config);
    g_hash_table_insert(pools->by_name, g_strdup(config->name), pool);
    if (old != NULL && g_ptr_array_find(pools->list, old, &place)) {
        g_ptr_array_index(pools->list, place) = pool;
        obol_pool_free(old);
    } else {
        g_ptr_array_add(pools->list, pool);
    }
    return TRUE;
}

gboolean
obol_pools_remove(ObolPools *pools, const char *name)
{
    ObolPool *pool = obol_pools_find(pools, name);

    if (pool == NULL)
        return FALSE;
    g_hash_table_remove(pools->by_name, name);
    return g_ptr_array_remove(pools->list, pool);
}

/* --- leases --- */

static gboolean
is_among(const GArray *addresses, const ObolAddress *address)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (obol_address_equal(&g_array_index(addresses, ObolAddress, i), address))
            return TRUE;
    }
    return FALSE;
}

/* Of the pools that the request names the first that has one; @told: those whose attributes the reply has already. */
static void
lease_one(ObolPools *pools, const ObolPoolRequest *request, const ObolAddress *wanted, GPtrArray *told, ObolPoolReply *reply)
{
    for (char **name = request->pools; *name != NULL; name++) {
        ObolPool *pool = obol_pools_find(pools, *name);
        ObolAddress address;

        if (pool == NULL || !obol_pool_lease(pool, request->identity, wanted, &address))
            continue;
        /* A peer that asks for the same one twice has it once. */
        if (is_among(reply->addresses, &address)) {
            obol_pool_release(pool, request->identity, &address);
            return;
        }
        g_array_append_val(reply->addresses, address);
        if (!g_ptr_array_find(told, pool, NULL)) {
            g_ptr_array_add(told, pool);
            obol_attributes_add_all(reply->attributes, obol_pool_config(pool)->attributes);
        }
        return;
    }
}

ObolPoolReply *
obol_pools_lease(ObolPools *pools, const ObolPoolRequest *request)
{
    ObolPoolReply *reply = g_new(ObolPoolReply, 1);
    g_autoptr(GPtrArray) told = g_ptr_array_new();

    *reply = (ObolPoolReply) { .addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress)), .attributes = obol_attributes_new() };
    for (guint i = 0; i < request->addresses->len && i < OBOL_VIRTUAL_ADDRESSES_MAX; i++)
        lease_one(pools, request, &g_array_index(request->addresses, ObolAddress, i), told, reply);
    return reply;
}

void
obol_pool_reply_free(ObolPoolReply *reply)
{
    if (reply == NULL)
        return;
    g_array_unref(reply->addresses);
    g_array_unref(reply->attributes);
    g_free(reply);
}

void
obol_pools_release(ObolPools *pools, const ObolPoolRequest *request)
{
    for (guint i = 0; i < request->addresses->len; i++) {
        gboolean released = FALSE;

        for (char **name = request->pools; *name != NULL && !released; name++) {
            ObolPool *pool = obol_pools_find(pools, *name);

            released = pool != NULL
                       && obol_pool_release(pool, request->identity, &g_array_index(request->addresses, ObolAddress, i));
        }
    }
}
