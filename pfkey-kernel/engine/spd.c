/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spd.c - the policies that we believe the kernel holds for us: who added each, and which addition serves. */
#include "pfkey-kernel/engine/spd.h"

#include "pfkey-kernel/engine/sad.h"

static gint
compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void) unused;
    return pfkey_piece_compare(a, b);
}

static void
entry_free(gpointer data)
{
    PfkeySpdEntry *entry = data;

    g_array_unref(entry->uses);
    g_free(entry);
}

void
pfkey_spd_init(PfkeySpd *spd)
{
    spd->entries = g_tree_new_full(compare, NULL, NULL, entry_free);
}

void
pfkey_spd_clear(PfkeySpd *spd)
{
    g_tree_unref(spd->entries);
}

guint
pfkey_spd_n(const PfkeySpd *spd)
{
    return (guint) g_tree_nnodes(spd->entries);
}

PfkeySpdEntry *
pfkey_spd_find(const PfkeySpd *spd, const PfkeyPiece *piece)
{
    return g_tree_lookup(spd->entries, piece);
}

PfkeySpdEntry *
pfkey_spd_find_id(const PfkeySpd *spd, guint32 kernel_id)
{
    for (GTreeNode *node = g_tree_node_first(spd->entries); node != NULL; node = g_tree_node_next(node))
        if (((PfkeySpdEntry *) g_tree_node_value(node))->kernel_id == kernel_id)
            return g_tree_node_value(node);
    return NULL;
}

PfkeySpdEntry *
pfkey_spd_push(PfkeySpd *spd, const PfkeyPiece *piece, const ObolPolicySpec *spec, gboolean first)
{
    PfkeySpdEntry *entry = g_tree_lookup(spd->entries, piece);
    PfkeyUse use = { *spec, first };

    use.spec.priority = pfkey_priority_of(spec);
    if (entry == NULL) {
        entry = g_new0(PfkeySpdEntry, 1);
        entry->piece = *piece;
        entry->uses = g_array_new(FALSE, FALSE, sizeof(PfkeyUse));
        g_tree_insert(spd->entries, &entry->piece, entry);
    }
    g_array_append_val(entry->uses, use);
    return entry;
}

int
pfkey_spd_find_use(const PfkeySpdEntry *entry, const ObolPolicySpec *spec)
{
    int similar = -1;

    for (int i = (int) entry->uses->len - 1; i >= 0; i--) {
        const ObolPolicySpec *added = &g_array_index(entry->uses, PfkeyUse, i).spec;

        if (added->reqid != spec->reqid || added->action != spec->action || !added->trap != !spec->trap)
            continue;
        if (pfkey_address_same(&added->tunnel_source, &spec->tunnel_source) &&
            pfkey_address_same(&added->tunnel_destination, &spec->tunnel_destination))
            return i;
        if (similar < 0)
            similar = i;
    }
    return similar;
}

void
pfkey_spd_remove_use(PfkeySpd *spd, PfkeySpdEntry *entry, guint index)
{
    g_array_remove_index(entry->uses, index);
    if (entry->uses->len == 0)
        g_tree_remove(spd->entries, &entry->piece);
}

ObolPolicySpec *
pfkey_spd_serving(const PfkeySpdEntry *entry)
{
    return &g_array_index(entry->uses, PfkeyUse, entry->uses->len - 1).spec;
}

gboolean
pfkey_spd_is_trap(const PfkeySpdEntry *entry)
{
    for (guint i = 0; i < entry->uses->len; i++)
        if (g_array_index(entry->uses, PfkeyUse, i).spec.trap)
            return TRUE;
    return FALSE;
}

GPtrArray *
pfkey_spd_all(const PfkeySpd *spd)
{
    GPtrArray *all = g_ptr_array_sized_new(pfkey_spd_n(spd));

    for (GTreeNode *node = g_tree_node_first(spd->entries); node != NULL; node = g_tree_node_next(node))
        g_ptr_array_add(all, g_tree_node_value(node));
    return all;
}
