/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* convert.c - a connection as swanctl sends it -> as Obol's schema has it. */
#include "convert.h"

#include <string.h>

static ObolNode *
copy_as(const ObolNode *node, const char *name)
{
    ObolNode *copy;

    if (node->kind == OBOL_NODE_VALUE)
        return obol_node_new_value(name, node->value, node->n_value);
    copy = obol_node_new(node->kind, name, node->file, node->line, node->column);
    for (guint i = 0; node->items != NULL && i < node->items->len; i++) {
        const ObolNode *item = g_ptr_array_index(node->items, i);

        obol_node_take(copy, copy_as(item, item->name)); /* as deep as the decoder allows */
    }
    return copy;
}

/* "local" of "local", "local-1", "local2", "LOCAL-psk"; NULL for anything else. */
static const char *
round_side(const ObolNode *node)
{
    static const char *const sides[] = { "local", "remote" };

    for (gsize i = 0; node->kind == OBOL_NODE_SECTION && i < G_N_ELEMENTS(sides); i++) {
        if (g_ascii_strncasecmp(node->name, sides[i], strlen(sides[i])) == 0)
            return sides[i];
    }
    return NULL;
}

ObolNode *
vici_convert_connection(const ObolNode *section, GError **error)
{
    g_autoptr(ObolNode) out = obol_node_new(OBOL_NODE_SECTION, section->name, section->file, section->line, section->column);

    for (guint i = 0; section->items != NULL && i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);
        const char *side = round_side(node);

        if (side != NULL && obol_node_get(out, side) != NULL) {
            g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_CONFLICT,
                        "invalid section: %s, a second round of %s authentication (RFC 4739) is not supported, config discarded",
                        node->name, side);
            return NULL;
        }
        obol_node_take(out, copy_as(node, side != NULL ? side : node->name));
    }
    return g_steal_pointer(&out);
}
