/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/shard-private.h - the insides of a shard, for the files of this room. */
#ifndef OBOL_DISPATCHER_SHARD_PRIVATE_H
#define OBOL_DISPATCHER_SHARD_PRIVATE_H

#include "dispatcher/admission.h"
#include "dispatcher/bucket.h"
#include "dispatcher/kernel-tickets.h"
#include "dispatcher/key-table.h"
#include "dispatcher/keyed-hash.h"
#include "dispatcher/lingering.h"
#include "dispatcher/reqids.h"
#include "dispatcher/shard.h"
#include "dispatcher/timer-heap.h"

/* Of the SAs of one connection with one address so many are looked at: the newest serve as well as any. */
#define OBOL_PEERS_LOOKED_AT 16

/* Slots with something in common, newest first. */
typedef struct {
    guint64 key; /* 0: in no list */
    ObolSlot *next, *previous;
} ObolSlotLink;

/* One IKE SA and where it stands in the shard's tables.  There may be a hundred thousand: keep it small. */
struct ObolSlot {
    ObolIkeSa *sa;
    guint64 spi; /* ours */
    ObolTimer timer;
    guint index; /* in shard->slots */
    guint n_installed; /* Child SAs */
    guint n_jobs;      /* under way */
    guint64 request;        /* responder: keyed hash of the IKE_SA_INIT request that made it; else 0 */
    guint64 half_open_mark; /* while half-open: of its address */
    ObolSlotLink identity;  /* authentic, by the pair of identities */
    ObolSlotLink peer;      /* by connection and remote address */
    ObolSlotLink local;     /* by its local address, once it is established */
    ObolSlotLink mobile;    /* all with MOBIKE */
    ObolSlotLink origin;    /* by connection and the address at which we first met a peer that has been met elsewhere since */
    ObolKernelName *names;  /* what it has in the kernel */
    ObolKernelPending *pending; /* what it has asked of the kernel */
    guint64 renews, renewed_by; /* reauthentication: SPIs of the slot in whose place it is, and that in its place; 0: none */
    guint64 predecessor;        /* SPI of the slot whose heir it is; 0: none */
    guint responder : 1, half_open : 1, established : 1, closing : 1;
};

/* Tables of lists: the first of each is in the table. */
typedef enum { OBOL_BY_IDENTITY, OBOL_BY_PEER, OBOL_BY_LOCAL, OBOL_BY_MOBILE, OBOL_BY_ORIGIN, OBOL_N_RELATIONS } ObolSlotRelation;

/* What one SA's event does to another: done when the event itself is. */
typedef struct {
    guint64 spi;
    ObolEvent event;
    ObolTs packet[2]; /* of OBOL_EVENT_INITIATE, which has not the room; family 0: none */
} ObolEffect;

/* Those of this machine, and who has not heard yet that they have changed. */
typedef struct {
    GArray *present; /* of ObolAddress; NULL: nobody has told */
    GArray *lent;    /* of ObolAddress: by peers, each as often as it was */
    ObolSlot *next;  /* the next to be told; NULL: nobody */
    ObolTimer timer;
} ObolAddresses;

struct ObolShard {
    ObolEngine engine;
    ObolShardLimits limits;
    ObolPorts ports;
    gpointer data;
    ObolHashKey hash_key;
    ObolAdmission admission;
    ObolBucket stray, log;
    GPtrArray *slots; /* of ObolSlot, in no order */
    ObolKeyTable by_spi, by_request;
    ObolKeyTable coming; /* SPIs of IKE SAs that a rekeying is about to make */
    ObolSecret *crash_secret; /* NULL: none */
    ObolKeyTable related[OBOL_N_RELATIONS];
    ObolAddresses addresses;
    ObolTimerHeap timers;
    ObolKernelTickets kernel;
    ObolLingering lingering;
    ObolReqids *reqids;
    ObolActions *actions; /* of the event at hand */
    GArray *effects;      /* of ObolEffect */
    GArray *children;     /* of ObolChildInfo, room for a look at an SA */
    gint64 now_us, told_us; /* of the call at hand; the wake-up last asked for */
    guint32 n_unique_ids;
    gsize half_open_bytes; /* see ObolEngine */
    ObolStats stats;
};

/* --- slots.c: an SA comes, changes, goes --- */
ObolSlot *obol_slot_new_initiator(ObolShard *shard, const ObolConnection *connection, const ObolAddress *local,
                                  const ObolAddress *remote);
