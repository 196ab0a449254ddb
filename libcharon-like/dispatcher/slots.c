/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/slots.c - an IKE SA comes, changes, goes; every table that knows it follows. */
#include "dispatcher/shard-private.h"

#include <string.h>

#define ALL_ALIKE 1 /* the key of a table that has one list */

/* --- lists of slots with something in common --- */

static ObolKeyTable *
table_of(ObolShard *shard, ObolSlotRelation relation)
{
    return &shard->related[relation];
}

static ObolSlotLink *
link_of(ObolSlot *slot, ObolSlotRelation relation)
{
    switch (relation) {
    case OBOL_BY_IDENTITY: return &slot->identity;
    case OBOL_BY_PEER: return &slot->peer;
    case OBOL_BY_LOCAL: return &slot->local;
    case OBOL_BY_MOBILE: return &slot->mobile;
    case OBOL_BY_ORIGIN:
    case OBOL_N_RELATIONS: break;
    }
    return &slot->origin;
}

static void
unlink_slot(ObolShard *shard, ObolSlot *slot, ObolSlotRelation relation)
{
    ObolSlotLink *link = link_of(slot, relation);

    if (link->key == 0)
        return;
    if (relation == OBOL_BY_MOBILE)
        obol_addresses_leave(shard, slot);
    if (link->previous != NULL)
        link_of(link->previous, relation)->next = link->next;
    else
        obol_key_table_set(table_of(shard, relation), link->key, link->next);
    if (link->next != NULL)
        link_of(link->next, relation)->previous = link->previous;
    *link = (ObolSlotLink) { 0 };
}

void
obol_slot_link(ObolShard *shard, ObolSlot *slot, ObolSlotRelation relation, guint64 key)
{
    ObolSlotLink *link = link_of(slot, relation);

    unlink_slot(shard, slot, relation);
    link->key = MAX(key, 1);
    link->next = obol_key_table_get(table_of(shard, relation), link->key);
    if (link->next != NULL)
        link_of(link->next, relation)->previous = slot;
    obol_key_table_set(table_of(shard, relation), link->key, slot);
}

guint64
obol_shard_peer_key(const ObolShard *shard, const char *connection, const ObolAddress *remote)
{
    ObolSpan parts[] = {
        { (const guint8 *) connection, strlen(connection) + 1 },
        { remote->bytes, obol_address_n_bytes(remote) },
    };

    return obol_keyed_hash(&shard->hash_key, parts, G_N_ELEMENTS(parts));
}

guint64
obol_shard_local_key(const ObolShard *shard, const ObolAddress *local)
{
    ObolSpan parts[] = { { local->bytes, obol_address_n_bytes(local) } };

    return obol_keyed_hash(&shard->hash_key, parts, G_N_ELEMENTS(parts));
}

void
obol_slot_look(ObolShard *shard, const ObolSlot *slot, ObolIkeInfo *info)
{
    *info = (ObolIkeInfo) { 0 };
    g_array_set_size(shard->children, 0);
    obol_ike_sa_info(slot->sa, info, shard->children);
}

/* --- birth --- */

/* Random, so that nobody can guess it; the shard's number in the top bits; never 0, and nobody else's. */
static guint64
choose_spi(ObolShard *shard)
{
    guint bits = g_bit_storage(shard->limits.n_shards - 1);
    guint64 spi;

    do {
        obol_random_fill(&shard->engine.random, (guint8 *) &spi, sizeof spi);
        if (shard->limits.n_shards > 1)
            spi = spi >> bits | (guint64) shard->limits.number << (64 - bits);
    } while (spi == 0 || obol_key_table_get(&shard->by_spi, spi) != NULL || obol_lingering_has(&shard->lingering, spi));
    return spi;
}

guint64
obol_slot_new_spi(gpointer shard)
{
    return choose_spi(shard);
}

static ObolSlot *
slot_new(ObolShard *shard, guint64 spi, ObolIkeSa *sa)
{
    ObolSlot *slot = g_new0(ObolSlot, 1);

    slot->sa = sa;
    slot->spi = spi;
    slot->timer.when_us = G_MAXINT64;
    slot->index = shard->slots->len;
    g_ptr_array_add(shard->slots, slot);
    obol_key_table_set(&shard->by_spi, spi, slot);
    return slot;
}

ObolSlot *
obol_slot_new_initiator(ObolShard *shard, const ObolConnection *connection, const ObolAddress *local,
                        const ObolAddress *remote)
{
    guint64 spi = choose_spi(shard);
    ObolSlot *slot = slot_new(shard, spi, obol_ike_sa_new_initiator(&shard->engine, connection, spi, local, remote));

    obol_slot_link(shard, slot, OBOL_BY_PEER, obol_shard_peer_key(shard, connection->name, remote));
    shard->stats.n_initiated++;
    return slot;
}

ObolSlot *
obol_slot_new_responder(ObolShard *shard, const ObolAddress *local, const ObolAddress *remote, guint64 request)
{
    guint64 spi = choose_spi(shard);
    ObolSlot *slot = slot_new(shard, spi, obol_ike_sa_new_responder(&shard->engine, spi, local, remote));

    slot->responder = slot->half_open = TRUE;
    slot->half_open_mark = obol_admission_enter(&shard->admission, remote);
    slot->request = request;
    obol_key_table_set(&shard->by_request, request, slot);
    shard->stats.n_accepted++;
    return slot;
}

static void
move_link(ObolShard *shard, ObolSlot *from, ObolSlot *to, ObolSlotRelation relation)
{
    guint64 key = link_of(from, relation)->key;

    unlink_slot(shard, from, relation);
    if (key != 0)
        obol_slot_link(shard, to, relation, key);
}

