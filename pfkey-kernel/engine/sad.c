/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sad.c - the SAs that we believe the kernel holds for us.
 *
 * Trees, not hash tables: the peers choose half of the SPIs, and a tree has no worst case for them to find. */
#include "pfkey-kernel/engine/sad.h"

#include <string.h>

#define COMPARE(a, b) \
    if ((a) != (b)) \
        return (a) < (b) ? -1 : 1

static gint
compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    const ObolSaId *x = a, *y = b;

    (void) unused;
    COMPARE(x->spi, y->spi);
    COMPARE(x->protocol, y->protocol);
    COMPARE(x->destination.family, y->destination.family);
    return memcmp(x->destination.bytes, y->destination.bytes, sizeof x->destination.bytes);
}

void
pfkey_sad_init(PfkeySad *sad)
{
    *sad = (PfkeySad) {
        .by_name = g_tree_new_full(compare, NULL, NULL, g_free), .by_held = g_tree_new_full(compare, NULL, NULL, NULL),
        .deadlines = pfkey_deadlines_new(),
    };
}

void
pfkey_sad_clear(PfkeySad *sad)
{
    pfkey_deadlines_free(sad->deadlines);
    g_tree_unref(sad->by_held);
    g_tree_unref(sad->by_name);
}

PfkeySadEntry *
pfkey_sad_add(PfkeySad *sad, const ObolSaId *id)
{
    PfkeySadEntry *entry = g_tree_lookup(sad->by_name, id);

    if (entry != NULL)
        pfkey_sad_remove(sad, entry);
    entry = g_new0(PfkeySadEntry, 1);
    entry->id = entry->held = *id;
    entry->order = ++sad->last_order;
    entry->soft_us = entry->hard_us = G_MAXINT64;
    g_tree_insert(sad->by_name, &entry->id, entry);
    g_tree_replace(sad->by_held, &entry->held, entry);
    return entry;
}

static void
forget_held(PfkeySad *sad, PfkeySadEntry *entry)
{
    if (g_tree_lookup(sad->by_held, &entry->held) == entry)
        g_tree_remove(sad->by_held, &entry->held);
}

void
pfkey_sad_remove(PfkeySad *sad, PfkeySadEntry *entry)
{
    pfkey_deadlines_set(sad->deadlines, &entry->deadline, G_MAXINT64);
    forget_held(sad, entry);
    g_tree_remove(sad->by_name, &entry->id);
}

PfkeySadEntry *
pfkey_sad_find(const PfkeySad *sad, const ObolSaId *id)
{
    return g_tree_lookup(sad->by_name, id);
}

PfkeySadEntry *
pfkey_sad_find_held(const PfkeySad *sad, const ObolSaId *id)
{
    return g_tree_lookup(sad->by_held, id);
}

PfkeySadEntry *
pfkey_sad_find_inbound(const PfkeySad *sad, guint8 protocol, guint32 spi, const ObolAddress *source)
{
    const ObolSaId first = { .spi = spi, .protocol = protocol };

    for (GTreeNode *node = g_tree_lower_bound(sad->by_held, &first); node != NULL; node = g_tree_node_next(node)) {
        PfkeySadEntry *entry = g_tree_node_value(node);

        if (entry->held.spi != spi || entry->held.protocol != protocol)
            break;
        if (entry->inbound && !entry->reserved && pfkey_address_same(&entry->held.source, source))
            return entry;
    }
    return NULL;
}

PfkeySadEntry *
pfkey_sad_newest_beside(const PfkeySad *sad, const PfkeySadEntry *entry)
{
    PfkeySadEntry *best = NULL;

    for (GTreeNode *node = g_tree_node_first(sad->by_held); node != NULL; node = g_tree_node_next(node)) {
        PfkeySadEntry *other = g_tree_node_value(node);

        if (other != entry && !other->reserved && !other->gone && other->reqid == entry->reqid && other->mode == entry->mode &&
            other->held.protocol == entry->held.protocol && pfkey_address_same(&other->held.source, &entry->held.source) &&
            pfkey_address_same(&other->held.destination, &entry->held.destination) && (best == NULL || other->order > best->order))
            best = other;
    }
    return best;
}

void
pfkey_sad_set_held(PfkeySad *sad, PfkeySadEntry *entry, const ObolSaId *held)
{
    forget_held(sad, entry);
    entry->held = *held;
    g_tree_replace(sad->by_held, &entry->held, entry);
}

void
pfkey_sad_rename(PfkeySad *sad, PfkeySadEntry *entry, const ObolSaId *id)
{
    PfkeySadEntry *there = g_tree_lookup(sad->by_name, id);

    if (there != NULL && there != entry)
        pfkey_sad_remove(sad, there);
    g_tree_steal(sad->by_name, &entry->id);
    entry->id = *id;
    g_tree_insert(sad->by_name, &entry->id, entry);
    pfkey_sad_set_held(sad, entry, id);
}

guint
pfkey_sad_n(const PfkeySad *sad)
{
    return (guint) g_tree_nnodes(sad->by_name);
}

GPtrArray *
pfkey_sad_all(const PfkeySad *sad)
{
    GPtrArray *all = g_ptr_array_sized_new(pfkey_sad_n(sad));

    for (GTreeNode *node = g_tree_node_first(sad->by_name); node != NULL; node = g_tree_node_next(node))
        g_ptr_array_add(all, g_tree_node_value(node));
    return all;
}

void
pfkey_sad_arm(PfkeySad *sad, PfkeySadEntry *entry)
{
    gint64 soft_us = entry->soft_told ? G_MAXINT64 : entry->soft_us;

    pfkey_deadlines_set(sad->deadlines, &entry->deadline, entry->gone ? G_MAXINT64 : MIN(soft_us, entry->hard_us));
}

gboolean
pfkey_address_same(const ObolAddress *a, const ObolAddress *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

char *
pfkey_sa_text(const ObolSaId *id)
{
    char address[OBOL_ADDRESS_TEXT_MAX];

    return g_strdup_printf("%s SA %08x to %s", obol_protocol_name(id->protocol), id->spi, obol_address_format(&id->destination, address));
}
