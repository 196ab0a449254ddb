/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spi.c - inbound SPIs: random, and reserved until an SA takes them or 165 seconds are over. */
#include "spi.h"

typedef struct {
    Deadline deadline;
    Spis *spis;
    guint32 spi;
} Reservation;

static void
expire(Deadline *deadline, gpointer data, gint64 now_us)
{
    Reservation *reservation = (Reservation *) deadline; /* its first member */

    (void) data;
    (void) now_us;
    g_hash_table_remove(reservation->spis->reserved, GUINT_TO_POINTER(reservation->spi));
}

static void
reservation_free(gpointer data)
{
    Reservation *reservation = data;

    heap_remove(reservation->spis->heap, &reservation->deadline);
    g_free(reservation);
}

void
spis_init(Spis *spis, Heap *heap, const ObolRandom *random)
{
    *spis = (Spis) { g_hash_table_new_full(NULL, NULL, NULL, reservation_free), heap, random };
}

void
spis_clear(Spis *spis)
{
    g_clear_pointer(&spis->reserved, g_hash_table_unref);
}

guint32
spis_reserve(Spis *spis, gboolean (*in_use)(gpointer data, guint32 spi), gpointer data, gint64 now_us)
{
    Reservation *reservation;
    guint32 spi;

    if (g_hash_table_size(spis->reserved) >= SPI_RESERVED_MAX)
        return 0;
    do { /* both tables are small against 2^32: the second try is rare, the tenth does not happen */
        obol_random_fill(spis->random, (guint8 *) &spi, sizeof spi);
    } while (spi < SPI_FIRST || spis_is_reserved(spis, spi) || in_use(data, spi));
    reservation = g_new0(Reservation, 1);
    reservation->deadline.due = expire;
    reservation->spis = spis;
    reservation->spi = spi;
    g_hash_table_insert(spis->reserved, GUINT_TO_POINTER(spi), reservation);
    heap_set(spis->heap, &reservation->deadline, now_us + SPI_KEPT_US);
    return spi;
}

gboolean
spis_release(Spis *spis, guint32 spi)
{
    return g_hash_table_remove(spis->reserved, GUINT_TO_POINTER(spi));
}

gboolean
spis_is_reserved(const Spis *spis, guint32 spi)
{
    return g_hash_table_contains(spis->reserved, GUINT_TO_POINTER(spi));
}
