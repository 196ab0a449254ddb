/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefixes.h - a range of addresses as the fewest prefixes. */
#ifndef NETWORK_NETLINK_PREFIXES_H
#define NETWORK_NETLINK_PREFIXES_H

#include <obol/ts.h>

#define PREFIXES_MAX 254 /* the worst range of IPv6 */

typedef struct {
    ObolAddress address;
    guint8 bits;
} Prefix;

/* How many there are, in ascending order; 0 for a range that is none. */
guint prefixes_of(const ObolTs *range, Prefix out[PREFIXES_MAX]);

#endif
