/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire/message.c - the IKE header, and whole messages (RFC 7296 section 3.1). */
#include "wire/message.h"

#include <string.h>

#include "wire/payload.h"

#define MAJOR_VERSION(version) ((version) >> 4)
#define AT_SPI_I 0
#define AT_VERSION 17
#define AT_LENGTH 24
#define RULE_LENGTH "the header's length is not that of the datagram (RFC 7296 section 3.1)"

static void
read_header(ObolCursor *c, ObolHeader *out)
{
    out->spi_i = obol_cursor_u64(c);
    out->spi_r = obol_cursor_u64(c);
    out->first_payload = obol_cursor_u8(c);
    out->version = obol_cursor_u8(c);
    out->exchange = obol_cursor_u8(c);
    out->flags = obol_cursor_u8(c);
    out->message_id = obol_cursor_u32(c);
    out->length = obol_cursor_u32(c);
    if (!obol_cursor_ok(c))
        c->fault->notify = 0; /* too short to know whom to answer */
}

/* A rule about the header, once it is read: the fault names the field at @offset. */
static void
require_of_header(const ObolCursor *c, gsize offset, gboolean holds, const char *rule)
{
    ObolCursor field = *c;

    if (!obol_cursor_ok(c))
        return;
    field.at = field.start + offset;
    obol_cursor_require(&field, holds, rule);
}

gboolean
obol_header_decode(const guint8 *data, gsize n, ObolHeader *out, ObolWireFault *fault)
{
    ObolCursor c = obol_cursor(data, n, fault);

    *fault = (ObolWireFault) { .rule = NULL };
    read_header(&c, out);
    require_of_header(&c, AT_LENGTH, out->length == n, RULE_LENGTH);
    return obol_cursor_ok(&c);
}

gboolean
obol_message_decode(const guint8 *data, gsize n, ObolMessage *out, ObolWireFault *fault)
{
    ObolCursor c = obol_cursor(data, n, fault);

    *fault = (ObolWireFault) { .rule = NULL };
    obol_chain_init(&out->chain);
    read_header(&c, &out->header);
    /* The version comes first: all that follows may have another meaning in another one. */
    require_of_header(&c, AT_VERSION, MAJOR_VERSION(out->header.version) == MAJOR_VERSION(OBOL_WIRE_VERSION),
                      "the major version is not 2 (RFC 7296 section 2.5)");
    if (!obol_cursor_ok(&c)) {
        fault->notify = n < OBOL_WIRE_HEADER ? 0 : OBOL_N_INVALID_MAJOR_VERSION;
        return FALSE;
    }
    require_of_header(&c, AT_LENGTH, out->header.length == n, RULE_LENGTH);
    require_of_header(&c, AT_LENGTH, n <= OBOL_WIRE_MESSAGE_MAX, "the message is longer than a UDP datagram can be");
    require_of_header(&c, AT_SPI_I, out->header.spi_i != 0, "the initiator's SPI is zero (RFC 7296 section 3.1)");
    return obol_chain_read(&c, out->header.first_payload, OBOL_OUTSIDE_SK, &out->chain);
}

void
obol_message_clear(ObolMessage *message)
{
    if (message != NULL)
        obol_chain_clear(&message->chain);
}

static void
store(guint8 *out, guint64 value, gsize n)
{
    for (gsize i = 0; i < n; i++)
        out[i] = (guint8) (value >> 8 * (n - 1 - i));
}

void
obol_header_encode(const ObolHeader *header, guint8 out[OBOL_WIRE_HEADER])
{
    store(out, header->spi_i, 8);
    store(out + 8, header->spi_r, 8);
    out[16] = header->first_payload;
    out[17] = header->version;
    out[18] = header->exchange;
    out[19] = header->flags;
    store(out + 20, header->message_id, 4);
    store(out + 24, header->length, 4);
}

void
obol_message_encode(const ObolMessage *message, GByteArray *out)
{
    ObolHeader header = message->header;
    guint8 bytes[OBOL_WIRE_HEADER] = { 0 };
    guint start = out->len;

    g_byte_array_append(out, bytes, sizeof bytes); /* its place: length and first payload are known afterwards */
    header.first_payload = obol_chain_encode(&message->chain, OBOL_PAYLOAD_NONE, out);
    header.length = out->len - start;
    obol_header_encode(&header, bytes);
    memcpy(out->data + start, bytes, sizeof bytes);
}
