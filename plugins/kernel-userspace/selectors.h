/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* selectors.h - does a packet's flow lie within traffic selectors? */
#ifndef USERSPACE_SELECTORS_H
#define USERSPACE_SELECTORS_H

#include <obol/ts.h>

#include "packet.h"

/* @end of @flow against @ts.  A flow without ports matches selectors for any port, and OPAQUE ones (RFC 4301 section 4.4.1.1). */
gboolean selector_matches(const ObolTs *ts, const Flow *flow, FlowEnd end);

/* Any of @list (of #ObolTs). */
gboolean selectors_match(const GArray *list, const Flow *flow, FlowEnd end);

/* The selector of one packet's @end alone, for an acquire. */
void selector_of_flow(const Flow *flow, FlowEnd end, ObolTs *out);

/* 4 or 16. */
gsize selector_n_bytes(const ObolTs *ts);

/* The longest prefix, in bits, that all of the range shares. */
guint selector_prefix(const ObolTs *ts);

/* A measure of how much @ts lets in, in bits: 0 for one packet's own. */
guint selector_width(const ObolTs *ts);

#endif
