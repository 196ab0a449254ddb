/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alone.h - one daemon a network namespace: a second one would take the first's SAs for leftovers. */
#ifndef XFRM_ALONE_H
#define XFRM_ALONE_H

#include <glib.h>

/* A descriptor to keep open as long as we serve; -1: there is another one (@error set). */
int alone_begin(GError **error);

#endif
