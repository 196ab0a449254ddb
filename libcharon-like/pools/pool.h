/* pools/pool.h - one pool of virtual addresses, and who has which of them.
 *
 * What an identity had it gets again while nobody else needed it.  Memory is for addresses that were given, not for those that could
 * be; a lease costs the same whatever the pool's size. */
#ifndef OBOL_POOLS_POOL_H
#define OBOL_POOLS_POOL_H

#include "model/pool-config.h"

#define OBOL_POOL_LEASES_MAX (1u << 18) /* of one pool, with those whose holders are gone; the oldest of these make room */
#define OBOL_POOL_SIZE_MAX ((guint64) 1 << 31)

typedef struct ObolPool ObolPool;

ObolPool *obol_pool_new(const ObolPoolConfig *config);
void obol_pool_free(ObolPool *pool);
const ObolPoolConfig *obol_pool_config(const ObolPool *pool);
/* Other attributes for the same addresses; leases stay. */
void obol_pool_set_config(ObolPool *pool, const ObolPoolConfig *config);

/**
 * obol_pool_lease:
 * @wanted: one that the peer would like, or unset
 *
 * An address that @identity holds already is given once more when it asks for that very one, as an IKE SA that takes another one's
 * place does; it is held until both are released.
 *
 * Returns: %FALSE when no address is left.
 */
gboolean obol_pool_lease(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *wanted, ObolAddress *out);
/* %FALSE: it is not this pool's, or nobody of that identity holds it. */
gboolean obol_pool_release(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *address);

/* @n_holders: IKE SAs that hold it; 0: it is kept for its identity.  %FALSE: it lies outside, or is somebody else's. */
gboolean obol_pool_restore(ObolPool *pool, const ObolIdentity *identity, const ObolAddress *address, guint n_holders);

guint64 obol_pool_size(const ObolPool *pool);
guint obol_pool_n_online(const ObolPool *pool);
guint obol_pool_n_offline(const ObolPool *pool);

/* In the order of addresses.  The pool may not be changed meanwhile. */
void obol_pool_each_lease(const ObolPool *pool, ObolLeaseVisit visit, gpointer data);
/* Those whose holders are gone, who went first first. */
void obol_pool_each_offline(const ObolPool *pool, ObolLeaseVisit visit, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPool, obol_pool_free)

#endif
