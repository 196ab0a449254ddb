/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spi.h - inbound SPIs and CPIs: random, and reserved until an SA takes them or 165 seconds are over. */
#ifndef USERSPACE_SPI_H
#define USERSPACE_SPI_H

#include <obol/crypto.h>

#include "sad.h"

#define SPI_FIRST 256                                /* RFC 4303 section 2.1: 1 to 255 are IANA's */
#define CPI_FIRST 256                                /* RFC 3173 section 3.3: 0 to 255 are well known or reserved, */
#define CPI_LAST 61439                               /* and the last of 16 bits are for private use */
#define SPI_KEPT_US (165 * (gint64) G_USEC_PER_SEC)  /* obol/kernel.h */
#define SPI_RESERVED_MAX 65536
#define CPI_RESERVED_MAX 16384                       /* of so few numbers some must stay free to be found */

typedef struct {
    GHashTable *reserved; /* WireKey -> reservation */
    guint n_cpis;
    Heap *heap;
    const ObolRandom *random;
} Spis;

void spis_init(Spis *spis, Heap *heap, const ObolRandom *random);
void spis_clear(Spis *spis);

/* A number for @id, whose own is ignored, that neither a reservation nor an inbound SA of @sad has.  0 when there are too
 * many. */
guint32 spis_reserve(Spis *spis, const Sad *sad, const ObolSaId *id, gint64 now_us);
/* %FALSE when it was not reserved. */
gboolean spis_release(Spis *spis, guint8 protocol, guint32 spi);
void spis_each(const Spis *spis, void (*visit)(const ObolSaId *id, gpointer data), gpointer data);

#endif
