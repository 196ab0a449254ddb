/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device.h - by which device do packets to a peer leave, and can it encrypt them? */
#ifndef XFRM_DEVICE_H
#define XFRM_DEVICE_H

#include <obol/address.h>

/* Its interface index; 0: no route. */
guint32 device_towards(const ObolAddress *peer);
/* Asked of the device, not by trying: the try would load the kernel's code for it, which then does without TFC padding for all. */
gboolean device_encrypts(guint32 index);
gboolean any_device_encrypts(void);

#endif
