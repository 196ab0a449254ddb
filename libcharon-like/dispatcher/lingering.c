/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/lingering.c - IKE SAs that are gone, for as long as their peers may ask for the last answer again. */
#include "dispatcher/lingering.h"

#include "dispatcher/shard-private.h"

typedef struct {
    ObolIkeSa *sa;
    guint64 spi;
    gint64 until_us;
    gsize n_bytes;
} Lingerer;

void
obol_lingering_init(ObolLingering *lingering)
{
    *lingering = (ObolLingering) { .timer.when_us = G_MAXINT64 };
    g_queue_init(&lingering->queue);
    obol_key_table_init(&lingering->by_spi);
}

static void
drop_first(ObolLingering *lingering)
{
    Lingerer *first = g_queue_pop_head(&lingering->queue);

    obol_key_table_set(&lingering->by_spi, first->spi, NULL);
    lingering->n_bytes -= first->n_bytes;
    obol_ike_sa_free(first->sa);
    g_free(first);
}

static void
arm(ObolShard *shard)
{
    const Lingerer *first = g_queue_peek_head(&shard->lingering.queue);

    obol_timer_heap_set(&shard->timers, &shard->lingering.timer, first != NULL ? first->until_us : G_MAXINT64);
}

void
obol_lingering_clear(ObolShard *shard)
{
    while (!g_queue_is_empty(&shard->lingering.queue))
        drop_first(&shard->lingering);
    obol_key_table_clear(&shard->lingering.by_spi);
}

void
obol_lingering_take(ObolShard *shard, ObolSlot *slot)
{
    ObolLingering *lingering = &shard->lingering;
    const Lingerer *last = g_queue_peek_tail(&lingering->queue);
    gint64 for_us = obol_ike_sa_linger(slot->sa);
    Lingerer *one;

    if (for_us == 0)
        return;
    one = g_new(Lingerer, 1);
    *one = (Lingerer) {
        .sa = g_steal_pointer(&slot->sa),
        .spi = slot->spi,
        .until_us = MAX(shard->now_us + for_us, last != NULL ? last->until_us : 0), /* a queue: nobody leaves before who came before */
    };
    one->n_bytes = sizeof *one + obol_ike_sa_n_bytes(one->sa);
    g_queue_push_tail(&lingering->queue, one);
    obol_key_table_set(&lingering->by_spi, one->spi, one);
    lingering->n_bytes += one->n_bytes;
    while (lingering->queue.length > shard->limits.lingering_max || lingering->n_bytes > shard->limits.lingering_bytes)
        drop_first(lingering);
    arm(shard);
}

gboolean
obol_lingering_has(ObolLingering *lingering, guint64 spi)
{
    return obol_key_table_get(&lingering->by_spi, spi) != NULL;
}

gboolean
obol_lingering_receive(ObolShard *shard, const ObolDatagram *datagram, const ObolHeader *header)
{
    guint64 ours = (header->flags & OBOL_FLAG_INITIATOR) != 0 ? header->spi_r : header->spi_i;
    Lingerer *one = ours != 0 ? obol_key_table_get(&shard->lingering.by_spi, ours) : NULL;
    ObolEvent event = {
        .kind = OBOL_EVENT_MESSAGE,
        .message = { .data = datagram->data, .n = datagram->n, .local = datagram->local, .remote = datagram->remote },
    };

    if (one == NULL)
        return FALSE;
    obol_actions_clear(shard->actions);
    obol_ike_sa_handle(one->sa, &event, shard->now_us, shard->actions);
    for (guint i = 0; i < obol_actions_n(shard->actions); i++)
        obol_shard_pass_on(shard, obol_actions_nth(shard->actions, i));
    return TRUE;
}

void
obol_lingering_expire(ObolShard *shard)
{
    const Lingerer *first;

    while ((first = g_queue_peek_head(&shard->lingering.queue)) != NULL && first->until_us <= shard->now_us)
        drop_first(&shard->lingering);
    arm(shard);
}
