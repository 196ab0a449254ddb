/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device.h - by which device do packets to a peer leave? */
#ifndef XFRM_DEVICE_H
#define XFRM_DEVICE_H

#include <obol/address.h>

/* Its interface index; 0: no route. */
guint32 device_towards(const ObolAddress *peer);

#endif
