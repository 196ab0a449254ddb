/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/kernel-tickets.c - nothing that an SA asked for stays in the kernel when the SA is gone. */
#include "dispatcher/kernel-tickets.h"

#include <string.h>

#include "dispatcher/shard-private.h"

void
obol_kernel_tickets_init(ObolKernelTickets *tickets)
{
    *tickets = (ObolKernelTickets) { 0 };
    obol_key_table_init(&tickets->by_ticket);
    obol_key_table_init(&tickets->by_name);
}

static void
pending_free(ObolKernelPending *pending)
{
    g_free(pending->policy);
    g_free(pending);
}

void
obol_kernel_tickets_clear(ObolKernelTickets *tickets)
{
    /* Only orphans are left, and nobody will be asked any more. */
    for (gsize i = 0; i < (gsize) 1 << tickets->by_ticket.bits; i++) {
        if (tickets->by_ticket.entries[i].key != 0)
            pending_free(tickets->by_ticket.entries[i].value);
    }
    obol_key_table_clear(&tickets->by_ticket);
    obol_key_table_clear(&tickets->by_name);
}

/* --- names --- */

static guint64
key_of(const ObolShard *shard, const ObolSaId *id)
{
    ObolSpan parts[] = {
        { (const guint8 *) &id->spi, sizeof id->spi },
        { &id->protocol, 1 },
        { id->destination.bytes, obol_address_n_bytes(&id->destination) },
    };

    return obol_keyed_hash(&shard->hash_key, parts, G_N_ELEMENTS(parts));
}

/* The outbound SPI is the peer's choice: the first SA that has a name keeps it, so no list can grow behind one. */
static void
name_add(ObolShard *shard, ObolSlot *slot, const ObolSaId *id, const ObolMark *mark)
{
    guint64 key = key_of(shard, id);
    ObolKernelName *name;

    if (obol_key_table_get(&shard->kernel.by_name, key) != NULL)
        return;
    name = g_new(ObolKernelName, 1);
    *name = (ObolKernelName) {
        .key = key, .slot = slot, .next = slot->names,
        .destination = id->destination, .spi = id->spi, .protocol = id->protocol, .mark = *mark,
    };
    slot->names = name;
    obol_key_table_set(&shard->kernel.by_name, key, name);
}

static void
name_remove(ObolShard *shard, ObolSlot *slot, const ObolSaId *id)
{
    guint64 key = key_of(shard, id);

    for (ObolKernelName **at = &slot->names; *at != NULL; at = &(*at)->next) {
        if ((*at)->key == key) {
            g_autofree ObolKernelName *name = *at;

            *at = name->next;
            obol_key_table_set(&shard->kernel.by_name, key, NULL);
            return;
        }
    }
}

ObolSlot *
obol_kernel_tickets_find(ObolShard *shard, const ObolSaId *id)
{
    ObolKernelName *name = obol_key_table_get(&shard->kernel.by_name, key_of(shard, id));

    return name != NULL ? name->slot : NULL;
}

/* --- requests --- */

static gboolean
same_name(const ObolSaId *a, const ObolSaId *b)
{
    return a->spi == b->spi && a->protocol == b->protocol && obol_address_equal(&a->destination, &b->destination);
}

/* The newest of the slot's unanswered requests that @what is the opposite of will leave nothing behind.  Not so a policy's: an SA
 * deletes one only when it has been told that it is there, so the one on its way with the same selectors is another child's. */
static void
mark_undone(ObolSlot *slot, const ObolKernelRequest *what)
{
    for (ObolKernelPending *p = slot->pending; p != NULL; p = p->next) {
        if (p->undone)
            continue;
        if (what->op == OBOL_KERNEL_DELETE_SA && p->op == OBOL_KERNEL_ADD_SA && same_name(&p->id, &what->sa.id)) {
            p->undone = TRUE;
            return;
        }
    }
}

static void
note_names(ObolShard *shard, ObolSlot *slot, const ObolKernelRequest *what)
{
    switch (what->op) {
    case OBOL_KERNEL_ADD_SA:
        name_add(shard, slot, &what->sa.id, &what->sa.mark);
        break;
    case OBOL_KERNEL_UPDATE_SA:
        name_remove(shard, slot, &what->sa.id);
        name_add(shard, slot, &what->to, &what->sa.mark);
        break;
    case OBOL_KERNEL_DELETE_SA:
        name_remove(shard, slot, &what->sa.id);
        break;
    case OBOL_KERNEL_GET_SPI:
    case OBOL_KERNEL_QUERY_SA:
    case OBOL_KERNEL_ADD_POLICY:
    case OBOL_KERNEL_DELETE_POLICY:
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_UPDATE_POLICY:
    case OBOL_KERNEL_LIST:
        break;
    }
}

void
obol_kernel_tickets_request(ObolShard *shard, ObolSlot *slot, guint32 request, const ObolKernelRequest *what)
{
    ObolKernelPending *pending = g_new(ObolKernelPending, 1);

    *pending = (ObolKernelPending) {
        .ticket = ++shard->kernel.last_ticket, .slot = slot, .next = slot->pending, .request = request, .op = what->op,
        .inbound = what->op == OBOL_KERNEL_ADD_SA && what->sa.inbound, .id = what->sa.id, .to = what->to, .mark = what->sa.mark,
        .policy = what->op == OBOL_KERNEL_ADD_POLICY ? g_memdup2(&what->policy, sizeof what->policy) : NULL,
    };
    mark_undone(slot, what);
    note_names(shard, slot, what);
    if (slot->pending != NULL)
        slot->pending->previous = pending;
    slot->pending = pending;
    obol_key_table_set(&shard->kernel.by_ticket, pending->ticket, pending);
    shard->ports.kernel(shard->data, pending->ticket, what);
}

