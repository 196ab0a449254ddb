/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* owner.c - how SAs and policies are told to be ours. */
#include "owner.h"

/* The three lowest bits of an index are the direction, the kernel insists. */
#define INDEX_OURS 0xb0000000u
#define INDEX_MASK 0xff000000u

/* Acquires count from 1 and most programs leave 0: both are far from the upper half. */
guint32
owner_sequence(guint32 spi)
{
    return 0x80000000u | (spi ^ OWNER_RESERVED_REQID) * 2654435761u >> 1;
}

gboolean
owner_has_sa(const XfrmSa *sa)
{
    return sa->id.protocol != 0 && !sa->larval && sa->info.seq == owner_sequence(sa->id.spi);
}

gboolean
owner_has_reservation(const XfrmSa *sa)
{
    return sa->id.protocol != 0 && sa->larval && sa->id.spi != 0 && sa->info.reqid == OWNER_RESERVED_REQID;
}

guint32
owner_index(guint32 serial, guint8 direction)
{
    return INDEX_OURS | serial << 3 | direction;
}

gboolean
owner_has_policy(const struct xfrm_userpolicy_info *policy)
{
    return (policy->index & INDEX_MASK) == INDEX_OURS && (policy->index & 7) == policy->dir;
}
