/* model/pool-config.h - a pool of virtual addresses as the admin wants it. */
#ifndef OBOL_MODEL_POOL_CONFIG_H
#define OBOL_MODEL_POOL_CONFIG_H

#include <obol/pool.h>

#define OBOL_POOLS_MAX 4096 /* from files and from the control socket together */

/**
 * ObolPoolConfig:
 * @first, @last: the addresses that may be given, of one family, both inclusive
 * @attributes: of #ObolAttribute: what whoever has one of them is told
 */
typedef struct {
    char *name;
    ObolAddress first, last;
    GArray *attributes;
} ObolPoolConfig;

/**
 * obol_pool_config_new:
 * @addresses: "10.3.0.0/24", "10.3.0.10-10.3.0.99", "2001:db8:3::/112", one address alone
 *
 * Of a prefix neither the network's own address is given nor, of IPv4, the broadcast address (RFC 4291 section 2.6.1, RFC 1122 section
 * 3.2.1.3), where that leaves any.
 *
 * Returns: (transfer full): %NULL with @error.
 */
ObolPoolConfig *obol_pool_config_new(const char *name, const char *addresses, GError **error);
void obol_pool_config_free(ObolPoolConfig *config);
ObolPoolConfig *obol_pool_config_dup(const ObolPoolConfig *config);

typedef enum { OBOL_POOL_DNS, OBOL_POOL_NBNS, OBOL_POOL_DHCP, OBOL_POOL_NETMASK, OBOL_POOL_SUBNET, OBOL_POOL_DOMAIN } ObolPoolFact;
/* Adds what @text says as an attribute of its family. */
gboolean obol_pool_config_tell(ObolPoolConfig *config, ObolPoolFact fact, const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPoolConfig, obol_pool_config_free)

#endif
