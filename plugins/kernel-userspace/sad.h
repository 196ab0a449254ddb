/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sad.h - the security association database: SAs by name, inbound ones by SPI, outbound ones by reqid. */
#ifndef USERSPACE_SAD_H
#define USERSPACE_SAD_H

#include <obol/kernel.h>

#include "esp.h"
#include "heap.h"
#include "packet.h"
#include "siphash.h"

/* (destination, protocol, SPI), hashed once. */
typedef struct {
    guint hash;
    guint32 spi;
    guint8 protocol;
    ObolAddress destination; /* port 0 */
} SaKey;

/**
 * Sa:
 * @ts: by #FlowEnd: what may travel in it
 * @mtu: the longest payload (tunnel: inner packet) that fits into the path unfragmented
 * @dead: a hard limit was reached: it carries nothing more, but waits for its deletion
 * @older: the next older outbound SA of the same reqid
 */
typedef struct Sa {
    SaKey key;
    ObolSaId id;
    guint32 reqid;
    ObolMode mode;
    gboolean inbound, udp_encap, dead, soft_told;
    ObolLifetimes lifetimes;
    GArray *ts[2];
    guint32 tfc_padding;
    gsize mtu;
    Esp esp;
    ObolSaUsage usage;
    gint64 installed_us;
    Deadline deadline;
    ObolAddress mapping; /* last told */
    gint64 mapping_told_us;
    struct Sa *older;
} Sa;

#define SAD_SAS_MAX (1u << 20)

typedef struct {
    SipKey sip;
    GHashTable *by_key;   /* SaKey -> Sa, owns */
    GHashTable *by_spi;   /* inbound: SPI, which we chose, alone (RFC 4301 section 4.1) */
    GHashTable *by_reqid; /* outbound: the newest */
    guint64 generation;   /* grows with every change that a remembered lookup must not outlive */
} Sad;

void sad_init(Sad *sad, const SipKey *sip);
void sad_clear(Sad *sad);

/* Takes @sa when it returns %TRUE; %FALSE when there is one of that name (inbound: of that SPI), or too many. */
gboolean sad_add(Sad *sad, Sa *sa);
Sa *sad_find(const Sad *sad, const ObolSaId *id);
Sa *sad_find_inbound(const Sad *sad, guint32 spi);
/* Moves @sa to a new address; %FALSE when that name is taken. */
gboolean sad_move(Sad *sad, Sa *sa, const ObolAddress *source, const ObolAddress *destination);
void sad_remove(Sad *sad, Sa *sa);

/**
 * sad_serving:
 * The newest living outbound SA of @reqid that may carry @flow and ends at @destination (family 0: anywhere).
 * %NULL when there is none; @expired then tells whether one has reached its hard limit.
 */
Sa *sad_serving(const Sad *sad, guint32 reqid, const Flow *flow, const ObolAddress *destination, gboolean *expired);

void sa_free(Sa *sa);
/* Recomputes @mtu from the bytes that the path carries. */
void sa_set_path_mtu(Sa *sa, gsize path_mtu);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sa, sa_free)

#endif
