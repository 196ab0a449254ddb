/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decode.c - VICI bytes into packets and trees. */
#include "codec.h"

#include <string.h>

#include "element.h"

/* A walk over borrowed bytes.  After a fault every read gives nothing, so loops end. */
typedef struct {
    const guint8 *data;
    gsize at, n;
    ObolViciFault *fault;
} Walk;

static void
refuse(Walk *walk, const char *rule)
{
    if (walk->fault->rule == NULL)
        *walk->fault = (ObolViciFault) { .offset = walk->at, .rule = rule };
    walk->at = walk->n;
}

static ObolSpan
take(Walk *walk, gsize n, const char *rule)
{
    ObolSpan span = { 0 };

    if (walk->n - walk->at < n) {
        refuse(walk, rule);
        return span;
    }
    span = (ObolSpan) { .data = walk->data + walk->at, .n = n };
    walk->at += n;
    return span;
}

static guint8
take_u8(Walk *walk, const char *rule)
{
    ObolSpan byte = take(walk, 1, rule);

    return byte.n == 1 ? byte.data[0] : 0;
}

/* Names end in logs, paths of errors and terminals: text only.  Section names may be empty (the global counters). */
static char *
take_name(Walk *walk)
{
    guint8 n = take_u8(walk, "name without its length");
    ObolSpan name = take(walk, n, "name longer than what is there");

    if (name.n > 0 && !g_utf8_validate((const char *) name.data, (gssize) name.n, NULL))
        refuse(walk, "name that is no text");
    for (gsize i = 0; i < name.n; i++) {
        if (g_ascii_iscntrl(name.data[i]))
            refuse(walk, "control character in a name");
    }
    return g_strndup(name.n > 0 ? (const char *) name.data : "", name.n);
}

static ObolSpan
take_value(Walk *walk)
{
    ObolSpan length = take(walk, 2, "value without its length");

    if (length.n == 0)
        return length;
    return take(walk, (gsize) length.data[0] << 8 | length.data[1], "value longer than what is there");
}

gboolean
obol_vici_frame_length(const guint8 *data, gsize n, gsize *length, ObolViciFault *fault)
{
    *length = 0;
    *fault = (ObolViciFault) { 0 };
    if (n < OBOL_VICI_LENGTH_BYTES)
        return TRUE;
    *length = (gsize) data[0] << 24 | (gsize) data[1] << 16 | (gsize) data[2] << 8 | data[3];
    if (*length == 0)
        fault->rule = "frame of no bytes";
    else if (*length > OBOL_VICI_FRAME_MAX)
        fault->rule = "frame longer than 512 KiB";
    return fault->rule == NULL;
}

gboolean
obol_vici_packet_decode(const guint8 *data, gsize n, ObolViciPacket *out, ObolViciFault *fault)
{
    Walk walk = { .data = data, .n = n, .fault = fault };
    guint8 type;

    *fault = (ObolViciFault) { 0 };
    *out = (ObolViciPacket) { 0 };
    type = take_u8(&walk, "packet of no bytes");
    if (type > OBOL_VICI_EVENT)
        refuse(&walk, "unknown packet type");
    out->type = (ObolViciPacketType) type;
    if (vici_packet_has_name(out->type)) {
        g_autofree char *name = take_name(&walk);
        g_strlcpy(out->name, name, sizeof out->name);
    }
    if (!vici_packet_has_message(out->type) && walk.at < walk.n)
        refuse(&walk, "bytes behind the packet's end");
    out->message = take(&walk, walk.n - walk.at, "");
    return fault->rule == NULL;
}

/* What a message is being read into: the open sections, innermost last, and a list if one is open. */
typedef struct {
    ObolNode *open[OBOL_VICI_DEPTH_MAX + 1];
    guint depth;
    ObolNode *list;
    guint n_elements;
} Tree;

static ObolNode *
add(Tree *tree, ObolNodeKind kind, const char *name)
{
    ObolNode *node = obol_node_new(kind, name, "(control)", 0, 0);

    obol_node_take(tree->open[tree->depth], node);
    return node;
}

