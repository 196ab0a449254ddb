/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/node.c - the tree that files and control messages both become. */
#include "settings/tree.h"

#include <string.h>

#include <obol/secret.h>

ObolNode *
obol_node_new(ObolNodeKind kind, const char *name, const char *file, guint line, guint column)
{
    ObolNode *node = g_new0(ObolNode, 1);

    node->kind = kind;
    node->name = g_strdup(name);
    node->file = g_intern_string(file != NULL ? file : OBOL_CONTROL_FILE);
    node->line = line;
    node->column = column;
    if (kind != OBOL_NODE_VALUE)
        node->items = g_ptr_array_new_with_free_func((GDestroyNotify) obol_node_free);
    return node;
}

static void
set_value(ObolNode *node, const char *value, gsize n_value)
{
    node->value = g_malloc(n_value + 1);
    if (n_value > 0)
        memcpy(node->value, value, n_value);
    node->value[n_value] = '\0';
    node->n_value = n_value;
}

ObolNode *
obol_node_new_value(const char *name, const char *value, gsize n_value)
{
    ObolNode *node = obol_node_new(OBOL_NODE_VALUE, name, NULL, 0, 0);

    set_value(node, value, n_value);
    return node;
}

void
obol_node_free(ObolNode *node)
{
    if (node == NULL)
        return;
    g_clear_pointer(&node->items, g_ptr_array_unref);
    if (node->value != NULL)
        obol_wipe(node->value, node->n_value);
    g_free(node->value);
    g_clear_pointer(&node->source_line, g_ref_string_release);
    g_free(node->name);
    g_free(node);
}

void
obol_node_take(ObolNode *parent, ObolNode *child)
{
    g_return_if_fail(parent->items != NULL);
    g_ptr_array_add(parent->items, child);
}

const ObolNode *
obol_node_get(const ObolNode *section, const char *name)
{
    if (section == NULL || section->kind != OBOL_NODE_SECTION)
        return NULL;
    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *item = section->items->pdata[i];

        if (g_str_equal(item->name, name))
            return item;
    }
    return NULL;
}

ObolNode *
obol_node_dup(const ObolNode *node)
{
    ObolNode *copy = obol_node_new(node->kind, node->name, node->file, node->line, node->column);

    copy->exposed = node->exposed;
    if (node->source_line != NULL)
        copy->source_line = g_ref_string_acquire(node->source_line);
    if (node->kind == OBOL_NODE_VALUE)
        set_value(copy, node->value, node->n_value);
    else
        for (guint i = 0; i < node->items->len; i++)
            obol_node_take(copy, obol_node_dup(node->items->pdata[i]));
    return copy;
}
