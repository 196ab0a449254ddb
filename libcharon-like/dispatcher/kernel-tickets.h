/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/kernel-tickets.h - which SA a kernel's answer or event is for, and what an SA leaves in the kernel. */
#ifndef OBOL_DISPATCHER_KERNEL_TICKETS_H
#define OBOL_DISPATCHER_KERNEL_TICKETS_H

#include "dispatcher/key-table.h"
#include "dispatcher/keyed-hash.h"
#include "dispatcher/shard.h"

typedef struct ObolSlot ObolSlot;

/* An SAD entry, or an SPI reserved for one, that an SA has in the kernel. */
typedef struct ObolKernelName ObolKernelName;
struct ObolKernelName {
    guint64 key;
    ObolSlot *slot;
    ObolKernelName *next; /* of the same slot */
    ObolAddress destination;
    ObolMark mark;
    guint32 spi;
    guint8 protocol;
};

/* A request that the kernel has not answered yet. */
typedef struct ObolKernelPending ObolKernelPending;
struct ObolKernelPending {
    guint64 ticket;
    ObolSlot *slot; /* NULL: it is gone; the answer is only waited for to undo what was done */
    ObolKernelPending *next, *previous;
    guint32 request; /* the SA's own counting */
    ObolKernelOp op;
    gboolean undone;          /* its opposite has been asked for since */
    gboolean inbound;         /* ADD_SA */
    ObolSaId id;              /* GET_SPI, ADD_SA, UPDATE_SA */
    ObolSaId to;              /* UPDATE_SA */
    ObolMark mark;            /* part of an SA's name */
    ObolPolicySpec *policy;   /* ADD_POLICY */
};

typedef struct {
    guint64 last_ticket;
    ObolKeyTable by_ticket; /* of ObolKernelPending */
    ObolKeyTable by_name;   /* keyed hash of (destination, protocol, SPI) -> ObolKernelName */
} ObolKernelTickets;

void obol_kernel_tickets_init(ObolKernelTickets *tickets);
void obol_kernel_tickets_clear(ObolKernelTickets *tickets); /* once all slots are gone */

/* The SA @slot asks for something. */
void obol_kernel_tickets_request(ObolShard *shard, ObolSlot *slot, guint32 request, const ObolKernelRequest *what);
/* The answer.  Returns the slot that wants to hear of it and its own number for the request; NULL: nobody. */
ObolSlot *obol_kernel_tickets_reply(ObolShard *shard, guint64 ticket, const ObolKernelReply *reply, guint32 *request);
/* The SA is over: what it still has in the kernel is taken out, and what is still on its way there will be. */
void obol_kernel_tickets_orphan(ObolShard *shard, ObolSlot *slot);
/* What @from has asked for and has in the kernel is @to's, which has nothing there yet. */
void obol_kernel_tickets_move(ObolSlot *from, ObolSlot *to);
/* Forgets the slot without a word to the kernel. */
void obol_kernel_tickets_drop(ObolShard *shard, ObolSlot *slot);
ObolSlot *obol_kernel_tickets_find(ObolShard *shard, const ObolSaId *id);

#endif
