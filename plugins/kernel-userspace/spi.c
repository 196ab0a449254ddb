/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spi.c - inbound SPIs and CPIs: random, and reserved until an SA takes them or 165 seconds are over. */
#include "spi.h"

typedef struct {
    Deadline deadline;
    Spis *spis;
    WireKey wire;
    ObolSaId id;
} Reservation;

static void
expire(Deadline *deadline, gpointer data, gint64 now_us)
{
    Reservation *reservation = (Reservation *) deadline; /* its first member */

    (void) data;
    (void) now_us;
    g_hash_table_remove(reservation->spis->reserved, &reservation->wire);
}

static void
reservation_free(gpointer data)
{
    Reservation *reservation = data;

    if (reservation->id.protocol == OBOL_PROTO_IPCOMP)
        reservation->spis->n_cpis--;
    heap_remove(reservation->spis->heap, &reservation->deadline);
    g_free(reservation);
}

void
spis_init(Spis *spis, Heap *heap, const ObolRandom *random)
{
    *spis = (Spis) {
        .reserved = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, reservation_free), .heap = heap, .random = random,
    };
}

void
spis_clear(Spis *spis)
{
    g_clear_pointer(&spis->reserved, g_hash_table_unref);
}

static guint32
draw(const Spis *spis, gboolean cpi)
{
    guint32 number;

    do {
        obol_random_fill(spis->random, (guint8 *) &number, sizeof number);
    } while (number < SPI_FIRST);
    return cpi ? CPI_FIRST + number % (CPI_LAST - CPI_FIRST + 1) : number;
}

guint32
spis_reserve(Spis *spis, const Sad *sad, const ObolSaId *id, gint64 now_us)
{
    gboolean cpi = id->protocol == OBOL_PROTO_IPCOMP;
    Reservation *reservation;
    guint32 spi = 0;

    if (g_hash_table_size(spis->reserved) >= SPI_RESERVED_MAX || (cpi && spis->n_cpis >= CPI_RESERVED_MAX))
        return 0;
    for (guint i = 0; spi == 0 && i < 64; i++) { /* SPIs: the second try is rare; CPIs: SAs may have nearly all */
        guint32 number = draw(spis, cpi);
        WireKey key = wire_key(id->protocol, number);

        if (!g_hash_table_contains(spis->reserved, &key) && sad_find_inbound(sad, id->protocol, number) == NULL)
            spi = number;
    }
    if (spi == 0)
        return 0;
    reservation = g_new0(Reservation, 1);
    reservation->deadline.due = expire;
    reservation->spis = spis;
    reservation->wire = wire_key(id->protocol, spi);
    reservation->id = *id;
    reservation->id.spi = spi;
    spis->n_cpis += cpi ? 1 : 0;
    g_hash_table_insert(spis->reserved, &reservation->wire, reservation);
    heap_set(spis->heap, &reservation->deadline, now_us + SPI_KEPT_US);
    return spi;
}

gboolean
spis_release(Spis *spis, guint8 protocol, guint32 spi)
{
    WireKey key = wire_key(protocol, spi);

    return g_hash_table_remove(spis->reserved, &key);
}

void
spis_each(const Spis *spis, void (*visit)(const ObolSaId *id, gpointer data), gpointer data)
{
    GHashTableIter iter;
    gpointer reservation;

    g_hash_table_iter_init(&iter, spis->reserved);
    while (g_hash_table_iter_next(&iter, NULL, &reservation))
        visit(&((Reservation *) reservation)->id, data);
}
