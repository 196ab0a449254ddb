/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* element.h - the numbers of the encoding that decode.c and encode.c share. */
#ifndef VICI_ELEMENT_H
#define VICI_ELEMENT_H

#include "codec.h"

/* The first byte of each element of a message. */
typedef enum {
    VICI_SECTION_START = 1, /* name8 */
    VICI_SECTION_END = 2,
    VICI_KEY_VALUE = 3,  /* name8 value16 */
    VICI_LIST_START = 4, /* name8 */
    VICI_LIST_ITEM = 5,  /* value16 */
    VICI_LIST_END = 6,
} ViciElement;

static inline gboolean
vici_packet_has_name(ObolViciPacketType type)
{
    return type == OBOL_VICI_CMD_REQUEST || type == OBOL_VICI_EVENT_REGISTER || type == OBOL_VICI_EVENT_UNREGISTER ||
           type == OBOL_VICI_EVENT;
}

static inline gboolean
vici_packet_has_message(ObolViciPacketType type)
{
    return type == OBOL_VICI_CMD_REQUEST || type == OBOL_VICI_CMD_RESPONSE || type == OBOL_VICI_EVENT;
}

#endif
