/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/key-table.c - linear probing; removal closes the gap, so there are no tombstones to pile up. */
#include "dispatcher/key-table.h"

#define BITS_MIN 4

void
obol_key_table_init(ObolKeyTable *table)
{
    *table = (ObolKeyTable) { .entries = g_new0(ObolKeyEntry, 1u << BITS_MIN), .bits = BITS_MIN };
}

void
obol_key_table_clear(ObolKeyTable *table)
{
    g_clear_pointer(&table->entries, g_free);
    table->n = 0;
}

/* Multiplication spreads tickets, which count up, and SPIs, whose top bits name the shard. */
static inline guint
home_of(const ObolKeyTable *table, guint64 key)
{
    return (guint) (key * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) >> (64 - table->bits));
}

static inline guint
next_of(const ObolKeyTable *table, guint place)
{
    return (place + 1) & ((1u << table->bits) - 1);
}

/* Where @key is, or where it would go. */
static guint
find(ObolKeyTable *table, guint64 key)
{
    guint place = home_of(table, key);

    table->n_steps++;
    while (table->entries[place].key != 0 && table->entries[place].key != key) {
        table->n_steps++;
        place = next_of(table, place);
    }
    return place;
}

static void
resize(ObolKeyTable *table, guint bits)
{
    g_autofree ObolKeyEntry *old = table->entries;
    gsize n_old = (gsize) 1 << table->bits;

    table->bits = bits;
    table->entries = g_new0(ObolKeyEntry, (gsize) 1 << bits);
    for (gsize i = 0; i < n_old; i++) {
        if (old[i].key != 0)
            table->entries[find(table, old[i].key)] = old[i];
    }
}

/* Pulls back whoever stood behind the gap because of it. */
static void
close_gap(ObolKeyTable *table, guint gap)
{
    guint mask = (1u << table->bits) - 1;

    for (guint place = next_of(table, gap); table->entries[place].key != 0; place = next_of(table, place)) {
        guint home = home_of(table, table->entries[place].key);

        table->n_steps++;
        if (((place - home) & mask) >= ((place - gap) & mask)) {
            table->entries[gap] = table->entries[place];
            gap = place;
        }
    }
    table->entries[gap] = (ObolKeyEntry) { 0 };
}

gpointer
obol_key_table_get(ObolKeyTable *table, guint64 key)
{
    return table->entries[find(table, MAX(key, 1))].value;
}

void
obol_key_table_set(ObolKeyTable *table, guint64 key, gpointer value)
{
    guint place = find(table, MAX(key, 1));
    gboolean there = table->entries[place].key != 0;

    if (value == NULL) {
        if (!there)
            return;
        close_gap(table, place);
        if (--table->n < 1u << table->bits >> 3 && table->bits > BITS_MIN)
            resize(table, table->bits - 1);
        return;
    }
    table->entries[place] = (ObolKeyEntry) { MAX(key, 1), value };
    /* Three quarters full is where probes begin to lengthen. */
    if (!there && ++table->n > (1u << table->bits >> 2) * 3)
        resize(table, table->bits + 1);
}
