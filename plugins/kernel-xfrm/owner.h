/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* owner.h - how SAs and policies are told to be ours, by a successor of a crashed daemon too.
 *
 * The kernel keeps three numbers for us that nobody else has a use for, so no file is needed, which could be lost, stale, or of
 * another network namespace:
 *   an SA's `seq`, free once there is an SA: we make it from the SPI, so that no other program hits it by chance;
 *   a reserved SPI's `reqid`, which no policy ever asks for;
 *   a policy's `index`, which the kernel numbers from 0 upwards unless one is asked for: we ask for one at the far end. */
#ifndef XFRM_OWNER_H
#define XFRM_OWNER_H

#include <obol/kernel.h>

#include "decode.h"

#define OWNER_RESERVED_REQID 0x6f626f6cu /* "obol" */

guint32 owner_sequence(guint32 spi);
gboolean owner_has_sa(const XfrmSa *sa);
/* An SPI only, reserved by us. */
gboolean owner_has_reservation(const XfrmSa *sa);

#define OWNER_SERIALS (1u << 21)

/* @serial below OWNER_SERIALS; @direction the kernel's. */
guint32 owner_index(guint32 serial, guint8 direction);
gboolean owner_has_policy(const struct xfrm_userpolicy_info *policy);

#endif