/* A peer that rekeys again and again and deletes nothing leaves one behind, not all. */
static void
end_long_line(ObolShard *shard, const ObolSlot *old)
{
    ObolEffect effect = { .spi = old->predecessor, .event = { .kind = OBOL_EVENT_TERMINATE, .terminate.force = TRUE } };

    if (old->predecessor != 0)
        g_array_append_val(shard->effects, effect);
}

ObolSlot *
obol_slot_new_successor(ObolShard *shard, ObolSlot *old, ObolIkeSa *sa, gboolean heir)
{
    ObolSlot *slot = slot_new(shard, obol_ike_sa_own_spi(sa), sa), *renewer;

    slot->responder = !obol_ike_sa_is_initiator(sa);
    slot->established = TRUE;
    if (!heir)
        return slot;
    end_long_line(shard, old);
    slot->predecessor = old->spi;
    slot->n_installed = old->n_installed;
    old->n_installed = 0;
    obol_kernel_tickets_move(old, slot);
    for (guint relation = 0; relation < OBOL_N_RELATIONS; relation++)
        move_link(shard, old, slot, (ObolSlotRelation) relation);
    renewer = old->renewed_by != 0 ? obol_key_table_get(&shard->by_spi, old->renewed_by) : NULL;
    if (renewer != NULL)
        renewer->renews = slot->spi;
    slot->renewed_by = old->renewed_by;
    return slot;
}

/* --- life --- */

static void
leave_half_open(ObolShard *shard, ObolSlot *slot)
{
    if (!slot->half_open)
        return;
    slot->half_open = FALSE;
    obol_admission_leave(&shard->admission, slot->half_open_mark);
}

static void
note_established(ObolShard *shard, ObolSlot *slot)
{
    ObolIkeInfo info;

    slot->established = TRUE;
    obol_slot_link(shard, slot, OBOL_BY_LOCAL, obol_shard_local_key(shard, obol_ike_sa_local(slot->sa)));
    if (obol_ike_sa_is_mobile(slot->sa))
        obol_slot_link(shard, slot, OBOL_BY_MOBILE, ALL_ALIKE);
    if (slot->peer.key != 0)
        return;
    obol_slot_look(shard, slot, &info);
    if (info.connection != NULL)
        obol_slot_link(shard, slot, OBOL_BY_PEER, obol_shard_peer_key(shard, info.connection, &info.remote));
}

void
obol_slot_moved(ObolShard *shard, ObolSlot *slot, const ObolAddress *old_remote)
{
    const ObolConnection *connection = obol_ike_sa_connection(slot->sa);
    const ObolAddress *remote = obol_ike_sa_remote(slot->sa);

    if (slot->local.key != 0)
        obol_slot_link(shard, slot, OBOL_BY_LOCAL, obol_shard_local_key(shard, obol_ike_sa_local(slot->sa)));
    if (slot->peer.key == 0 || connection == NULL || obol_address_equal(remote, old_remote))
        return;
    /* Whoever wants more of that peer looks for it at the address of the settings. */
    if (slot->origin.key == 0 && obol_ike_sa_decides(slot->sa))
        obol_slot_link(shard, slot, OBOL_BY_ORIGIN, slot->peer.key);
    obol_slot_link(shard, slot, OBOL_BY_PEER, obol_shard_peer_key(shard, connection->name, remote));
}

static void
note_state(ObolShard *shard, ObolSlot *slot)
{
    switch (obol_ike_sa_state(slot->sa)) {
    case OBOL_IKE_NEW:
        /* The first message did not even begin an exchange: nothing is under way that could ever end it. */
        slot->closing |= slot->n_jobs == 0 && slot->timer.place == 0 && slot->pending == NULL;
        break;
    case OBOL_IKE_CONNECTING:
        break;
    case OBOL_IKE_ESTABLISHED:
        leave_half_open(shard, slot);
        if (!slot->established)
            note_established(shard, slot);
        break;
    case OBOL_IKE_REKEYED:
    case OBOL_IKE_DELETING:
    case OBOL_IKE_GONE:
        leave_half_open(shard, slot);
        break;
    }
}

gboolean
obol_slot_feed(ObolShard *shard, ObolSlot *slot, const ObolEvent *event)
{
    obol_actions_clear(shard->actions);
    obol_ike_sa_handle(slot->sa, event, shard->now_us, shard->actions);
    obol_shard_carry_out(shard, slot);
    note_state(shard, slot);
    if (slot->renews != 0)
        obol_shard_watch_renewal(shard, slot);
    if (!slot->closing)
        return TRUE;
    if (!slot->established)
        shard->stats.n_failed++;
    obol_kernel_tickets_orphan(shard, slot);
    obol_lingering_take(shard, slot);
    obol_slot_free(shard, slot);
    return FALSE;
}

/* --- death --- */

void
obol_slot_free(ObolShard *shard, ObolSlot *slot)
{
    ObolSlot *last = g_ptr_array_index(shard->slots, shard->slots->len - 1);

    leave_half_open(shard, slot);
    obol_kernel_tickets_drop(shard, slot);
    obol_timer_heap_set(&shard->timers, &slot->timer, G_MAXINT64);
    for (guint relation = 0; relation < OBOL_N_RELATIONS; relation++)
        unlink_slot(shard, slot, (ObolSlotRelation) relation);
    if (slot->request != 0 && obol_key_table_get(&shard->by_request, slot->request) == slot)
        obol_key_table_set(&shard->by_request, slot->request, NULL);
    obol_key_table_set(&shard->by_spi, slot->spi, NULL);
    last->index = slot->index;
    g_ptr_array_remove_index_fast(shard->slots, slot->index);
    shard->stats.n_child_sas -= slot->n_installed;
    obol_ike_sa_free(slot->sa);
    g_free(slot);
}
