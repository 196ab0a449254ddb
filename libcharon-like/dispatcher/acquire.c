/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/acquire.c - a packet wants an SA that is not there: one negotiation for it, however many follow. */
#include "dispatcher/shard-private.h"

#include <string.h>

/* Commands of our own, beside those that the daemon counts: the reqid, marked. */
#define COMMAND_OF(reqid) ((reqid) | ~OBOL_COMMAND_MAX)
#define REQID_OF(command) ((command) & OBOL_COMMAND_MAX)

static void
give_to(ObolShard *shard, ObolReqid *entry, ObolSlot *slot, const ObolChildConfig *child)
{
    ObolTs source = entry->source, destination = entry->destination;
    const ObolKernelAbilities *abilities = shard->engine.abilities;
    ObolEvent event = {
        .kind = OBOL_EVENT_INITIATE,
        .initiate = { .child = child, .command = COMMAND_OF(entry->reqid) },
    };

    /* What the kernel told may be the policy's selectors, which say nothing that the settings do not (RFC 7296 section 2.9). */
    if (abilities == NULL || abilities->acquire_selectors) {
        event.initiate.source = &source;
        event.initiate.destination = &destination;
    }

    entry->serving = slot->spi;
    obol_slot_feed(shard, slot, &event);
}

/* Those of the connection that an SA was made with when @slot is given: a reload may have come between. */
static const ObolChildConfig *
child_for(ObolShard *shard, const ObolReqid *entry, const ObolSlot *slot, const ObolConnection **connection)
{
    if (slot != NULL)
        *connection = obol_ike_sa_connection(slot->sa);
    else
        *connection = shard->engine.connections != NULL
                          ? obol_connection_set_find(shard->engine.connections, entry->connection) : NULL;
    return *connection != NULL ? obol_connection_child(*connection, entry->child) : NULL;
}

/* Where the connection has but one possible peer, an SA with it may be there already. */
static ObolSlot *
living_peer(ObolShard *shard, const ObolReqid *entry, const ObolConnection *connection)
{
    for (guint i = 0; i < connection->remote_hosts->len; i++) {
        const ObolHostSpec *host = g_ptr_array_index(connection->remote_hosts, i);
        ObolAddress remote = { .family = host->range.family };
        ObolSlot *slot;

        if (host->any || host->is_name || remote.family == 0)
            continue;
        memcpy(remote.bytes, host->range.first, sizeof remote.bytes);
        slot = obol_shard_find_peer(shard, entry->connection, &remote);
        if (slot != NULL)
            return slot;
    }
    return NULL;
}

void
obol_shard_acquire(ObolShard *shard, const ObolKernelEvent *event)
{
    ObolReqid *entry = obol_reqids_find(shard->reqids, event->reqid);
    const ObolConnection *connection;
    const ObolChildConfig *child;
    ObolSlot *slot;

    if (entry == NULL || child_for(shard, entry, NULL, &connection) == NULL || event->reqid > OBOL_COMMAND_MAX)
        return;
    if (entry->locating || shard->now_us < entry->hold_us)
        return;
    if (entry->serving != 0 && obol_key_table_get(&shard->by_spi, entry->serving) != NULL)
        return;
    entry->source = event->source;
    entry->destination = event->destination;
    slot = living_peer(shard, entry, connection);
    child = slot != NULL ? child_for(shard, entry, slot, &connection) : NULL;
    if (child != NULL) {
        give_to(shard, entry, slot, child);
        return;
    }
    if (shard->ports.locate == NULL)
        return;
    entry->locating = TRUE;
    shard->ports.locate(shard->data, entry->reqid, connection);
}

void
obol_shard_located(ObolShard *shard, guint32 reqid, const ObolAddress *local, const ObolAddress *remote, gint64 now_us)
{
    ObolReqid *entry = obol_reqids_find(shard->reqids, reqid);
    const ObolConnection *connection;
    const ObolChildConfig *child;
    ObolSlot *slot;

    if (entry == NULL || !entry->locating)
        return;
    obol_shard_begin(shard, now_us);
    entry->locating = FALSE;
    child = child_for(shard, entry, NULL, &connection);
    slot = child != NULL && remote != NULL ? obol_shard_find_peer(shard, entry->connection, remote) : NULL;
    if (slot != NULL)
        child = child_for(shard, entry, slot, &connection);
    if (child == NULL || remote == NULL)
        entry->hold_us = now_us + OBOL_ACQUIRE_HOLD_US;
    else
        give_to(shard, entry, slot != NULL ? slot : obol_slot_new_initiator(shard, connection, local, remote), child);
    obol_shard_settle(shard);
}

gboolean
obol_shard_acquire_done(ObolShard *shard, guint32 command, gboolean success)
{
    ObolReqid *entry;

    if (command <= OBOL_COMMAND_MAX)
        return FALSE;
    entry = obol_reqids_find(shard->reqids, REQID_OF(command));
    if (entry != NULL) {
        entry->serving = 0;
        entry->hold_us = success ? 0 : shard->now_us + OBOL_ACQUIRE_HOLD_US;
    }
    return TRUE;
}