static void
add_value(Walk *walk, Tree *tree, const char *name)
{
    ObolSpan value = take_value(walk);
    ObolNode *parent = tree->list != NULL ? tree->list : tree->open[tree->depth];

    if (walk->fault->rule == NULL)
        obol_node_take(parent, obol_node_new_value(name, value.n > 0 ? (const char *) value.data : "", value.n));
}

static void
read_section_start(Walk *walk, Tree *tree)
{
    g_autofree char *name = take_name(walk);

    if (walk->fault->rule != NULL)
        return;
    if (tree->depth == OBOL_VICI_DEPTH_MAX) {
        refuse(walk, "sections nested too deeply");
        return;
    }
    tree->open[tree->depth + 1] = add(tree, OBOL_NODE_SECTION, name);
    tree->depth++;
}

static void
read_section_end(Walk *walk, Tree *tree)
{
    if (tree->depth == 0)
        refuse(walk, "end of a section that was not begun");
    else
        tree->depth--;
}

static void
read_list_start(Walk *walk, Tree *tree)
{
    g_autofree char *name = take_name(walk);

    if (walk->fault->rule == NULL)
        tree->list = add(tree, OBOL_NODE_LIST, name);
}

static void
read_key_value(Walk *walk, Tree *tree)
{
    g_autofree char *name = take_name(walk);

    add_value(walk, tree, name);
}

static void
read_element(Walk *walk, Tree *tree)
{
    guint8 type = take_u8(walk, "element of no bytes");
    gboolean for_list = type == VICI_LIST_ITEM || type == VICI_LIST_END;

    if (type < VICI_SECTION_START || type > VICI_LIST_END)
        refuse(walk, "unknown element type");
    else if (++tree->n_elements > OBOL_VICI_ELEMENTS_MAX)
        refuse(walk, "too many elements");
    else if (tree->list == NULL && for_list)
        refuse(walk, "list item or list end outside a list");
    else if (tree->list != NULL && !for_list)
        refuse(walk, "a list holds items only");
    if (walk->fault->rule != NULL)
        return;
    switch ((ViciElement) type) {
    case VICI_SECTION_START: read_section_start(walk, tree); break;
    case VICI_SECTION_END:   read_section_end(walk, tree); break;
    case VICI_KEY_VALUE:     read_key_value(walk, tree); break;
    case VICI_LIST_START:    read_list_start(walk, tree); break;
    case VICI_LIST_ITEM:     add_value(walk, tree, NULL); break;
    case VICI_LIST_END:      tree->list = NULL; break;
    }
}

ObolNode *
obol_vici_message_decode(ObolSpan message, ObolViciFault *fault)
{
    g_autoptr(ObolNode) root = obol_node_new(OBOL_NODE_SECTION, "", "(control)", 0, 0);
    Walk walk = { .data = message.data, .n = message.n, .fault = fault };
    Tree tree = { .open = { root } };

    *fault = (ObolViciFault) { 0 };
    while (walk.at < walk.n)
        read_element(&walk, &tree);
    if (tree.list != NULL)
        refuse(&walk, "list without its end");
    if (tree.depth > 0)
        refuse(&walk, "section without its end");
    return fault->rule == NULL ? g_steal_pointer(&root) : NULL;
}

const char *
obol_vici_text(const ObolNode *section, const char *name)
{
    const ObolNode *node = obol_node_get(section, name);

    if (node == NULL || node->kind != OBOL_NODE_VALUE || strlen(node->value) != node->n_value)
        return NULL;
    return node->value;
}

ObolNode *
obol_vici_copy(const ObolNode *node)
{
    ObolNode *copy;

    if (node->kind == OBOL_NODE_VALUE)
        return obol_node_new_value(node->name, node->value, node->n_value);
    copy = obol_node_new(node->kind, node->name, node->file, node->line, node->column);
    for (guint i = 0; node->items != NULL && i < node->items->len; i++)
        obol_node_take(copy, obol_vici_copy(g_ptr_array_index(node->items, i))); /* as deep as the decoder allows */
    return copy;
}
