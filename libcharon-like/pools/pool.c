/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pools/pool.c - leases of one pool. */
#include "pools/pool.h"

#include <string.h>

/* Of one address, from the first time that it was given. */
typedef struct {
    ObolIdentity *identity;
    guint64 offset;   /* from the pool's first address */
    guint n_holders;  /* IKE SAs */
    GList free_link;  /* in @offline, while nobody holds it */
} Lease;

struct ObolPool {
    ObolPoolConfig *config;
    guint64 size;
    guint64 n_given;     /* offsets below it have a lease, or had one that went */
    GTree *by_identity;  /* of Lease, by identity, then those that nobody holds, then offset */
    GTree *by_offset;    /* of Lease */
    GQueue offline;      /* of Lease, who went first first */
};

/* --- addresses and offsets --- */

/* Addresses differ in their last eight bytes alone: a pool is never wider (see size_of()). */
static guint64
low_bits(const ObolAddress *address)
{
    gsize n = obol_address_n_bytes(address), from = n > 8 ? n - 8 : 0;
    guint64 bits = 0;

    for (gsize i = from; i < n; i++)
        bits = bits << 8 | address->bytes[i];
    return bits;
}

static guint64
size_of(const ObolPoolConfig *config)
{
    gsize n = obol_address_n_bytes(&config->first);
    guint64 span = low_bits(&config->last) - low_bits(&config->first);
    gboolean wide = n > 8 && memcmp(config->first.bytes, config->last.bytes, n - 8) != 0;

    return wide || span >= OBOL_POOL_SIZE_MAX ? OBOL_POOL_SIZE_MAX : span + 1;
}

static ObolAddress
address_at(const ObolPool *pool, guint64 offset)
{
    ObolAddress address = pool->config->first;
    gsize i = obol_address_n_bytes(&address);

    for (guint64 carry = offset; carry > 0 && i > 0; i--) {
        carry += address.bytes[i - 1];
        address.bytes[i - 1] = (guint8) carry;
        carry >>= 8;
    }
    return address;
}

static gboolean
offset_of(const ObolPool *pool, const ObolAddress *address, guint64 *offset)
{
    ObolAddress there;

    if (address->family != pool->config->first.family)
        return FALSE;
    *offset = low_bits(address) - low_bits(&pool->config->first);
    if (*offset >= pool->size)
        return FALSE;
    there = address_at(pool, *offset);
    return memcmp(there.bytes, address->bytes, obol_address_n_bytes(address)) == 0;
}

/* --- order --- */

static int
compare_identities(const ObolIdentity *a, const ObolIdentity *b)
{
    int order = (int) a->type - (int) b->type;

    if (order == 0)
        order = (int) a->n - (int) b->n;
    return order != 0 ? order : memcmp(a->data, b->data, a->n);
}

