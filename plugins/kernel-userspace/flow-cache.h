/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flow-cache.h - what was decided for a flow a moment ago: one hash and one comparison a packet. */
#ifndef USERSPACE_FLOW_CACHE_H
#define USERSPACE_FLOW_CACHE_H

#include "sad.h"
#include "spd.h"

#define FLOW_CACHE_SIZE 4096 /* a power of two; a flow that loses its place is looked up again, no more */

/* What happens to a flow. @sa: where @policy protects and there is one; @comp: of IPComp, before it; @mode: of the two
 * together. */
typedef struct {
    Policy *policy;
    Sa *sa, *comp;
    ObolMode mode;
} Way;

typedef struct {
    Flow flow;
    guint64 generation; /* 0: empty */
    Way way;
} CachedFlow;

typedef struct {
    SipKey sip;
    CachedFlow *flows, *last;
} FlowCache;

void flow_cache_init(FlowCache *cache, const SipKey *sip);
void flow_cache_clear(FlowCache *cache);

/* The place of @flow; it holds that flow of @generation when the result is so, otherwise it has been emptied for it. */
CachedFlow *flow_cache_place(FlowCache *cache, const Flow *flow, guint64 generation, gboolean *found);

#endif