/* --- answers --- */

static void
unlink_pending(ObolKernelPending *pending)
{
    if (pending->slot != NULL && pending->slot->pending == pending)
        pending->slot->pending = pending->next;
    if (pending->previous != NULL)
        pending->previous->next = pending->next;
    if (pending->next != NULL)
        pending->next->previous = pending->previous;
}

/* On nobody's behalf: the answer is not waited for. */
static void
ask_to_delete(ObolShard *shard, const ObolSaId *id, const ObolMark *mark)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_SA, .sa = { .id = *id, .mark = *mark } };

    shard->ports.kernel(shard->data, ++shard->kernel.last_ticket, &request);
}

static void
undo(ObolShard *shard, const ObolKernelPending *pending, const ObolKernelReply *reply)
{
    ObolKernelRequest request = { .op = OBOL_KERNEL_DELETE_POLICY };
    ObolSaId id = pending->id;

    /* An inbound SA that was refused leaves its SPI reserved; an outbound one may be refused for being another SA's. */
    if (pending->undone || (reply->error != NULL && !(pending->op == OBOL_KERNEL_ADD_SA && pending->inbound)))
        return;
    if (pending->op == OBOL_KERNEL_ADD_POLICY) {
        request.policy = *pending->policy;
        shard->ports.kernel(shard->data, ++shard->kernel.last_ticket, &request);
        return;
    }
    if (pending->op == OBOL_KERNEL_GET_SPI)
        id.spi = reply->spi;
    ask_to_delete(shard, &id, &pending->mark);
}

ObolSlot *
obol_kernel_tickets_reply(ObolShard *shard, guint64 ticket, const ObolKernelReply *reply, guint32 *request)
{
    ObolKernelPending *pending = obol_key_table_get(&shard->kernel.by_ticket, ticket);
    ObolSlot *slot;

    if (pending == NULL)
        return NULL;
    slot = pending->slot;
    *request = pending->request;
    obol_key_table_set(&shard->kernel.by_ticket, ticket, NULL);
    if (slot == NULL) {
        undo(shard, pending, reply);
    } else if (pending->op == OBOL_KERNEL_GET_SPI && reply->error == NULL) {
        ObolSaId id = pending->id;

        id.spi = reply->spi;
        name_add(shard, slot, &id, &pending->mark);
    } else if (pending->op == OBOL_KERNEL_ADD_SA && reply->error != NULL && !pending->inbound && !pending->undone) {
        name_remove(shard, slot, &pending->id);
    } else if (pending->op == OBOL_KERNEL_UPDATE_SA && reply->error != NULL) {
        name_remove(shard, slot, &pending->to); /* it has stayed where it was */
        name_add(shard, slot, &pending->id, &pending->mark);
    }
    unlink_pending(pending);
    pending_free(pending);
    return slot;
}

/* --- the end --- */

void
obol_kernel_tickets_orphan(ObolShard *shard, ObolSlot *slot)
{
    ObolKernelPending *next;

    for (ObolKernelPending *p = slot->pending; p != NULL; p = next) {
        next = p->next;
        p->slot = NULL;
        p->next = p->previous = NULL;
        if (p->op != OBOL_KERNEL_GET_SPI && p->op != OBOL_KERNEL_ADD_SA && p->op != OBOL_KERNEL_ADD_POLICY) {
            obol_key_table_set(&shard->kernel.by_ticket, p->ticket, NULL);
            pending_free(p);
        } else if (p->op == OBOL_KERNEL_ADD_SA) {
            name_remove(shard, slot, &p->id); /* not there yet: to be deleted when it is */
        }
    }
    slot->pending = NULL;
    for (const ObolKernelName *name = slot->names; name != NULL; name = name->next) {
        ObolSaId id = { .destination = name->destination, .spi = name->spi, .protocol = name->protocol };

        ask_to_delete(shard, &id, &name->mark);
    }
    obol_kernel_tickets_drop(shard, slot);
}

void
obol_kernel_tickets_move(ObolSlot *from, ObolSlot *to)
{
    to->names = g_steal_pointer(&from->names);
    to->pending = g_steal_pointer(&from->pending);
    for (ObolKernelName *name = to->names; name != NULL; name = name->next)
        name->slot = to;
    for (ObolKernelPending *pending = to->pending; pending != NULL; pending = pending->next)
        pending->slot = to;
}

void
obol_kernel_tickets_drop(ObolShard *shard, ObolSlot *slot)
{
    while (slot->names != NULL) {
        g_autofree ObolKernelName *name = slot->names;

        slot->names = name->next;
        obol_key_table_set(&shard->kernel.by_name, name->key, NULL);
    }
    while (slot->pending != NULL) {
        ObolKernelPending *pending = slot->pending;

        slot->pending = pending->next;
        obol_key_table_set(&shard->kernel.by_ticket, pending->ticket, NULL);
        pending_free(pending);
    }
}
