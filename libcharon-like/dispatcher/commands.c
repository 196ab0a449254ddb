/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/commands.c - what an admin asks of the SAs: begin, end, look. */
#include "dispatcher/shard-private.h"

#include <string.h>

static ObolSlot *
find_in(ObolShard *shard, ObolSlotRelation relation, guint64 key)
{
    ObolSlot *slot = obol_key_table_get(&shard->related[relation], key);

    for (guint i = 0; slot != NULL && i < OBOL_PEERS_LOOKED_AT; i++) {
        ObolIkeState state = obol_ike_sa_state(slot->sa);

        if (state == OBOL_IKE_CONNECTING || state == OBOL_IKE_ESTABLISHED)
            return slot;
        slot = relation == OBOL_BY_ORIGIN ? slot->origin.next : slot->peer.next;
    }
    return NULL;
}

ObolSlot *
obol_shard_find_peer(ObolShard *shard, const char *connection, const ObolAddress *remote)
{
    guint64 key = MAX(obol_shard_peer_key(shard, connection, remote), 1);
    ObolSlot *slot = find_in(shard, OBOL_BY_PEER, key);

    return slot != NULL ? slot : find_in(shard, OBOL_BY_ORIGIN, key);
}

guint
obol_shard_initiate(ObolShard *shard, const ObolConnection *connection, const ObolChildConfig *child,
                    const ObolAddress *local, const ObolAddress *remote, guint32 command, gint64 now_us)
{
    ObolSlot *slot = obol_shard_find_peer(shard, connection->name, remote);
    ObolEvent event = { .kind = OBOL_EVENT_INITIATE, .initiate = { .child = child, .command = command } };

    obol_shard_begin(shard, now_us);
    if (slot != NULL && child != NULL) {
        /* The child as the SA's own connection has it; one that it never had needs an SA of its own. */
        event.initiate.child = obol_connection_child(obol_ike_sa_connection(slot->sa), child->name);
        if (event.initiate.child == NULL) {
            event.initiate.child = child;
            slot = NULL;
        }
    }
    if (slot == NULL)
        slot = obol_slot_new_initiator(shard, connection, local, remote);
    obol_slot_feed(shard, slot, &event);
    obol_shard_settle(shard);
    return 1;
}

static gboolean
means_child(const ObolSaSelector *which, const ObolChildInfo *child)
{
    return (which->child == NULL || g_strcmp0(which->child, child->name) == 0)
           && (which->child_id == 0 || which->child_id == child->unique_id);
}

static gboolean
means_ike(const ObolSaSelector *which, const ObolIkeInfo *info)
{
    return (which->ike == NULL || g_strcmp0(which->ike, info->connection) == 0)
           && (which->ike_id == 0 || which->ike_id == info->unique_id);
}

static void
mean_child(ObolEvent *event, guint32 child_id)
{
    if (event->kind == OBOL_EVENT_TERMINATE)
        event->terminate.child_id = child_id;
    else if (event->kind == OBOL_EVENT_SELECTORS)
        event->selectors.child_id = child_id;
    else
        event->rekey.child_id = child_id;
}

/* Notes what is to be done: nothing may change while the SAs are looked through. */
static void
collect(ObolShard *shard, const ObolSlot *slot, const ObolSaSelector *which, ObolEvent event)
{
    ObolIkeInfo info;

    obol_slot_look(shard, slot, &info);
    if (!means_ike(which, &info))
        return;
    if (which->child == NULL && which->child_id == 0) {
        g_array_append_val(shard->effects, ((ObolEffect) { .spi = slot->spi, .event = event }));
        return;
    }
    for (gsize i = 0; i < info.n_children; i++) {
        ObolEffect effect = { .spi = slot->spi, .event = event };

        if (!means_child(which, &info.children[i]))
            continue;
        mean_child(&effect.event, info.children[i].unique_id);
        g_array_append_val(shard->effects, effect);
    }
}

/* To each SA that is meant; their number is returned. */
static guint
feed_all(ObolShard *shard, const ObolSaSelector *which, ObolEvent event, gint64 now_us)
{
    guint n;

    obol_shard_begin(shard, now_us);
    for (guint i = 0; i < shard->slots->len; i++)
        collect(shard, g_ptr_array_index(shard->slots, i), which, event);
    n = shard->effects->len;
    obol_shard_settle(shard);
    return n;
}

guint
obol_shard_terminate(ObolShard *shard, const ObolSaSelector *which, gboolean force, guint32 command, gint64 now_us)
{
    return feed_all(shard, which, (ObolEvent) { .kind = OBOL_EVENT_TERMINATE, .terminate = { .force = force, .command = command } },
                    now_us);
}

guint
obol_shard_rekey(ObolShard *shard, const ObolSaSelector *which, gboolean reauth, gint64 now_us)
{
    return feed_all(shard, which, (ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey = { .reauth = reauth } }, now_us);
}

guint
obol_shard_selectors(ObolShard *shard, const ObolSaSelector *which, const ObolTsChange *change, guint32 command, gint64 now_us)
{
    g_return_val_if_fail(which->child != NULL || which->child_id != 0, 0);
    return feed_all(shard, which, (ObolEvent) { .kind = OBOL_EVENT_SELECTORS, .selectors = { .change = change, .command = command } },
                    now_us);
}

void
obol_shard_each(ObolShard *shard, ObolSaVisit visit, gpointer data)
{
    for (guint i = 0; i < shard->slots->len; i++) {
        ObolIkeInfo info;

        obol_slot_look(shard, g_ptr_array_index(shard->slots, i), &info);
        visit(&info, data);
    }
}

void
obol_shard_stats(const ObolShard *shard, ObolStats *add_to)
{
    add_to->n_ike_sas += shard->slots->len;
    add_to->n_half_open += shard->admission.n_half_open;
    add_to->n_child_sas += shard->stats.n_child_sas;
    add_to->n_received += shard->stats.n_received;
    add_to->n_sent += shard->stats.n_sent;
    add_to->n_retransmitted += shard->stats.n_retransmitted;
    add_to->n_dropped += shard->stats.n_dropped;
    add_to->n_initiated += shard->stats.n_initiated;
    add_to->n_accepted += shard->stats.n_accepted;
    add_to->n_failed += shard->stats.n_failed;
    add_to->n_cookies_sent += shard->stats.n_cookies_sent;
}

void
obol_shard_set_usage(ObolShard *shard, const ObolSaId *id, gboolean inbound, const ObolSaUsage *usage)
{
    ObolSlot *slot = obol_kernel_tickets_find(shard, id);

    if (slot != NULL)
        obol_ike_sa_set_usage(slot->sa, id->spi, inbound, usage);
}
