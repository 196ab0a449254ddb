/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spd.h - the policies that we believe the kernel holds for us: who added each, and which addition serves. */
#ifndef PFKEY_ENGINE_SPD_H
#define PFKEY_ENGINE_SPD_H

#include "pfkey-kernel/engine/selectors.h"

/* One addition: an ADD_POLICY that covers the piece. */
typedef struct {
    ObolPolicySpec spec; /* with its priority computed */
    gboolean first;      /* of the pieces that the policy became */
} PfkeyUse;

typedef struct {
    PfkeyPiece piece;
    GArray *uses;      /* of PfkeyUse; the last one serves */
    guint32 kernel_id; /* 0: not known */
    guint seen;        /* number of the comparison that last saw it in the kernel, as it should be */
} PfkeySpdEntry;

typedef struct {
    GTree *entries; /* PfkeyPiece -> PfkeySpdEntry */
} PfkeySpd;

void pfkey_spd_init(PfkeySpd *spd);
void pfkey_spd_clear(PfkeySpd *spd);
guint pfkey_spd_n(const PfkeySpd *spd);
PfkeySpdEntry *pfkey_spd_find(const PfkeySpd *spd, const PfkeyPiece *piece);
PfkeySpdEntry *pfkey_spd_find_id(const PfkeySpd *spd, guint32 kernel_id);
/* One more addition, which serves from now on. */
PfkeySpdEntry *pfkey_spd_push(PfkeySpd *spd, const PfkeyPiece *piece, const ObolPolicySpec *spec, gboolean first);
/* The index of the newest addition that was made just so, or, as the addresses may have moved since, of the same kind; -1: none. */
int pfkey_spd_find_use(const PfkeySpdEntry *entry, const ObolPolicySpec *spec);
/* Takes an addition away; with the last the entry goes (and @entry is no more). */
void pfkey_spd_remove_use(PfkeySpd *spd, PfkeySpdEntry *entry, guint index);
/* The addition that serves. */
ObolPolicySpec *pfkey_spd_serving(const PfkeySpdEntry *entry);
gboolean pfkey_spd_is_trap(const PfkeySpdEntry *entry);
/* (transfer container): of PfkeySpdEntry. */
GPtrArray *pfkey_spd_all(const PfkeySpd *spd);

#endif
