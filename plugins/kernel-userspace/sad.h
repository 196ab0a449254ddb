/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sad.h - the security association database: SAs by name, inbound ones by SPI, outbound ones by reqid. */
#ifndef USERSPACE_SAD_H
#define USERSPACE_SAD_H

#include <obol/kernel.h>

#include "ah.h"
#include "esp.h"
#include "heap.h"
#include "packet.h"
#include "siphash.h"

/* What an inbound packet tells of its SA: protocol and SPI, which we chose (RFC 4301 section 4.1), in one number. */
typedef guint64 WireKey;

static inline WireKey
wire_key(guint8 protocol, guint32 spi)
{
    return (guint64) protocol << 32 | spi;
}

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
 * @esp, @ah: by the protocol of @id, one of them; neither for IPComp
 * @mtu: the longest payload (tunnel: inner packet) that fits into the path unfragmented
 * @dead: a hard limit was reached: it carries nothing more, but waits for its deletion
 * @copy_dscp, @copy_ecn, @dscp_in, @copy_df, @icmp: what settings and #ObolSaFlags come to
 * @n_incompressible, @n_to_skip: IPComp: packets in a row that did not shrink, and how many are not tried for it
 * @older: the next older SA of the same list by reqid
 */
typedef struct Sa {
    SaKey key;
    WireKey wire;
    ObolSaId id;
    guint32 reqid;
    ObolMode mode;
    gboolean inbound, udp_encap, dead, soft_told;
    gboolean copy_dscp, copy_ecn, dscp_in, copy_df, icmp;
    gboolean translated;   /* inbound: the sender knows other addresses, whose sum is @original_sum (checksum_translate()) */
    guint32 original_sum;
    ObolLifetimes lifetimes;
    GArray *ts[2];
    guint32 tfc_padding;
    gsize mtu;
    Esp esp;
    Ah ah;
    ObolSaUsage usage;
    gint64 installed_us;
    Deadline deadline;
    ObolAddress mapping; /* last told */
    gint64 mapping_told_us;
    guint n_incompressible, n_to_skip;
    struct Sa *older;
} Sa;

#define SAD_SAS_MAX (1u << 20)

typedef struct {
    SipKey sip;
    GHashTable *by_key;   /* SaKey -> Sa, owns */
    GHashTable *by_wire;  /* inbound: WireKey -> Sa */
    GHashTable *by_reqid; /* outbound: the newest, of whatever protocol */
    GHashTable *comps;    /* inbound IPComp by reqid: the newest */
    guint64 generation;   /* grows with every change that a remembered lookup must not outlive */
} Sad;

void sad_init(Sad *sad, const SipKey *sip);
void sad_clear(Sad *sad);

gboolean sad_is_full(const Sad *sad);
/* Takes @sa when it returns %TRUE; %FALSE when there is one of that name (inbound: of that protocol and SPI). */
gboolean sad_add(Sad *sad, Sa *sa);
Sa *sad_find(const Sad *sad, const ObolSaId *id);
Sa *sad_find_inbound(const Sad *sad, guint8 protocol, guint32 spi);
/* The newest inbound IPComp SA beside those of @reqid, or %NULL. */
Sa *sad_inbound_comp(const Sad *sad, guint32 reqid);
void sad_each(const Sad *sad, void (*visit)(const Sa *sa, gpointer data), gpointer data);
/* Moves @sa to a new address; %FALSE when that name is taken. */
gboolean sad_move(Sad *sad, Sa *sa, const ObolAddress *source, const ObolAddress *destination);
void sad_remove(Sad *sad, Sa *sa);

/**
 * sad_serving:
 * The newest living outbound SA of @reqid and @protocol that may carry @flow and ends at @destination (family 0: anywhere).
 * %NULL when there is none; @expired then tells whether one has reached its hard limit.
 */
Sa *sad_serving(const Sad *sad, guint32 reqid, guint8 protocol, const Flow *flow, const ObolAddress *destination,
                gboolean *expired);

void sa_free(Sa *sa);
/* How many of its 2^32 sequence numbers are used; 0 with extended ones. */
guint32 sa_short_numbers_used(const Sa *sa);
/* Recomputes @mtu from the bytes that the path carries. */
void sa_set_path_mtu(Sa *sa, gsize path_mtu);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sa, sa_free)

#endif
