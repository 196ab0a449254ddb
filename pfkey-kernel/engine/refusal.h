/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* refusal.h - the kernel's errno as a reason. */
#ifndef PFKEY_ENGINE_REFUSAL_H
#define PFKEY_ENGINE_REFUSAL_H

#include <obol/kernel.h>

#include "pfkey-kernel/wire/system.h"

/* (transfer full): that the kernel answered @asked by @number.  @about: what it was asked for ("SA 0xc0ffee01 to 192.0.2.1"). */
GError *pfkey_refusal_new(PfkeyType asked, int number, const char *about);

#endif
