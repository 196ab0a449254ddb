/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe.h - what this machine's kernel can do, asked of the kernel itself. */
#ifndef XFRM_PROBE_H
#define XFRM_PROBE_H

#include <obol/kernel.h>

#include "encode.h"
#include "link.h"

#define PROBE_TRANSFORMS_MAX 48

/* Not to be moved: the abilities point into it. */
typedef struct {
    ObolKernelAbilities abilities;
    ObolTransform transforms[PROBE_TRANSFORMS_MAX + 1];
    char summary[96];
    XfrmDialect dialect;
} Probe;

/* %FALSE: nothing that could serve, @error says why. */
gboolean probe_kernel(Link *link, Probe *out, GError **error);

#endif
