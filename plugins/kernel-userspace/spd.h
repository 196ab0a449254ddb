/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spd.h - the security policy database, and which policy is a packet's.
 *
 * Looked up by tuple space: policies lie in a hash table under their selectors' prefixes, and a lookup asks once for each pair of
 * prefix lengths that is in use.  Ten thousand road warriors are one such pair (/0 to /32), so the cost does not grow with
 * their number; a trie over two dimensions would need backtracking or copies to do as well.  Before it stands the flow
 * cache (flow-cache.h), which makes all but the first packet of a flow one comparison. */
#ifndef USERSPACE_SPD_H
#define USERSPACE_SPD_H

#include <obol/kernel.h>

#include "packet.h"
#include "siphash.h"

#define SPD_POLICIES_MAX (1u << 20) /* additions, equal ones counted */

/* The covering prefixes of a policy's two selectors. */
typedef struct {
    guint hash;
    guint8 direction;
    guint8 prefixes[2];
    guint16 family;
    guint8 addresses[2][16];
} SpdKey;

/**
 * Policy:
 * @added: of #ObolPolicySpec: all that were added with these selectors, the newest last
 * @spec: of them the one that serves: the newest
 * @trap: one of them is a trap
 * @next: in the same slot, after this one in the order of looking
 */
typedef struct Policy {
    SpdKey key;
    ObolPolicySpec spec;
    gboolean trap;
    guint32 priority;
    GArray *added;
    struct Policy *next;
} Policy;

typedef struct {
    SipKey sip;
    GHashTable *slots; /* SpdKey -> Policy, the first of its slot */
    GArray *pairs;     /* of prefix lengths in use */
    guint n_added;
    guint64 generation;
} Spd;

void spd_init(Spd *spd, const SipKey *sip);
void spd_clear(Spd *spd);

/* %NULL when there are too many, or the two selectors are of different families. */
Policy *spd_add(Spd *spd, const ObolPolicySpec *spec);

/* Takes away what spd_add() added; @gone is called before the policy is freed, when it was the last of its selectors. */
gboolean spd_remove(Spd *spd, const ObolPolicySpec *spec, void (*gone)(gpointer data, Policy *policy), gpointer data);

/* Gives what spd_add() added new tunnel addresses; %FALSE when it is not there. */
gboolean spd_update(Spd *spd, const ObolPolicySpec *spec, const ObolAddress *source, const ObolAddress *destination);

/* Has one of the additions of @policy this reqid and protocol? */
gboolean spd_policy_wants(const Policy *policy, guint32 reqid, guint8 protocol);

/* The policy that decides on @flow: of those that match one with the lowest priority. */
Policy *spd_lookup(const Spd *spd, ObolDirection direction, const Flow *flow);

void spd_each(const Spd *spd, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);

#endif
