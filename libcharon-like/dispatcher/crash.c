/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/crash.c - the token for an IKE SA that we do not have: maybe one that was lost with the process before (RFC 6290
 * sections 4.5 and 9.2). */
#include "engine/crash-token.h"

#include "dispatcher/shard-private.h"

void
obol_shard_set_crash_secret(ObolShard *shard, const ObolSecret *secret)
{
    obol_secret_free(shard->crash_secret);
    shard->crash_secret = secret != NULL ? obol_secret_dup(secret) : NULL;
    shard->engine.crash_secret = shard->crash_secret;
}

/* Section 8.1: it is for the admin to say whether there are tokens at all. */
static gboolean
anybody_wants_it(const ObolShard *shard)
{
    const ObolConnectionSet *set = shard->engine.connections;

    for (guint i = 0; set != NULL && i < set->connections->len; i++) {
        if (((const ObolConnection *) g_ptr_array_index(set->connections, i))->crash_detection)
            return TRUE;
    }
    return FALSE;
}

/* Section 9.2: never for one that is there, that has only just gone, or that is about to come. */
static gboolean
is_ours(ObolShard *shard, guint64 spi)
{
    return obol_key_table_get(&shard->by_spi, spi) != NULL || obol_key_table_get(&shard->coming, spi) != NULL
           || obol_lingering_has(&shard->lingering, spi);
}

ObolSecret *
obol_shard_crash_token(ObolShard *shard, const ObolHeader *request)
{
    gboolean we_initiated = (request->flags & OBOL_FLAG_INITIATOR) == 0;

    if (shard->crash_secret == NULL || is_ours(shard, request->spi_i) || is_ours(shard, request->spi_r) || !anybody_wants_it(shard))
        return NULL;
    return obol_crash_token(shard->engine.crypto, shard->crash_secret, we_initiated, request->spi_i, request->spi_r);
}

void
obol_shard_spi_dropped(gpointer data, guint64 spi)
{
    obol_key_table_set(&((ObolShard *) data)->coming, spi, NULL);
}
