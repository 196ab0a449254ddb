/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/items.c - what can be left out of a history. */
#include "testing/sim/items.h"

#include <stdio.h>

#define FATE (G_GUINT64_CONSTANT(1) << 63)
#define HOST_BITS 15

SimItem
sim_item_of_deed(guint number)
{
    return number;
}

SimItem
sim_item_of_fate(guint from, guint to, guint number)
{
    return FATE | (guint64) from << (32 + HOST_BITS) | (guint64) to << 32 | number;
}

gboolean
sim_item_is_deed(SimItem item)
{
    return (item & FATE) == 0;
}

GHashTable *
sim_items_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

void
sim_items_add(GHashTable *items, SimItem item)
{
    g_hash_table_add(items, g_memdup2(&item, sizeof item));
}

gboolean
sim_items_keep(GHashTable *items, SimItem item)
{
    return items == NULL || g_hash_table_contains(items, &item);
}

GHashTable *
sim_items_parse(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autoptr(GHashTable) items = sim_items_new();

    for (char **word = words; *word != NULL; word++) {
        guint from, to, number;
        int n = -1;

        if (sscanf(*word, "d%u%n", &number, &n) == 1 && (*word)[n] == '\0') {
            sim_items_add(items, sim_item_of_deed(number));
        } else if (n = -1, sscanf(*word, "%u>%u#%u%n", &from, &to, &number, &n) == 3 && (*word)[n] == '\0'
                               && MAX(from, to) < 1u << HOST_BITS) {
            sim_items_add(items, sim_item_of_fate(from, to, number));
        } else if (**word != '\0') {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is neither a deed such as d7 nor a datagram such as 0>2#17", *word);
            return NULL;
        }
    }
    return g_steal_pointer(&items);
}

char *
sim_items_format(const GArray *items)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < items->len; i++) {
        SimItem item = g_array_index(items, SimItem, i);

        if (i > 0)
            g_string_append_c(text, ',');
        if (sim_item_is_deed(item))
            g_string_append_printf(text, "d%u", (guint) item);
        else
            g_string_append_printf(text, "%u>%u#%u", (guint) (item >> (32 + HOST_BITS)) & ((1u << HOST_BITS) - 1),
                                   (guint) (item >> 32) & ((1u << HOST_BITS) - 1), (guint) item);
    }
    return g_string_free(text, FALSE);
}
