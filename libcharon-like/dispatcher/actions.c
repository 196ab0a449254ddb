/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/actions.c - what an IKE SA wants done is done, in its order. */
#include "dispatcher/shard-private.h"

static void
send_datagram(ObolShard *shard, const ObolAction *action)
{
    ObolDatagram datagram = { .local = action->send.local, .remote = action->send.remote };

    datagram.data = (guint8 *) g_bytes_get_data(action->send.datagram, &datagram.n); /* the port does not write */
    shard->stats.n_sent++;
    shard->stats.n_retransmitted += action->send.again ? 1 : 0;
    shard->ports.send(shard->data, &datagram);
}

static void
tell_ike_state(ObolShard *shard, ObolSlot *slot, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    ObolIkeInfo info;

    if (listener == NULL || listener->ike_state == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    listener->ike_state(shard->data, &info, action->ike_state.from, action->ike_state.reason);
}

static void
tell_child_state(ObolShard *shard, ObolSlot *slot, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    const ObolChildInfo *child = action->child_state.child;
    gboolean was = action->child_state.from == OBOL_CHILD_INSTALLED, is = child->state == OBOL_CHILD_INSTALLED;
    ObolIkeInfo info;

    slot->n_installed += (guint) is - (guint) was;
    shard->stats.n_child_sas += (guint) is - (guint) was;
    if (listener == NULL || listener->child_state == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    listener->child_state(shard->data, &info, child, action->child_state.from, action->child_state.reason);
}

static void
tell_failure(ObolShard *shard, ObolSlot *slot, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    ObolIkeInfo info;

    if (listener == NULL || listener->failure == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    listener->failure(shard->data, &info, action->failure);
}

static void
tell_log(ObolShard *shard, ObolSlot *slot, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    ObolIkeInfo info;

    if (listener == NULL || listener->log == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    listener->log(shard->data, action->log.group, action->log.level, &info, action->log.text);
}

static void
tell_rekeyed(ObolShard *shard, const ObolSlot *old, const ObolSlot *successor)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    ObolIkeInfo was, is;

    if (listener == NULL || listener->ike_rekeyed == NULL)
        return;
    obol_slot_look(shard, old, &was); /* it has no children any more, so there is room for the other one's */
    obol_slot_look(shard, successor, &is);
    listener->ike_rekeyed(shard->data, &was, &is);
}

static void
tell_moved(ObolShard *shard, const ObolSlot *slot, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    ObolIkeInfo info;

    if (listener == NULL || listener->ike_moved == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    listener->ike_moved(shard->data, &info, &action->moved.local, &action->moved.remote);
}

void
obol_shard_pass_on(ObolShard *shard, const ObolAction *action)
{
    const ObolListenerVtable *listener = shard->ports.listener;

    if (action->kind == OBOL_ACTION_SEND)
        send_datagram(shard, action);
    else if (action->kind == OBOL_ACTION_MESSAGE && listener != NULL && listener->message != NULL)
        listener->message(shard->data, action->message);
}

static void
take_in_successor(ObolShard *shard, ObolSlot *old, ObolAction *action)
{
    ObolSlot *slot = obol_slot_new_successor(shard, old, g_steal_pointer(&action->successor.sa), action->successor.heir);
    ObolEffect first = { .spi = slot->spi, .event = { .kind = OBOL_EVENT_ADOPTED } };

    g_array_append_val(shard->effects, first);
    if (action->successor.heir)
        tell_rekeyed(shard, old, slot);
}

static void
end_command(ObolShard *shard, const ObolAction *action)
{
    if (obol_shard_acquire_done(shard, action->command_done.command, action->command_done.reason == NULL))
        return;
    if (shard->ports.command_done != NULL)
        shard->ports.command_done(shard->data, action->command_done.command, action->command_done.child_id, action->command_done.reason);
}

/* The SPI is ticket enough, as for a job. */
static void
lease(ObolShard *shard, const ObolSlot *slot, const ObolPoolRequest *request)
{
    static const ObolPoolReply nothing;
    ObolEffect effect = { .spi = slot->spi, .event = { .kind = OBOL_EVENT_LEASED, .leased = &nothing } };

    if (shard->ports.lease != NULL)
        shard->ports.lease(shard->data, slot->spi, request);
    else
        g_array_append_val(shard->effects, effect);
}

static void
configure(ObolShard *shard, const ObolSlot *slot, const ObolAction *action)
{
    ObolIkeInfo info;

    obol_addresses_lend(shard, action->configure.up, action->configure.addresses);
    if (shard->ports.configure == NULL)
        return;
    obol_slot_look(shard, slot, &info);
    shard->ports.configure(shard->data, &info, action->configure.up, action->configure.addresses, action->configure.attributes);
}

static void
carry_out_one(ObolShard *shard, ObolSlot *slot, ObolAction *action)
{
    switch (action->kind) {
    case OBOL_ACTION_SEND:
    case OBOL_ACTION_MESSAGE:
        obol_shard_pass_on(shard, action);
        break;
    case OBOL_ACTION_WAKE:
        obol_timer_heap_set(&shard->timers, &slot->timer, action->wake_us);
        break;
    case OBOL_ACTION_KERNEL:
        obol_kernel_tickets_request(shard, slot, action->kernel.request, action->kernel.what);
        break;
    case OBOL_ACTION_KEEP_ALIVE:
        shard->ports.keep_alive(shard->data, &action->send.local, &action->send.remote);
        break;
    case OBOL_ACTION_JOB:
        slot->n_jobs++;
        /* The SPI is ticket enough: an SA that is gone is not found by it. */
        shard->ports.job(shard->data, slot->spi, g_steal_pointer(&action->job));
        break;
    case OBOL_ACTION_IKE_STATE:
        tell_ike_state(shard, slot, action);
        break;
    case OBOL_ACTION_CHILD_STATE:
        tell_child_state(shard, slot, action);
        break;
    case OBOL_ACTION_FAILURE:
        tell_failure(shard, slot, action);
        break;
    case OBOL_ACTION_LOG:
        tell_log(shard, slot, action);
        break;
    case OBOL_ACTION_IDENTIFIED:
        obol_shard_identified(shard, slot, action->identified.initial_contact);
        break;
    case OBOL_ACTION_COMMAND_DONE:
        end_command(shard, action);
        break;
    case OBOL_ACTION_SUCCESSOR:
        take_in_successor(shard, slot, action);
        break;
    case OBOL_ACTION_REAUTHENTICATE:
        obol_shard_reauthenticate(shard, slot, action);
        break;
    case OBOL_ACTION_REDIRECTED:
        obol_shard_redirected(shard, slot, action);
        break;
    case OBOL_ACTION_RESOLVE:
        obol_shard_look_up(shard, slot, action->resolve.name);
        break;
    case OBOL_ACTION_LEASE:
        lease(shard, slot, action->lease);
        break;
    case OBOL_ACTION_RELEASE:
        if (shard->ports.release != NULL)
            shard->ports.release(shard->data, action->lease);
        break;
    case OBOL_ACTION_CONFIGURE:
        configure(shard, slot, action);
        break;
    case OBOL_ACTION_MOVED:
        obol_slot_moved(shard, slot, &action->moved.remote);
        tell_moved(shard, slot, action);
        break;
    case OBOL_ACTION_CLOSE:
        slot->closing = TRUE;
        break;
    }
}

void
obol_shard_carry_out(ObolShard *shard, ObolSlot *slot)
{
    for (guint i = 0; i < obol_actions_n(shard->actions); i++)
        carry_out_one(shard, slot, obol_actions_nth(shard->actions, i));
}