static int
compare_offsets(gconstpointer a, gconstpointer b, gpointer data)
{
    const Lease *x = a, *y = b;

    (void) data;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int
compare_holders(gconstpointer a, gconstpointer b, gpointer data)
{
    const Lease *x = a, *y = b;
    int order = compare_identities(x->identity, y->identity);

    if (order == 0)
        order = (x->n_holders > 0) - (y->n_holders > 0);
    return order != 0 ? order : compare_offsets(a, b, data);
}

static void
lease_free(gpointer data)
{
    Lease *lease = data;

    g_free(lease->identity);
    g_free(lease);
}

/* --- a pool --- */

ObolPool *
obol_pool_new(const ObolPoolConfig *config)
{
    ObolPool *pool = g_new0(ObolPool, 1);

    pool->config = obol_pool_config_dup(config);
    pool->size = size_of(config);
    pool->by_identity = g_tree_new_with_data(compare_holders, NULL);
    pool->by_offset = g_tree_new_full(compare_offsets, NULL, NULL, lease_free);
    g_queue_init(&pool->offline);
    return pool;
}

void
obol_pool_free(ObolPool *pool)
{
    if (pool == NULL)
        return;
    g_tree_unref(pool->by_identity);
    g_tree_unref(pool->by_offset);
    obol_pool_config_free(pool->config);
    g_free(pool);
}

const ObolPoolConfig *
obol_pool_config(const ObolPool *pool)
{
    return pool->config;
}

void
obol_pool_set_config(ObolPool *pool, const ObolPoolConfig *config)
{
    obol_pool_config_free(pool->config);
    pool->config = obol_pool_config_dup(config);
}

guint64
obol_pool_size(const ObolPool *pool)
{
    return pool->size;
}

guint
obol_pool_n_online(const ObolPool *pool)
{
    return (guint) g_tree_nnodes(pool->by_offset) - pool->offline.length;
}

guint
obol_pool_n_offline(const ObolPool *pool)
{
    return pool->offline.length;
}

/* --- leases --- */

/* Into both orders of those who hold it, or nobody does. */
static void
file(ObolPool *pool, Lease *lease)
{
    g_tree_insert(pool->by_identity, lease, lease);
    if (lease->n_holders > 0)
        return;
    lease->free_link = (GList) { .data = lease };
    g_queue_push_tail_link(&pool->offline, &lease->free_link);
}

static void
unfile(ObolPool *pool, Lease *lease)
{
    g_tree_remove(pool->by_identity, lease);
    if (lease->n_holders == 0)
        g_queue_unlink(&pool->offline, &lease->free_link);
}

static void
hold(ObolPool *pool, Lease *lease)
{
    unfile(pool, lease);
    lease->n_holders++;
    file(pool, lease);
}

static Lease *
find(const ObolPool *pool, guint64 offset)
{
    const Lease key = { .offset = offset };

    return g_tree_lookup(pool->by_offset, &key);
}

static Lease *
add(ObolPool *pool, const ObolIdentity *identity, guint64 offset, guint n_holders)
{
    Lease *lease = g_new0(Lease, 1);

    lease->identity = obol_identity_dup(identity);
    lease->offset = offset;
    lease->n_holders = n_holders;
    g_tree_insert(pool->by_offset, lease, lease);
    file(pool, lease);
    return lease;
}

/* Room for one more, if need be by forgetting who went first. */
static gboolean
make_room(ObolPool *pool)
{
    Lease *oldest;

    if ((guint) g_tree_nnodes(pool->by_offset) < OBOL_POOL_LEASES_MAX)
        return TRUE;
    oldest = g_queue_peek_head(&pool->offline);
    if (oldest == NULL)
        return FALSE;
    unfile(pool, oldest);
    g_tree_remove(pool->by_offset, oldest);
    return TRUE;
}

/* The very one, if it is this identity's or nobody's. */
static Lease *
as_wanted(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *wanted)
{
    guint64 offset;
    Lease *lease;

    if (obol_address_is_unset(wanted) || !offset_of(pool, wanted, &offset))
        return NULL;
    lease = find(pool, offset);
    if (lease == NULL)
        return make_room(pool) ? add(pool, identity, offset, 0) : NULL;
    return compare_identities(lease->identity, identity) == 0 ? lease : NULL;
}

static Lease *
as_before(const ObolPool *pool, const ObolIdentity *identity)
{
    const Lease key = { .identity = (ObolIdentity *) identity };
    GTreeNode *node = g_tree_lower_bound(pool->by_identity, &key);
    Lease *lease = node != NULL ? g_tree_node_value(node) : NULL;

    return lease != NULL && lease->n_holders == 0 && compare_identities(lease->identity, identity) == 0 ? lease : NULL;
}

static Lease *
never_given(ObolPool *pool, const ObolIdentity *identity)
{
    /* Each step over one that a peer has named is made once. */
    while (pool->n_given < pool->size && find(pool, pool->n_given) != NULL)
        pool->n_given++;
    if (pool->n_given >= pool->size || (guint) g_tree_nnodes(pool->by_offset) >= OBOL_POOL_LEASES_MAX)
        return NULL;
    return add(pool, identity, pool->n_given++, 0);
}

static Lease *
anothers(ObolPool *pool, const ObolIdentity *identity)
{
    Lease *lease = g_queue_peek_head(&pool->offline);

    if (lease == NULL)
        return NULL;
    unfile(pool, lease);
    g_free(lease->identity);
    lease->identity = obol_identity_dup(identity);
    file(pool, lease);
    return lease;
}

gboolean
obol_pool_lease(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *wanted, ObolAddress *out)
{
    Lease *lease = as_wanted(pool, identity, wanted);

    if (wanted->family != pool->config->first.family)
        return FALSE;
    if (lease == NULL)
        lease = as_before(pool, identity);
    if (lease == NULL)
        lease = never_given(pool, identity);
    if (lease == NULL)
        lease = anothers(pool, identity);
    if (lease == NULL)
        return FALSE;
    hold(pool, lease);
    *out = address_at(pool, lease->offset);
    return TRUE;
}

gboolean
obol_pool_release(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *address)
{
    guint64 offset;
    Lease *lease = offset_of(pool, address, &offset) ? find(pool, offset) : NULL;

    if (lease == NULL || lease->n_holders == 0 || compare_identities(lease->identity, identity) != 0)
        return FALSE;
    unfile(pool, lease);
    lease->n_holders--;
    file(pool, lease);
    return TRUE;
}

gboolean
obol_pool_restore(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *address, guint n_holders)
{
    guint64 offset;

    if (!offset_of(pool, address, &offset) || find(pool, offset) != NULL
        || (guint) g_tree_nnodes(pool->by_offset) >= OBOL_POOL_LEASES_MAX)
        return FALSE;
    add(pool, identity, offset, n_holders);
    return TRUE;
}

/* --- looking --- */

static void
show(const ObolPool *pool, const Lease *lease, ObolLeaseVisit visit, gpointer data)
{
    ObolAddress address = address_at(pool, lease->offset);

    visit(lease->identity, &address, lease->n_holders, data);
}

void
obol_pool_each_lease(const ObolPool *pool, ObolLeaseVisit visit, gpointer data)
{
    for (GTreeNode *node = g_tree_node_first(pool->by_offset); node != NULL; node = g_tree_node_next(node))
        show(pool, g_tree_node_value(node), visit, data);
}

void
obol_pool_each_offline(const ObolPool *pool, ObolLeaseVisit visit, gpointer data)
{
    for (const GList *at = pool->offline.head; at != NULL; at = at->next)
        show(pool, at->data, visit, data);
}
