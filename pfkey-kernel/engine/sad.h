/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sad.h - the SAs that we believe the kernel holds for us. */
#ifndef PFKEY_ENGINE_SAD_H
#define PFKEY_ENGINE_SAD_H

#include <obol/kernel.h>

#include "pfkey-kernel/engine/deadlines.h"

typedef struct {
    PfkeyDeadline deadline; /* first: whose it is */
    ObolSaId id;            /* as the daemon calls it */
    ObolSaId held;          /* as the kernel does: a MIGRATE can have moved it before it was asked to be */
    guint64 order;          /* of installation */
    guint32 reqid;
    ObolMode mode;
    gboolean inbound, udp_encap;
    gboolean reserved;      /* only an SPI so far */
    gboolean gone;          /* the kernel has it no more, and the daemon was told */
    gboolean soft_told;
    gint64 soft_us, hard_us; /* when; G_MAXINT64: never */
    ObolAddress mapped;      /* the last change of mapping that was told, and when */
    gint64 mapped_us;
    guint seen;              /* number of the comparison that last saw it in the kernel */
} PfkeySadEntry;

typedef struct {
    GTree *by_name, *by_held; /* of ObolSaId; the first owns */
    guint64 last_order;
    PfkeyDeadlines *deadlines;
} PfkeySad;

void pfkey_sad_init(PfkeySad *sad);
void pfkey_sad_clear(PfkeySad *sad);
/* Replaces one of this name. */
PfkeySadEntry *pfkey_sad_add(PfkeySad *sad, const ObolSaId *id);
void pfkey_sad_remove(PfkeySad *sad, PfkeySadEntry *entry);
PfkeySadEntry *pfkey_sad_find(const PfkeySad *sad, const ObolSaId *id);
PfkeySadEntry *pfkey_sad_find_held(const PfkeySad *sad, const ObolSaId *id);
/* The inbound SA of @spi whose packets came from @source so far. */
PfkeySadEntry *pfkey_sad_find_inbound(const PfkeySad *sad, guint8 protocol, guint32 spi, const ObolAddress *source);
/* The newest that a MIGRATE of @entry's addresses would move in its stead. */
PfkeySadEntry *pfkey_sad_newest_beside(const PfkeySad *sad, const PfkeySadEntry *entry);
void pfkey_sad_rename(PfkeySad *sad, PfkeySadEntry *entry, const ObolSaId *id);
void pfkey_sad_set_held(PfkeySad *sad, PfkeySadEntry *entry, const ObolSaId *held);
guint pfkey_sad_n(const PfkeySad *sad);
/* (transfer container): of PfkeySadEntry. */
GPtrArray *pfkey_sad_all(const PfkeySad *sad);
/* Arms the deadline for what is to come next of the two. */
void pfkey_sad_arm(PfkeySad *sad, PfkeySadEntry *entry);

gboolean pfkey_address_same(const ObolAddress *a, const ObolAddress *b); /* bytes alone: the kernel knows no scope */
/* "SA c0ffee01 to 192.0.2.1". */
char *pfkey_sa_text(const ObolSaId *id);

#endif
