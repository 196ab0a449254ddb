/* pools/pools.h - all pools by name: the built-in provider of virtual addresses. */
#ifndef OBOL_POOLS_POOLS_H
#define OBOL_POOLS_POOLS_H

#include "pools/pool.h"

typedef struct ObolPools ObolPools;

ObolPools *obol_pools_new(void);
void obol_pools_free(ObolPools *pools);

/* A new one, or another range or other attributes for that of this name: of its leases those stay that lie in the range still.
 * %FALSE: there are too many pools. */
gboolean obol_pools_set(ObolPools *pools, const ObolPoolConfig *config);
gboolean obol_pools_remove(ObolPools *pools, const char *name); /* with its leases; %FALSE: there is none of this name */
ObolPool *obol_pools_find(const ObolPools *pools, const char *name); /* NULL: there is none */
guint obol_pools_n(const ObolPools *pools);
ObolPool *obol_pools_nth(const ObolPools *pools, guint i); /* in the order in which they came */

/**
 * obol_pools_lease:
 *
 * For each address that is asked for one of its family, from the first pool of the request that has one left.
 *
 * Returns: (transfer full): freed by obol_pool_reply_free().
 */
ObolPoolReply *obol_pools_lease(ObolPools *pools, const ObolPoolRequest *request);
void obol_pool_reply_free(ObolPoolReply *reply);
void obol_pools_release(ObolPools *pools, const ObolPoolRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPools, obol_pools_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPoolReply, obol_pool_reply_free)

#endif
