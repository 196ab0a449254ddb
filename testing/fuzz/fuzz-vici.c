/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/fuzz-vici.c - a packet of the control socket: a fault, or a tree that encodes to the same bytes. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "plugins/vici/codec.h"

/* A name may stand where the type has none: then it is empty and the writer leaves it out. */
static void
check_packet(const ObolViciPacket *packet, const ObolNode *message, const guint8 *data, gsize n)
{
    g_auto(ObolViciWriter) writer = { 0 };
    g_autoptr(GByteArray) frame = NULL;

    obol_vici_writer_init(&writer, packet->type, packet->name, 0);
    obol_vici_put_members(&writer, message);
    frame = obol_vici_writer_finish(&writer);
    if (frame == NULL)
        g_error("what was decoded can not be encoded");
    if (frame->len != n + OBOL_VICI_LENGTH_BYTES || memcmp(frame->data + OBOL_VICI_LENGTH_BYTES, data, n) != 0)
        g_error("encode(decode(b)) is not b");
}

OBOL_FUZZ_TARGET(vici)
{
    ObolViciPacket packet;
    ObolViciFault fault;
    g_autoptr(ObolNode) message = NULL;

    if (n > OBOL_VICI_FRAME_MAX)
        return 0;
    if (obol_vici_packet_decode(data, n, &packet, &fault))
        message = obol_vici_message_decode(packet.message, &fault);
    if ((message == NULL) != (fault.rule != NULL) || fault.offset > n)
        g_error("a refusal without its reason");
    if (message != NULL)
        check_packet(&packet, message, data, n);
    return 0;
}
