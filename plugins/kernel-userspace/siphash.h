/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* siphash.h - a keyed hash for tables whose keys strangers choose. */
#ifndef USERSPACE_SIPHASH_H
#define USERSPACE_SIPHASH_H

#include <glib.h>

typedef struct {
    guint64 k[2];
} SipKey;

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of @n bytes. */
guint64 siphash(const SipKey *key, const void *data, gsize n);

#endif
