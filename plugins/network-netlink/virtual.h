/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtual.h - addresses that we have been lent, on the loopback device: local wherever packets come and go. */
#ifndef NETWORK_NETLINK_VIRTUAL_H
#define NETWORK_NETLINK_VIRTUAL_H

#include "wire.h"

#define VIRTUALS_MAX 1024

typedef struct Virtuals Virtuals;

Virtuals *virtuals_new(Wire *wire);
void virtuals_free(Virtuals *virtuals); /* and the addresses that are ours */

/* Counted.  One that somebody else has installed is left as it is.  0 or a negative errno. */
int virtuals_add(Virtuals *virtuals, const ObolAddress *address);
int virtuals_remove(Virtuals *virtuals, const ObolAddress *address);

#endif
