/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/uniqueness.c - one IKE SA for each pair of identities: INITIAL_CONTACT (RFC 7296 section 2.4) and
 * `unique`. */
#include "dispatcher/shard-private.h"

static guint64
pair_key(const ObolShard *shard, const ObolIdentity *local, const ObolIdentity *remote)
{
    /* The length after each type keeps ("ab", "c") and ("a", "bc") apart. */
    ObolSpan parts[] = {
        { &local->type, 1 }, { (const guint8 *) &local->n, sizeof local->n }, { local->data, local->n },
        { &remote->type, 1 }, { (const guint8 *) &remote->n, sizeof remote->n }, { remote->data, remote->n },
    };

    return obol_keyed_hash(&shard->hash_key, parts, G_N_ELEMENTS(parts));
}

static void
put_off(ObolShard *shard, const ObolSlot *slot, ObolEvent event)
{
    ObolEffect effect = { .spi = slot->spi, .event = event };

    g_array_append_val(shard->effects, effect);
}

/* Who was there before goes.  With INITIAL_CONTACT the peer says that it has forgotten them, so there is nobody to
 * tell.  But when both sides set up at the same time, the peer may have written that before the SA that we began was
 * finished: then it is told all the same, or it would send into a void. */
static void
replace_others(ObolShard *shard, const ObolSlot *slot, ObolSlot *first, gboolean initial_contact)
{
    for (ObolSlot *other = first; other != NULL; other = other->identity.next) {
        gboolean forgotten = initial_contact && other->responder == slot->responder;

        put_off(shard, other, (ObolEvent) { .kind = OBOL_EVENT_REPLACED, .replaced.send_delete = !forgotten });
    }
}

/* By the path of one that is there comes the same peer, which sets up another before it ends the old one (RFC 7296 section 2.8.3); another
 * one that shows the same identity comes from elsewhere. */
static gboolean
is_renewal(ObolShard *shard, const ObolIkeInfo *info, const ObolSlot *others)
{
    ObolAddress local = info->local, remote = info->remote;

    for (guint i = 0; others != NULL && i < OBOL_PEERS_LOOKED_AT; others = others->identity.next, i++) {
        ObolIkeInfo other;

        obol_slot_look(shard, others, &other);
        if (obol_address_equal(&other.local, &local) && obol_endpoint_equal(&other.remote, &remote))
            return TRUE;
    }
    return FALSE;
}

void
obol_shard_identified(ObolShard *shard, ObolSlot *slot, gboolean initial_contact)
{
    const ObolConnection *connection = obol_ike_sa_connection(slot->sa);
    ObolUnique unique = connection != NULL ? connection->unique : OBOL_UNIQUE_NO;
    ObolSlot *others;
    ObolIkeInfo info;
    guint64 key;

    obol_slot_look(shard, slot, &info);
    if (info.local_id == NULL || info.remote_id == NULL)
        return;
    key = MAX(pair_key(shard, info.local_id, info.remote_id), 1);
    others = slot->identity.key == 0 ? obol_key_table_get(&shard->related[OBOL_BY_IDENTITY], key) : NULL;
    if (others != NULL && initial_contact && unique != OBOL_UNIQUE_NEVER)
        replace_others(shard, slot, others, TRUE);
    /* Only an SA that the peer began replaces or yields.  Were our own to do so too, two sides that begin at the same
     * time could each drop what the other one keeps. */
    else if (others != NULL && slot->responder && unique == OBOL_UNIQUE_REPLACE)
        replace_others(shard, slot, others, FALSE);
    else if (others != NULL && slot->responder && unique == OBOL_UNIQUE_KEEP && !is_renewal(shard, &info, others))
        put_off(shard, slot, (ObolEvent) { .kind = OBOL_EVENT_REPLACED, .replaced.send_delete = TRUE });
    if (slot->identity.key == 0)
        obol_slot_link(shard, slot, OBOL_BY_IDENTITY, key);
}

gboolean
obol_shard_is_first(gpointer data, const ObolIkeSa *sa)
{
    ObolShard *shard = data;
    const ObolSlot *own = obol_key_table_get(&shard->by_spi, obol_ike_sa_own_spi(sa));
    const ObolSlot *other = own != NULL && own->peer.key != 0 ? obol_key_table_get(&shard->related[OBOL_BY_PEER], own->peer.key) : NULL;

    for (guint i = 0; other != NULL && i < OBOL_PEERS_LOOKED_AT; other = other->peer.next, i++) {
        ObolIkeState state = obol_ike_sa_state(other->sa);

        if (other != own && (state == OBOL_IKE_CONNECTING || state == OBOL_IKE_ESTABLISHED))
            return FALSE;
    }
    return TRUE;
}
