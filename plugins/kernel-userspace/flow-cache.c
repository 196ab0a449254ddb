/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flow-cache.c - what was decided for a flow a moment ago. */
#include "flow-cache.h"

#include <string.h>

void
flow_cache_init(FlowCache *cache, const SipKey *sip)
{
    *cache = (FlowCache) { .sip = *sip, .flows = g_new0(CachedFlow, FLOW_CACHE_SIZE) };
}

void
flow_cache_clear(FlowCache *cache)
{
    g_clear_pointer(&cache->flows, g_free);
}

CachedFlow *
flow_cache_place(FlowCache *cache, const Flow *flow, guint64 generation, gboolean *found)
{
    CachedFlow *place = cache->last; /* packets of one flow come in runs */

    if (place == NULL || memcmp(&place->flow, flow, sizeof *flow) != 0)
        place = &cache->flows[siphash(&cache->sip, flow, sizeof *flow) & (FLOW_CACHE_SIZE - 1)];
    cache->last = place;
    *found = place->generation == generation && memcmp(&place->flow, flow, sizeof *flow) == 0;
    if (!*found)
        *place = (CachedFlow) { .flow = *flow };
    return place;
}
