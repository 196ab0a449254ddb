/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core.c - the life of the core, and its deadlines. */
#include "core.h"

#include "core-private.h"

#define DEADLINES_PER_TICK 256 /* then others of the loop have their turn */

Core *
core_new(const CoreSettings *settings, const CoreCalls *calls, const ObolCrypto *crypto)
{
    const ObolRandom *random = obol_crypto_random(crypto);
    Core *core = g_new0(Core, 1);
    SipKey sip;

    obol_random_fill(random, (guint8 *) &sip, sizeof sip);
    core->settings = *settings;
    core->calls = *calls;
    core->crypto = crypto;
    core->drops = (Drops) { .log = calls->log, .data = calls->data };
    heap_init(&core->heap);
    sad_init(&core->sad, &sip);
    spd_init(&core->spd, &sip);
    spis_init(&core->spis, &core->heap, random);
    acquires_init(&core->acquires, &core->heap, settings->acquire_timeout_us);
    flow_cache_init(&core->flows, &sip);
    flow_cache_init(&core->in_flows, &sip);
    fragments_init(&core->out_fragments, &sip);
    fragments_init(&core->in_fragments, &sip);
    core->ipcomp = ipcomp_new();
    core->reassembly = reassembly_new(CORE_HEADROOM, CORE_TAILROOM);
    obol_random_fill(random, (guint8 *) &core->next_id, sizeof core->next_id);
    core->scratch = g_malloc(SCRATCH_BYTES);
    return core;
}

void
core_free(Core *core)
{
    if (core == NULL)
        return;
    acquires_clear(&core->acquires);
    spis_clear(&core->spis);
    sad_clear(&core->sad);
    spd_clear(&core->spd);
    heap_clear(&core->heap);
    flow_cache_clear(&core->flows);
    flow_cache_clear(&core->in_flows);
    ipcomp_free(core->ipcomp);
    reassembly_free(core->reassembly);
    g_free(core->scratch);
    g_free(core);
}

gint64
core_next_us(const Core *core)
{
    return heap_next_us(&core->heap);
}

void
core_tick(Core *core, gint64 now_us)
{
    heap_run(&core->heap, now_us, DEADLINES_PER_TICK, core);
}

const Drops *
core_drops(const Core *core)
{
    return &core->drops;
}
