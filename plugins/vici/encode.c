/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* encode.c - packets and trees into VICI bytes. */
#include "codec.h"

#include <obol/secret.h>
#include <stdarg.h>
#include <string.h>

#include "element.h"

static void
put(ObolViciWriter *writer, const void *data, gsize n)
{
    if (writer->broken || writer->bytes->len + n > OBOL_VICI_LENGTH_BYTES + OBOL_VICI_FRAME_MAX)
        writer->broken = TRUE;
    else if (n > 0)
        g_byte_array_append(writer->bytes, data, (guint) n);
}

static void
put_type(ObolViciWriter *writer, ViciElement type)
{
    guint8 byte = (guint8) type;

    put(writer, &byte, 1);
}

static void
put_name(ObolViciWriter *writer, const char *name)
{
    gsize n = strlen(name);
    guint8 length = (guint8) MIN(n, OBOL_VICI_NAME_MAX);

    if (n > OBOL_VICI_NAME_MAX)
        writer->broken = TRUE;
    put(writer, &length, 1);
    put(writer, name, n);
}

static void
put_value(ObolViciWriter *writer, const void *data, gsize n)
{
    guint8 length[2] = { (guint8) (n >> 8), (guint8) n };

    if (n > OBOL_VICI_VALUE_MAX)
        writer->broken = TRUE;
    put(writer, length, sizeof length);
    put(writer, data, n);
}

void
obol_vici_writer_init(ObolViciWriter *writer, ObolViciPacketType type, const char *name, gsize n_reserve)
{
    const guint8 length[OBOL_VICI_LENGTH_BYTES] = { 0 };
    guint8 byte = (guint8) type;
    gsize n = MIN(n_reserve, OBOL_VICI_FRAME_MAX) + OBOL_VICI_LENGTH_BYTES + OBOL_VICI_NAME_MAX;

    *writer = (ObolViciWriter) { .bytes = g_byte_array_sized_new((guint) n) };
    put(writer, length, sizeof length);
    put(writer, &byte, 1);
    if (vici_packet_has_name(type))
        put_name(writer, name);
}

void
obol_vici_writer_clear(ObolViciWriter *writer)
{
    if (writer->bytes != NULL) {
        obol_wipe(writer->bytes->data, writer->bytes->len);
        g_byte_array_unref(writer->bytes);
    }
    *writer = (ObolViciWriter) { 0 };
}

void
obol_vici_put_section(ObolViciWriter *writer, const char *name)
{
    writer->broken = writer->broken || writer->in_list;
    writer->depth++;
    put_type(writer, VICI_SECTION_START);
    put_name(writer, name);
}

void
obol_vici_end_section(ObolViciWriter *writer)
{
    if (writer->depth == 0 || writer->in_list) {
        writer->broken = TRUE;
        return;
    }
    writer->depth--;
    put_type(writer, VICI_SECTION_END);
}

void
obol_vici_put_bytes(ObolViciWriter *writer, const char *name, const void *data, gsize n)
{
    writer->broken = writer->broken || writer->in_list;
    put_type(writer, VICI_KEY_VALUE);
    put_name(writer, name);
    put_value(writer, data, n);
}

void
obol_vici_put_text(ObolViciWriter *writer, const char *name, const char *text)
{
    obol_vici_put_bytes(writer, name, text, strlen(text));
}

void
obol_vici_put_format(ObolViciWriter *writer, const char *name, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    obol_vici_put_text(writer, name, text);
}

void
obol_vici_put_yes(ObolViciWriter *writer, const char *name, gboolean holds)
{
    if (holds)
        obol_vici_put_text(writer, name, "yes");
}

void
obol_vici_put_list(ObolViciWriter *writer, const char *name)
{
    writer->broken = writer->broken || writer->in_list;
    writer->in_list = TRUE;
    put_type(writer, VICI_LIST_START);
    put_name(writer, name);
}

static void
put_item_bytes(ObolViciWriter *writer, const void *data, gsize n)
{
    writer->broken = writer->broken || !writer->in_list;
    put_type(writer, VICI_LIST_ITEM);
    put_value(writer, data, n);
}

void
obol_vici_put_item(ObolViciWriter *writer, const char *text)
{
    put_item_bytes(writer, text, strlen(text));
}

void
obol_vici_end_list(ObolViciWriter *writer)
{
    writer->broken = writer->broken || !writer->in_list;
    writer->in_list = FALSE;
    put_type(writer, VICI_LIST_END);
}

void
obol_vici_put_texts(ObolViciWriter *writer, const char *name, const char *const *texts)
{
    if (texts == NULL)
        return;
    obol_vici_put_list(writer, name);
    for (; *texts != NULL; texts++)
        obol_vici_put_item(writer, *texts);
    obol_vici_end_list(writer);
}

static void
put_list_node(ObolViciWriter *writer, const ObolNode *list)
{
    obol_vici_put_list(writer, list->name);
    for (guint i = 0; list->items != NULL && i < list->items->len; i++) {
        const ObolNode *item = g_ptr_array_index(list->items, i);

        if (item->kind == OBOL_NODE_VALUE)
            put_item_bytes(writer, item->value, item->n_value);
        else
            writer->broken = TRUE; /* libconfig's lists may hold groups, VICI's may not */
    }
    obol_vici_end_list(writer);
}

void
obol_vici_put_members(ObolViciWriter *writer, const ObolNode *section)
{
    for (guint i = 0; section->items != NULL && i < section->items->len; i++)
        obol_vici_put_node(writer, g_ptr_array_index(section->items, i));
}

void
obol_vici_put_node(ObolViciWriter *writer, const ObolNode *node)
{
    const char *name = node->name != NULL ? node->name : "";

    switch (node->kind) {
    case OBOL_NODE_VALUE: obol_vici_put_bytes(writer, name, node->value, node->n_value); break;
    case OBOL_NODE_LIST:  put_list_node(writer, node); break;
    case OBOL_NODE_SECTION:
        if (writer->depth == OBOL_VICI_DEPTH_MAX) {
            writer->broken = TRUE;
            return;
        }
        obol_vici_put_section(writer, name);
        obol_vici_put_members(writer, node);
        obol_vici_end_section(writer);
        break;
    }
}

GByteArray *
obol_vici_writer_finish(ObolViciWriter *writer)
{
    GByteArray *frame = NULL;

    if (!writer->broken && writer->depth == 0 && !writer->in_list) {
        gsize n = writer->bytes->len - OBOL_VICI_LENGTH_BYTES;

        for (guint i = 0; i < OBOL_VICI_LENGTH_BYTES; i++)
            writer->bytes->data[i] = (guint8) (n >> (8 * (OBOL_VICI_LENGTH_BYTES - 1 - i)));
        frame = g_steal_pointer(&writer->bytes);
    }
    obol_vici_writer_clear(writer);
    return frame;
}
