/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/items.h - what can be left out of a history: a deed ("d7"), or what the network does to one datagram ("0>2#17": the
 * 17th from host 0 to host 2).  A history is made short by leaving out all that it fails without. */
#ifndef OBOL_TESTING_SIM_ITEMS_H
#define OBOL_TESTING_SIM_ITEMS_H

#include <glib.h>

typedef guint64 SimItem;

SimItem sim_item_of_deed(guint number);
SimItem sim_item_of_fate(guint from, guint to, guint number);
gboolean sim_item_is_deed(SimItem item);

/* A set of them; NULL stands for all. */
GHashTable *sim_items_new(void);
void sim_items_add(GHashTable *items, SimItem item);
gboolean sim_items_keep(GHashTable *items, SimItem item);
/* "d0,d3,0>2#17" and back; NULL with @error set for anything else. */
GHashTable *sim_items_parse(const char *text, GError **error);
char *sim_items_format(const GArray *items); /* (transfer full); of SimItem */

#endif
