/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spi.h - inbound SPIs: random, and reserved until an SA takes them or 165 seconds are over. */
#ifndef USERSPACE_SPI_H
#define USERSPACE_SPI_H

#include <obol/crypto.h>

#include "heap.h"

#define SPI_FIRST 256                                /* RFC 4303 section 2.1: 1 to 255 are IANA's */
#define SPI_KEPT_US (165 * (gint64) G_USEC_PER_SEC)  /* obol/kernel.h */
#define SPI_RESERVED_MAX 65536

typedef struct {
    GHashTable *reserved; /* SPI -> reservation */
    Heap *heap;
    const ObolRandom *random;
} Spis;

void spis_init(Spis *spis, Heap *heap, const ObolRandom *random);
void spis_clear(Spis *spis);

/* @in_use says whether an SA has it.  0 when too many are reserved. */
guint32 spis_reserve(Spis *spis, gboolean (*in_use)(gpointer data, guint32 spi), gpointer data, gint64 now_us);
/* %FALSE when it was not reserved. */
gboolean spis_release(Spis *spis, guint32 spi);
gboolean spis_is_reserved(const Spis *spis, guint32 spi);

#endif
