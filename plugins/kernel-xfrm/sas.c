/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sas.c - the SAs and reserved SPIs that we believe the kernel holds for us. */
#include "sas.h"

#include <string.h>

/* Peers choose outbound SPIs: a tree has no worst case for them to find. */
struct Sas {
    GTree *tree; /* Sa.key -> Sa, owned */
    guint n_moved;
};

enum { KEY_MARK = 24, KEY_END = 32 }; /* destination, SPI, protocol, family; then the mark */

static int
compare_keys(gconstpointer a, gconstpointer b, gpointer data)
{
    (void) data;
    return memcmp(a, b, KEY_END);
}

static void
make_key(const ObolSaId *id, const ObolMark *mark, guint8 key[KEY_END])
{
    memset(key, 0, KEY_END);
    memcpy(key, id->destination.bytes, sizeof id->destination.bytes);
    memcpy(key + 16, &id->spi, sizeof id->spi);
    key[20] = id->protocol;
    key[21] = id->destination.family == AF_INET ? 4 : 6;
    if (mark->mask == 0)
        return;
    memcpy(key + KEY_MARK, &mark->value, sizeof mark->value);
    memcpy(key + KEY_MARK + 4, &mark->mask, sizeof mark->mask);
}

Sas *
sas_new(void)
{
    Sas *sas = g_new0(Sas, 1);

    sas->tree = g_tree_new_full(compare_keys, NULL, NULL, g_free);
    return sas;
}

void
sas_free(Sas *sas)
{
    if (sas == NULL)
        return;
    g_tree_unref(sas->tree);
    g_free(sas);
}

void
sas_clear(Sas *sas)
{
    g_tree_remove_all(sas->tree);
    sas->n_moved = 0;
}

guint
sas_count(const Sas *sas)
{
    return (guint) g_tree_nnodes(sas->tree);
}

Sa *
sas_add(Sas *sas, const ObolSaId *id, const ObolMark *mark)
{
    Sa *sa;
    guint8 key[KEY_END];

    make_key(id, mark, key);
    if (sas_count(sas) >= SAS_MAX || g_tree_lookup(sas->tree, key) != NULL)
        return NULL;
    sa = g_new0(Sa, 1);
    memcpy(sa->key, key, sizeof key);
    sa->id = *id;
    sa->mark = *mark;
    g_tree_insert(sas->tree, sa->key, sa);
    return sa;
}

Sa *
sas_find(const Sas *sas, const ObolSaId *id, const ObolMark *mark)
{
    guint8 key[KEY_END];
    GTreeNode *node;

    make_key(id, mark, key);
    if (mark->mask != 0)
        return g_tree_lookup(sas->tree, key);
    node = g_tree_lower_bound(sas->tree, key);
    if (node == NULL || memcmp(g_tree_node_key(node), key, KEY_MARK) != 0)
        return NULL;
    return g_tree_node_value(node);
}

void
sas_remove(Sas *sas, Sa *sa)
{
    sas->n_moved -= sa->moved ? 1 : 0;
    g_tree_remove(sas->tree, sa->key);
}

gboolean
sas_rename(Sas *sas, Sa *sa, const ObolSaId *to)
{
    guint8 key[KEY_END];
    gboolean stays;
    Sa *there;

    make_key(to, &sa->mark, key);
    there = g_tree_lookup(sas->tree, key);
    if (there != NULL && there != sa)
        return FALSE;
    stays = obol_address_equal(&sa->id.source, &to->source) && obol_address_equal(&sa->id.destination, &to->destination);
    if (!sa->inbound && !stays) {
        sas->n_moved += sa->moved ? 0 : 1;
        sa->moved = TRUE;
        sa->former_source = sa->id.source;
        sa->former_destination = sa->id.destination;
    }
    g_tree_steal(sas->tree, sa->key);
    memcpy(sa->key, key, sizeof key);
    sa->id = *to;
    g_tree_insert(sas->tree, sa->key, sa);
    return TRUE;
}

void
sas_each(Sas *sas, void (*visit)(Sa *sa, gpointer data), gpointer data)
{
    g_autoptr(GPtrArray) all = g_ptr_array_sized_new(sas_count(sas));

    for (GTreeNode *at = g_tree_node_first(sas->tree); at != NULL; at = g_tree_node_next(at))
        g_ptr_array_add(all, g_tree_node_value(at));
    for (guint i = 0; i < all->len; i++)
        visit(g_ptr_array_index(all, i), data);
}

gboolean
sas_has_moved_from(const Sas *sas, guint32 reqid, const ObolAddress *source, const ObolAddress *destination)
{
    if (sas->n_moved == 0)
        return FALSE;
    for (GTreeNode *at = g_tree_node_first(sas->tree); at != NULL; at = g_tree_node_next(at)) {
        const Sa *sa = g_tree_node_value(at);

        if (sa->moved && sa->reqid == reqid && obol_address_equal(&sa->former_source, source) &&
            obol_address_equal(&sa->former_destination, destination))
            return TRUE;
    }
    return FALSE;
}
