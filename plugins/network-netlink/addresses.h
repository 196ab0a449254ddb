/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* addresses.h - the addresses of this machine, as last looked at. */
#ifndef NETWORK_NETLINK_ADDRESSES_H
#define NETWORK_NETLINK_ADDRESSES_H

#include <obol/ts.h>

#include "wire.h"

typedef struct {
    ObolAddress address;
    guint32 device;
    char name[IF_NAMESIZE];
    gboolean loopback; /* the device, not the address */
} OwnAddress;

/* (transfer full): of OwnAddress: those of devices that are up, neither tentative nor deprecated, and good beyond the link and
 * the host; %NULL with @status a negative errno. */
GArray *addresses_look(Wire *wire, int *status);
gboolean addresses_equal(const GArray *a, const GArray *b);

#endif
