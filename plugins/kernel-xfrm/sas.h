/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sas.h - the SAs and reserved SPIs that we believe the kernel holds for us.  No keys. */
#ifndef XFRM_SAS_H
#define XFRM_SAS_H

#include <obol/kernel.h>

#define SAS_MAX (1u << 20)

typedef struct {
    guint8 key[32];
    ObolSaId id;
    ObolMark mark;
    guint32 reqid;
    ObolMode mode;
    gboolean inbound, udp_encap;
    ObolLifetimes lifetimes;
    gint64 added_us;
    gboolean reserved;      /* an SPI only */
    gint64 reserved_until_us;
    gboolean soft_told;
    gboolean moved;         /* from: */
    ObolAddress former_source, former_destination;
    ObolAddress mapped;     /* what was told last */
    gint64 mapped_us;
    guint seen;             /* the comparison that found it in the kernel */
} Sa;

typedef struct Sas Sas;

Sas *sas_new(void);
void sas_free(Sas *sas);
void sas_clear(Sas *sas);
guint sas_count(const Sas *sas);

/* %NULL when there is one of that name, or when there are too many. */
Sa *sas_add(Sas *sas, const ObolSaId *id, const ObolMark *mark);
/* Without a mark (mask 0): the first of that name. */
Sa *sas_find(const Sas *sas, const ObolSaId *id, const ObolMark *mark);
void sas_remove(Sas *sas, Sa *sa);
/* %FALSE when there is one of the new name already. */
gboolean sas_rename(Sas *sas, Sa *sa, const ObolSaId *to);

/* @visit may remove the one that it is given. */
void sas_each(Sas *sas, void (*visit)(Sa *sa, gpointer data), gpointer data);

/* Is this the acquire of a policy that has not followed its outbound SA to new addresses yet? */
gboolean sas_has_moved_from(const Sas *sas, guint32 reqid, const ObolAddress *source, const ObolAddress *destination);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sas, sas_free)

#endif
