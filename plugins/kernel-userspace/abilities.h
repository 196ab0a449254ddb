/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* abilities.h - what this kernel can do, given the crypto plugins that are loaded. */
#ifndef USERSPACE_ABILITIES_H
#define USERSPACE_ABILITIES_H

#include <obol/crypto.h>
#include <obol/kernel.h>

#define ABILITIES_TRANSFORMS_MAX 48

typedef struct {
    ObolTransform transforms[ABILITIES_TRANSFORMS_MAX + 1];
    ObolKernelAbilities abilities;
} Abilities;

/* @plain_esp, @ah: there are raw sockets for them. */
void abilities_fill(Abilities *out, const ObolCrypto *crypto, gboolean plain_esp, gboolean ah);

#endif
