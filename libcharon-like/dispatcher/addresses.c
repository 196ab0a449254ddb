/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/addresses.c - the addresses of this machine have changed: whom that concerns, and only those, is told.
 *
 * An SA whose address has gone is found by that address.  Those with MOBIKE have a list of their own: each may have something to tell
 * its peer, and so many at a time do. */
#include "dispatcher/shard-private.h"

#define TOLD_AT_ONCE 100
#define PAUSE_US (20 * (gint64) G_TIME_SPAN_MILLISECOND)

static const ObolEvent news = { .kind = OBOL_EVENT_ADDRESSES };

static gboolean
has_address(const GArray *list, const ObolAddress *address)
{
    for (guint i = 0; i < list->len; i++) {
        if (obol_address_equal(&g_array_index(list, ObolAddress, i), address))
            return TRUE;
    }
    return FALSE;
}

static void
note_effect(ObolShard *shard, const ObolSlot *slot)
{
    ObolEffect effect = { .spi = slot->spi, .event = news };

    g_array_append_val(shard->effects, effect);
}

static void
tell_those_at(ObolShard *shard, const ObolAddress *address)
{
    const ObolSlot *slot = obol_key_table_get(&shard->related[OBOL_BY_LOCAL], MAX(obol_shard_local_key(shard, address), 1));

    for (; slot != NULL; slot = slot->local.next)
        note_effect(shard, slot);
}

/* Those at what is in @list and not in @other. %FALSE: there is nothing of that kind. */
static gboolean
tell_difference(ObolShard *shard, const GArray *list, const GArray *other)
{
    gboolean any = FALSE;

    for (guint i = 0; i < list->len; i++) {
        const ObolAddress *one = &g_array_index(list, ObolAddress, i);

        if (has_address(other, one))
            continue;
        tell_those_at(shard, one);
        any = TRUE;
    }
    return any;
}

void
obol_addresses_go_on(ObolShard *shard)
{
    ObolAddresses *addresses = &shard->addresses;

    for (guint n = 0; addresses->next != NULL && n < TOLD_AT_ONCE; n++) {
        note_effect(shard, addresses->next);
        addresses->next = addresses->next->mobile.next;
    }
    obol_timer_heap_set(&shard->timers, &addresses->timer, addresses->next != NULL ? shard->now_us + PAUSE_US : G_MAXINT64);
}

void
obol_addresses_leave(ObolShard *shard, ObolSlot *slot)
{
    if (shard->addresses.next == slot)
        shard->addresses.next = slot->mobile.next;
}

void
obol_shard_addresses(ObolShard *shard, const GArray *addresses, gint64 now_us)
{
    g_autoptr(GArray) before = shard->addresses.present;
    gboolean new_ones = TRUE;

    obol_shard_begin(shard, now_us);
    shard->addresses.present = g_array_copy((GArray *) addresses);
    shard->engine.addresses = shard->addresses.present;
    if (before != NULL) {
        new_ones = tell_difference(shard, before, addresses);  /* gone */
        new_ones |= tell_difference(shard, addresses, before); /* there again */
    }
    /* Routes that change all the time do not keep the last of a long list from being told. */
    if (new_ones || shard->addresses.next == NULL) {
        shard->addresses.next = obol_key_table_get(&shard->related[OBOL_BY_MOBILE], 1);
        obol_addresses_go_on(shard);
    }
    obol_shard_settle(shard);
}

void
obol_addresses_lend(ObolShard *shard, gboolean up, const GArray *addresses)
{
    GArray *lent = shard->addresses.lent;

    if (up) {
        g_array_append_vals(lent, addresses->data, addresses->len);
        return;
    }
    for (guint i = 0; i < addresses->len; i++) {
        const ObolAddress *one = &g_array_index(addresses, ObolAddress, i);
        guint at = 0;

        while (at < lent->len && !obol_address_equal(&g_array_index(lent, ObolAddress, at), one))
            at++;
        if (at < lent->len)
            g_array_remove_index_fast(lent, at);
        if (!has_address(lent, one))
            tell_those_at(shard, one);
    }
}

void
obol_addresses_clear(ObolShard *shard)
{
    obol_timer_heap_set(&shard->timers, &shard->addresses.timer, G_MAXINT64);
    g_clear_pointer(&shard->addresses.present, g_array_unref);
    g_clear_pointer(&shard->addresses.lent, g_array_unref);
}
