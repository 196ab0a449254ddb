/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/key-table.h - 64-bit keys to pointers: an open hash, 16 bytes an entry.
 *
 * Keys are SPIs and tickets that we chose, or keyed hashes: never what a stranger sent.  Key 0 stands for "empty" and
 * is taken for 1, which costs nothing: an SPI is never 0, and a hash may as well be one off. */
#ifndef OBOL_DISPATCHER_KEY_TABLE_H
#define OBOL_DISPATCHER_KEY_TABLE_H

#include <glib.h>

typedef struct {
    guint64 key;
    gpointer value;
} ObolKeyEntry;

typedef struct {
    ObolKeyEntry *entries;
    guint n, bits;   /* 2^bits places */
    guint64 n_steps; /* places looked at since the beginning: the cost, for tests */
} ObolKeyTable;

void obol_key_table_init(ObolKeyTable *table);
void obol_key_table_clear(ObolKeyTable *table);
gpointer obol_key_table_get(ObolKeyTable *table, guint64 key); /* NULL: not there */
/* Adds or replaces.  @value NULL removes. */
void obol_key_table_set(ObolKeyTable *table, guint64 key, gpointer value);

#endif
