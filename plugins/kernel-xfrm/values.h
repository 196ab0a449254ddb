/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* values.h - addresses, protocols, modes: ours and the kernel's. */
#ifndef XFRM_VALUES_H
#define XFRM_VALUES_H

#include <linux/xfrm.h>
#include <obol/kernel.h>

void address_to_kernel(const ObolAddress *address, xfrm_address_t *out);
void address_from_kernel(const xfrm_address_t *address, guint16 family, ObolAddress *out);

/* 0 for what has no such number. */
guint8 protocol_to_kernel(guint8 protocol);
guint8 protocol_from_kernel(guint8 protocol);

guint8 mode_to_kernel(ObolMode mode);
ObolMode mode_from_kernel(guint8 mode); /* others than the three: transport */

guint8 direction_to_kernel(ObolDirection direction);
ObolDirection direction_from_kernel(guint8 direction);

#endif
