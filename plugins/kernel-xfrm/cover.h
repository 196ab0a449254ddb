/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cover.h - traffic selectors as the kernel's selectors, which know prefixes of addresses and masks of ports, and back. */
#ifndef XFRM_COVER_H
#define XFRM_COVER_H

#include <linux/xfrm.h>
#include <obol/kernel.h>

#define COVER_MAX 256 /* kernel selectors for one pair of traffic selectors; more is refused */

/**
 * cover_make:
 * @source, @destination: ranges; of ICMP the type and code of either (RFC 7296 section 3.13.1)
 * @why: (out): on failure what is wrong, static
 * @invalid: (out): on failure: the pair makes no sense; else the kernel can not have it
 *
 * Returns: (transfer full): #GArray of struct xfrm_selector that together match what both match, nothing twice; %NULL: refused.
 */
GArray *cover_make(const ObolTs *source, const ObolTs *destination, const char **why, gboolean *invalid);

/* The smallest traffic selectors that hold @selector: exactly it, except for masks of ports that are no range. */
void cover_read(const struct xfrm_selector *selector, ObolTs *source, ObolTs *destination);

/* Lower is looked at first: the narrower, and of equal ones those that let pass or drop. */
guint32 cover_priority(const ObolPolicySpec *policy);

#endif
