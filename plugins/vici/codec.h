/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.h - VICI bytes <-> packets and trees: pure, bounded, shared by the plugin and obolctl.
 *
 *   frame   = length32 packet                 length32 does not count itself, at most OBOL_VICI_FRAME_MAX
 *   packet  = type8 [name8] [message]         see ObolViciPacketType
 *   message = element*                        sections nest, lists hold items only
 *
 * A message is read into the same tree that the settings' files are read into, so one schema checks both. */
#ifndef OBOL_VICI_CODEC_H
#define OBOL_VICI_CODEC_H

#include <obol/settings.h>

#define OBOL_VICI_FRAME_MAX (512 * 1024)
#define OBOL_VICI_LENGTH_BYTES 4
#define OBOL_VICI_NAME_MAX 255
#define OBOL_VICI_VALUE_MAX 65535
#define OBOL_VICI_DEPTH_MAX 16       /* sections within sections; load-conn needs 4 */
#define OBOL_VICI_ELEMENTS_MAX 65536 /* in one message that we read */

typedef enum {
    OBOL_VICI_CMD_REQUEST = 0,
    OBOL_VICI_CMD_RESPONSE = 1,
    OBOL_VICI_CMD_UNKNOWN = 2,
    OBOL_VICI_EVENT_REGISTER = 3,
    OBOL_VICI_EVENT_UNREGISTER = 4,
    OBOL_VICI_EVENT_CONFIRM = 5,
    OBOL_VICI_EVENT_UNKNOWN = 6,
    OBOL_VICI_EVENT = 7,
} ObolViciPacketType;

/* Why bytes were refused: the first broken rule.  @rule is static; NULL: nothing is wrong. */
typedef struct {
    gsize offset;
    const char *rule;
} ObolViciFault;

/* One packet.  @message borrows from the frame; @name is empty where the type has none. */
typedef struct {
    ObolViciPacketType type;
    char name[OBOL_VICI_NAME_MAX + 1];
    ObolSpan message;
} ObolViciPacket;

/**
 * obol_vici_frame_length:
 * @data, @n: bytes as they came from the stream
 * @length: (out): of the packet that follows the four bytes of length
 *
 * Returns: %FALSE with @fault when the length is 0 or too large; %TRUE with @length 0 when fewer than four bytes are
 * there.
 */
gboolean obol_vici_frame_length(const guint8 *data, gsize n, gsize *length, ObolViciFault *fault);

/* Takes a packet (a frame without its length) apart. */
gboolean obol_vici_packet_decode(const guint8 *data, gsize n, ObolViciPacket *out, ObolViciFault *fault);

/**
 * obol_vici_message_decode:
 * Returns: (transfer full): an unnamed section; %NULL with @fault when any rule of the encoding is broken.
 */
ObolNode *obol_vici_message_decode(ObolSpan message, ObolViciFault *fault);

/* The value's text; %NULL when @section has no such value, or bytes that are no text (a NUL among them). */
const char *obol_vici_text(const ObolNode *section, const char *name);

/* (transfer full): @node and all below it. */
ObolNode *obol_vici_copy(const ObolNode *node);

/**
 * ObolViciWriter:
 * Builds one packet.  A rule that is broken on the way (a value too long, a frame too large, a section left open) is
 * remembered, so only the end need be checked.
 */
typedef struct {
    GByteArray *bytes;
    guint depth;
    gboolean in_list, broken;
} ObolViciWriter;

/* @name: for the types that carry one, else %NULL.  @n_reserve: bytes that are surely needed; with a secret inside,
 * enough for all of them, so that growing leaves no copies behind. */
void obol_vici_writer_init(ObolViciWriter *writer, ObolViciPacketType type, const char *name, gsize n_reserve);
/* Frees what was not finished, wiped. */
void obol_vici_writer_clear(ObolViciWriter *writer);

void obol_vici_put_section(ObolViciWriter *writer, const char *name);
void obol_vici_end_section(ObolViciWriter *writer);
void obol_vici_put_bytes(ObolViciWriter *writer, const char *name, const void *data, gsize n);
void obol_vici_put_text(ObolViciWriter *writer, const char *name, const char *text);
void obol_vici_put_format(ObolViciWriter *writer, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
void obol_vici_put_yes(ObolViciWriter *writer, const char *name, gboolean holds); /* absent when it does not hold */
void obol_vici_put_list(ObolViciWriter *writer, const char *name);
void obol_vici_put_item(ObolViciWriter *writer, const char *text);
void obol_vici_end_list(ObolViciWriter *writer);
/* A whole list; nothing at all when it is %NULL.  @texts ends with %NULL. */
void obol_vici_put_texts(ObolViciWriter *writer, const char *name, const char *const *texts);
/* @node with all below it; or a section's members alone. */
void obol_vici_put_node(ObolViciWriter *writer, const ObolNode *node);
void obol_vici_put_members(ObolViciWriter *writer, const ObolNode *section);

/**
 * obol_vici_writer_finish:
 * Returns: (transfer full): the frame with its length in front; %NULL when a rule was broken.  The writer is cleared.
 */
GByteArray *obol_vici_writer_finish(ObolViciWriter *writer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ObolViciWriter, obol_vici_writer_clear)

#endif
