/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/reauth.c - an IKE SA anew from the beginning, with the children of another one (RFC 7296 section 2.8.3).
 *
 * An engine knows no other SA than its own: it asks for one in its place, and is told how that went. */
#include "dispatcher/shard-private.h"

/* As it is in the settings now, if it still has them all; else the one that the SA was made with. */
static const ObolConnection *
choose_connection(ObolShard *shard, const ObolSlot *old, const GPtrArray *children)
{
    const ObolConnection *own = obol_ike_sa_connection(old->sa);
    const ObolConnection *now = shard->engine.connections != NULL ? obol_connection_set_find(shard->engine.connections, own->name) : NULL;

    for (guint i = 0; now != NULL && i < children->len; i++) {
        if (obol_connection_child(now, ((const ObolChildConfig *) g_ptr_array_index(children, i))->name) == NULL)
            now = NULL;
    }
    return now != NULL ? now : own;
}

static void
put_off(ObolShard *shard, guint64 spi, ObolEvent event)
{
    ObolEffect effect = { .spi = spi, .event = event };

    g_array_append_val(shard->effects, effect);
}

void
obol_shard_reauthenticate(ObolShard *shard, ObolSlot *old, const ObolAction *action)
{
    const GPtrArray *children = action->reauthenticate.children;
    const ObolConnection *connection = choose_connection(shard, old, children);
    ObolSlot *slot;
    ObolIkeInfo info;

    obol_slot_look(shard, old, &info);
    slot = action->reauthenticate.to.family != 0 ? obol_slot_new_redirected(shard, connection, old, &action->reauthenticate.to)
                                                 : obol_slot_new_initiator(shard, connection, &info.local, &info.remote);
    obol_ike_sa_take_over_addresses(slot->sa, old->sa);
    for (guint i = 0; i < children->len; i++) {
        const ObolChildConfig *child = g_ptr_array_index(children, i);

        put_off(shard, slot->spi,
                (ObolEvent) { .kind = OBOL_EVENT_INITIATE, .initiate.child = obol_connection_child(connection, child->name) });
    }
    if (!action->reauthenticate.keep)
        return;
    slot->renews = old->spi;
    old->renewed_by = slot->spi;
}

static gboolean
is_on_its_way(const ObolIkeInfo *info, gboolean *any)
{
    for (gsize i = 0; i < info->n_children; i++) {
        if (info->children[i].state < OBOL_CHILD_INSTALLED)
            return TRUE;
        *any |= info->children[i].state == OBOL_CHILD_INSTALLED;
    }
    return FALSE;
}

static void
end_renewal(ObolShard *shard, ObolSlot *slot, gboolean success)
{
    guint64 old = slot->renews;

    slot->renews = 0;
    put_off(shard, old, (ObolEvent) { .kind = OBOL_EVENT_REAUTHENTICATED, .reauthenticated.success = success });
    /* Without a child it is of no use, and the old one still serves. */
    if (!success && !slot->closing)
        put_off(shard, slot->spi, (ObolEvent) { .kind = OBOL_EVENT_TERMINATE });
}

void
obol_shard_watch_renewal(ObolShard *shard, ObolSlot *slot)
{
    gboolean any = FALSE;
    ObolIkeInfo info;

    if (slot->closing) {
        end_renewal(shard, slot, FALSE);
        return;
    }
    obol_slot_look(shard, slot, &info);
    if (info.state == OBOL_IKE_ESTABLISHED && !is_on_its_way(&info, &any))
        end_renewal(shard, slot, any);
}