ObolSlot *obol_slot_new_responder(ObolShard *shard, const ObolAddress *local, const ObolAddress *remote,
                                  guint64 request);
guint64 obol_slot_new_spi(gpointer shard); /* for the engine: nobody else's */
/* @sa (transfer full) has come out of @old's; as its heir it takes over @old's place in all tables. */
ObolSlot *obol_slot_new_successor(ObolShard *shard, ObolSlot *old, ObolIkeSa *sa, gboolean heir);
/* Feeds one event and carries out what comes of it; the slot may be gone afterwards (%FALSE). */
gboolean obol_slot_feed(ObolShard *shard, ObolSlot *slot, const ObolEvent *event);
void obol_slot_free(ObolShard *shard, ObolSlot *slot); /* without a word to anybody */
void obol_slot_link(ObolShard *shard, ObolSlot *slot, ObolSlotRelation relation, guint64 key);
/* Its addresses are other ones now. */
void obol_slot_moved(ObolShard *shard, ObolSlot *slot, const ObolAddress *old_remote);
guint64 obol_shard_local_key(const ObolShard *shard, const ObolAddress *local);
guint64 obol_shard_peer_key(const ObolShard *shard, const char *connection, const ObolAddress *remote);
/* @info's children lie in the shard's own room until the next look. */
void obol_slot_look(ObolShard *shard, const ObolSlot *slot, ObolIkeInfo *info);

/* --- actions.c --- */
void obol_shard_carry_out(ObolShard *shard, ObolSlot *slot);
/* What concerns no slot: a datagram that is to be sent, and the word of a message.  All else is left alone. */
void obol_shard_pass_on(ObolShard *shard, const ObolAction *action);

/* --- uniqueness.c: RFC 7296 section 2.4 and the `unique` setting --- */
void obol_shard_identified(ObolShard *shard, ObolSlot *slot, gboolean initial_contact);
/* For the engine: nobody else has, or sets up, an SA of this connection with this peer, so INITIAL_CONTACT is true. */
gboolean obol_shard_is_first(gpointer data, const ObolIkeSa *sa);

/* --- reauth.c: RFC 7296 section 2.8.3 --- */
/* An IKE SA with the same peer, or another one, and these children; where @old lives on it is told when that one is there. */
void obol_shard_reauthenticate(ObolShard *shard, ObolSlot *old, const ObolAction *action);
/* --- redirect.c: RFC 5685 --- */
/* One in @old's place, of that connection, at the peer that @old's has sent us to. */
ObolSlot *obol_slot_new_redirected(ObolShard *shard, const ObolConnection *connection, const ObolSlot *old, const ObolAddress *to);
void obol_shard_redirected(ObolShard *shard, ObolSlot *old, const ObolAction *action);
void obol_shard_look_up(ObolShard *shard, const ObolSlot *slot, const char *name);

void obol_shard_watch_renewal(ObolShard *shard, ObolSlot *slot); /* one that renews another one has changed */

/* --- addresses.c --- */
void obol_addresses_go_on(ObolShard *shard); /* its timer has rung */
void obol_addresses_leave(ObolShard *shard, ObolSlot *slot); /* it is about to leave the list of those with MOBIKE */
void obol_addresses_lend(ObolShard *shard, gboolean up, const GArray *addresses); /* virtual ones come or go */
void obol_addresses_clear(ObolShard *shard);

/* --- crash.c --- */
/* (transfer full): to be told to whoever sent @request, which names no IKE SA; NULL: there is none to be told. */
ObolSecret *obol_shard_crash_token(ObolShard *shard, const ObolHeader *request);
void obol_shard_spi_dropped(gpointer shard, guint64 spi); /* for the engine */

/* --- acquire.c --- */
void obol_shard_acquire(ObolShard *shard, const ObolKernelEvent *event);
/* An internal command has ended; %FALSE when it is not one. */
gboolean obol_shard_acquire_done(ObolShard *shard, guint32 command, gboolean success);

/* --- commands.c --- */
/* An SA of this connection with this peer that a child can be added to; NULL: none. */
ObolSlot *obol_shard_find_peer(ObolShard *shard, const char *connection, const ObolAddress *remote);

/* --- shard.c --- */
void obol_shard_begin(ObolShard *shard, gint64 now_us);
void obol_shard_settle(ObolShard *shard); /* effects on other SAs, then the wake-up: the end of every call */
/* A line about something that a stranger did: at a bounded rate. */
void obol_shard_log_stray(ObolShard *shard, const ObolDatagram *datagram, const char *what);

#endif
