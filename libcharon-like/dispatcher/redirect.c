/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/redirect.c - an IKE SA at another peer than the one that was called, since that has sent us there; and clients sent away
 * (RFC 5685). */
#include "dispatcher/shard-private.h"

#define NAT_T_PORT 4500

/* Where the routes send us from, as far as the settings allow it; the port stays the one that we speak from. */
static ObolAddress
source_of(ObolShard *shard, const ObolConnection *connection, const ObolAddress *was, const ObolAddress *remote)
{
    gboolean known = shard->ports.source_for != NULL;
    ObolAddress local = { .family = 0 };

    if (known && (!shard->ports.source_for(shard->data, remote, &local) || !obol_hosts_allow(connection->local_hosts, &local)))
        known = FALSE;
    if (!known)
        local = was->family == remote->family ? *was : (ObolAddress) { .family = 0 };
    local.port = was->port;
    return local;
}

ObolSlot *
obol_slot_new_redirected(ObolShard *shard, const ObolConnection *connection, const ObolSlot *old, const ObolAddress *to)
{
    ObolAddress remote = *to, was = *obol_ike_sa_local(old->sa), local;
    const ObolAddress *origin;
    ObolSlot *slot;

    /* From the port of NAT traversal one speaks to that port alone (RFC 3948). */
    remote.port = was.port == shard->engine.nat_t_port && was.port != connection->local_port ? NAT_T_PORT : connection->remote_port;
    local = source_of(shard, connection, &was, &remote);
    slot = obol_slot_new_initiator(shard, connection, &local, &remote);
    obol_ike_sa_follow(slot->sa, old->sa);
    /* Whoever wants more of that peer looks for it at the address of the settings. */
    origin = obol_ike_sa_origin(slot->sa);
    if (origin != NULL)
        obol_slot_link(shard, slot, OBOL_BY_ORIGIN, obol_shard_peer_key(shard, connection->name, origin));
    return slot;
}

void
obol_shard_redirected(ObolShard *shard, ObolSlot *old, const ObolAction *action)
{
    ObolSlot *slot = obol_slot_new_redirected(shard, obol_ike_sa_connection(old->sa), old, &action->redirected.to);
    ObolEffect first = {
        .spi = slot->spi,
        .event = { .kind = OBOL_EVENT_INITIATE, .initiate = { .child = action->redirected.child, .command = action->redirected.command } },
        .packet = { action->redirected.packet[0], action->redirected.packet[1] },
    };

    g_array_append_val(shard->effects, first);
}

/* --- names --- */

void
obol_shard_look_up(ObolShard *shard, const ObolSlot *slot, const char *name)
{
    ObolEffect nothing = { .spi = slot->spi, .event = { .kind = OBOL_EVENT_RESOLVED } };

    if (shard->ports.resolve != NULL)
        shard->ports.resolve(shard->data, slot->spi, name);
    else
        g_array_append_val(shard->effects, nothing);
}

void
obol_shard_resolved(ObolShard *shard, guint64 ticket, const ObolAddress *address, gint64 now_us)
{
    ObolSlot *slot = obol_key_table_get(&shard->by_spi, ticket);
    ObolEvent event = { .kind = OBOL_EVENT_RESOLVED };

    obol_shard_begin(shard, now_us);
    if (address != NULL)
        event.resolved = *address;
    if (slot != NULL)
        obol_slot_feed(shard, slot, &event);
    obol_shard_settle(shard);
}

/* --- clients --- */

static gboolean
means(const ObolClientSelector *which, const ObolIkeInfo *info)
{
    return (which->ike == NULL || g_strcmp0(which->ike, info->connection) == 0)
           && (which->ike_id == 0 || which->ike_id == info->unique_id)
           && (which->peer_hosts == NULL || obol_hosts_allow(which->peer_hosts, &info->remote))
           && (which->peer_id == NULL || (info->remote_id != NULL && obol_identity_match(which->peer_id, info->remote_id) > 0));
}

guint
obol_shard_redirect(ObolShard *shard, const ObolClientSelector *which, const ObolGateway *to, gint64 now_us)
{
    guint n;

    obol_shard_begin(shard, now_us);
    for (guint i = 0; i < shard->slots->len; i++) {
        const ObolSlot *slot = g_ptr_array_index(shard->slots, i);
        ObolEffect effect = { .spi = slot->spi, .event = { .kind = OBOL_EVENT_REDIRECT, .redirect_to = to } };
        ObolIkeInfo info;

        obol_slot_look(shard, slot, &info);
        if (obol_ike_sa_may_redirect(slot->sa) && means(which, &info))
            g_array_append_val(shard->effects, effect);
    }
    n = shard->effects->len;
    obol_shard_settle(shard);
    return n;
}
