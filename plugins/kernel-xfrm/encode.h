/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* encode.h - SAs and policies as requests to the kernel.  Pure: what they say is the caller's to have checked (spec.h). */
#ifndef XFRM_ENCODE_H
#define XFRM_ENCODE_H

#include <obol/kernel.h>

#include "message.h"

/* What changes how things are said to this kernel; found out once (probe.h). */
typedef struct {
    gboolean sa_direction;   /* Linux 6.10: an SA is told its direction, and outbound ones have no window */
    gboolean mapping_timer;  /* Linux 5.17: changes of the peer's address are told at most so often */
    guint32 mapping_interval_s;
} XfrmDialect;

/* @offload_device: interface index, 0: none. */
void encode_sa(XfrmRequest *request, guint16 type, const ObolSaSpec *spec, const XfrmDialect *dialect, guint32 offload_device);
/* An SPI from @first to @last. */
void encode_allocspi(XfrmRequest *request, const ObolSaId *id, guint32 first, guint32 last, const XfrmDialect *dialect);
/* An SPI for the SA that an acquire waits for, so that it can be named and removed. */
typedef struct {
    ObolSaId id;
    guint32 reqid, sequence, if_id;
    guint8 mode; /* the kernel's */
    ObolMark mark;
} XfrmWaiting;
void encode_allocspi_for(XfrmRequest *request, const XfrmWaiting *waiting);
/* DELSA or GETSA; of @mark only the value counts. */
void encode_sa_name(XfrmRequest *request, guint16 type, const ObolSaId *id, const ObolMark *mark);

/* NEWPOLICY or UPDPOLICY: @policy for what @selector says of it. */
void encode_policy(XfrmRequest *request, guint16 type, const ObolPolicySpec *policy, const struct xfrm_selector *selector,
                   guint32 index, guint32 priority);
void encode_policy_name(XfrmRequest *request, guint16 type, guint32 index, const ObolMark *mark, guint32 if_id);

#endif
